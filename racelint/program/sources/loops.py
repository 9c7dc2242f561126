"""Part of the sources: the loops of a function, and what comes around in them again."""

from __future__ import annotations

from collections.abc import Sequence

from racelint import facts
from racelint.program.sources.nodes import extent, is_within, parts
from racelint.program.sources.source import Code
from racelint.program.sources.surely import passed


def loops(code: Code) -> list[tuple[int, int]]:
    """The id ranges of the loops and comprehensions of a function, outer ones first."""
    if code.loops is None:
        code.loops = [extent([node]) for node in code.controls if type(node) is facts.Loop]
    return code.loops


def loop_around(code: Code, id: int) -> tuple[int, int] | None:
    """The innermost loop around an operation."""
    around = [(low, high) for low, high in loops(code) if low <= id <= high]
    return min(around, key=lambda loop: loop[1] - loop[0]) if around else None


def turns_with(code: Code, made: int, id: int) -> list[tuple[int, int]]:
    """The loops of which a later turn comes to an operation with what `made` has given in an earlier one."""
    around = [(low, high) for low, high in loops(code) if low <= id <= high]
    if not any(low <= made <= high for low, high in around) or made not in _passed_beside(code, made, id):
        return around
    return [(low, high) for low, high in around if not low <= made <= high]


def _passed_beside(code: Code, one: int, other: int) -> set[int]:
    """The ids that every run of the innermost block passes in which two operations are."""
    block: Sequence[facts.Node] = code.function.body
    inner: Sequence[facts.Node] | None = block
    while inner is not None:
        block = inner
        within = (part for node in block for part in parts(node))
        inner = next((part for part in within if is_within(part, one) and is_within(part, other)), None)
    return passed(code, block)


def is_endless(code: Code, node: facts.Loop) -> bool:
    """Whether a loop ends only by what is in it: `while True`."""
    test = code.operation(node.test) if node.kind == "while" else None
    return type(test) is facts.Const and test.text in ("True", "1")
