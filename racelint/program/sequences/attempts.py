"""Part of the sequences stage: what is tested by trying it, `try: d[k]`, and made where that fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from racelint import facts
from racelint.facts import Node
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access, Kind
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sequences.deciding import Deciding
from racelint.program.sequences.misses import expects, handles_misses
from racelint.program.sequences.reach import Reach
from racelint.program.sources.branching import leaves
from racelint.program.sources.nodes import extent
from racelint.program.sources.source import Code

UNMADE: Final = frozenset({"AttributeError", "NameError"})
"""What is raised where a name has no value yet."""


class Attempts:
    """The attempts of one function."""

    def __init__(self, code: Code, flow: Dataflow, reach: Reach, deciding: Deciding) -> None:
        self._code = code
        self._flow = flow
        self._reach = reach
        self._deciding = deciding

    def items(self, node: facts.Try, following: Sequence[Node]) -> Iterator[Composite]:
        """`try: d[k]` and, where that fails, `d[k] = ...`: the miss is a test. `following` is what comes after it."""
        handlers = handles_misses(node, self._flow)
        low, high = extent(node.body)
        for read in self._reach.accesses if handlers else ():
            if not (low <= read.id <= high and read.kind is Kind.CONTENT and read.method == "[]"):
                continue
            for handler in handlers:
                body = handler.body if leaves(handler.body) else (*handler.body, *following)
                _, end = extent(handler.body)
                for access, where in self._reach.inner(body, read):
                    same = access.key >= 0 and self._flow.key(access.key) == self._flow.key(read.key)
                    # what comes after the `try` also runs where nothing was missing, and then may not depend on it
                    same = same and (where <= end or leaves(node.body) or self._flow.comes_from(access.value, read.id))
                    if access.method == "[]=" and access.code is self._code and same:
                        yield self._made(Shape.CHECK, read, access, where)
                        return

    def names(self, node: facts.Try) -> Iterator[Composite]:
        """`try: self.x` and, where there is no such name, `self.x = make()`: the miss is a test."""
        handlers = [each for each in node.handlers if each.types and expects(each, self._flow, UNMADE)]
        low, high = extent(node.body)
        for read in self._reach.accesses if handlers else ():
            if not low <= read.id <= high or read.kind.rebinds:
                continue
            for handler in handlers:
                for access, where in self._reach.inner(handler.body, read):
                    if access.kind is Kind.WRITE and not self._reach.is_made_before(read, low):
                        yield self._made(Shape.LAZY, read, access, where)
                        return

    def _made(self, shape: Shape, read: Access, access: Access, where: int) -> Composite:
        between = (read.id, where)
        tested = self._deciding.around(where, facts.NOTHING)
        wants = False if shape is Shape.LAZY else None
        return Composite(self._code, shape, read, access, where, read.span, between, tested, wants)
