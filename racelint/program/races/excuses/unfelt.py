"""Part of the races stage: what is done without the lock, and no critical section of the lock goes wrong by it.

A lock over one step keeps nobody out who does one step as well: he comes before it or after it, lock or not. It is
missing where others rely on the state to stay as it is from one access to the next.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

from racelint.knowledge.containers import CLEARS, EMPTIES, FORGIVING, INSERTS, REMOVES
from racelint.program.locking.guards import Guard
from racelint.program.locking.lockstate import ON_ENTRY
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.races.cases.case import Case
from racelint.program.races.cases.disturbances import harm
from racelint.program.sequences.swaps import is_whole
from racelint.program.values.values import LibraryObject

PUTS: Final = frozenset({"[]=", "setdefault", "add", "append", "appendleft"})
"""Methods and operators that put in one thing, where it shifts no other."""

TAKES: Final = REMOVES - EMPTIES
"""Methods and operators that take out one thing."""

LOOKS: Final = frozenset({"in", "len", "bool", "get", "copy", "list", "items", "keys", "values", "[]"})
"""Ways of looking into a container."""


def is_unfelt(case: Case, access: Access, guard: Guard) -> bool:
    """Whether one thing that is put into a container or taken out without the guard upsets nobody who holds it.

    It is all that the function does to the container, and to what is seen together with it.
    """
    if access.kind is not Kind.MUTATE or access.method not in PUTS | TAKES or _is_of_more(case, access):
        return False
    if not _is_known(case, access):
        return False
    guarded = [each for each in case.accesses if any(map(guard.protects, case.protections(each)))]
    if any(_is_upset(case, each, access) for each in guarded):
        return False
    pairs = _in_one_section(case, guarded, guard)
    return not any(_relies(access, one, other) for one, other in pairs) and not _is_half(case, access, guarded)


def _is_known(case: Case, access: Access) -> bool:
    """Whether the container is of kinds of which it is known what one step is; others may do anything meanwhile."""
    types = case.sharing.places.types
    values, effect = types.of(access.code, access.read_id), types.names.knowledge.effect
    return bool(values) and all(
        isinstance(each, LibraryObject) and effect(each.qualname, "__len__") is not None for each in values
    )


def _is_of_more(case: Case, access: Access) -> bool:
    """Whether several things are replaced at once, or the function looks into the container before it does so."""
    if access.key >= 0 and is_whole(case.sharing.places.dataflow(access.code), access.key):
        return True
    own = (each for each in case.accesses if each.code is access.code and each.base == access.base)
    return any(each is not access and each.id != access.load for each in own)


def _is_upset(case: Case, each: Access, access: Access) -> bool:
    """Whether one access under the guard fails or goes wrong by itself where the other one comes in."""
    if each.kind in (Kind.UPDATE, Kind.ITEM_UPDATE):
        return True
    if each.kind is Kind.ITERATE:
        return harm(case, each, access) is not None
    if access.method in TAKES and not access.claims and _takes(each):
        # who comes second finds nothing to take
        return True
    return each.kind.is_of_contents and each.method not in INSERTS | REMOVES | LOOKS


def _in_one_section(case: Case, guarded: list[Access], guard: Guard) -> Iterator[tuple[Access, Access]]:
    """Which two accesses come one after the other while the guard is held throughout, for all that one can see.

    What a function does that is called with the guard held comes before or after what others do.
    """
    entered = {each for each in guarded if _is_held_by_caller(case, each, guard)}
    for one, other in itertools.permutations(guarded, 2):
        if one.code is not other.code:
            if one in entered or other in entered:
                yield one, other
        elif one.id < other.id and case.locksets.in_one_section(one.code, one.id, other.id) and other.load != one.id:
            yield one, other


def _is_held_by_caller(case: Case, access: Access, guard: Guard) -> bool:
    held = case.locksets.held(access.code, access.id)
    return any(section == ON_ENTRY for use, section in held.items() if use.lock.key == guard.lock.key)


def _relies(access: Access, one: Access, other: Access) -> bool:
    """Whether the second of two accesses is right only if the container is as at the first one."""
    if access.method in TAKES:
        return other.kind.is_of_contents and other.method not in FORGIVING and not other.claims
    # what is put in meanwhile is thrown away, put in once more, or is one more than there may be
    lost = other.kind.rebinds or other.method in CLEARS
    return not one.kind.writes and (lost or (one.kind is Kind.CONTENT and other.method in INSERTS))


def _takes(access: Access) -> bool:
    return access.kind.rebinds or access.method in REMOVES


def _is_half(case: Case, access: Access, guarded: list[Access]) -> bool:
    """Whether the function has to do with something else too that is changed together with the container, by itself or
    under the guard."""
    places = case.sharing.places
    beside: dict[Place, bool] = {}
    for each in places.of(access.code):
        if each.place is not access.place and each.base == access.base:
            beside[each.place] = beside.get(each.place, False) or each.kind.writes
    return any(
        each.place in beside
        and (beside[each.place] or each.kind.writes)
        and case.locksets.in_one_section(one.code, one.id, each.id)
        for one in guarded
        for each in places.of(one.code)
    )
