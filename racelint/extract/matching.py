"""The match statement: one test per case, then what the pattern captures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import libcst as cst

from racelint.extract.dispatch import run, statement, value
from racelint.extract.frame import Environment, Frame
from racelint.facts import Branch, Choice, Compute, Node, Span, Unpack

Level = tuple[list[Node], Span, int, tuple[Node, ...]]


@statement(cst.Match)
def _match(frame: Frame, node: cst.Match) -> None:
    subject = value(frame, node.subject)
    entered = frame.live
    ends: list[Environment] = []
    levels: list[Level] = []
    for case in node.cases:
        if case is node.cases[-1] and case.guard is None and _irrefutable(case.pattern):
            _capture(frame, case.pattern, subject)
            run(frame, case.body)
            break
        levels.append(_case(frame, case, subject, ends))
        frame.live = entered
    if frame.live:
        ends.append(frame.environment)
    for outer, span, test, body in reversed(levels):
        orelse = frame.close(outer)
        frame.out.append(Branch(span, test, body, orelse))
    frame.join(ends)


def _case(frame: Frame, case: cst.MatchCase, subject: int, ends: list[Environment]) -> Level:
    """One case that may fail. It leaves `frame` in the block and with the environment of its failure."""
    operands = (subject, *_operands(frame, case.pattern))
    test = frame.add(Compute(frame.fresh(), "match", operands))
    span = frame.span(case.pattern)
    failed = frame.environment
    frame.environment = dict(failed)
    outer = frame.open()
    _capture(frame, case.pattern, subject)
    if case.guard is not None:
        # `case pattern if guard` is tested like `pattern and guard`.
        guard = value(frame, case.guard)
        nodes = frame.close(outer)
        frame.out.append(Branch(span, test, nodes, ()))
        test = frame.add(Choice(frame.fresh(), "and", (test, guard)))
        span = frame.span(case.guard)
        guarded, live = frame.environment, frame.live
        frame.join([failed, guarded])
        failed, frame.environment, frame.live = frame.environment, dict(guarded), live
        outer = frame.open()
    run(frame, case.body)
    if frame.live:
        ends.append(frame.environment)
    body = frame.close([])
    frame.environment = failed
    return outer, span, test, body


def _irrefutable(pattern: cst.MatchPattern) -> bool:
    return isinstance(pattern, cst.MatchAs) and (pattern.pattern is None or _irrefutable(pattern.pattern))


def _children(pattern: Any) -> Iterator[Any]:
    """The patterns inside a pattern, from left to right."""
    match pattern:
        case cst.MatchAs(pattern=inner) if inner is not None:
            yield inner
        case cst.MatchOr():
            yield from (element.pattern for element in pattern.patterns)
        case cst.MatchList() | cst.MatchTuple():
            yield from (getattr(element, "value", element) for element in pattern.patterns)
        case cst.MatchMapping():
            yield from (element.pattern for element in pattern.elements)
        case cst.MatchClass():
            yield from (element.value for element in pattern.patterns)
            yield from (element.pattern for element in pattern.kwds)


def _operands(frame: Frame, pattern: Any) -> Iterator[int]:
    """Evaluate the values and classes that a pattern compares with."""
    match pattern:
        case cst.MatchValue() | cst.MatchSingleton():
            yield value(frame, pattern.value)
        case cst.MatchClass():
            yield value(frame, pattern.cls)
        case cst.MatchMapping():
            yield from [value(frame, element.key) for element in pattern.elements]
    for inner in _children(pattern):
        yield from _operands(frame, inner)


def _capture(frame: Frame, pattern: Any, subject: int) -> None:
    """Bind the names of a pattern to the subject or to what is unpacked from it."""
    if isinstance(pattern, cst.MatchOr):
        _capture_either(frame, pattern, subject)
        return
    name = getattr(pattern, "name", None)
    if isinstance(pattern, cst.MatchMapping):
        name = pattern.rest
    unpacks = isinstance(pattern, (cst.MatchList, cst.MatchTuple, cst.MatchMapping, cst.MatchClass))
    for index, inner in enumerate(_children(pattern)):
        if _captures(inner):
            part = frame.add(Unpack(frame.fresh(), subject, index)) if unpacks else subject
            _capture(frame, inner, part)
    if name is not None:
        bound = frame.add(Compute(frame.fresh(), "match", (subject,))) if unpacks else subject
        frame.store(name.value, bound, name)


def _capture_either(frame: Frame, pattern: cst.MatchOr, subject: int) -> None:
    """Bind the names of alternatives, which all bind the same ones."""
    before, live = frame.environment, frame.live
    ends = []
    for inner in _children(pattern):
        frame.environment = dict(before)
        _capture(frame, inner, subject)
        ends.append(frame.environment)
    frame.join(ends)
    frame.live = live


def _captures(pattern: Any) -> bool:
    """Whether a pattern binds any name."""
    if getattr(pattern, "name", None) is not None or getattr(pattern, "rest", None) is not None:
        return True
    return any(_captures(inner) for inner in _children(pattern))
