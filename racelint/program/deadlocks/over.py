"""Part of the blocking stage: was it asked, before a call that waits, whether there is anything left to wait for?"""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.threads import BEGINS, TELLS_END
from racelint.program.contexts.lifetimes import is_same
from racelint.program.deadlocks.origins import receiver_of
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef, LibraryMethod


def is_over(types: Types, code: Code, call: facts.Call) -> bool:
    """Whether a call is made only where the object it waits for has said that it is done: `if task.done():`."""
    return any(
        type(asked := code.operation(test)) is facts.Call
        and is_same(code, receiver_of(code, asked), receiver_of(code, call))
        and any(_tells_end(value) is truth for value in types.of(code, asked.callee))
        and not _begins_again(types, code, test, call)
        for test, truth in conditions(code, call.id)
    )


def _tells_end(asked: object) -> bool | None:
    return TELLS_END.get(asked.qualname) if isinstance(asked, LibraryMethod) else None


def _begins_again(types: Types, code: Code, test: int, call: facts.Call) -> bool:
    """Whether something is started after the test and before the call, or another one is put in the place of what was
    asked, here or in a function that is called."""
    waited = code.operation(receiver_of(code, call))
    name = waited.name if isinstance(waited, facts.LoadAttr | facts.LoadName) else ""
    between = [each for each in code.operations[test + 1 : call.id] if each is not None]
    called = {
        value.code
        for each in between
        if type(each) is facts.Call
        for value in types.of(code, each.callee)
        if isinstance(value, FunctionRef)
    }
    steps = [(code, each) for each in between] + [(each, step) for each in called for step in each.operations]
    return any(_is_begun(types, where, step) or _is_bound(step, name) for where, step in steps)


def _is_begun(types: Types, code: Code, step: facts.Operation | None) -> bool:
    begun = types.of(code, step.callee) if type(step) is facts.Call else ()
    return any(isinstance(each, LibraryMethod) and each.qualname in BEGINS for each in begun)


def _is_bound(step: facts.Operation | None, name: str) -> bool:
    return isinstance(step, facts.StoreAttr | facts.StoreName) and step.name == name
