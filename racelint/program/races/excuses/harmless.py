"""Part of the races stage: what ends alike whoever comes first, so that nobody needs to be kept out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.containers import APPENDS, EMPTIES, INSERTS, REMOVES, SEQUENCES, SNAPSHOTS
from racelint.knowledge.model import Access as Effects
from racelint.knowledge.model import Effect
from racelint.knowledge.operators import SPECIAL_METHODS
from racelint.knowledge.texts import MAKES_TEXT
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.guards import Guard
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.races.cases.case import Case
from racelint.program.races.cases.disturbances import containers, harm, takes_away
from racelint.program.sources.branching import conditions
from racelint.program.values.texts import is_record

UNCONCERNED: Final = frozenset({"in", "len", "[]="})
"""What may be done with a container, whether others have just taken an item out or not."""

ONCE: Final = frozenset({Kind.READ, Kind.WRITE, Kind.DELETE, Kind.CONTENT})
"""What is done to a Place in one step that stands for itself."""


def loses_to(case: Case, access: Access) -> Callable[[Access], bool]:
    """Whether what another write leaves differs from what this one stores and wants back."""
    changed = any(each.kind.writes and each.kind is not Kind.WRITE for each in case.accesses)
    flow = case.sharing.places.dataflow(access.code)
    repeated = not changed and flow.is_repeatable(access.value)
    return lambda other: other is not access or not repeated


def is_single_step(case: Case, access: Access, guard: Guard) -> bool:
    """Whether a step is all that a function does to what the lock guards, and nobody with the lock looks twice.

    Then it comes before or after what they do: whoever reads, writes or tests once has one of the two values.
    """
    if _is_only_logged(case, access):
        return True
    guarded = [each for each in case.accesses if _is_under(case, each, guard)]
    if access.kind is Kind.CONTENT and (access.method == "in" or not any(map(takes_away, case.accesses))):
        # what nobody takes away or replaces, or is only asked for, has nothing to do with what else is done
        return _is_single_look(case, access) and not _is_seen_empty(case, guarded)
    if access.kind is Kind.MUTATE and access.method in REMOVES - EMPTIES and access.key >= 0:
        return all(_is_unconcerned(each, guarded) for each in guarded)
    if not _is_all(case, access, guard):
        return False
    if access.kind is Kind.WRITE:
        return all(each.kind in ONCE for each in guarded) and not _looks_twice(case, guarded)
    if access.kind is Kind.DELETE and not access.method:
        # who comes after it finds nothing, whatever is held, and who came before has what there was
        return not any(each.kind.rebinds for each in guarded) and not _looks_twice(case, guarded)
    if access.kind is Kind.CONTENT:
        return _is_single_look(case, access) and not _is_seen_empty(case, guarded)
    # to add to an end is one step: who takes out an item or none does not care for that, who empties it does
    if access.method not in APPENDS or not {*containers(case, access)} <= SEQUENCES:
        return False
    upset = (each for each in guarded if each.kind is Kind.ITERATE and harm(case, each, access) is not None)
    looks = [each for each in guarded if each.method not in REMOVES - EMPTIES and not _is_about_size(each)]
    return not any(each.kind.rebinds for each in guarded) and not any(upset) and not _looks_twice(case, looks)


def _is_unconcerned(access: Access, guarded: Sequence[Access]) -> bool:
    """Whether it is no matter that an item is taken out meanwhile: it is asked for, or put in, though not where another
    one was found."""
    if access.kind is Kind.READ or (access.kind is Kind.CONTENT and access.method in UNCONCERNED):
        return True
    if access.kind is not Kind.MUTATE or access.method not in UNCONCERNED:
        return False
    tests = dict(conditions(access.code, access.id))
    return not any(each.code is access.code and _is_asked(each, tests) for each in guarded)


def _is_asked(look: Access, tests: Mapping[int, bool]) -> bool:
    """Whether a look is a test of what is there that has come out true, or of what is not: `if x not in y: return`."""
    tested = look.code.operation(look.id)
    is_absence = type(tested) is facts.Compute and tested.kind == "not in"
    return look.id in tests and (tests[look.id] or is_absence)


def _is_about_size(access: Access) -> bool:
    """Whether only the container is asked for, or how much is in it: that it is more by then is no harm."""
    return access.method == "len" or access.kind is Kind.READ


def _looks_twice(case: Case, guarded: Sequence[Access]) -> bool:
    """Whether two of these accesses are in one critical section, neither of them a part of the other."""
    return any(
        one.code is other.code
        and one.load != other.id
        and other.load != one.id
        and case.locksets.in_one_section(one.code, one.id, other.id)
        for one, other in itertools.combinations(guarded, 2)
    )


def _is_single_look(case: Case, look: Access) -> bool:
    """Whether a look into a container is one step, and nothing is done with what is found but to tell or compare it.

    With the lock it would be no newer: who acts on it does so after the lock is given back.
    """
    knowledge = case.sharing.places.types.names.knowledge
    kinds = containers(case, look)
    effects = [knowledge.effect(each, SPECIAL_METHODS.get(look.method, look.method)) for each in kinds]
    if not effects or not all(each is not None and _is_one_read(each) for each in effects):
        return False
    flow = case.sharing.places.dataflow(look.code)
    pending, seen = [look.id], set[int]()
    while pending:
        id = pending.pop()
        for use in flow.uses(id) if id not in seen else ():
            if type(use) in (facts.Phi, facts.Choice) or _is_only_read(flow, use):
                pending.append(use.id)
            elif type(use) is not facts.Compute and not _is_copied(case, look, use) and not _tells(look, use, id):
                return False
        seen.add(id)
    return True


def _is_only_read(flow: Dataflow, use: Operation) -> bool:
    """Whether an attribute of what was found is read, and not called: it may be another one the next moment anyhow."""
    return type(use) is facts.LoadAttr and not any(
        type(each) is facts.Call and each.callee == use.id for each in flow.uses(use.id)
    )


def _is_only_logged(case: Case, look: Access) -> bool:
    """Whether of a container text is made in one step, or it is only told in a log record how much is in it."""
    if look.method in MAKES_TEXT:
        return True
    uses = case.sharing.places.dataflow(look.code).uses(look.id) if look.method == "len" else []
    return bool(uses) and all(type(use) is facts.Call and _tells(look, use, look.id) for use in uses)


def _tells(look: Access, use: Operation, id: int) -> bool:
    """Whether a use puts what was found into a log record; a number also into a table of such numbers."""
    match use:
        case facts.Call():
            return is_record(look.code, use)
        case facts.StoreItem(value=value):
            return look.method == "len" and value == id
        case facts.Build(kind="dict"):
            return look.method == "len"
        case _:
            return False


def _is_one_read(effect: Effect) -> bool:
    return effect.access is Effects.READ and effect.atomic_gil and effect.atomic_free_threaded


def _is_copied(case: Case, look: Access, use: Operation) -> bool:
    """Whether a use is the call of what makes a copy: `list(found)`."""
    return case.sharing.places.types.surely_calls(look.code, use, SNAPSHOTS)


def _is_seen_empty(case: Case, guarded: Sequence[Access]) -> bool:
    """Whether a critical section takes out, or replaces the whole, before it puts in: who looks then finds it half
    done."""
    for one, other in itertools.permutations(guarded, 2):
        takes = (one.kind.rebinds or one.method in REMOVES) and one.code is other.code and one.id < other.id
        if takes and other.method in INSERTS and case.locksets.in_one_section(one.code, one.id, other.id):
            return True
    return False


def _is_all(case: Case, store: Access, guard: Guard) -> bool:
    """Whether the function of a store neither takes the guard nor touches other state that is used under it.

    Two lists that both only grow here are one step each, as long as nobody looks at both with the lock held.
    """
    holding = case.locksets.holdings.get(store.code.key)
    if holding is not None and any(each.use.lock.key == guard.lock.key for each in holding.acquisitions.values()):
        return False
    places = case.sharing.places
    constructing = case.threads.calls.constructing
    beside = (each for each in places.of(store.code) if each is not store and each.base == store.base)
    for other in beside:
        if store.method in APPENDS and other.place is store.place and _is_about_size(other):
            # whether it is added to on account of its size is asked of the sequence
            continue
        guarded = [each for each in places.by_place[other.place] if _is_under(case, each, guard)]
        if not any(each.kind.writes and each.code.key not in constructing for each in places.by_place[other.place]):
            continue
        grows = store.method in APPENDS and (other.method in APPENDS or _is_fetched(places.of(store.code), other))
        if guarded and not (grows and not _are_seen_together(case, store.place, guarded)):
            return False
    return True


def _is_fetched(accesses: Sequence[Access], load: Access) -> bool:
    """Whether an access is no more than the load of a container that something is added to."""
    added = (each for each in accesses if each.method in APPENDS)
    return load.kind is Kind.READ and any(each.load == load.id for each in added)


def _are_seen_together(case: Case, place: Place, guarded: Sequence[Access]) -> bool:
    """Whether a critical section looks at both, these accesses and the Place, other than to add to them."""
    for one in filter(_is_look, guarded):
        for other in (each for each in case.sharing.places.of(one.code) if each.place is place):
            if _is_look(other) and case.locksets.in_one_section(one.code, one.id, other.id):
                return True
    return False


def _is_look(access: Access) -> bool:
    return access.kind is not Kind.READ and access.method not in APPENDS


def _is_under(case: Case, access: Access, guard: Guard) -> bool:
    return any(use.lock.key == guard.lock.key for use in case.locksets.held(access.code, access.id))
