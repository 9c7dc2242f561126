"""Part of the threads stage: which functions wait for the end of what was started, by themselves or by calls?"""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.program.callgraph.calls import Calls
from racelint.program.contexts.lifetimes import Lifetimes, unconditional
from racelint.program.sources.nodes import contains, is_within
from racelint.program.sources.source import Code
from racelint.program.values.values import Site

CALLERS: Final = 2
"""So many calls away from a `join()` it is known what has ended."""

ASKS: Final = frozenset({"is_alive"})
"""What a thread that has ended, or is not there, answers so that nobody waits for it."""


def joins(calls: Calls, lifetimes: Lifetimes, site: Site) -> dict[int, int]:
    """The functions that go on only when what is made at a site has ended: for each, the operation that waits.

    That is a plain `join()` on every path, or wherever there is something to wait for (`if self.thread is not None`);
    and a call of a function with such a one.
    """
    found: dict[int, int] = {}
    for code, id in lifetimes.method_calls(site, "join"):
        call = code.operations[id]
        if type(call) is facts.Call and not call.arguments and _is_surely_passed(code, call):
            found[code.key] = id
    layer = list(found)
    for _ in range(CALLERS):
        edges = [edge for key in layer for edge in calls.only_callers(calls.types.names.sources.codes[key])]
        layer = []
        for edge in edges:
            call = edge.caller.operations[edge.site]
            if edge.caller.key not in found and type(call) is facts.Call and _is_surely_passed(edge.caller, call):
                found[edge.caller.key] = edge.site
                layer.append(edge.caller.key)
    return found


def _is_surely_passed(code: Code, call: facts.Call) -> bool:
    """Whether every run makes a call, but for those that have no object to make it on."""
    if call.id in unconditional(code):
        return True
    fetched = code.operation(call.callee)
    if type(fetched) is not facts.LoadAttr:
        return False
    return all(_leads_to(code, node, call.id, fetched.base) for node in code.controls if contains(node, call.id))


def _leads_to(code: Code, node: facts.Control, id: int, owner: int) -> bool:
    """Whether a run that comes to a node comes to an operation in it, if it has the object."""
    match node:
        case facts.Branch(test=test, body=body):
            return is_within(body, id) and _asks_for(code, test, owner)
        case facts.Try(body=body, orelse=orelse, final=final):
            return any(is_within(part, id) for part in (body, orelse, final))
        case _:
            return True


def _asks_for(code: Code, test: int, owner: int) -> bool:
    """Whether a test only asks for an object, and whether that is alive."""
    match code.operation(test):
        case facts.Compute(kind="is not" | "!=", operands=(left, right)):
            none = code.operations[right]
            return type(none) is facts.Const and none.kind == "none" and _is_same(code, left, owner)
        case facts.Choice(kind="and", operands=operands):
            return all(_asks_for(code, each, owner) for each in operands)
        case facts.Call(callee=callee, arguments=()):
            method = code.operations[callee]
            return type(method) is facts.LoadAttr and method.name in ASKS and _is_same(code, method.base, owner)
        case _:
            return _is_same(code, test, owner)


def _is_same(code: Code, one: int, other: int) -> bool:
    """Whether two values are the same local, or the same attribute of one."""
    if one == other:
        return True
    match code.operation(one), code.operation(other):
        case facts.LoadAttr(base=base, name=name), facts.LoadAttr(base=other_base, name=other_name):
            return name == other_name and _is_same(code, base, other_base)
        case _:
            return False
