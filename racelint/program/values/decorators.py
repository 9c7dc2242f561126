"""Part of the types stage: which functions have decorators of the program, and what do these make of them?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import TypeVar

from racelint import facts
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef, Instance, Value

T = TypeVar("T")
Decorated = Mapping[Code, Iterable[Code]]
"""For functions with decorators of the program: these."""


def decorated(types: Types) -> Decorated:
    """All such functions, in order."""
    found: dict[Code, list[Code]] = {}
    for code in types.names.sources.codes:
        if code.parent is None:
            continue
        for id in code.function.decorators:
            for value in types.of(code.parent, id):
                around = _called(types, value)
                if around:
                    found.setdefault(code, []).extend(around)
    return found


def _called(types: Types, decorator: Value) -> list[Code]:
    """The function that is given what is decorated: the decorator itself, or `__call__` of the object that it is."""
    if isinstance(decorator, FunctionRef):
        return [decorator.code]
    keeper = types.attributes.defining(decorator.cls, "__call__") if isinstance(decorator, Instance) else None
    methods = types.attributes.methods(keeper) if keeper is not None else []
    return [each.code for each in methods if each.code.name == "__call__"]


def decorators(found: Decorated) -> set[Code]:
    """The decorators of some functions, each once."""
    return set(chain.from_iterable(found.values()))


def by_function(found: Decorated, tell: Callable[[Code], Iterable[T]]) -> dict[int, list[T]]:
    """What is told of the decorators of each function, by its key; `tell` is asked once of each decorator."""
    told = {each: list(tell(each)) for each in decorators(found)}
    known = {code.key: [one for each in around for one in told[each]] for code, around in found.items()}
    return {key: each for key, each in known.items() if each}


def makers(types: Types, decorator: Code) -> list[Code]:
    """A decorator, and the functions of which it returns what they make: `def sends(f): return on(f, "sender")`."""
    found = [decorator]
    for code in found:
        made = (each.callee for each in map(code.operation, code.returns) if type(each) is facts.Call)
        values = (value for id in made for value in types.of(code, id))
        found += [each.code for each in values if isinstance(each, FunctionRef) and each.code not in found]
    return found


def returned_functions(types: Types, decorator: Code) -> list[Code]:
    """The inner functions of a decorator that it returns."""
    values = [value for id in decorator.returns for value in types.of(decorator, id)]
    return [value.code for value in values if isinstance(value, FunctionRef) and value.code.parent is decorator]
