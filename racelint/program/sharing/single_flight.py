"""Part of the sharing stage: who comes first says so under a lock, in a flag or a state, and goes on alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from racelint import facts
from racelint.program.callgraph.calls import is_public
from racelint.program.callgraph.edges import on_own_object
from racelint.program.dataflow.frames import split_path
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind
from racelint.program.sequences.answers import polarity
from racelint.program.sources.branching import branches_around, leaves
from racelint.program.sources.source import END, Code
from racelint.program.sources.surely import unconditional

DEPTH: Final = 2
"""So many calls away from a flight it is known who makes an access."""


class Flight(msgspec.Struct, frozen=True):
    """What one run at a time does: the operations of a function between two ids, for the object at `base`."""

    base: str
    begins: int
    ends: int

    def holds(self, access: Access) -> bool:
        """Whether an access is made in the flight, and belongs to the object of the flag."""
        return self.begins < access.id < self.ends and split_path(access.base)[0] == self.base

    def covers_call(self, code: Code, site: int) -> bool:
        """Whether a function calls its own object in the flight, to which the flag belongs."""
        return self.begins < site < self.ends and self.base == code.own_name


class SingleFlight(msgspec.Struct):
    """Tells what only one run at a time does, by flags: `with lock: if self.busy: return; self.busy = True`."""

    locksets: LockSets
    _known: dict[int, list[Flight]] = msgspec.field(default_factory=dict)

    def covers(self, one: Access, other: Access) -> bool:
        """Whether two accesses of one object are made where only one run of a function at a time goes on."""
        mine = self._around(one)
        return bool(mine) and not mine.isdisjoint(self._around(other))

    def _around(self, access: Access) -> set[tuple[int, Flight]]:
        """The flights in which an access is made, each with its function: by that itself, or by methods that it calls
        on its object, and nobody else does."""
        code = access.code
        found = {(code.key, each) for each in self._flights(code) if each.holds(access)}
        if not found and code.own_name and access.base == code.own_name:
            found = self._around_calls(code, DEPTH)
        return found

    def _around_calls(self, code: Code, depth: int) -> set[tuple[int, Flight]]:
        """The flights in which every call of a method is made."""
        calls = self.locksets.threads.calls
        callers = calls.callers(code)
        if is_public(code) or code.key in calls.escaping or not callers or not all(map(on_own_object, callers)):
            return set()
        ways = []
        for edge in callers:
            caller, flights = edge.caller, self._flights(edge.caller)
            found = {(caller.key, each) for each in flights if each.covers_call(caller, edge.site)}
            ways.append(found or (self._around_calls(caller, depth - 1) if depth > 1 else set()))
        return set.intersection(*ways)

    def _flights(self, code: Code) -> list[Flight]:
        if code.key not in self._known:
            self._known[code.key] = list(self._find(code))
        return self._known[code.key]

    def _find(self, code: Code) -> Iterator[Flight]:
        places = self.locksets.places
        own = places.of(code)
        flow = places.dataflow(code)
        always: set[int] | None = None
        for flag in own:
            if flag.kind is not Kind.WRITE or flow.truth(flag.value) is not True or flag.place.kind != "attribute":
                continue
            always = always or unconditional(code)
            reads = [each for each in own if _is_same(each, flag) and each.kind is Kind.READ and each.id < flag.id]
            if flag.id not in always or not any(self.is_refused(code, read, flag) for read in reads):
                continue
            resets = [each for each in places.by_place[flag.place] if each.kind.writes and not self._sets(each)]
            later = [each.id for each in resets if each.code is code and _is_same(each, flag) and each.id > flag.id]
            if all(each.id in later if each.code is code else self._is_made(each) for each in resets):
                yield Flight(flag.base, flag.id, min(later, default=END))

    def is_refused(self, code: Code, read: Access, flag: Access) -> bool:
        """Whether a run that finds the flag set leaves the function, in the critical section in which it is set."""
        if not self.locksets.in_one_section(code, read.id, flag.id, exclusive=True):
            return False
        flow = self.locksets.places.dataflow(code)
        return any(
            type(node) is facts.Branch and polarity(flow, read, node.test) is True and leaves(node.body)
            for node in code.controls
        )

    def _sets(self, access: Access) -> bool:
        flow = self.locksets.places.dataflow(access.code)
        return access.kind is Kind.WRITE and flow.truth(access.value) is True

    def _is_made(self, access: Access) -> bool:
        return access.code.key in self.locksets.threads.calls.constructing


def has_taken_over(locksets: LockSets, access: Access) -> bool:
    """Whether the function has claimed a state that it goes on to change alone: others ask before they change it.

    `with lock: if self.state is READY: self.state = BUSY; else: return` and later `self.state = DONE`
    """
    code, places = access.code, locksets.places
    if access.kind is not Kind.WRITE:
        return False
    claims = [each for each in places.of(code) if _is_same(each, access) and each.kind is Kind.WRITE]
    claimed = [
        each.id
        for each in claims
        if each.id < access.id and _is_asked_before(locksets, each) and _is_all_that_goes_on(code, each.id)
    ]
    made = locksets.threads.calls.constructing
    elsewhere = [
        each
        for each in places.by_place[access.place]
        if each.kind.writes and each.code is not code and each.code.key not in made
    ]
    elsewhere = [each for each in elsewhere if any(use.lock.excludes for use in locksets.held(each.code, each.id))]
    return bool(claimed and elsewhere) and all(_is_asked_before(locksets, each) for each in elsewhere)


def _is_asked_before(locksets: LockSets, write: Access) -> bool:
    """Whether the state is read before it is written, in one critical section."""
    reads = (each for each in locksets.places.of(write.code) if _is_same(each, write) and each.id < write.id)
    return any(
        each.kind is Kind.READ and locksets.in_one_section(write.code, each.id, write.id, exclusive=True)
        for each in reads
    )


def _is_all_that_goes_on(code: Code, id: int) -> bool:
    """Whether every run that does not come to an operation leaves the function there."""
    around = branches_around(code, id)
    return bool(around) and all(leaves(node.orelse if truth else node.body) for node, truth in around)


def _is_same(one: Access, other: Access) -> bool:
    return one.place is other.place and one.base == other.base
