"""Part of the races stage: views of containers that functions give back, and what becomes of them elsewhere."""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.knowledge.containers import VIEWS
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.guards import Guard
from racelint.program.memory.iterations import Walks
from racelint.program.memory.places import Access
from racelint.program.races.cases.case import Case
from racelint.program.sources.source import Code

HANDED_ON: Final = 2
"""So many functions may give back what the one before them gave back."""


def is_given_back(flow: Dataflow, id: int) -> bool:
    """Whether a function returns a value as it is, or in a list, tuple or dictionary that it writes out."""
    return any(each.id == id for value in flow.code.returns for each in flow.behind(value, _parts))


def _parts(operation: facts.Operation) -> tuple[int, ...]:
    """The values one of which a value is, or that it has in it as they are."""
    match operation:
        case facts.Phi(inputs=values) | facts.Choice(operands=values):
            return values
        case facts.Compute(kind="+" | "+=", operands=values):
            return values
        case facts.Build(items=values, comprehension=False):
            return values
        case _:
            return ()


def is_walked_outside(case: Case, view: Access, guard: Guard) -> bool:
    """Whether somebody goes over the returned view without the guard, for all that one can see.

    Who copies it in one step has copied it before anybody else runs.
    """
    if view.id not in view.code.returns and case.threads.calls.callers(view.code):
        # what these take out of what the function returns is not followed
        return False
    return _is_walked(case, view.code, guard, f"dict_{view.method}" if view.method in VIEWS else "", HANDED_ON)


def _is_walked(case: Case, code: Code, guard: Guard, name: str, depth: int) -> bool:
    """Whether a caller of a function goes over the view that it returns, or gives it to others who do.

    Who puts it into a list or tuple that he returns has it shown or sent by somebody.
    """
    edges = case.threads.calls.callers(code)
    if not edges:
        return case.is_reached(code)
    for edge in edges:
        held = case.locksets.held(edge.caller, edge.site)
        flow = case.sharing.places.dataflow(edge.caller)
        walks = Walks(case.sharing.places.types, edge.caller, flow)
        guarded = any(use.lock.key == guard.lock.key for use in held)
        if not guarded and any(walks.of(edge.site, edge.site, use, name) for use in flow.uses(edge.site)):
            return True
        if edge.site in edge.caller.returns:
            if depth and _is_walked(case, edge.caller, guard, name, depth - 1):
                return True
        elif is_given_back(flow, edge.site):
            return case.is_reached(edge.caller)
    return False


def is_behind_view(case: Case, access: Access) -> bool:
    """Whether what is walked over is a view that another function gives out of its guard: that is told there."""
    guard = case.guard
    if guard is None:
        return False
    callees = [edge.callee for edge in case.threads.calls.calls(access.code) if edge.site == access.load]
    return any(
        each.code in callees
        and each.id in each.code.returns
        and each.method in VIEWS
        and any(map(guard.protects, case.protections(each)))
        for each in case.accesses
    )
