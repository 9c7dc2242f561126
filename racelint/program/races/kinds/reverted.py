"""Part of the races stage: stores without the guard that an update under the guard takes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.rough import is_tally
from racelint.program.races.excuses.runs import is_new_state
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.sequences.composites import Composite, Shape


def reverted(case: Case, access: Access, sequences: Sequence[Composite]) -> Iterator[Race]:
    """A store that is lost where it falls between the read and the store of an update that holds the guard.

    However many accesses do without the guard: this one defeats what it is held for at the update.
    """
    guard, held = case.guard, case.protections(access)
    if guard is None or access.kind not in (Kind.WRITE, Kind.MUTATE) or not case.is_unguarded(held):
        return
    if not case.is_reached(access.code) or is_new_state(case, access):
        return
    updates = [
        each.last
        for each in sequences
        if each.shape is Shape.UPDATE
        and each.last.code is each.code
        and _takes_back(case, each.last, access)
        and any(map(guard.protects, case.over(each)))
    ]
    if not updates or is_tally(case):
        return
    race = Race(Problem.INCONSISTENT, access.code, access.span, access, "assumed", guard=guard, undone_by_update=True)
    for update in updates:
        for one, other in case.meetings.of(access, held, update):
            yield replace(race, evidence="threads", other=update, one=one, other_context=other)
            return
    partner = case.assumed_partner(access, held, updates.__contains__)
    if partner is not None:
        yield replace(race, other=partner.other)


def _takes_back(case: Case, update: Access, store: Access) -> bool:
    """Whether an update stores to what was stored to: the Place itself, or the same item, be it that all are gone."""
    if store.kind is Kind.WRITE or update.kind is not Kind.ITEM_UPDATE:
        return store.kind is Kind.WRITE
    if store.method == "clear":
        return True
    one, other = ((case.sharing.places.dataflow(each.code), each.key) for each in (update, store))
    if store.method != "[]=" or one[0].is_constant(one[1]) != other[0].is_constant(other[1]):
        return False
    return not one[0].is_constant(one[1]) or one[0].key(one[1]) == other[0].key(other[1])
