"""Statements with a body: branches, loops, with and try, and where their paths meet."""

from __future__ import annotations

from typing import Any

import libcst as cst

from racelint.extract.dispatch import run, statement, value
from racelint.extract.frame import Environment, Frame, distinct
from racelint.extract.targets import assign
from racelint.facts import NOTHING, Await, Branch, Caught, Element, Entered, Handler, Loop, Node, Phi, Span, Try, With


@statement(cst.IndentedBlock, cst.SimpleStatementSuite)
def _suite(frame: Frame, node: Any) -> None:
    run(frame, node)


@statement(cst.If)
def _if(frame: Frame, node: cst.If) -> None:
    entered, ends = frame.live, []
    levels: list[tuple[list[Node], Span, int, tuple[Node, ...]]] = []
    branch: Any = node
    while isinstance(branch, cst.If):
        test = value(frame, branch.test)
        before, outer = frame.environment, frame.open()
        frame.environment = dict(before)
        run(frame, branch.body)
        if frame.live:
            ends.append(frame.environment)
        levels.append((outer, frame.span(branch.test), test, frame.close([])))
        frame.environment, frame.live = before, entered
        branch = branch.orelse
    if branch is not None:
        run(frame, branch.body)
    if frame.live:
        ends.append(frame.environment)
    for outer, span, test, body in reversed(levels):
        orelse = frame.close(outer)
        frame.out.append(Branch(span, test, body, orelse))
    frame.join(ends)


@statement(cst.While)
def _while(frame: Frame, node: cst.While) -> None:
    outer, entered = frame.out, frame.live
    turns = frame.enter_loop(node)
    test = value(frame, node.test)
    leaves = not _always(node.test)
    frame.loops.append(turns)
    after = dict(frame.environment)
    frame.out = []
    run(frame, node.body)
    frame.loops.pop()
    body = tuple(frame.out)
    head = frame.close_loop(turns)
    _finish_loop(frame, node, turns, after, entered and leaves)
    orelse = frame.close(outer)
    frame.out.append(Loop(frame.span(node.test), "while", test, head, body, orelse))
    _leave_loop(frame, turns)


@statement(cst.For)
def _for(frame: Frame, node: cst.For) -> None:
    iterable = value(frame, node.iter)
    outer, entered = frame.out, frame.live
    turns = frame.enter_loop(node)
    after = dict(frame.environment)
    span = frame.span(node.iter)
    if node.asynchronous is not None:
        frame.add(Await(frame.fresh(), span, iterable))
    assign(frame, node.target, frame.add(Element(frame.fresh(), span, iterable)))
    frame.loops.append(turns)
    frame.out = []
    run(frame, node.body)
    frame.loops.pop()
    body = tuple(frame.out)
    head = frame.close_loop(turns)
    _finish_loop(frame, node, turns, after, entered)
    orelse = frame.close(outer)
    frame.out.append(Loop(span, "for", iterable, head, body, orelse))
    _leave_loop(frame, turns)


def _always(test: cst.BaseExpression) -> bool:
    """Whether a while loop with this test only ends by a break."""
    match test:
        case cst.Name(value="True"):
            return True
        case cst.Integer(value=text):
            return text.strip("0_") != ""
        case _:
            return False


def _finish_loop(frame: Frame, node: Any, turns: Any, after: Environment, leaves: bool) -> None:
    """The else block of a loop, into a block of its own: it runs where the loop ends by itself."""
    frame.environment, frame.live = after, leaves
    frame.out = []
    if node.orelse is not None:
        run(frame, node.orelse.body)


def _leave_loop(frame: Frame, turns: Any) -> None:
    frame.join([frame.environment, *turns.breaks] if frame.live else turns.breaks)


@statement(cst.With)
def _with(frame: Frame, node: cst.With) -> None:
    is_async = node.asynchronous is not None
    levels: list[tuple[list[Node], Span, int]] = []
    for item in node.items:
        manager = value(frame, item.item)
        span = frame.span(item.item)
        if is_async:
            frame.add(Await(frame.fresh(), span, manager))
        levels.append((frame.open(), span, manager))
        if item.asname is not None:
            assign(frame, item.asname.name, frame.add(Entered(frame.fresh(), manager)))
    run(frame, node.body)
    for outer, span, manager in reversed(levels):
        if is_async:
            frame.add(Await(frame.fresh(), span, manager))
        body = frame.close(outer)
        frame.out.append(With(span, manager, is_async, body))


