"""Part of the races stage: numbers of which nobody needs to know exactly what they are."""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.clocks import CLOCKS
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access, Kind
from racelint.program.races.case import Case
from racelint.program.sequences.composites import Composite, Shape

LIMITS: Final = frozenset({"<", ">", "<=", ">="})
"""With these a number is held against a limit."""


def is_rough(case: Case) -> bool:
    """Whether the Place is a count that only grows, and is only held against limits: to come there later is no harm."""
    if case.guard is not None:
        return False
    held_against = False
    for access in case.accesses:
        flow = case.sharing.places.dataflow(access.code)
        if access.kind is Kind.UPDATE:
            if not _is_one_more(flow, access):
                return False
        elif access.kind is Kind.READ:
            uses = [each for use in flow.uses(access.id) for each in _beyond_sums(flow, use)]
            if not all(_is_limit(each) or _is_stored_back(each) for each in uses):
                return False
            held_against |= any(map(_is_limit, uses))
        else:
            return False
    return held_against


def is_estimate(case: Case) -> bool:
    """Whether the Place is a mean that follows what is measured, or a delay that grows by a factor up to a limit.

    `mean = 0.9 * mean + 0.1 * new`; `delay = min(2 * delay, longest)`: what it was a moment ago is as good.
    """
    updates = [access for access in case.accesses if access.kind is Kind.UPDATE]
    return bool(updates) and all(
        _is_weighted(case.sharing.places.dataflow(each.code), each) or _is_limited(case, each) for each in updates
    )


def _is_weighted(flow: Dataflow, update: Access) -> bool:
    """Whether one of the values stored is a sum of two parts, each with a weight below one."""
    made = flow.operation(update.value)
    stored = made.inputs if type(made) is facts.Phi else (update.value,)
    sums = (each for each in map(flow.operation, stored) if type(each) is facts.Compute and each.kind == "+")
    return any(all(map(flow.is_fraction, each.operands)) for each in sums)


def _is_limited(case: Case, update: Access) -> bool:
    """Whether what is stored is a multiple of what was there, or a limit."""
    types, flow = case.sharing.places.types, case.sharing.places.dataflow(update.code)
    made = flow.operation(update.value)
    if type(made) is not facts.Call or not types.may_call(update.code, made, ("min",)):
        return False
    given = (flow.operation(argument.value) for argument in made.arguments)
    return any(type(each) is facts.Compute and each.kind == "*" for each in given)


def is_time(case: Case, sequence: Composite) -> bool:
    """Whether it is only compared how long ago something was done, and noted when: twice at once is as good as once."""
    if sequence.shape is not Shape.CHECK or sequence.first.kind is not Kind.READ:
        return False
    flow = case.sharing.places.dataflow(sequence.code)
    uses = [each for use in flow.uses(sequence.first.id) for each in _beyond_sums(flow, use)]
    stores = [access for access in case.accesses if access.kind.writes]
    return (
        bool(uses)
        and all(map(_is_limit, uses))
        and all(each.kind is Kind.WRITE and _is_now(case, each) for each in stores)
    )


def _is_now(case: Case, store: Access) -> bool:
    """Whether a store notes what time it is, or nothing."""
    types, flow = case.sharing.places.types, case.sharing.places.dataflow(store.code)
    return types.surely_calls(store.code, flow.operation(store.value), CLOCKS) or case.is_constant(store)


def _beyond_sums(flow: Dataflow, use: Operation) -> list[Operation]:
    """A use of a number, or those of what something is added to it."""
    return flow.uses(use.id) if type(use) is facts.Compute and use.kind in ("+", "-") else [use]


def _is_limit(use: Operation) -> bool:
    return type(use) is facts.Compute and use.kind in LIMITS


def _is_stored_back(use: Operation) -> bool:
    return isinstance(use, facts.StoreAttr | facts.StoreName) and use.augmented


def _is_one_more(flow: Dataflow, update: Access) -> bool:
    made = flow.operation(update.value)
    added = flow.operation(made.operands[1]) if type(made) is facts.Compute and made.kind == "+" else None
    return type(added) is facts.Const and added.kind == "int"
