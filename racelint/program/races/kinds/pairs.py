"""Part of the races stage: a flag and a container that belong together, used by two functions in opposite order.

`if not self.done: self.waiting.append(call)` beside `self.done = True; for call in self.waiting: call()`: what is put
in between the test and the end of the walk is never looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from racelint.facts import Span
from racelint.findings import Evidence
from racelint.knowledge.containers import COPIES, REMOVES, VIEWS
from racelint.program.dataflow.frames import outward
from racelint.program.locking.guards import Protection, exclude_each_other, protections, steady
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.races.breaches.breaches import claimed_guard
from racelint.program.races.cases.case import HALF, Case, Partner
from racelint.program.races.cases.insiders import is_insider
from racelint.program.races.kinds.switching import may_switch
from racelint.program.sequences.composites import Flagged, Sequences
from racelint.program.sequences.ways import between
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.source import Code

DEPTH: Final = 2
"""How many calls deep it is looked for what is done with the container once the flag is set."""


class Pair(msgspec.Struct, frozen=True):
    """Somebody sets the flag (`partner.other`) and then `takes` what is there, beside who tests it and puts in more."""

    flagged: Flagged
    takes: Access
    evidence: Evidence
    partner: Partner | None
    case: Case
    """That of the container."""
    needs_no_gil: bool
    beside: Access | None = None
    """Where a method waits for an event that is set together with the flag, if that alone shows that others come."""

    @property
    def span(self) -> Span:
        """Where the flag is tested."""
        return self.flagged.test


def find_pairs(sharing: Sharing, locksets: LockSets, sequences: Sequences) -> Iterator[Pair]:
    """Judge what is put into containers on account of a flag."""
    cases: dict[Place, Case] = {}
    seen: set[tuple[int, Place, Place]] = set()
    for flagged in sequences.flagged:
        key = (flagged.code.key, flagged.read.place, flagged.last.place)
        setters = list(_setters(sequences, flagged)) if key not in seen else []
        for place in (flagged.read.place, flagged.last.place) if setters else ():
            if place not in cases:
                cases[place] = Case(place, sharing, locksets)
                cases[place].guard = claimed_guard(cases[place]) or cases[place].guard
        found = _judge(flagged, setters, cases) if setters else None
        if found is not None:
            seen.add(key)
            yield found


def _setters(sequences: Sequences, flagged: Flagged) -> Iterator[tuple[Access, Access]]:
    """Who sets the flag against the test and then takes what is in the container: both accesses."""
    places = sequences.places
    for store in places.by_place[flagged.read.place]:
        code = store.code
        if store.kind is not Kind.WRITE or code is flagged.code or code.key in sequences.calls.constructing:
            continue
        truth = places.dataflow(code).truth(store.value)
        if truth is flagged.wants or (truth is None and flagged.wants):
            continue
        taken = next(_taken(sequences, code, store.id, flagged.last.place, store.base, DEPTH), None)
        if taken is not None:
            yield store, taken


def _taken(sequences: Sequences, code: Code, after: int, place: Place, base: str, depth: int) -> Iterator[Access]:
    """What looks at all that is in the container, after an operation of a function."""
    for access in sequences.places.of(code):
        here = access.id > after and access.place is place and access.base == base and _takes(access)
        if here and (after < 0 or between(code, after, access.id) is not None):
            yield access
    for edge in sequences.calls.only_calls(code) if depth > 1 else ():
        if edge.site > after and not edge.callee.function.is_async:
            paths = sequences.places.passed(code, edge.callee, edge.site, edge.receiver)
            for access in _taken_in(sequences, edge.callee, place, depth - 1):
                if outward(access.base, paths) == base and (after < 0 or between(code, after, edge.site) is not None):
                    yield access


def _taken_in(sequences: Sequences, code: Code, place: Place, depth: int) -> Iterator[Access]:
    for access in sequences.places.of(code):
        if access.place is place:
            yield from _taken(sequences, code, -1, place, access.base, depth)
            return


def _takes(access: Access) -> bool:
    if access.kind is Kind.CONTENT:
        return access.method in COPIES | VIEWS
    return access.kind in (Kind.ITERATE, Kind.READ) or (access.kind is Kind.MUTATE and access.method in REMOVES)


def _judge(flagged: Flagged, setters: list[tuple[Access, Access]], cases: dict[Place, Case]) -> Pair | None:
    read, last, code = flagged.read, flagged.last, flagged.code
    flags, contents = cases[read.place], cases[last.place]
    if read.code is not code or read not in flags.accesses or last not in contents.accesses:
        return None
    for case in (flags, contents):
        if case.place in case.locksets.claims.owners or case.sharing.confined.covers(case.place):
            return None
    locksets = flags.locksets
    over = protections(steady(locksets.held(code, id) for id in (read.id, flagged.act)), read)
    if is_tested_again(flagged, locksets) or _is_tested_after(flags, flagged):
        return None
    free = [
        (store, taken)
        for store, taken in setters
        if store in flags.accesses
        and not exclude_each_other(over, flags.protections(store))
        and not exclude_each_other(over, contents.protections(taken))
    ]
    stores = dict(reversed(free))
    types = flags.sharing.places.types
    needs_no_gil = not may_switch(types, code, read.id, flagged.act)
    partner = flags.partner(read, over, stores.__contains__)
    if partner is not None:
        return Pair(flagged, stores[partner.other], "threads", partner, contents, needs_no_gil)
    for store, taken in free:
        if _is_guarded(flags, contents, flagged, over, store, taken):
            return Pair(flagged, taken, "lock", None, contents, needs_no_gil)
    for store, taken in free:
        if (waited := _is_awaited(flags, flagged, over, store)) is not None:
            return Pair(flagged, taken, "lock", None, contents, needs_no_gil, waited)
    partner = flags.assumed_partner(read, over, stores.__contains__)
    return None if partner is None else Pair(flagged, stores[partner.other], "assumed", partner, contents, needs_no_gil)


def is_tested_again(flagged: Flagged, locksets: LockSets) -> bool:
    """Whether the critical section of the act tests the flag once more, or after each wait that may have begun it."""
    code, act = flagged.code, flagged.act
    if any(locksets.in_one_section(code, id, act, exclusive=True) for id in flagged.tested):
        return True
    return locksets.is_seen_in_section(code, act, flagged.site, flagged.turns)


def _is_tested_after(flags: Case, flagged: Flagged) -> bool:
    """Whether it looks at the flag once more when it has put in what it has: who sets it meanwhile is noticed."""
    code, base = flagged.code, flagged.read.base
    later = (each for each in flags.accesses if each.code is code and each.id > flagged.act and each.base == base)
    return any(each.kind is Kind.READ and between(code, flagged.act, each.id) is not None for each in later)


def _is_guarded(
    flags: Case, contents: Case, flagged: Flagged, over: list[Protection], store: Access, taken: Access
) -> bool:
    """Evidence `lock`: who sets the flag does so, and takes the contents, in one section of the container's guard."""
    guard, code = contents.guard, flagged.code
    if guard is None or guard.guarded < 2 or guard.share < HALF or store.code is not taken.code:
        return False
    locksets = flags.locksets
    section = protections(steady(locksets.held(store.code, each.id) for each in (store, taken)), store)
    if not any(map(guard.protects, section)) or any(map(guard.protects, over)) or not contents.is_unguarded(over):
        return False
    return flags.is_reached(code) and is_insider(flags, flagged.read) and flags.may_meet(flagged.read, store)


def _is_awaited(flags: Case, flagged: Flagged, over: list[Protection], store: Access) -> Access | None:
    """Evidence `lock`: who sets the flag wakes who waits for that, on the same object: they are two threads."""
    if over or not (store.is_of_self and flagged.read.is_of_self) or not flags.is_reached(flagged.code):
        return None
    if (
        flagged.code.function.is_async
        or not is_insider(flags, flagged.read)
        or flags.meetings.are_apart(flagged.read, store)
    ):
        return None
    return flags.sharing.beliefs.of_signal(store.code)
