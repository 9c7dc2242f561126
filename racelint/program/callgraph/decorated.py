"""Part of the calls stage: which function of the program does a decorator put around another?"""

from __future__ import annotations

from racelint import facts
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef


def wrappers(types: Types) -> dict[int, list[tuple[Code, int]]]:
    """`@decorator` of the program around a function: the function that it returns, and where that runs the original."""
    found: dict[int, list[tuple[Code, int]]] = {}
    for code in types.names.sources.codes:
        if code.parent is None or not code.function.decorators:
            continue
        for id in code.function.decorators:
            for value in types.of(code.parent, id):
                if isinstance(value, FunctionRef):
                    for wrapper in _returned_functions(types, value.code):
                        for site in _runs_parameter(wrapper, value.code):
                            found.setdefault(code.key, []).append((wrapper, site))
    return found


def _returned_functions(types: Types, decorator: Code) -> list[Code]:
    values = [value for id in decorator.returns for value in types.of(decorator, id)]
    return [value.code for value in values if isinstance(value, FunctionRef) and value.code.parent is decorator]


def _runs_parameter(wrapper: Code, decorator: Code) -> list[int]:
    """The calls in `wrapper` whose callee is a parameter of the decorator around it."""
    parameters = {parameter.name for parameter in decorator.function.parameters}
    found = []
    for operation in wrapper.operations:
        if type(operation) is facts.Call and operation.callee >= 0:
            callee = wrapper.operation(operation.callee)
            if type(callee) is facts.LoadName and callee.scope == "free" and callee.name in parameters:
                found.append(operation.id)
    return found
