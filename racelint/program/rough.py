"""Part of the races stage: numbers of which nobody needs to know exactly what they are."""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.facts import Operation
from racelint.program.case import Case
from racelint.program.dataflow import Dataflow
from racelint.program.places import Access, Kind

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


def _beyond_sums(flow: Dataflow, use: Operation) -> list[Operation]:
    """A use of a number, or those of what something is added to it."""
    return flow.uses(use.id) if type(use) is facts.Compute and use.kind == "+" else [use]


def _is_limit(use: Operation) -> bool:
    return type(use) is facts.Compute and use.kind in LIMITS


def _is_stored_back(use: Operation) -> bool:
    return isinstance(use, facts.StoreAttr | facts.StoreName) and use.augmented


def _is_one_more(flow: Dataflow, update: Access) -> bool:
    made = flow.operation(update.value)
    added = flow.operation(made.operands[1]) if type(made) is facts.Compute and made.kind == "+" else None
    return type(added) is facts.Const and added.kind == "int"
