"""What may a run of a function come by between two of its operations?

Branches and handlers that lead to neither, or away for good, are not on the way: in `if done: log(); return` the call
is on no way from the test to what follows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from racelint import facts
from racelint.facts import NOTHING, Node
from racelint.program.sources.branching import leaves
from racelint.program.sources.nodes import ids_in, is_within
from racelint.program.sources.source import Code

Way = tuple[tuple[int, int, bool], ...]
"""The branches and handlers around a step: which one, which arm of it, and whether that is left for good."""

Step = tuple[Node, Way, bool]
"""A node, the way to it, and whether it is only a mark: that one of its blocks begins or ends here."""


def between(code: Code, first: int, last: int) -> list[Node] | None:
    """The operations after `first` and before `last` that a run may come by, in the order of the text.

    Among them stand, as control nodes, a `With` where it is entered or left, a `Loop` where it goes on to another turn
    (to be entered counts as that), and a `Branch` where its test is decided. None: there is no way without going round.
    """
    ways: dict[int, Way] = {}
    steps: list[tuple[Node, Way]] = []
    position = NOTHING
    turning = _turning(code, first, last)
    for node, way in _line(code):
        id = getattr(node, "id", None)
        position = max(position, id if id is not None else position)
        if id in (first, last):
            ways[id] = way
        elif first <= position < last and not any(node is loop or position in body for loop, body in turning):
            steps.append((node, way))
    start, end = ways.get(first, ()), ways.get(last, ())
    if not _leads(start, end):
        return None
    return [node for node, way in steps if _leads(start, way) and _leads(way, end)]


def _turning(code: Code, first: int, last: int) -> list[tuple[Node, set[int]]]:
    """The loops with `first` in their test and `last` behind them, each with its body, after which it asks anew."""
    loops = (node for node in code.controls if type(node) is facts.Loop and node.kind == "while")
    found = [(loop, ids_in(loop.body)) for loop in loops if is_within(loop.head, first)]
    return [(loop, body) for loop, body in found if last not in body]


def _line(code: Code) -> Iterator[tuple[Node, Way]]:
    """All steps of a function in the order of the text."""
    forks = itertools.count()
    pending: list[Step] = [*reversed(_all(code.function.body, ()))]
    while pending:
        node, way, is_mark = pending.pop()
        steps = [] if is_mark else _inside(node, way, forks)
        if steps:
            pending.extend(reversed(steps))
        else:
            yield node, way


def _inside(node: Node, way: Way, forks: Iterator[int]) -> list[Step]:
    """The steps of a control node with blocks, marks included."""
    match node:
        case facts.With(body=body):
            return [(node, way, True), *_all(body, way), (node, way, True)]
        case facts.Loop(kind="while", head=head, body=body, orelse=orelse):
            # the test is compiled once more at the end of the body: from there all turns but the first begin
            mark = (node, way, True)
            return [mark, *_all(head, way), mark, *_all(body, way), mark, *_all(orelse, way)]
        case facts.Loop(head=head, body=body, orelse=orelse):
            return [(node, way, True), *_all(head, way), *_all(body, way), (node, way, True), *_all(orelse, way)]
        case facts.Branch(body=body, orelse=orelse):
            return [(node, way, True), *_arms((body, orelse), way, forks)]
        case facts.Try(body=body, handlers=handlers, orelse=orelse, final=final):
            arms = _arms([each.body for each in handlers], way, forks)
            return [*_all(body, way), *arms, *_all(orelse, way), *_all(final, way)]
        case _:
            return []


def _all(nodes: Sequence[Node], way: Way) -> list[Step]:
    return [(node, way, False) for node in nodes]


def _arms(arms: Sequence[Sequence[Node]], way: Way, forks: Iterator[int]) -> list[Step]:
    fork = next(forks)
    return [step for number, arm in enumerate(arms) for step in _all(arm, (*way, (fork, number, leaves(arm))))]


def _leads(one: Way, other: Way) -> bool:
    """Whether a step on the one way may be followed by a later one on the other way."""
    common = 0
    while common < min(len(one), len(other)) and one[common] == other[common]:
        common += 1
    if common < min(len(one), len(other)) and one[common][0] == other[common][0]:
        return False
    return not any(left for _, _, left in one[common:])
