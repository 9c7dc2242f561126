"""Part of the races stage: a value that is stored only where it is another one: the test spares the store, no more.

`if size != self.size: self.size = size`: whoever comes in between, it ends as if both had simply stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from racelint import facts
from racelint.facts import Node
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.rough import leaves_no_trace
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sequences.ways import between
from racelint.program.sources.nodes import is_within, walk

DIFFERENT: Final = frozenset({"!=", "is not"})
"""How it is asked whether two values differ."""


def is_only_refreshed(case: Case, sequence: Composite) -> bool:
    """Whether a test compares with what is stored on account of it, and nothing else depends on it but what is
    logged, or when that was."""
    first, last, code = sequence.first, sequence.last, sequence.code
    if sequence.shape not in (Shape.CHECK, Shape.LAZY) or first.code is not code or last.code is not code:
        return False
    if first.kind is not Kind.READ or last.kind is not Kind.WRITE:
        return False
    asked = [each for each in case.accesses if each.code is code and each.id in (first.id, *sequence.tested)]
    # of what the value was made, and by which way the object is reached, matters no more than if it were stored
    # without a test
    flow = case.sharing.places.dataflow(code)
    known = {*(each.id for each in asked), *flow.sources(last.value), *flow.sources(first.id)}
    if not {*sequence.tested} <= known or not any(_is_other(case, each, last) for each in asked):
        return False
    arm = _arm(code.function.body, sequence)
    way = between(code, first.id, last.id)
    if arm is None or way is None:
        return False
    after = [node for node in walk(arm) if getattr(node, "id", -1) > last.id]
    return all(leaves_no_trace(case, code, node) for node in (*way, *after))


def _is_other(case: Case, read: Access, store: Access) -> bool:
    """Whether it is asked if what is read is another value than what is stored."""
    flow = case.sharing.places.dataflow(store.code)
    compared = {
        id
        for use in flow.uses(read.id)
        if type(use) is facts.Compute and use.kind in DIFFERENT
        for id in use.operands
        if id != read.id
    }
    stored = flow.key(store.value)
    return store.value in compared or (stored != UNKNOWN and stored in map(flow.key, compared))


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
