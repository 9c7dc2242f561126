"""The walk's two doors: expressions are evaluated and statements run by the function registered for their type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import libcst as cst

from racelint.extract.frame import Frame
from racelint.facts import Compute

Evaluator = TypeVar("Evaluator", bound=Callable[[Frame, Any], int])
Runner = TypeVar("Runner", bound=Callable[[Frame, Any], None])


class _Evaluators(dict[type, Callable[[Frame, Any], int]]):
    def __missing__(self, kind: type) -> Callable[[Frame, Any], int]:
        return _unknown_expression


class _Runners(dict[type, Callable[[Frame, Any], None]]):
    def __missing__(self, kind: type) -> Callable[[Frame, Any], None]:
        return _unknown_statement


EVALUATORS: Final = _Evaluators()
RUNNERS: Final = _Runners()


def expression(*kinds: type) -> Callable[[Evaluator], Evaluator]:
    """Register a function that evaluates expressions of these types."""

    def register(evaluate: Evaluator) -> Evaluator:
        EVALUATORS.update(dict.fromkeys(kinds, evaluate))
        return evaluate

    return register


def statement(*kinds: type) -> Callable[[Runner], Runner]:
    """Register a function that runs statements of these types."""

    def register(run: Runner) -> Runner:
        RUNNERS.update(dict.fromkeys(kinds, run))
        return run

    return register


def value(frame: Frame, node: cst.CSTNode) -> int:
    """Evaluate an expression: the id of its value."""
    return EVALUATORS[node.__class__](frame, node)


def run(frame: Frame, block: Any) -> None:
    """Run the statements of a block, which may be the body of a module or of one line."""
    for node in block.body:
        RUNNERS[node.__class__](frame, node)


def _unknown_expression(frame: Frame, node: cst.CSTNode) -> int:
    operands = tuple(value(frame, child) for child in node.children if isinstance(child, cst.BaseExpression))
    return frame.add(Compute(frame.fresh(), type(node).__name__, operands))


def _unknown_statement(frame: Frame, node: cst.CSTNode) -> None:
    for child in node.children:
        if isinstance(child, cst.BaseExpression):
            value(frame, child)
        elif isinstance(child, (cst.BaseStatement, cst.BaseSmallStatement, cst.BaseSuite)):
            RUNNERS[type(child)](frame, child)
