"""What a call leaves in an object for a later one: a position, a result, a registration that is one for all."""

from __future__ import annotations

_MOVED = frozenset({"read", "readline", "readlines", "readinto", "write", "writelines", "truncate", "tell"})
_FOUND = frozenset({"fetchone", "fetchmany", "fetchall"})
_REGISTERED = frozenset({"poll", "unregister"})
_ENTERED = frozenset({"close", "pop_all"})

# class.method: the methods that go on from what it leaves
CARRIED: dict[str, frozenset[str]] = {
    "io.TextIOWrapper.seek": _MOVED,
    "sqlite3.Cursor.execute": _FOUND,
    "select.poll.register": _REGISTERED,
    "contextlib.ExitStack.enter_context": _ENTERED,
    "contextlib.ExitStack.callback": _ENTERED,
    "contextlib.ExitStack.push": _ENTERED,
}
