"""Part of the sharing stage: what is stored once, before a flag says so, is behind all who have called for that.

`with self.lock: if self.ready: return; self.width = measure(); self.ready = True` beside `self.prepare(); self.width`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from racelint.program.callgraph.calls import is_public
from racelint.program.callgraph.edges import on_own_object
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind
from racelint.program.sharing.single_flight import SingleFlight
from racelint.program.sources.branching import found_nothing
from racelint.program.sources.source import Code
from racelint.program.sources.surely import is_caught, is_passed_before, surely_after, unconditional

DEPTH: Final = 2
"""So many calls up it is looked who has called for it."""


class Settled(msgspec.Struct):
    """Tells of two accesses whether one only is made while the other is not made yet."""

    locksets: LockSets
    flights: SingleFlight
    _known: dict[int, list[tuple[Access, Access]]] = msgspec.field(default_factory=dict)
    """For functions that store what a flag says: where it is asked first, and where it is raised."""

    def covers(self, one: Access, other: Access) -> bool:
        """Whether one of two accesses to an object's own attributes comes after the other, whoever makes them."""
        return any(
            self._is_once(early) and self._has_called_for(late.code, late.id, early.code, DEPTH)
            for early, late in ((one, other), (other, one))
            if early.kind.writes and early.code is not late.code and early.is_of_own and late.is_of_own
        )

    def _is_once(self, store: Access) -> bool:
        """Whether a store is made only as long as a flag is not up, which then is, in one critical section."""
        code = store.code
        down = {value for value, _ in found_nothing(code, store.id)}
        return any(
            asked.id < store.id < raised.id
            and asked.read_id in down
            and raised.id in surely_after(code, code.function.body, store.id)
            and self.locksets.in_one_section(code, asked.id, store.id, exclusive=True)
            for asked, raised in self._flags(code)
        )

    def _flags(self, code: Code) -> list[tuple[Access, Access]]:
        if code.key not in self._known:
            self._known[code.key] = list(self._find(code))
        return self._known[code.key]

    def _find(self, code: Code) -> Iterator[tuple[Access, Access]]:
        """The flags that a function leaves up in the end, wherever it has not returned as it found them up."""
        places = self.locksets.places
        own = places.of(code) if self.locksets.holds(code) else []
        always = unconditional(code)
        for raised in own:
            is_sure = raised.id in always and not is_caught(code, raised.id)
            if raised.is_of_own and is_sure and self._is_up(raised) and self._stays_up(raised):
                for asked in own:
                    is_same = asked.place is raised.place and asked.base == raised.base and asked.kind is Kind.READ
                    if is_same and asked.id < raised.id and self.flights.is_refused(code, asked, raised):
                        yield asked, raised

    def _is_up(self, store: Access) -> bool:
        return store.kind is Kind.WRITE and self.locksets.places.dataflow(store.code).truth(store.value) is True

    def _stays_up(self, raised: Access) -> bool:
        """Whether nobody takes a flag back that has been raised, but for constructors."""
        made = self.locksets.threads.calls.constructing
        writes = (each for each in self.locksets.places.by_place[raised.place] if each.kind.writes)
        return all(each.code.key in made or self._is_up(each) for each in writes)

    def _has_called_for(self, code: Code, id: int, maker: Code, depth: int) -> bool:
        """Whether a method has called another one of its object when it comes to an operation, or all its callers."""
        calls = self.locksets.threads.calls
        always = unconditional(code)
        if any(
            edge.callee is maker
            and edge.site in always
            and is_passed_before(code, edge.site, id)
            and on_own_object(edge)
            for edge in calls.sure_calls(code)
        ):
            return True
        callers = calls.callers(code)
        if depth == 0 or not callers or is_public(code) or code.key in calls.escaping:
            return False
        return all(
            on_own_object(edge) and self._has_called_for(edge.caller, edge.site, maker, depth - 1) for edge in callers
        )
