"""Part of the races stage: single accesses that are right without the lock that others hold."""

from __future__ import annotations

from racelint.knowledge.containers import REMOVES, SNAPSHOTS, VIEWS
from racelint.program.locking.guards import Guard
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.cases.disturbances import harm
from racelint.program.sequences.misses import handled_misses


def is_swapped_out(case: Case, access: Access, guard: Guard) -> bool:
    """Fetched under the guard and replaced in the same critical section: what was fetched is the caller's own."""
    return case.is_taken_out(access, guard.lock.key)


def is_claim(case: Case, access: Access, guard: Guard) -> bool:
    """Takes one item in one step and is prepared to find none: no lock needed, unless others hold one over several.

    Who goes over the container under the guard does: it must not change its size meanwhile.
    """
    if any(each.kind in (Kind.UPDATE, Kind.ITEM_UPDATE) for each in case.accesses):
        return False
    walks = (each for each in case.accesses if each.kind is Kind.ITERATE and not each.one_step_with_gil)
    if any(harm(case, each, access) is not None and any(map(guard.protects, case.protections(each))) for each in walks):
        return False
    if access.claims:
        return True
    flow = case.sharing.places.dataflow(access.code)
    return access.method in REMOVES and access.id in handled_misses(access.code, flow)


def is_snapshot(case: Case, access: Access) -> bool:
    """A copy in one step (semantics of `list(d)`, `d.copy()`, `list(d.items())`): it needs no lock."""
    if access.kind is not Kind.CONTENT:
        return False
    if access.method in SNAPSHOTS:
        return True
    flow = case.sharing.places.dataflow(access.code)
    uses = flow.uses(access.id)
    types = case.sharing.places.types
    return access.method in VIEWS and all(types.may_call(access.code, use, SNAPSHOTS) for use in uses)


def is_of_version(case: Case, access: Access) -> bool:
    """Whether it is a look into what was fetched before, and is only ever replaced as a whole: it stays as it was."""
    if access.kind is not Kind.CONTENT or not 0 <= access.load < access.id:
        return False
    return all(each.kind.rebinds for each in case.accesses if each.kind.writes)
