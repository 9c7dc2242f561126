"""Part of the races stage: what is looked for under a key, and what is stored under it where it is not there."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.repeating import LOOKUPS
from racelint.program.callgraph.edges import passed
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite


def kept_item(case: Case, sequence: Composite) -> tuple[int, int] | None:
    """The key that a function looks for, and the value that it stores under it then, itself or by a method for that."""
    code, last = sequence.code, sequence.last
    if not sequence.stores_item:
        return None
    if last.code is code:
        found = is_missed_and_stored(sequence) or is_looked_up(case.sharing.places.dataflow(code), sequence)
        return (last.key, last.value) if found else None
    parameters = range(len(last.code.function.parameters))
    parts = key_parts(case.sharing.places.dataflow(last.code), last.key)
    if not is_missed_and_stored(sequence) or not {*parts, last.value} <= {*parameters}:
        return None
    for edge in case.threads.calls.only_calls(code):
        if edge.site == sequence.act and edge.callee is last.code:
            given, value = [passed(edge, each) for each in parts], passed(edge, last.value)
            # of several parts one stands for all
            key = next((each for each in given if each is not None and code.operation(each) is None), given[0])
            return (key, value) if key is not None and value is not None else None
    return None


def key_parts(flow: Dataflow, key: int) -> tuple[int, ...]:
    """What a key is made of: itself, where it is no tuple."""
    made = flow.operation(key)
    return made.items if type(made) is facts.Build and made.kind == "tuple" and made.items else (key,)


def is_looked_up(flow: Dataflow, sequence: Composite) -> bool:
    """Whether a container of unknown kind is asked for the key: `memo.get(key)`."""
    methods = (use for use in flow.uses(sequence.first.id) if type(use) is facts.LoadAttr and use.name in LOOKUPS)
    calls = (use for method in methods for use in flow.uses(method.id) if type(use) is facts.Call and use.arguments)
    return any(flow.key(call.arguments[0].value) == flow.key(sequence.last.key) for call in calls)


def is_missed_and_stored(sequence: Composite) -> bool:
    """Whether an item is looked for by its key, and stored where it was not there."""
    return sequence.stores_item and sequence.first.method in ("in", "get", "[]")
