"""Part of the sharing stage: which locks does a context hold whenever it comes to a function, on one object?

All callers of a function together may have no lock in common, and yet everybody who works on the object in question has
one: what threads use under the lock of its owner, others may use without, in objects that are theirs alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from racelint.program.callgraph.edges import Edge
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.frames import split_path
from racelint.program.locking.locksets import EntrySet, LockSets, in_both
from racelint.program.sharing.name import Name
from racelint.program.sharing.naming import PER_PARAMETER, Naming
from racelint.program.sources.source import Code
from racelint.program.values.values import FunctionRef, Site

ENOUGH: Final = 200
"""Where so many functions may be on the way, nothing is said about what is held."""

NONE: Final[EntrySet] = frozenset()


class Stop(msgspec.Struct, frozen=True):
    """A function on the way, and by which of its parameters it knows the object: `name` is that parameter's."""

    code: Code
    parameter: str = ""
    name: Name | None = None


class Approaches(msgspec.Struct):
    """The question is `held`; answers are kept, as many accesses are in one function."""

    threads: Threads
    """The threads, or the tasks of event loops, that are the contexts."""
    naming: Naming
    locksets: LockSets
    _known: dict[tuple[int, Stop], EntrySet] = msgspec.field(default_factory=dict)
    _handed_on: dict[int, bool] = msgspec.field(default_factory=dict)
    """For functions that were asked about: whether a thread hands them on without a lock."""

    def held(self, context: Context, code: Code, base: str, name: Name | None) -> EntrySet:
        """The locks that the context holds when it comes to a function in which the object `name` is at path `base`."""
        stop = _stop(code, base, name)
        found = self._known.get((context.index, stop))
        if found is None:
            found = self._known[context.index, stop] = self._solve(context, stop)
        return found

    def _solve(self, context: Context, last: Stop) -> EntrySet:
        """What all ways have in common: the greatest solution over the calls that lead to the function."""
        calls: dict[Stop, list[tuple[Edge, Stop]]] = {}
        pending = [last]
        while pending:
            stop = pending.pop()
            if stop not in calls:
                calls[stop] = [] if self._is_start(context, stop.code) else self._ways(context, stop)
                pending.extend(before for _, before in calls[stop])
                if len(calls) > ENOUGH:
                    return NONE
        held: dict[Stop, EntrySet | None] = {stop: None if ways else NONE for stop, ways in calls.items()}
        changed = True
        while changed:
            changed = False
            for stop, ways in calls.items():
                found = held[stop]
                for edge, before in ways:
                    so_far = held[before]
                    if so_far is None or found == NONE:
                        continue
                    around = self.locksets.around.get(before.code.key, NONE)
                    given = self.locksets.given(edge, so_far | around)
                    found = given if found is None else in_both(found, given)
                changed |= found != held[stop]
                held[stop] = found
        return held[last] or NONE

    def _is_start(self, context: Context, code: Code) -> bool:
        """Whether the context may come to a function from nowhere in sight.

        What somebody unseen may call as well, a thread still comes to by the calls that are seen of it; but for what
        threads hand on without a lock: `sorted(words, key=width)` runs that for them.
        """
        is_unseen = code.key in self.locksets.unseen if context.is_main else self._is_handed_on(code)
        return is_unseen or any(entry is code for entry, _ in context.entries)

    def _is_handed_on(self, code: Code) -> bool:
        """Whether a thread that holds no lock gives a function to others to call, and not to a thread of its own.

        Where that is asked again before it is known, it is taken to be so: then nothing is held.
        """
        places = self.threads.calls.handed_at.get(code.key)
        if places is None:
            return False
        known = self._handed_on.get(code.key)
        if known is None:
            self._handed_on[code.key] = True
            known = self._handed_on[code.key] = not all(
                self.held(context, where, "", None) for context, where in self._handing(code, places)
            )
        return known

    def _handing(self, code: Code, places: Iterable[Site]) -> Iterator[tuple[Context, Code]]:
        """The threads that hand a function on where the function that does so holds no lock itself, by that one."""
        locksets, types = self.locksets, self.locksets.places.types
        targets = ((each.site[0], each.target) for each in types.spawned)
        started = {by for by, target in targets if isinstance(target, FunctionRef) and target.code is code}
        for key, id in sorted(places):
            where = types.names.sources.codes[key]
            if key not in started and not locksets.held(where, id):
                yield from ((context, where) for context in self.threads.of(where) if not context.is_main)

    def _ways(self, context: Context, stop: Stop) -> list[tuple[Edge, Stop]]:
        """The calls by which the context comes to a function, on an object of that name as far as one can say."""
        calls, places = self.threads.calls, self.locksets.places
        found = []
        for edge in calls.callers(stop.code):
            runs = any(each is context for each in self.threads.of(edge.caller))
            if not runs or calls.is_alone(edge):
                continue
            paths = places.passed(edge.caller, stop.code, edge.site, edge.receiver)
            path = paths.get(stop.parameter, "") if stop.name is not None else ""
            names = self.naming.names(context, edge.caller, path) if path else {}
            if stop.name in names or not 0 < len(names) < PER_PARAMETER:
                found.append((edge, _stop(edge.caller, path, stop.name if stop.name in names else None)))
        return found


def _stop(code: Code, base: str, name: Name | None) -> Stop:
    """A function by the parameter from which a path leads to the object, if it does."""
    root, rest = split_path(base)
    is_parameter = any(each.name == root for each in code.function.parameters)
    if name is None or not is_parameter or not name.path.endswith(rest):
        return Stop(code)
    return Stop(code, root, Name(name.root, name.path[: len(name.path) - len(rest)]))