@statement(cst.Try, cst.TryStar)
def _try(frame: Frame, node: Any) -> None:
    entry, entered, outer = dict(frame.environment), frame.live, frame.out
    jumps = frame.loops[-1] if frame.loops else None
    marks = (len(jumps.breaks), len(jumps.continues)) if jumps is not None else (0, 0)
    frame.record()
    frame.record()
    frame.out = []
    run(frame, node.body)
    body, assigned = tuple(frame.out), frame.recorded()
    after, live = frame.environment, frame.live
    ends: list[Environment] = []
    handlers = []
    for handler in node.handlers:
        frame.live = entered
        handlers.append(_handler(frame, handler, entry, assigned))
        if frame.live:
            ends.append(frame.environment)
    frame.out, frame.environment, frame.live = [], after, live
    if node.orelse is not None:
        run(frame, node.orelse.body)
    orelse = tuple(frame.out)
    if frame.live:
        ends.insert(0, frame.environment)
    everything = frame.recorded()
    final: tuple[Node, ...] = ()
    last: dict[str, int] = {}
    leaves = True
    if node.finalbody is not None:
        frame.live = entered
        final, last = _final(frame, node.finalbody, entry, everything)
        leaves = frame.live
    if jumps is not None:
        for end in (*jumps.breaks[marks[0] :], *jumps.continues[marks[1] :]):
            end.update(last)
    frame.out = outer
    frame.out.append(Try(_keyword(frame, node, "try"), body, tuple(handlers), orelse, final))
    frame.join([end | last for end in ends] if leaves else [])


def _after_any(frame: Frame, entry: Environment, assigned: dict[str, list[int]]) -> None:
    """Begin a block that runs after an exception: each local may have any value that it was given on the way."""
    frame.environment, frame.out = dict(entry), []
    for name, values in assigned.items():
        inputs = distinct([entry.get(name, NOTHING), *values])
        if len(inputs) > 1:
            frame.environment[name] = frame.add(Phi(frame.fresh(), name, inputs))


def _handler(frame: Frame, node: Any, entry: Environment, assigned: dict[str, list[int]]) -> Handler:
    _after_any(frame, entry, assigned)
    types: tuple[int, ...] = ()
    if isinstance(node.type, cst.Tuple):
        types = tuple([value(frame, _element(element)) for element in node.type.elements])
    elif node.type is not None:
        types = (value(frame, node.type),)
    name = None if node.name is None else node.name.name
    if name is not None:
        frame.store(name.value, frame.add(Caught(frame.fresh(), types)), name)
    run(frame, node.body)
    if name is not None and name.value in frame.environment:
        # Python unbinds the name of the exception at the end of the handler.
        frame.environment[name.value] = NOTHING
    span = _keyword(frame, node, "except")
    if node.type is not None:
        end = frame.span(node.type)
        span = Span(span.line, span.column, end.end_line, end.end_column)
    return Handler(span, types, tuple(frame.out))


def _keyword(frame: Frame, node: cst.CSTNode, keyword: str) -> Span:
    """The span of the keyword that a statement begins with."""
    span = frame.span(node)
    return Span(span.line, span.column, span.line, span.column + len(keyword))


def _element(element: cst.BaseElement) -> cst.CSTNode:
    return element if isinstance(element, cst.StarredElement) else element.value


def _final(
    frame: Frame, node: cst.Finally, entry: Environment, assigned: dict[str, list[int]]
) -> tuple[tuple[Node, ...], dict[str, int]]:
    """The finally block, and the values that it gives to locals."""
    _after_any(frame, entry, assigned)
    frame.record()
    run(frame, node.body)
    names = frame.recorded()
    return tuple(frame.out), {name: frame.environment.get(name, NOTHING) for name in names}
