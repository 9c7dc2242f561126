"""Part of the races stage: what another thread may do to a container that does not suit who goes on with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from racelint import facts
from racelint.knowledge.containers import MAKES_ITEMS, REMOVES
from racelint.knowledge.iteration import Disturbance
from racelint.knowledge.operators import IN_PLACE, SPECIAL_METHODS
from racelint.knowledge.running import RunsOn
from racelint.program.contexts.alternatives import are_parted
from racelint.program.contexts.contexts import Context
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.guards import Guard, Protection, exclude_each_other
from racelint.program.memory.iterations import Walks
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import HALF, Case
from racelint.program.races.cases.closed import is_closed_to
from racelint.program.sequences.composites import Composite
from racelint.program.sequences.misses import handled, handled_misses
from racelint.program.sequences.swaps import is_whole
from racelint.program.sharing.beliefs import FOR_ALL
from racelint.program.sources.branching import conditions

RETRIED: Final = frozenset({"RuntimeError"})
"""What an iteration raises that lost the race."""


def containers(case: Case, access: Access) -> tuple[str, ...]:
    """The library classes of what an access works on."""
    places = case.sharing.places
    seen = Walks(places.types, access.code, places.dataflow(access.code)).containers(access.load)
    found = tuple(each for each in seen if not each.startswith("dict_"))
    return found or tuple(
        dict.fromkeys(each.qualname for each in places.values(access.place) if hasattr(each, "qualname"))
    )


class Harm(msgspec.Struct, frozen=True):
    """What becomes of an iteration, and whether a copy (`list(...)`) is made in one step: at all, on every build."""

    disturbance: Disturbance
    can_be_copied: bool
    copied_anywhere: bool


def harm(case: Case, iteration: Access, other: Access) -> Harm | None:
    """What becomes of an iteration if another access of the Place comes in between."""
    method = _method(case, other)
    if not method or _keeps_size(case, other):
        return None
    knowledge = case.sharing.places.types.names.knowledge
    mine = containers(case, iteration)
    theirs = containers(case, other) or mine
    for each in mine if method else ():
        disturbance = knowledge.disturbance(each, method) if each in theirs else None
        copy = knowledge.builtin_effect("list", each)
        if disturbance is not None:
            with_gil = copy is not None and copy.atomic_gil and not iteration.one_step_with_gil
            anywhere = copy is not None and copy.atomic_free_threaded
            return Harm(disturbance, with_gil or anywhere, anywhere)
    return None


def _method(case: Case, access: Access) -> str:
    """The method with which an access changes the contents; "" if it does not."""
    flow = case.sharing.places.dataflow(access.code)
    operation = flow.operation(access.id)
    match operation:
        case facts.StoreItem(base=base) | facts.DeleteItem(base=base) if base != access.load:
            # it changes an item, which is a container too
            return ""
        case facts.DeleteItem(key=key) if is_whole(flow, key):
            return "clear"
        case facts.StoreName(value=value, augmented=True) | facts.StoreAttr(value=value, augmented=True):
            computed = flow.operation(value)
            return IN_PLACE.get(computed.kind, "") if type(computed) is facts.Compute else ""
        case _ if access.kind in (Kind.MUTATE, Kind.ITEM_UPDATE):
            if access.method == "pop" and access.key >= 0 and "list" in containers(case, access):
                return "__delitem__"
            return SPECIAL_METHODS.get(access.method, access.method)
        case _:
            return ""


def _keeps_size(case: Case, other: Access) -> bool:
    """Whether a store surely replaces an item that was there before."""
    if other.method != "[]=":
        return False
    flow = case.sharing.places.dataflow(other.code)
    operation = flow.operation(other.key)
    if type(operation) is facts.Unpack:
        operation = flow.operation(operation.value)
    if type(operation) is facts.Element and _is_over(case, other, flow, operation.iterable):
        return True
    if _reads_item(case, other, flow):
        return True
    return _has_fixed_keys(case, flow.key(other.key) if flow.is_constant(other.key) else None)


def _is_over(case: Case, store: Access, flow: Dataflow, iterable: int) -> bool:
    """Whether the keys of a loop are those of the container that is stored to."""
    loads = {each.load for each in case.accesses if each.code is store.code and each.base == store.base}
    return bool(loads & {*flow.sources(iterable)})


def _reads_item(case: Case, update: Access, flow: Dataflow) -> bool:
    """Whether the item is read on the way to its store, which fails where there is none: `d[k] += 1`."""
    if any(each in MAKES_ITEMS for each in containers(case, update)):
        return False
    operation = flow.operation(update.id)
    if type(operation) is facts.StoreItem and operation.augmented:
        return True
    misses = handled_misses(update.code, flow)
    given = set(conditions(update.code, update.id))
    return any(
        each.code is update.code
        and each.method == "[]"
        and each.id < update.id
        and each.id not in misses
        and flow.key(each.key) == flow.key(update.key)
        and given.issuperset(conditions(update.code, each.id))
        for each in case.accesses
    )


def _has_fixed_keys(case: Case, key: str | None) -> bool:
    """Whether every container that is stored to the Place begins with the key; with any keys at all, if it never
    loses one."""
    places = case.sharing.places
    stores = [each for each in places.by_place[case.place] if each.kind is Kind.WRITE]
    for store in stores:
        flow = places.dataflow(store.code)
        made = flow.operation(store.value)
        if type(made) is not facts.Build or made.kind != "dict" or not (made.keys or made.comprehension):
            return False
        if key is not None and not made.comprehension and key not in map(flow.key, made.keys):
            return False
    return bool(stores) and all(
        each.method in ("[]=", "[]", "") for each in case.accesses if each.kind in (Kind.MUTATE, Kind.ITEM_UPDATE)
    )


def is_retried(case: Case, access: Access) -> bool:
    """Whether the function is prepared for the iteration to fail."""
    return access.id in handled(access.code, case.sharing.places.dataflow(access.code), RETRIED, named=True)


def is_taken_out(case: Case, access: Access) -> bool:
    """`todo, self.todo = self.todo, []`: what is iterated was taken out of the Place before."""
    return any(
        each.place is access.place
        and each.kind is Kind.WRITE
        and each.base == access.base
        and access.load < each.id < access.id
        for each in case.sharing.places.of(access.code)
    )


def harms(case: Case, access: Access) -> Callable[[Access], bool]:
    """Whether another access of the Place upsets an iteration and may really come in between."""
    return lambda other: harm(case, access, other) is not None and not is_closed_to(case, access, other)


def read_again(case: Case, sequence: Composite) -> Access | None:
    """Where the item that was stored because it was missing is fetched again by its key, which fails if it is gone."""
    code, last = sequence.code, sequence.last
    flow = case.sharing.places.dataflow(code)
    if last.method != "[]=" or last.code is not code:
        return None
    later = (each for each in case.accesses if each.code is code and each.method == "[]" and each.id > sequence.act)
    same = (each for each in later if each.base == last.base and flow.key(each.key) == flow.key(last.key))
    return next((each for each in same if not are_parted(code, sequence.act, each.id)), None)


def takes_away(access: Access) -> bool:
    """Whether items may be gone after an access."""
    return access.kind.rebinds or access.method in REMOVES


def is_no_setup(one: Context, other: Context) -> bool:
    """Whether contexts really run beside each other: what a library calls back runs when all is set up, mostly."""
    return not any(a.is_main and b.runs_on in (RunsOn.SERVER, RunsOn.HANDLER) for a, b in ((one, other), (other, one)))


def changed_under(case: Case, access: Access, guard: Guard, held: list[Protection]) -> Access | None:
    """Evidence `lock`: who changes the size of the container does so under the guard, mostly. One who does, and may do
    so while `held` is held for the iteration."""
    is_harmful = harms(case, access)
    harmful = [
        each
        for each in case.accesses
        if each.kind.writes and is_harmful(each) and not exclude_each_other(held, case.protections(each))
    ]
    guarded = [each for each in harmful if any(map(guard.protects, case.protections(each)))]
    functions = {each.code.key for each in guarded}
    if len(guarded) < HALF * len(harmful) or (guard.share < HALF and len(functions) < 2):
        # one function that fills it under a lock may only keep others from filling it too
        return None
    return next((each for each in guarded if case.may_meet(access, each)), None)


def forgotten_meanwhile(case: Case, access: Access, held: list[Protection]) -> Access | None:
    """What the callback of a weak reference does to the container that is gone over, which upsets that.

    It is run wherever the last reference to its object goes, or the collector comes by: in the middle of a walk, by
    the same thread. It may have a look first whether anybody is at that. That a list loses an item then is rarely felt.
    """
    callbacks = case.threads.calls.forgetting
    if not callbacks or access.one_step_with_gil or not case.is_reached(access.code):
        return None

    def is_harmful(other: Access) -> bool:
        found = harm(case, access, other)
        return found is not None and found.disturbance is Disturbance.RAISES

    return next(
        (
            each
            for each in case.accesses
            if each.code.key in callbacks
            and each.kind.writes
            and each.code is not access.code
            and (each.place.kind in FOR_ALL or (each.is_of_self and access.is_of_self))
            and is_harmful(each)
            and not exclude_each_other(held, case.protections(each))
            and not case.meetings.are_apart(access, each)
            and not _asks_first(case, each)
        ),
        None,
    )


def _asks_first(case: Case, access: Access) -> bool:
    """Whether an access is done only if other state of the object, or of the program, is so."""
    tests = {test for test, _ in conditions(access.code, access.id)}
    flow = case.sharing.places.dataflow(access.code)
    beside = (each for each in case.sharing.places.of(access.code) if each.place is not access.place)
    return any(flow.comes_from(test, each.id) for each in beside if not each.kind.writes for test in tests)
