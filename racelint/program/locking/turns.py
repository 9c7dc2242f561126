"""Part of the locksets stage: which locks guard state, and are not only there for turns at something?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from racelint.program.callgraph.calls import Calls
from racelint.program.locking.locks import LockKey
from racelint.program.locking.lockstate import Held
from racelint.program.memory.places import Places
from racelint.program.sources.source import Code


def guarding(places: Places, calls: Calls, held: Callable[[Code, int], Held]) -> set[LockKey]:
    """The locks with which something is written, be it by another method of the object that is called meanwhile."""
    return {use.lock.key for code, id in _writes(places, calls) for use in held(code, id)}


def _writes(places: Places, calls: Calls) -> Iterator[tuple[Code, int]]:
    writers: set[int] = set()
    for accesses in places.by_place.values():
        for access in accesses:
            if access.kind.writes:
                yield access.code, access.id
                if access.is_of_self:
                    writers.add(access.code.key)
    for key in writers:
        callee = calls.types.names.sources.codes[key]
        for edge in calls.callers(callee):
            if edge.caller.cls is not None and callee.cls in edge.caller.cls.mro:
                yield edge.caller, edge.site
