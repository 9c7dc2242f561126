"""Part of the sources: what a run of a function that has come by one operation can still come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from racelint import facts
from racelint.facts import Node
from racelint.program.sources.branching import LEAVES
from racelint.program.sources.nodes import is_within
from racelint.program.sources.source import Code

RAISES: Final = (facts.Call, facts.Await, facts.LoadItem, facts.DeleteItem, facts.LoadAttr)
"""What may raise something that is expected."""


def following(code: Code, first: int) -> set[int]:
    """The operations that a run can do after `first`: none in the other branch, nor behind a `return`.

    What tests have in common is not looked into; a call, or what looks for an item, may raise whatever is caught.
    """
    run = _Run(first)
    run.goes_through(code.function.body, False)
    return run.followed


class _Run:
    """All runs at once, of which it is only known at each point whether one has come by the first operation."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._raises = False
        """Whether one of them may have raised since the beginning of the innermost `try`."""
        self._leaves = False
        """Whether one of them has left what is around by a `return`, `break` or `continue`."""
        self._breaks = False
        self._continues = False
        self.followed: set[int] = set()

    def goes_through(self, nodes: Sequence[Node], passed: bool) -> bool:
        """Whether a run has come by the first operation where the nodes end, and did so before them or in them."""
        for node in nodes:
            match node:
                case facts.Branch(body=body, orelse=orelse):
                    ends = [self.goes_through(part, passed) for part in (body, orelse)]
                    passed = any(ends)
                case facts.Loop():
                    passed = self._turns(node, passed)
                case facts.Try():
                    passed = self._tries(node, passed)
                case facts.With(body=body):
                    # the manager may swallow what is raised
                    passed = self.goes_through(body, passed) or self._raises
                case facts.Return() | facts.Raise() | facts.Break() | facts.Continue():
                    self._leave(node, passed)
                    return False
                case _:
                    if passed:
                        self.followed.add(node.id)
                    self._raises |= passed and type(node) in RAISES
                    passed |= node.id == self._first
        return passed

    def _leave(self, node: Node, passed: bool) -> None:
        self._raises |= passed and type(node) is facts.Raise
        self._breaks |= passed and type(node) is facts.Break
        self._continues |= passed and type(node) is facts.Continue
        self._leaves |= passed and type(node) in LEAVES

    def _turns(self, loop: facts.Loop, passed: bool) -> bool:
        """A loop: what one turn has done is done before the next one."""
        around = self._breaks, self._continues
        self._breaks = self._continues = False
        asked = passed
        for _ in range(2):
            before = asked
            asked = self.goes_through(loop.head, asked)
            asked |= self.goes_through(loop.body, asked) or self._continues
            if asked is before:
                break
        end = self.goes_through(loop.orelse, asked) or self._breaks
        self._breaks, self._continues = around
        return end

    def _tries(self, node: facts.Try, passed: bool) -> bool:
        before = self._raises, self._leaves
        self._raises, self._leaves = passed, False
        end = self.goes_through(node.body, passed)
        caught = [self.goes_through(handler.body, self._raises) for handler in node.handlers]
        end = self.goes_through(node.orelse, end) or any(caught)
        final = self.goes_through(node.final, end or self._raises or self._leaves)
        self._raises, self._leaves = self._raises or before[0], self._leaves or before[1]
        # who was on the way out goes on with that behind a `finally`
        return final and (end or is_within(node.final, self._first)) if node.final else end
