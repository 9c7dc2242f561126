"""Part of the threads stage: which functions wait for the end of what was started, by themselves or by calls?"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Final

from racelint import facts
from racelint.knowledge.records import ENDS
from racelint.knowledge.threads import BEGINS_NO_MORE, RUNNING_THREAD
from racelint.program.callgraph.calls import Calls, is_public
from racelint.program.callgraph.edges import Edge, on_own_object
from racelint.program.contexts.lifetimes import (
    Lifetimes,
    asked_for_end,
    has_no_limit,
    is_same,
    kept_future,
    waited_until,
)
from racelint.program.sources.branching import conditions
from racelint.program.sources.loops import loop_around
from racelint.program.sources.nodes import contains, is_within
from racelint.program.sources.source import END, ClassInfo, Code
from racelint.program.sources.surely import unconditional
from racelint.program.values.types import Types
from racelint.program.values.values import Site

NOT_BY_DEFAULT: Final = ("", "None", "False", "0")
"""Defaults, as they are written, with which nobody waits who does not ask for it; none at all among them."""

Start = tuple[Code, int]
"""A function, and the operation by which it starts something."""

CALLERS: Final = 2
"""So many calls away from a `join()` it is known what has ended."""


def has_waited(code: Code, wait: int, id: int) -> bool:
    """Whether a function comes to an operation after a wait, if only for some time; not one that its caller asks for:
    `if wait:`, unless that is so by default."""
    if id <= wait:
        return False
    beside = set(conditions(code, wait)) - set(conditions(code, id))
    return not any(_is_asked_for(code, test) for test, _ in beside)


def _is_asked_for(code: Code, test: int) -> bool:
    """Whether a test is of a parameter that does not say yes by default, or is compared with anything."""
    operation = code.operation(test)
    asked = operation.operands if type(operation) is facts.Compute else (test,)
    given = [index for each in asked if (index := code.given(each)) >= (1 if code.is_method else 0)]
    defaults = (code.function.parameters[index].default for index in given)
    return any(code.parent is None or code.parent.literal(each) in NOT_BY_DEFAULT for each in defaults)


def joins(
    calls: Calls, lifetimes: Lifetimes, site: Site, starts: Iterable[Start], owners: Sequence[ClassInfo]
) -> dict[int, int]:
    """The functions that go on only when what is made at a site has ended: for each, the operation that waits."""
    tasks, starts = lifetimes.waits_for_task(site), list(starts)
    if not all(_is_only_task(calls, start, tasks) for start in starts):
        tasks = []
    waits = [*lifetimes.method_calls(site, "join"), *tasks]
    return waiting(calls, waits, lifetimes.pool_ends(site), starts, owners)


def _is_only_task(calls: Calls, start: Start, waits: Sequence[Start]) -> bool:
    """Whether an object has but one task of a kind, as far as one can see: the future that it keeps is of that one.

    A constructor begins it; or who begins it waits for the last one, or asks whether there is one. Anybody else must
    not be seen to be called again, nor be told what the task is to work on.
    """
    code, id = start
    if any(waiter is code for waiter, _ in waits):
        return True
    if loop_around(code, id) is not None:
        return False
    kept = {kept_future(*each) for each in waits}
    if code.key in calls.constructing or any(_asks_about(code, test, kept) for test, _ in conditions(code, id)):
        return True
    call, own = code.operation(id), [edge for edge in calls.callers(code) if on_own_object(edge)]
    is_told = type(call) is facts.Call and any(code.given(each.value) >= 1 for each in call.arguments)
    is_again = len(own) > 1 or any(loop_around(edge.caller, edge.site) is not None for edge in own)
    return not (is_told or is_again or code.key in calls.escaping)


def _asks_about(code: Code, test: int, kept: Container[str]) -> bool:
    """Whether a test is of an attribute of the running object, or of what it answers."""
    asked = code.operation(test)
    if code.own_attribute(asked) in kept:
        return True
    match asked:
        case facts.Compute(operands=operands) | facts.Choice(operands=operands):
            return any(_asks_about(code, each, kept) for each in operands)
        case facts.Call():
            method = code.fetched(asked)
            return type(method) is facts.LoadAttr and _asks_about(code, method.base, kept)
        case _:
            return False


def waiting(
    calls: Calls,
    waits: Iterable[tuple[Code, int]],
    pool_ends: Iterable[tuple[Code, int]],
    starts: Iterable[Start],
    owners: Sequence[ClassInfo],
) -> dict[int, int]:
    """The functions that go on only when what some calls of `join` wait for has ended: for each, the one that waits.

    That is a plain `join()` on every path, or wherever there is something to wait for (`if self.thread is not None`);
    or the `shutdown()` of its pool; and a call of a function with such a one. What is only called after that has
    nothing to wait for any more.
    `starts` is where it begins to run, `owners` are the classes of the objects whose methods are what is started.
    """
    found: dict[int, int] = {}
    for code, id in waits:
        call = code.operations[id]
        end = waited_until(code, id)
        if type(call) is facts.Call and end is not None and _is_surely_passed(calls.types, code, call):
            found[code.key] = end
    for code, id in pool_ends:
        call = code.operations[id]
        again = any(starter is code and start > id for starter, start in starts)
        if type(call) is facts.Call and not again and _is_surely_passed(calls.types, code, call):
            found[code.key] = id
    layer = list(found)
    for _ in range(CALLERS):
        edges = [edge for key in layer for edge in calls.only_callers(calls.types.names.sources.codes[key])]
        layer = []
        for edge in edges:
            call = edge.caller.operations[edge.site]
            if edge.caller.key in found or (_asks(edge, found) and not has_no_limit(edge.caller, edge.site)):
                continue
            if type(call) is facts.Call and _is_surely_passed(calls.types, edge.caller, call):
                found[edge.caller.key] = edge.site
                layer.append(edge.caller.key)
    _add_what_follows(calls, found, starts, owners)
    return found


def _add_what_follows(
    calls: Calls, found: dict[int, int], starts: Iterable[Start], owners: Sequence[ClassInfo]
) -> None:
    """Add the functions that nobody calls before a wait, or after the next start, but on objects that start nothing."""
    codes = calls.types.names.sources.codes
    starters = {code.key for code, _ in starts}
    for _ in range(CALLERS):
        past = [codes[key] for key in found if key not in starters]
        past = [code for code in past if starters.isdisjoint(each.callee.key for each in calls.calls(code))]
        edges = [edge for code in past for edge in calls.calls(code) if edge.site > found[code.key]]
        for callee in dict.fromkeys(edge.callee for edge in edges if edge.callee.key not in found):
            callers = calls.callers(callee)
            is_ending = callee.name in ENDS and all(map(on_own_object, callers))
            if callee.key in calls.escaping or (is_public(callee) and not is_ending):
                # but for the end itself, others may call it at any time
                continue
            if all(edge.site > found.get(edge.caller.key, END) or _is_elsewhere(edge, owners) for edge in callers):
                found[callee.key] = facts.NOTHING


def _asks(edge: Edge, found: Mapping[int, int]) -> bool:
    """Whether the caller of a function that waits may set a limit to the wait."""
    call = edge.callee.operations[found[edge.callee.key]]
    return type(call) is facts.Call and bool(call.arguments)


def _is_elsewhere(edge: Edge, owners: Sequence[ClassInfo]) -> bool:
    """Whether a method calls another one of its object, which is of none of the classes."""
    cls = edge.caller.cls
    if cls is None or not owners or not on_own_object(edge):
        return False
    return all(map(cls.is_apart, owners))


def _is_surely_passed(types: Types, code: Code, call: facts.Call) -> bool:
    """Whether every run makes a call, but for those that have no object to make it on, or are in that thread."""
    if call.id in unconditional(code):
        return True
    fetched = code.operation(call.callee)
    if type(fetched) is not facts.LoadAttr:
        return False
    around = (node for node in code.controls if contains(node, call.id))
    return all(_leads_to(types, code, node, call.id, fetched.base) for node in around)


def _leads_to(types: Types, code: Code, node: facts.Control, id: int, owner: int) -> bool:
    """Whether a run that comes to a node comes to an operation in it, if it has the object."""
    match node:
        case facts.Branch(test=test, body=body):
            return is_within(body, id) and _asks_for(types, code, test, owner)
        case facts.Try(body=body, orelse=orelse, final=final):
            return any(is_within(part, id) for part in (body, orelse, final))
        case _:
            return True


def _asks_for(types: Types, code: Code, test: int, owner: int) -> bool:
    """Whether a test only asks for an object, and whether that is alive or another one than the running thread."""
    match code.operation(test):
        case facts.Compute(kind="is not" | "!=", operands=(left, right)):
            pairs = ((left, right), (right, left))
            return any(is_same(code, one, owner) and _is_nothing_or_own(types, code, other) for one, other in pairs)
        case facts.Compute(kind="not", operands=(asked,)):
            method = code.fetched(code.operation(asked))
            if type(method) is not facts.LoadAttr or method.name not in BEGINS_NO_MORE:
                return False
            return is_same(code, method.base, owner)
        case facts.Choice(kind="and", operands=operands):
            return all(_asks_for(types, code, each, owner) for each in operands)
        case facts.Call() if (method := asked_for_end(code, test)) is not None:
            return is_same(code, method.base, owner)
        case _:
            return is_same(code, test, owner)


def _is_nothing_or_own(types: Types, code: Code, id: int) -> bool:
    """Whether a value is None, or the running thread: who is that has no other end to wait for than its own."""
    return code.is_none(id) or types.surely_calls(code, code.operation(id), RUNNING_THREAD)
