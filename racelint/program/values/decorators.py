"""Part of the types stage: which functions have decorators of the program, and what do these make of them?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import TypeVar

from racelint import facts
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
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


def makers(types: Types, decorator: Code) -> dict[Code, set[str]]:
    """A decorator, and the functions of which it returns what they make: `def sends(f): return on(f, "sender")`; each
    with the names of the parameters by which it is given what is decorated."""
    found = {decorator: {each.name for each in decorator.function.parameters}}
    pending = [decorator]
    for code in pending:
        for call in map(code.operation, code.returns):
            for value in types.of(code, call.callee) if type(call) is facts.Call else ():
                if isinstance(value, FunctionRef) and value.code not in found and type(call) is facts.Call:
                    found[value.code] = _handed_on(code, call, value, found[code])
                    pending.append(value.code)
    return found


def _handed_on(code: Code, call: facts.Call, callee: FunctionRef, names: set[str]) -> set[str]:
    """The parameters of a callee as which a call hands on a parameter of these names; all where it hands on none of
    them as it is: it may be within something else."""
    parameters = callee.code.function.parameters
    shift = callee.receiver is not None
    given = {
        each.name: argument(call, position - shift, each.name) if position >= shift else None
        for position, each in enumerate(parameters)
    }
    own = code.function.parameters
    told = {
        name
        for name, id in given.items()
        if id is not None and (taken := code.given(id)) != facts.NOTHING and own[taken].name in names
    }
    return told or {each.name for each in parameters}


def returned_functions(types: Types, decorator: Code) -> list[Code]:
    """The inner functions of a decorator that it returns."""
    values = [value for id in decorator.returns for value in types.of(decorator, id)]
    return [value.code for value in values if isinstance(value, FunctionRef) and value.code.parent is decorator]
