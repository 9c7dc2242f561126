"""Part of the races stage: a value that is stored only where it is another one: the test spares the store, no more.

`if size != self.size: self.size = size`: whoever comes in between, it ends as if both had simply stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from racelint import facts
from racelint.facts import Node
from racelint.knowledge.clocks import CLOCKS
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.rough import notes_time
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sequences.ways import between
from racelint.program.sources.nodes import is_within, walk
from racelint.program.sources.source import Code
from racelint.program.values.texts import is_record

DIFFERENT: Final = frozenset({"!=", "is not"})
"""How it is asked whether two values differ."""

ASKED_FOR: Final = CLOCKS | {"hasattr", "getattr"}
"""Functions that only answer."""

WITHOUT_TRACE: Final = (facts.Const, facts.LoadName, facts.LoadAttr, facts.Compute, facts.Choice)
"""What leaves everything as it was."""


def is_only_refreshed(case: Case, sequence: Composite) -> bool:
    """Whether a test compares with what is stored on account of it, and nothing else depends on it but what is
    logged, or when that was."""
    first, last, code = sequence.first, sequence.last, sequence.code
    if sequence.shape not in (Shape.CHECK, Shape.LAZY) or first.code is not code or last.code is not code:
        return False
    if first.kind is not Kind.READ or last.kind is not Kind.WRITE:
        return False
    asked = [each for each in case.accesses if each.code is code and each.id in (first.id, *sequence.tested)]
    # of what the value was made matters no more than if it were stored without a test
    known = {*(each.id for each in asked), *case.sharing.places.dataflow(code).sources(last.value)}
    if not {*sequence.tested} <= known or not any(_is_other(case, each, last) for each in asked):
        return False
    arm = _arm(code.function.body, sequence)
    way = between(code, first.id, last.id)
    if arm is None or way is None:
        return False
    after = [node for node in walk(arm) if getattr(node, "id", -1) > last.id]
    return all(_leaves_no_trace(case, code, node) for node in (*way, *after))


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


def _leaves_no_trace(case: Case, code: Code, node: Node) -> bool:
    """Whether a node only asks for something, logs, or notes when that was: twice is as good as once."""
    match node:
        case facts.Call():
            is_asked = case.sharing.places.types.surely_calls(code, node, ASKED_FOR)
            return is_asked or is_record(code, node)
        case facts.StoreAttr(id=id):
            stores = [each for each in case.sharing.places.of(code) if each.id == id]
            return bool(stores) and all(notes_time(case, each) for each in stores)
        case _:
            return isinstance(node, (*WITHOUT_TRACE, facts.Branch))


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
