"""Part of the races stage: what is another one each time that it is asked for: of two under one name one is lost."""

from __future__ import annotations

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.repeating import COUNTERS, DRAWS, UNIQUE
from racelint.program.memory.places import Kind
from racelint.program.races.cases.case import Case
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import LibraryObject


def is_drawn(case: Case, code: Code, value: int) -> bool:
    """Whether a value is another one each time that it is asked for: a number that is counted up, an id that is
    drawn."""
    flow, types = case.sharing.places.dataflow(code), case.sharing.places.types
    calls = flow.calls(value)
    if any(_draws(types, code, code.operation(each)) for each in calls):
        return True
    return any(edge.site in calls and _counts_up(case, edge.callee) for edge in case.threads.calls.sure_calls(code))


def _draws(types: Types, code: Code, call: Operation | None) -> bool:
    """Whether a call gives one that was never given before: `next(numbers)`, `uuid.uuid4()`."""
    if type(call) is not facts.Call:
        return False
    if types.surely_calls(code, call, UNIQUE):
        return True
    if not call.arguments or not types.surely_calls(code, call, DRAWS):
        return False
    given = types.of(code, call.arguments[0].value)
    return any(isinstance(each, LibraryObject) and each.qualname in COUNTERS for each in given)


def _counts_up(case: Case, code: Code) -> bool:
    """Whether a function gives back what it has just counted up."""
    flow, own = case.sharing.places.dataflow(code), case.sharing.places.of(code)
    counted = {each.place for each in own if each.kind is Kind.UPDATE}
    given = {way for each in code.returns for way in flow.ways(each)}
    return any(each.place in counted and each.read_id in given for each in own if not each.kind.writes)
