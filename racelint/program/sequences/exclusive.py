"""Part of the sequences stage: which operations never run in one and the same run of a function?

Tests of one value exclude each other: `if name is None` and a later `elif name is not None`, or `if mode == "load"` and
a later `if mode == "save"`, where the name was not bound anew in between. Of what others can change, an attribute or a
global, each look is a value of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from racelint import facts
from racelint.facts import Node
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.sources.branching import decided, found_equal
from racelint.program.sources.loops import loop_around
from racelint.program.sources.nodes import parts

Claim = tuple[int, str, bool]
"""What a test says of a value, by its id: whether it is None, or true, or a literal, as that is written."""

DISTINCT: Final = frozenset({"str", "bytes", "int"})
"""The kinds of literals of which two that are written otherwise are never equal."""

WORDS: Final = frozenset({"none", "true"})
"""What is said of a value besides which literal it is."""


class Exclusive:
    """The tests around the operations of one function."""

    def __init__(self, flow: Dataflow) -> None:
        self._flow = flow
        self._claims: dict[int, frozenset[Claim]] = {}
        self._note(flow.code.function.body, frozenset())

    def exclude(self, first: int, second: int, carried: int = facts.NOTHING) -> bool:
        """Whether no run of the function comes to both operations.

        Where a value, `carried`, keeps in a loop what the first has given in an earlier turn, each turn that comes to
        the second may have another value of what is bound in that loop.
        """
        mine, theirs = self._claims.get(first, frozenset()), self._claims.get(second, frozenset())
        if mine and theirs and carried >= 0:
            low, high = self._turns(first, carried)
            mine = frozenset(each for each in mine if not low <= each[0] <= high)
        if any((value, what, not holds) in theirs for value, what, holds in mine):
            return True
        literals = {value: what for value, what, holds in theirs if holds and what not in WORDS}
        return any(literals.get(value, what) != what for value, what, holds in mine if holds and what not in WORDS)

    def _turns(self, first: int, carried: int) -> tuple[int, int]:
        """The ids of the loop in which a value keeps what an operation has given in an earlier turn; none if none."""
        around = loop_around(self._flow.code, first)
        for each in self._flow.behind(carried) if around is not None else ():
            late = (id for id in each.inputs if id > each.id) if type(each) is facts.Phi else ()
            if around is not None and any(step.id == first for id in late for step in self._flow.behind(id)):
                return around
        return (0, facts.NOTHING)

    def _note(self, nodes: Sequence[Node], claims: frozenset[Claim]) -> None:
        for node in nodes:
            if type(node) is facts.Branch:
                self._note(node.body, claims | {*self._said(node.test, True)})
                self._note(node.orelse, claims | {*self._said(node.test, False)})
            elif inside := parts(node):
                for part in inside:
                    self._note(part, claims)
            elif claims and hasattr(node, "id"):
                self._claims[node.id] = claims

    def _said(self, test: int, truth: bool) -> Iterator[Claim]:
        """What is known where a test has come out so."""
        for asked, answer in decided(self._flow.code, test, truth):
            equal, compared = found_equal(self._flow.code, asked, answer)
            for value, other in (compared, compared[::-1]) if len(compared) == 2 else ():
                literal = self._flow.operation(other)
                if type(literal) is facts.Const and literal.kind in DISTINCT:
                    yield value, literal.text, equal
            match self._flow.operation(asked):
                case facts.Compute(kind="is" | "is not" as kind, operands=(value, other)) if self._flow.is_none(other):
                    none = answer is (kind == "is")
                    yield value, "none", none
                    if none:
                        yield value, "true", False
                case _:
                    yield asked, "true", answer
                    if answer:
                        yield asked, "none", False
