"""Part of the types stage: which functions have a decorator of the program, and what does that make of them?"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef


def decorated(types: Types) -> Iterator[tuple[Code, Code]]:
    """The functions with a decorator of the program, and that."""
    for code in types.names.sources.codes:
        if code.parent is None:
            continue
        for id in code.function.decorators:
            for value in types.of(code.parent, id):
                if isinstance(value, FunctionRef):
                    yield code, value.code


def returned_functions(types: Types, decorator: Code) -> list[Code]:
    """The inner functions of a decorator that it returns."""
    values = [value for id in decorator.returns for value in types.of(decorator, id)]
    return [value.code for value in values if isinstance(value, FunctionRef) and value.code.parent is decorator]
