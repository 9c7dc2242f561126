"""Part of the races stage: an error that is kept to be raised later: of two that came at once either will do."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge import Knowledge
from racelint.knowledge.records import RECORDS
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.sources.nodes import walk
from racelint.program.values.values import Instance, LibraryObject, Value


def is_error(case: Case, store: Access) -> bool:
    """Whether what is stored is an exception: it was caught there, or what is read of the Place is raised.

    On another way it may be something else: what the `try` came to.
    """
    types, flow = case.sharing.places.types, case.sharing.places.dataflow(store.code)
    if any(_cannot_be_raised(types.names.knowledge, each) for each in types.of(store.code, store.value)):
        return False
    caught = any(type(flow.operation(each)) is facts.Caught for each in flow.ways(store.value))
    return caught or any(each.kind is Kind.READ and _is_raised(each) for each in case.accesses)


def _cannot_be_raised(knowledge: Knowledge, value: Value) -> bool:
    """Whether it is known of an object that it is no exception, which each extends one of a library."""
    if isinstance(value, Instance):
        return all(RECORDS.issuperset(each.library_bases) for each in value.cls.mro)
    return isinstance(value, LibraryObject) and knowledge.safety(value.qualname) is not None


def _is_raised(read: Access) -> bool:
    return any(type(node) is facts.Raise and node.value == read.id for node in walk(read.code.function.body))
