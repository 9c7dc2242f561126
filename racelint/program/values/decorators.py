"""Part of the types stage: which functions have decorators of the program, and what do these make of them?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import TypeVar

from racelint import facts
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef

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
                if isinstance(value, FunctionRef):
                    found.setdefault(code, []).append(value.code)
    return found


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
