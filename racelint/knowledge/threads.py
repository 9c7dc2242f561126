"""What names the running thread, and which classes of threads are special."""

from __future__ import annotations

from typing import Final

RUNNING_THREAD: Final = frozenset({"threading.current_thread"})
"""What gives the thread that asks."""

THREAD_KEYS: Final = frozenset({"threading.get_ident", "threading.current_thread", "threading.get_native_id"})
"""What names the running thread."""

THREAD_NAMES: Final = frozenset({"name", "ident", "native_id"})
"""The attributes of a thread that tell which one it is."""

LOCAL: Final = "threading.local"
"""What keeps attributes for each thread by itself."""

ASKS_FOR_END: Final = frozenset({"is_alive"})
"""The methods by which a thread says whether it has come to its end."""

TELLS_END: Final = {
    "concurrent.futures.Future.done": True,
    "threading.Thread.is_alive": False,
    "multiprocessing.Process.is_alive": False,
}
"""The methods by which something says whether it is over, and their answer where it is: who asks does not wait then.

What is set once may be cleared by others, and has to be waited for again: of an event, this says nothing.
"""

BEGINS_NO_MORE: Final = frozenset({"cancel", "done"})
"""The methods of a future that say whether its task is over, or will never begin."""

START: Final = "threading.Thread.start"
"""What begins a thread."""

BEGINS: Final = frozenset({START, "multiprocessing.Process.start"})
"""What begins a thread or process, which is not over then, whatever it has said before."""

EVENT_SETS: Final = frozenset({"threading.Event.set"})
"""By which somebody tells all who wait for it, and all who will, to go on."""

EVENT_CLEARS: Final = frozenset({"threading.Event.clear"})
"""By which it is told no longer."""

EVENT_WAITS: Final = frozenset({"threading.Event.wait"})
"""What goes on only where it is told."""

TIMER: Final = "threading.Timer"
"""A thread that does nothing before a time is over."""

RUNS_FIRST: Final = frozenset({"contextvars.Context.run"})
"""Methods that run their first argument with the others: started in a thread, they run it there."""

WAITED_FOR: Final = frozenset({"threading.Thread", "threading.Timer"})
"""What makes threads for whose end the interpreter waits before it ends, unless they are daemons."""

JOIN: Final = "threading.Thread.join"
"""The method that waits for the end of a thread."""

DAEMON: Final = "daemon"
"""The attribute and the argument that make a daemon of a thread."""

SET_DAEMON: Final = "setDaemon"
"""The method that does so."""

CALLS_ELSEWHERE: Final = frozenset(
    {
        "submit", "map", "apply_async", "map_async", "imap", "start_new_thread", "run_in_executor", "to_thread",
        "add_done_callback", "add_callback", "call_soon_threadsafe", "run_coroutine_threadsafe", "partial",
    }
)  # fmt: skip
"""Functions and methods that are taken for such as have another thread run what they are given, or keep it, where the
class is not known."""

SET_BY_LIBRARY: Final = frozenset({"name", "daemon", "ident", "native_id", "_target", "_args", "_kwargs", "_started"})
"""Attributes that the thread class of the library has set before."""

CONCURRENT: Final = frozenset(
    {"_thread", "asyncio", "concurrent", "contextvars", "eventlet", "gevent", "multiprocessing", "queue", "threading"}
)
"""The packages that nobody imports who does not think of several things at the same time."""
