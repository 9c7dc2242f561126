"""Part of the calls stage: which function of the program does a decorator put around another?"""

from __future__ import annotations

from collections.abc import Container, Iterator

from racelint import facts
from racelint.knowledge.threads import CALLS_ELSEWHERE
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.sources.source import Code, makings
from racelint.program.values.decorators import Decorated, by_function, decorators, makers, returned_functions
from racelint.program.values.passing import without_cast
from racelint.program.values.types import Types


def wrappers(types: Types, decorated: Decorated) -> dict[int, list[tuple[Code, int]]]:
    """`@decorator` of the program around a function: the function that it returns, and where that runs the original."""
    return by_function(decorated, lambda each: _wrappers_of(types, each))


def _wrappers_of(types: Types, decorator: Code) -> Iterator[tuple[Code, int]]:
    for maker, names in makers(types, decorator).items():
        for wrapper in returned_functions(types, maker):
            for site in runs_parameter(types, wrapper, names):
                yield wrapper, site


def deferred(types: Types, decorated: Decorated) -> set[int]:
    """The functions that are decorated by one of the program which hands them over to be run later, by somebody else.

    `def in_main_thread(f): def ask(): later(lambda: f()); return ask`: who calls `f` only asks for it.
    """
    deferring = {each for each in decorators(decorated) if _defers(types, each)}
    return {code.key for code, around in decorated.items() if not deferring.isdisjoint(around)}


def _defers(types: Types, decorator: Code) -> bool:
    """Whether all that a decorator makes of a function only gives away a function that runs it."""
    made = returned_functions(types, decorator)
    names = {each.name for each in decorator.function.parameters}
    return bool(made) and all(
        not runs_parameter(types, wrapper, names)
        and any(
            runs_parameter(types, inner, names) and _is_given_away(wrapper, inner)
            for inner in types.names.sources.children(wrapper)
        )
        for wrapper in made
    )


def _is_given_away(wrapper: Code, inner: Code) -> bool:
    """Whether a function only hands an inner one to calls of which it wants nothing back, or which run it elsewhere."""
    flow = Dataflow(wrapper)
    made = makings(wrapper, inner)
    uses = [use for id in made for use in flow.uses(id)]
    return bool(uses) and all(
        type(use) is facts.Call
        and (_is_run_elsewhere(flow, use) or not (flow.uses(use.id) or use.id in wrapper.returns))
        for use in uses
    )


def _is_run_elsewhere(flow: Dataflow, call: facts.Call) -> bool:
    """Whether what a call is given is run by another thread or later, whatever the call gives back: a handle of it."""
    callee = flow.operation(call.callee)
    return type(callee) is facts.LoadAttr and callee.name in CALLS_ELSEWHERE


def runs_parameter(types: Types, wrapper: Code, parameters: Container[str]) -> list[int]:
    """The calls in `wrapper` whose callee is one of these parameters of the decorator around it."""
    found = []
    for operation in wrapper.operations:
        if type(operation) is facts.Call and operation.callee >= 0:
            callee = wrapper.operation(without_cast(types, wrapper, operation.callee))
            if type(callee) is facts.LoadName and callee.scope == "free" and callee.name in parameters:
                found.append(operation.id)
    return found
