"""Part of the threads stage: does a caller's loop start a thread in each turn, though the start itself is in no loop?

`while True: self.handle(sock.accept())` with `Thread(target=self.serve, args=(conn,))` in `handle`: what each turn has
got is given to a thread of its own. A start that is given nothing of the turn may be one that is made only once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from racelint import facts
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.edges import Edge
from racelint.program.sources.loops import loop_around
from racelint.program.sources.nodes import contains
from racelint.program.sources.source import Code, makings

CALLERS: Final = 3
"""So many calls away from a start a loop is looked for."""

TURN: Final = (facts.Element, facts.Unpack, facts.Call, facts.Await, facts.LoadItem)
"""What gives another value in each turn of a loop, where it is in the loop."""


def is_given_turns(calls: Calls, code: Code, given: Iterable[int], waiting: Collection[int]) -> bool:
    """Whether callers run a function in a loop, on one object, and give it what each turn of the loop has got.

    `given` are the values that it hands to what it starts there, `waiting` the functions that wait for the end of that.
    """
    parameters = _parameters(code, given)
    return bool(parameters) and _is_in_loop(calls, code, parameters, waiting, CALLERS)


def is_handed_to_turns(calls: Calls, code: Code, made: int, joins: Collection[tuple[Code, int]]) -> bool:
    """Whether a function hands back what it has made, and somebody goes for one of it after the other.

    `joins` are the calls that wait for the end of that: who waits in each turn has one at a time. Who hands the one on
    that it got has tried to get it more than once.
    """
    for edge in calls.callers(code) if made in code.returns else ():
        caller = edge.caller
        loop = loop_around(caller, edge.site)
        is_gone_over = loop is not None and not any(
            type(node) is facts.Loop and node.kind == "while" and contains(node, edge.site) for node in caller.controls
        )
        if loop is None or not is_gone_over or edge not in calls.sure_calls(caller) or edge.site in caller.returns:
            continue
        waits = any(where is caller and loop[0] <= id <= loop[1] for where, id in joins)
        if not waits and _is_on_one_object(edge, loop):
            return True
    return False


def captured(code: Code, inner: Code) -> set[int]:
    """The parameters of a function that one which is made in it reads."""
    names = {each.name for each in inner.operations if type(each) is facts.LoadName and each.scope == "free"}
    if not makings(code, inner):
        return set()
    return {index for index, each in enumerate(code.function.parameters) if each.name in names}


def _parameters(code: Code, values: Iterable[int]) -> set[int]:
    """The parameters among some values of a function, its own object left out."""
    first = 1 if code.own_name else 0
    return {id for id in values if first <= id < len(code.function.parameters)}


def _is_in_loop(calls: Calls, code: Code, parameters: set[int], waiting: Collection[int], depth: int) -> bool:
    if code.key in waiting or not depth:
        return False
    for edge in calls.callers(code):
        caller = edge.caller
        loop = loop_around(caller, edge.site)
        if caller is code or caller.key in waiting or edge not in calls.sure_calls(caller):
            continue
        values = _arguments(edge, parameters)
        if loop is not None and _is_on_one_object(edge, loop) and any(_is_of_turn(caller, id, loop) for id in values):
            return True
        handed_on = _parameters(caller, values) if _is_on_one_object(edge, None) else set()
        if handed_on and _is_in_loop(calls, caller, handed_on, waiting, depth - 1):
            return True
    return False


def _is_of_turn(code: Code, id: int, loop: tuple[int, int]) -> bool:
    """Whether each turn of a loop gets a value of its own."""
    return loop[0] <= id <= loop[1] and type(code.operation(id)) in TURN


def _is_on_one_object(edge: Edge, loop: tuple[int, int] | None) -> bool:
    """Whether a method is called on the same object in each turn of a loop; without one, on the caller's own."""
    if edge.receiver is None:
        return True
    fetched = edge.caller.fetched(edge.caller.operation(edge.site))
    if type(fetched) is not facts.LoadAttr:
        return False
    base = fetched.base
    while type(owner := edge.caller.operation(base)) is facts.LoadAttr:
        base = owner.base
    if edge.caller.is_own(base) or type(owner) is facts.LoadName:
        return True
    return loop is not None and not loop[0] <= base <= loop[1]


def _arguments(edge: Edge, parameters: set[int]) -> list[int]:
    """What a call gives for some parameters of the function, by position or by name."""
    call = edge.caller.operation(edge.site)
    if type(call) is not facts.Call or any(each.name in ("*", "**") for each in call.arguments):
        return []
    slots = list(range(len(edge.callee.function.parameters)))
    if edge.receiver is not None:
        slots = slots[1:]
    names = {edge.callee.function.parameters[index].name for index in parameters}
    positional = [each.value for each in call.arguments if each.name == ""]
    found = [id for index, id in zip(slots, positional, strict=False) if index in parameters]
    return found + [each.value for each in call.arguments if each.name in names]
