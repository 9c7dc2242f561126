"""Part of the locksets stage: which calls surely come back, so that what follows them is not skipped?"""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef, Library, LibraryMethod, Value, ValueSet

DEPTH: Final = 3
"""So many calls deep it is asked what a function of the program does."""


def cannot_raise(types: Types, callees: ValueSet, arguments: int, depth: int = DEPTH) -> bool:
    """Whether a call with so many arguments raises nothing, whichever of these it runs."""
    return bool(callees) and all(_comes_back(types, each, arguments, depth) for each in callees)


def _comes_back(types: Types, callee: Value, arguments: int, depth: int) -> bool:
    match callee:
        case Library(qualname=qualname) | LibraryMethod(qualname=qualname):
            return types.names.knowledge.cannot_raise(qualname, arguments)
        case FunctionRef(code=code):
            return depth > 0 and _has_no_raise(types, code, depth)
        case _:
            return False


def _has_no_raise(types: Types, code: Code, depth: int) -> bool:
    """Whether a function raises nothing itself, and calls only what does not."""
    if code.function.is_async or code.function.is_generator or code.function.kind == "class":
        return False
    if any(type(node) is facts.Raise for node in code.controls):
        return False
    return all(
        cannot_raise(types, types.of(code, each.callee), len(each.arguments), depth - 1)
        for each in code.operations
        if type(each) is facts.Call
    )
