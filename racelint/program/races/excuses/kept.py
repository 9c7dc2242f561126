"""Part of the races stage: containers that nobody changes once they are kept, so that another made alike is as good."""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.knowledge.containers import CHANGES, PLAIN, SNAPSHOTS
from racelint.knowledge.model import SafetyKind
from racelint.knowledge.repeating import ANSWERS
from racelint.program.callgraph.calls import passed
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.sources.source import Code
from racelint.program.values.values import Instance, LibraryObject, Value

DEPTH: Final = 3
"""How many calls far a container is followed."""


def stays_as_made(case: Case, store: Access) -> bool:
    """Whether a container is stored of which nobody changes anything from then on, nor hands it out of sight.

    What is in it must be alike as well: no locks, nor objects of the program.
    """
    types = case.sharing.places.types
    values = types.of(store.code, store.value)
    sites = [each.site for each in values if isinstance(each, LibraryObject) and each.qualname in PLAIN]
    if not sites or len(sites) < len(values):
        return False
    held = (each for site in sites if site is not None for each in types.elements(site))
    if None in sites or any(_is_its_own(case, each) for each in held):
        return False
    return all(_leaves_it(case, access) for access in case.accesses)


def _is_its_own(case: Case, value: Value) -> bool:
    """Whether two objects made alike are not the same to who has one of them."""
    if not isinstance(value, LibraryObject):
        return isinstance(value, Instance)
    safety = case.sharing.places.types.names.knowledge.safety(value.qualname)
    return safety is None or safety.kind is not SafetyKind.IMMUTABLE


def _leaves_it(case: Case, access: Access) -> bool:
    if access.kind is Kind.READ:
        return _is_only_looked_at(case, access.code, access.id, DEPTH)
    return access.kind in (Kind.WRITE, Kind.DELETE) or not access.kind.writes


def _is_only_looked_at(case: Case, code: Code, id: int, depth: int) -> bool:
    """Whether a function, those that it gives a container and those that get it back do no more than look into it."""
    calls = case.threads.calls
    if id in code.returns:
        edges = calls.callers(code) if depth else []
        if not edges or not all(_is_only_looked_at(case, each.caller, each.site, depth - 1) for each in edges):
            return False
    for use in case.sharing.places.dataflow(code).uses(id):
        match use:
            case facts.Compute() | facts.Element() | facts.LoadItem() | facts.Unpack():
                pass
            case facts.LoadAttr(name=name) if name not in CHANGES:
                pass
            case facts.Choice() | facts.Cast() if _is_only_looked_at(case, code, use.id, depth):
                pass
            case facts.Call() if _is_lent_to_look(case, code, use, id, depth):
                pass
            case _:
                return False
    return True


def _is_lent_to_look(case: Case, code: Code, call: facts.Call, given: int, depth: int) -> bool:
    """Whether a call gives a container to nobody but who only looks into it."""
    if case.sharing.places.types.surely_calls(code, call, ANSWERS | SNAPSHOTS):
        return True
    edges = [edge for edge in case.threads.calls.sure_calls(code) if edge.site == call.id]
    return bool(edges and depth) and all(
        _is_only_looked_at(case, edge.callee, parameter, depth - 1)
        for edge in edges
        for parameter in range(len(edge.callee.function.parameters))
        if passed(edge, parameter) == given
    )
