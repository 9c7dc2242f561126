"""Part of the races stage: an error that is kept to be raised later: of two that came at once either will do."""

from __future__ import annotations

from racelint import facts
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.sources.nodes import walk


def is_error(case: Case, store: Access) -> bool:
    """Whether what is stored is an exception: it was caught there, or what is read of the Place is raised."""
    flow = case.sharing.places.dataflow(store.code)
    made = flow.operation(store.value)
    ways = made.operands if type(made) is facts.Choice else made.inputs if type(made) is facts.Phi else (store.value,)
    caught = any(type(flow.operation(each)) is facts.Caught for each in ways)
    return caught or any(each.kind is Kind.READ and _is_raised(each) for each in case.accesses)


def _is_raised(read: Access) -> bool:
    return any(type(node) is facts.Raise and node.value == read.id for node in walk(read.code.function.body))
