"""Part of the races stage: a value that is stored only where it is another one: the test spares the store, no more.

`if size != self.size: self.size = size`: whoever comes in between, it ends as if both had simply stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from racelint import facts
from racelint.facts import Node
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.memory.places import Kind
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sequences.ways import between
from racelint.program.sources.nodes import is_within, walk

DIFFERENT: Final = frozenset({"!=", "is not"})
"""How it is asked whether two values differ."""

WITHOUT_TRACE: Final = (facts.Const, facts.LoadName, facts.LoadAttr, facts.Compute)
"""What leaves everything as it was."""


def is_only_refreshed(case: Case, sequence: Composite) -> bool:
    """Whether a test compares with what is stored on account of it, and nothing else depends on it."""
    first, last, code = sequence.first, sequence.last, sequence.code
    if sequence.shape is not Shape.CHECK or first.code is not code or last.code is not code:
        return False
    if first.kind is not Kind.READ or last.kind is not Kind.WRITE or sequence.tested:
        return False
    flow = case.sharing.places.dataflow(code)
    stored = flow.key(last.value)
    compared = {
        flow.key(id)
        for use in flow.uses(first.id)
        if type(use) is facts.Compute and use.kind in DIFFERENT
        for id in use.operands
        if id != first.id
    }
    if stored == UNKNOWN or stored not in compared:
        return False
    arm = _arm(code.function.body, sequence)
    way = between(code, first.id, last.id)
    if arm is None or way is None:
        return False
    after = [node for node in walk(arm) if getattr(node, "id", -1) > last.id]
    return all(isinstance(node, (*WITHOUT_TRACE, facts.Branch)) for node in (*way, *after))


def _arm(body: Sequence[Node], sequence: Composite) -> Sequence[Node] | None:
    """The innermost block around the store; None where the test decides more than that."""
    branch = next((each for each in walk(body) if type(each) is facts.Branch and each.span == sequence.test), None)
    if branch is None or branch.orelse:
        return None
    found: Sequence[Node] = branch.body
    while True:
        arms = [arm for node in found if type(node) is facts.Branch for arm in (node.body, node.orelse)]
        inner = [arm for arm in arms if is_within(arm, sequence.act)]
        if not inner:
            return found
        found = inner[0]
