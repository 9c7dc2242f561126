"""Part of the interleavings stage: what runs only where somebody has asked whether it is in the thread of the loop, or
on objects that have no loop?"""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.facts import NOTHING
from racelint.knowledge.loops import RUNNING_LOOP
from racelint.knowledge.threads import THREAD_KEYS
from racelint.program.callgraph.calls import Calls, constructs
from racelint.program.callgraph.replaced import is_never_run
from racelint.program.contexts.contexts import Context
from racelint.program.sources.branching import conditions, decided, found_equal
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef

DEPTH: Final = 2
"""So many functions deep it is looked what a test asks."""

WHERE: Final = RUNNING_LOOP | THREAD_KEYS
"""What tells in which thread, or on which loop, it is called."""


def is_at_home(types: Types, code: Code, id: int) -> bool:
    """Whether an operation runs only where the thread or the loop has been compared and found to be the one meant."""
    return any(_says_home(types, code, test, truth, DEPTH) for test, truth in conditions(code, id))


def is_of_another_class(calls: Calls, context: Context, code: Code, id: int, maker: Code) -> bool:
    """Whether a thread calls an attribute of the object that has started it, which is of no class where that belongs to
    a loop: `maker` is the constructor of one that never starts the thread."""
    method = code.fetched(code.operations[id])
    kept = code.operation(method.base) if type(method) is facts.LoadAttr else None
    if type(kept) is not facts.LoadAttr or not code.is_own(kept.base) or not constructs(maker):
        return False
    starter, begins = context.code, any(entry is code for entry, _ in context.entries)
    if starter is None or maker.cls is None or not begins:
        return False
    return is_never_run(calls, starter, maker.cls)


def _says_home(types: Types, code: Code, test: int, truth: bool, depth: int) -> bool:
    """Whether a test comes out so only at home."""
    called = code.operation(test)
    if type(called) is facts.Call:
        answers = _returned(types, code, called.callee) if depth else []
        return bool(answers) and all(_answers_home(types, *answer, truth, depth - 1) for answer in answers)
    are_equal, operands = found_equal(code, test, truth)
    return are_equal and any(_tells_where(types, code, each, depth) for each in operands)


def _answers_home(types: Types, code: Code, id: int, truth: bool, depth: int) -> bool:
    """Whether what a function answers comes out so only at home."""
    return any(_says_home(types, code, *outcome, depth) for outcome in decided(code, id, truth))


def _tells_where(types: Types, code: Code, id: int, depth: int, seen: frozenset[int] = frozenset()) -> bool:
    """Whether a value is the running thread or loop, or nothing where there is none; a loop may feed `seen` ones."""
    operation = code.operation(id)
    if type(operation) is facts.Phi:
        seen |= {id, NOTHING}
        return any(each not in seen and _tells_where(types, code, each, 0, seen) for each in operation.inputs)
    if type(operation) is facts.LoadAttr:
        return operation.base not in seen and _tells_where(types, code, operation.base, 0, seen)
    if type(operation) is not facts.Call:
        return False
    inner = _returned(types, code, operation.callee) if depth else ()
    return types.may_call(code, operation, WHERE) or any(_tells_where(types, *each, depth - 1) for each in inner)


def _returned(types: Types, code: Code, callee: int) -> list[tuple[Code, int]]:
    """What the one function of the program that is called may return."""
    functions = [each.code for each in types.of(code, callee) if isinstance(each, FunctionRef)]
    return [(functions[0], id) for id in functions[0].returns] if len(functions) == 1 else []
