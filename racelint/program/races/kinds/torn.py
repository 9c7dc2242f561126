"""Part of the races stage: two attributes that are stored together under a lock, read for one value without it.

`return self.hits / self.calls` beside `with self.lock: self.calls += 1; self.hits += hit`: each read alone would be
right, but the one may be older than the other.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.operators import MEASURES
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.guards import Guard
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind, Place, Places
from racelint.program.races.breaches.breaches import claimed_guard
from racelint.program.races.cases.case import HALF, Case
from racelint.program.races.cases.insiders import is_insider
from racelint.program.races.excuses.telling import is_text
from racelint.program.races.kinds.oversights import is_asked_again, is_left_to_holder, where_forgotten
from racelint.program.races.kinds.switching import may_switch
from racelint.program.sequences.exclusive import Exclusive
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.loops import loop_around
from racelint.program.sources.source import Code
from racelint.program.values.texts import is_record

Together = dict[frozenset[Place], list[tuple[Access, Access]]]
"""By two Places: where a function stores both, in one critical section."""

Measures = list[tuple[int, list[frozenset[int]]]]
"""The operators of a function that measure something: the id of each, and what each of its operands comes from."""


class Torn(msgspec.Struct, frozen=True):
    """The value of `first` and that of `second` are combined, though `stores` may have changed only one of the two.

    `span` in `code` is where the lock `guard` is missing.
    """

    code: Code
    span: Span
    first: Access
    second: Access
    stores: tuple[Access, Access]
    guard: Guard
    needs_no_gil: bool


def find_torn(sharing: Sharing, locksets: LockSets) -> Iterator[Torn]:
    """Judge the reads of what belongs together, one for each read that another one follows."""
    together = stored_together(locksets)
    cases: dict[Place, Case] = {}
    for code, reads in reads_of(locksets, together).items():
        seen: set[Access] = set()
        measures = _measures(locksets.places.dataflow(code))
        for first, second in itertools.combinations(reads, 2):
            both = frozenset((first.place, second.place))
            if first in seen or both not in together or first.base != second.base:
                continue
            if not _is_combined(locksets.places, measures, first, second):
                continue
            for place in both - cases.keys():
                cases[place] = Case(place, sharing, locksets)
                cases[place].guard = claimed_guard(cases[place]) or cases[place].guard
            found = list(_judge(cases[first.place], cases[second.place], first, second, together[both]))
            seen |= {first} if found else set()
            yield from found


def stored_together(locksets: LockSets) -> Together:
    """What functions store in one critical section of an object's or a module's lock."""
    stored: dict[Code, list[Access]] = defaultdict(list)
    for place, accesses in locksets.places.by_place.items():
        for access in accesses if place.kind in ("attribute", "global") else ():
            if access.kind in (Kind.WRITE, Kind.UPDATE) and locksets.held(access.code, access.id):
                stored[access.code].append(access)
    found: Together = defaultdict(list)
    for code, stores in stored.items():
        found_here = [pair for pair in itertools.combinations(stores, 2) if _are_of_one(locksets, *pair)]
        exclusive = Exclusive(locksets.places.dataflow(code)) if found_here else None
        for one, other in found_here:
            apart = exclusive is not None and exclusive.exclude(one.id, other.id)
            if not apart or loop_around(code, one.id) is not None:
                found[frozenset((one.place, other.place))].append((one, other))
    return dict(found)


def _are_of_one(locksets: LockSets, one: Access, other: Access) -> bool:
    """Whether two attributes of one object are stored in one critical section, and more than set back."""
    if one.base != other.base or one.place is other.place or all(_begins_anew(locksets, each) for each in (one, other)):
        return False
    return locksets.in_one_section(one.code, one.id, other.id, exclusive=True)


def _begins_anew(locksets: LockSets, store: Access) -> bool:
    """Whether a store sets a count back: counts that go their own ways from there are not of one moment anyway.

    What is only ever set, to one number or another, counts nothing: the numbers may belong together.
    """
    value = store.code.operation(store.value)
    if store.kind is not Kind.WRITE or type(value) is not facts.Const or value.kind != "int":
        return False
    return any(each.kind is Kind.UPDATE for each in locksets.places.by_place[store.place])


def reads_of(locksets: LockSets, together: Together) -> dict[Code, list[Access]]:
    """By function the reads of what is stored together, in the order of evaluation."""
    found: dict[Code, list[Access]] = defaultdict(list)
    for place in dict.fromkeys(place for both in together for place in sorted(both, key=lambda each: each.symbol)):
        for access in locksets.places.by_place[place]:
            if access.kind is Kind.READ:
                found[access.code].append(access)
    codes = sorted(found, key=lambda code: code.key)
    return {code: sorted(found[code], key=lambda each: each.id) for code in codes}


def _measures(flow: Dataflow) -> Measures:
    return [
        (each.id, [flow.origins(operand) for operand in dict.fromkeys(each.operands)])
        for each in flow.code.operations
        if type(each) is facts.Compute and each.kind in MEASURES
    ]


def _is_combined(places: Places, measures: Measures, first: Access, second: Access) -> bool:
    """Whether one operator works on both values, and not only to tell people: they are taken to be of one moment."""
    for id, behind in measures:
        if id > second.id:
            of_first = [first.id in each for each in behind]
            of_second = [second.id in each for each in behind]
            is_of_both = any(of_first) and any(of_second) and of_first != of_second
            if is_of_both and not _is_only_told(places, places.dataflow(first.code), id):
                return True
    return False


def _is_only_told(places: Places, flow: Dataflow, id: int) -> bool:
    """Whether a value, or what is computed of it, becomes text or part of a log record, and nothing else."""
    pending, seen = [id], {id}
    while pending:
        uses = flow.uses(pending.pop())
        beyond = [each for each in uses if not is_record(flow.code, each) and not is_text(places, flow.code, each)]
        if not uses or any(type(each) is not facts.Compute for each in beyond):
            return False
        pending.extend(each.id for each in beyond if type(each) is facts.Compute and each.id not in seen)
        seen |= {*pending}
    return True


def _judge(
    one: Case, other: Case, first: Access, second: Access, stores: list[tuple[Access, Access]]
) -> Iterator[Torn]:
    guard, code = one.guard, first.code
    if guard is None or not is_left_out(one, first) or not is_left_out(other, second):
        return
    if other.guard is None or other.guard.lock.key != guard.lock.key or code.key in one.threads.at_exit:
        return
    if is_left_to_holder(one, first, guard):
        return
    if is_asked_again(one, first, guard) and is_asked_again(other, second, guard):
        return
    types = one.sharing.places.types
    for pair in stores:
        under = all(any(map(guard.protects, one.protections(each))) for each in pair)
        under = under and _is_at_once(one.locksets, guard, *pair)
        if under and one.may_meet(first, pair[0]) and pair[0].code is not code:
            switches = may_switch(types, code, first.id, second.id)
            switches |= may_switch(types, pair[0].code, pair[0].id, pair[1].id)
            for where, span in where_forgotten(one, first, guard):
                yield Torn(where, span, first, second, pair, guard, not switches)
            return


def _is_at_once(locksets: LockSets, guard: Guard, store: Access, other: Access) -> bool:
    """Whether both stores are in one critical section of the guard itself, and not only of a lock around it."""
    after = locksets.held(other.code, other.id)
    sections = locksets.held(store.code, store.id).items()
    return any(use.lock.key == guard.lock.key and after.get(use) == section for use, section in sections)


def is_left_out(case: Case, access: Access) -> bool:
    """Whether a read does without the guard that the program mostly holds for the Place, and others may come."""
    guard = case.guard
    if guard is None or guard.guarded < 2 or guard.share < HALF or access not in case.accesses:
        return False
    if case.place in case.locksets.claims.owners or case.sharing.confined.covers(case.place):
        return False
    return case.is_unguarded(case.protections(access)) and case.is_reached(access.code) and is_insider(case, access)
