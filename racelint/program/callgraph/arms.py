"""Part of the calls stage: can a call come to an operation of its callee at all, with the arguments that it passes?"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final

from racelint import facts
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.edges import Edge, called_at, passed
from racelint.program.dataflow.dataflow import FALSE, Dataflow
from racelint.program.sources.branching import branches_around, conditions
from racelint.program.sources.source import Code
from racelint.program.values.values import Partial

ORDERS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
"""The comparisons of two numbers of which one comes first."""


def literal(code: Code, id: int) -> str:
    """The text of a literal, or of the default of a parameter; "" for anything else."""
    parameters = code.function.parameters
    where: Code | None = code
    if 0 <= id < len(parameters):
        id, where = parameters[id].default, code.parent
    if where is None:
        return ""
    operation = where.operation(id)
    if type(operation) is facts.Compute and operation.kind == "-":
        return f"-{where.literal(operation.operands[0])}"
    return where.literal(id)


def leads_to(edge: Edge, flow: Dataflow, id: int) -> bool:
    """Whether the call may come to operation `id` of its callee: not past a test of an argument that says no.

    `flow` is that of the callee. Where the test of a parameter cannot be decided, the answer is no.
    """
    around = branches_around(edge.callee, id)
    return all(_answer(edge, flow, node.test, truth) for node, truth in around) and not shuts_out(edge, flow, id)


def shuts_out(edge: Edge, flow: Dataflow, id: int) -> bool:
    """Whether the call surely does not come to operation `id` of its callee: what it passes says no in a test around
    it, or in one on which the callee has left before."""
    return any(_answer(edge, flow, test, truth) is False for test, truth in conditions(edge.callee, id))


def leaves_out(calls: Calls, edge: Edge, flow: Dataflow, id: int) -> bool:
    """The same where just what the call passes gets to its callee: what decides is nothing that its caller was given
    itself, which may be something else than what it is by default, and no decorator or `partial` gives more or other
    things."""
    is_shut_out = any(
        _answer(edge, flow, test, truth) is False and not _hands_on(edge, flow, test)
        for test, truth in conditions(edge.callee, id)
    )
    return is_shut_out and not _is_relayed(calls, edge)


def _hands_on(edge: Edge, flow: Dataflow, test: int) -> bool:
    """Whether a caller passes what it was given itself to a parameter that decides a test of the callee."""
    deciding = (each for each in range(len(edge.callee.function.parameters)) if flow.comes_from(test, each))
    return any(passed(edge, each) in range(len(edge.caller.function.parameters)) for each in deciding)


def _is_relayed(calls: Calls, edge: Edge) -> bool:
    """Whether something between a call and its callee may pass what it likes."""
    if edge.callee.key in calls.wrappers:
        return True
    called = calls.types.of(edge.caller, called_at(edge.caller, edge.site))
    return any(isinstance(each, Partial) for each in called)


def _answer(edge: Edge, flow: Dataflow, test: int, truth: bool) -> bool | None:
    """Whether a test of the callee comes out as `truth`; None where a parameter decides that which has no literal.

    What no parameter decides may come out either way, so it is in nobody's way.
    """
    match flow.operation(test):
        case facts.Compute(kind="not", operands=(inner,)):
            return _answer(edge, flow, inner, not truth)
        case facts.Choice(kind=kind, operands=inners) if kind == ("and" if truth else "or"):
            answers = [_answer(edge, flow, inner, truth) for inner in inners]
            return False if False in answers else None if None in answers else True
        case facts.Compute(kind="is" | "is not" as kind, operands=(asked, other)) if flow.is_none(other):
            return _is_left_out(edge, asked, (kind == "is") is truth)
        case facts.Compute(kind="is" | "is not" | "==" | "!=" as kind, operands=(asked, other)):
            same = _is_same(edge, asked, other)
            if same is not None:
                return (kind in ("is", "==")) is (same is truth)
        case facts.Compute(kind=kind, operands=(one, other)) if kind in ORDERS:
            number, limit = _number(edge, one), _number(edge, other)
            if number is not None and limit is not None:
                return ORDERS[kind](number, limit) is truth
        case _:
            pass
    parameters = edge.callee.function.parameters
    own = 1 if edge.receiver is not None else 0
    if own <= test < len(parameters) and parameters[test].kind == "vararg":
        is_given = _gives_more(edge)
        return None if is_given is None else is_given is truth
    if own <= test < len(parameters):
        text = _given(edge, test)
        return None if text == "" else (text not in FALSE) is truth
    return None if any(flow.comes_from(test, each) for each in range(own, len(parameters))) else True


def _is_left_out(edge: Edge, parameter: int, truth: bool) -> bool | None:
    """Whether it comes out as `truth` that a parameter is None: who gives one that may be left out gives something."""
    own = 1 if edge.receiver is not None else 0
    if not own <= parameter < len(edge.callee.function.parameters):
        return True
    text = _given(edge, parameter)
    if text == "" and literal(edge.callee, parameter) != "None":
        return None
    return (text == "None") is truth


def _is_same(edge: Edge, parameter: int, other: int) -> bool | None:
    """Whether the call passes for a parameter just what the callee compares it with: a literal, or a global of both;
    None where that is open."""
    own = 1 if edge.receiver is not None else 0
    if not own <= parameter < len(edge.callee.function.parameters):
        return None
    text, asked = _given(edge, parameter), edge.callee.literal(other)
    if text and asked:
        return text == asked if text == asked or text[0] == asked[0] == "'" else None
    known, given = _global(edge.callee, other), passed(edge, parameter)
    is_near = bool(known) and given is not None and edge.caller.path == edge.callee.path
    return True if is_near and given is not None and _global(edge.caller, given) == known else None


def _global(code: Code, id: int) -> str:
    """A global of the module, or an attribute of one, as the source spells it; "" for anything else."""
    match code.operation(id):
        case facts.LoadName(name=name, scope="global"):
            return name
        case facts.LoadAttr(base=base, name=name) if owner := _global(code, base):
            return f"{owner}.{name}"
        case _:
            return ""


def _number(edge: Edge, id: int) -> float | None:
    """A number that the callee compares: as it is written there, or as the call passes it; None where that is open."""
    own = 1 if edge.receiver is not None else 0
    is_passed = own <= id < len(edge.callee.function.parameters)
    text = _given(edge, id) if is_passed else literal(edge.callee, id)
    try:
        return float(text)
    except ValueError:
        return None


def _gives_more(edge: Edge) -> bool | None:
    """Whether the call passes more by position than the callee has names for; None where that is open."""
    call = edge.caller.operations[edge.site]
    if type(call) is not facts.Call or _is_open(edge):
        return None
    named = [each for each in edge.callee.function.parameters if each.kind == "positional"]
    given = [each for each in call.arguments if each.name == ""]
    return len(given) > len(named) - (edge.receiver is not None)


def _is_open(edge: Edge) -> bool:
    """Whether it is not known what a call passes: it has arguments that may be several, or somebody else makes it who
    was given what is called."""
    call = edge.caller.operations[edge.site]
    return edge.lent >= 0 or type(call) is not facts.Call or any(each.name in ("*", "**") for each in call.arguments)


def _given(edge: Edge, parameter: int) -> str:
    """The literal that the call passes for a parameter, or its default; "" where it is no literal."""
    if _is_open(edge):
        return ""
    given = passed(edge, parameter)
    return literal(edge.callee, parameter) if given is None else literal(edge.caller, given)
