"""Part of the calls stage: which functions do others get to run, and which inner ones outlive the call around them?"""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.definitions import PASSING_ON
from racelint.program.callgraph.tables import Tables
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef, Site

DEPTH: Final = 3
"""A function that is lent to a call is followed over so many calls that pass it on."""

FETCHES: Final = frozenset({facts.MakeFunction, facts.LoadAttr, facts.LoadName})
"""The operations that may give a function without calling anything."""


def escaping(types: Types) -> dict[int, set[Site]]:
    """Functions that are fetched (as a method, by name) for anything else than being called on the spot, and where.

    Not what is given to functions of the program that do no more than call it: these are all its callers. Nor what is
    only put in a table to be called from there.
    """
    sources, tables = types.names.sources, Tables(types)
    found: dict[int, set[Site]] = {}
    for code in sources.codes:
        called = {each.callee for each in code.operations if type(each) is facts.Call}
        flow = Dataflow(code)
        for operation in code.operations:
            if operation is None or type(operation) not in FETCHES or operation.id in called:
                continue
            fetched = _fetched(types, code, operation)
            if not fetched or _is_decorated(flow, operation.id) or _is_lent(types, flow, operation.id):
                continue
            for each in () if tables.keeps(flow, operation.id, fetched) else fetched:
                found.setdefault(each, set()).add((code.key, operation.id))
    return found


def _fetched(types: Types, code: Code, operation: Operation) -> set[int]:
    """The functions that an operation gives: a lambda, what stands under a name."""
    if type(operation) is facts.MakeFunction:
        made = types.names.sources.function(code.module, operation.function)
        return {made.key} if made.function.kind == "lambda" else set()
    values = types.of(code, operation.id) if type(operation) in (facts.LoadAttr, facts.LoadName) else ()
    return {each.code.key for each in values if isinstance(each, FunctionRef)}


def _is_decorated(flow: Dataflow, id: int) -> bool:
    """Whether a property is fetched only to give it a setter: `@size.setter`."""
    uses = flow.uses(id)
    names = ("getter", "setter", "deleter")
    return bool(uses) and all(type(use) is facts.LoadAttr and use.name in names for use in uses)


def _is_lent(types: Types, flow: Dataflow, id: int, depth: int = DEPTH) -> bool:
    """Whether a function is given only to functions of the program that call it, and keep nothing of it."""
    uses = flow.uses(id)
    return bool(uses) and all(
        type(use) is facts.Call and use.callee != id and _only_calls(types, flow.code, use, id, depth) for use in uses
    )


def _only_calls(types: Types, caller: Code, call: facts.Call, id: int, depth: int) -> bool:
    """Whether whatever a call may run does no more with an argument than call it."""
    callees = types.of(caller, call.callee) if depth else ()
    return bool(callees) and all(
        isinstance(each, FunctionRef) and _is_only_called(types, each, _parameters_for(each, call, id), depth)
        for each in callees
    )


def _parameters_for(callee: FunctionRef, call: facts.Call, id: int) -> list[int]:
    """The parameters that get an argument; none where it is not written which."""
    parameters = callee.code.function.parameters
    slots = [index for index, each in enumerate(parameters) if each.kind == "positional"]
    by_name = {each.name: index for index, each in enumerate(parameters) if each.kind in ("positional", "keyword")}
    positional = [each.value for each in call.arguments if each.name == ""]
    if any(each.name in ("*", "**") for each in call.arguments):
        return []
    behind = slots[1:] if callee.receiver is not None else slots
    found = [index for index, value in zip(behind, positional, strict=False) if value == id]
    found += [by_name[each.name] for each in call.arguments if each.value == id and each.name in by_name]
    return found if len(found) == sum(each.value == id for each in call.arguments) else []


def _is_only_called(types: Types, callee: FunctionRef, parameters: list[int], depth: int) -> bool:
    flow = Dataflow(callee.code)
    uses = [(use, each) for each in parameters for use in flow.uses(each)]
    returned = set(parameters) & set(callee.code.returns)
    return (
        bool(parameters)
        and not returned
        and all(
            (type(use) is facts.Compute and use.kind in ("is", "is not"))
            or (
                type(use) is facts.Call
                and (use.callee == each or _only_calls(types, callee.code, use, each, depth - 1))
                and not (use.callee == each and any(argument.value == each for argument in use.arguments))
            )
            for use, each in uses
        )
    )


def handed_on(types: Types) -> tuple[set[int], set[int]]:
    """The inner functions that are returned or stored, also behind a decorator or in a tuple; and the `def`s that
    are only given to calls."""
    sources = types.names.sources
    handed: set[int] = set()
    lent: set[int] = set()
    for code in sources.codes:
        made = [each for each in code.operations if type(each) is facts.MakeFunction]
        flow = Dataflow(code)
        for each in made if code.function.kind in ("function", "lambda") else ():
            inner = sources.function(code.module, each.function)
            if _outlives(types, flow, each.id):
                handed.add(inner.key)
            elif inner.function.kind == "function" and _lent(flow, each.id):
                lent.add(inner.key)
    return handed, lent


def _lent(flow: Dataflow, id: int) -> bool:
    """Whether a value is an argument of a call."""
    return any(type(use) is facts.Call and use.callee != id for use in flow.uses(id))


def _outlives(types: Types, flow: Dataflow, id: int) -> bool:
    """Whether a value is returned by a function or stored in what is no local of it."""
    code = flow.code
    seen: set[int] = set()
    pending = [id]
    while pending:
        each = pending.pop()
        if each in seen:
            continue
        seen.add(each)
        if each in code.returns:
            return True
        for use in flow.uses(each):
            match use:
                case (
                    facts.StoreAttr(value=value)
                    | facts.StoreItem(value=value)
                    | facts.StoreName(value=value, scope="global" | "free")
                ) if value == each:
                    return True
                case facts.Phi() | facts.Choice() | facts.Build(kind="tuple" | "list" | "dict" | "set"):
                    pending.append(use.id)
                case facts.Call(callee=callee) if callee != each and _passes_on(types, code, use):
                    pending.append(use.id)
                case facts.StoreName(name=name, scope="cell"):
                    loads = (load for load in code.operations if type(load) is facts.LoadName and load.scope == "cell")
                    pending.extend(load.id for load in loads if load.name == name)
                case _:
                    pass
    return False


def _passes_on(types: Types, code: Code, call: facts.Call) -> bool:
    """Whether a call gives a function back that runs the one which it is given: `functools.wraps(f)(g)`."""
    decorator = code.operation(call.callee)
    named = decorator.callee if type(decorator) is facts.Call else call.callee
    return types.may_be(code, named, PASSING_ON)
