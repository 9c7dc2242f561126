"""Part of the interleavings stage: is there room, is there enough left? Who asks so counts on nobody else coming in."""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.knowledge.containers import REMOVES
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.rough import LIMITS
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sources.branching import conditions

BELOW: Final = frozenset({"<", "<="})
"""With these the left value is held to be the smaller one."""


def asks_for_room(case: Case, sequence: Composite) -> bool:
    """Whether a test holds what there is against a limit, and what is done on its account takes from it or adds to it.

    `if len(self.busy) < self.limit: ... self.busy.add(x)`, `if self.left >= n: ... self.left -= n`.
    """
    last, code = sequence.last, sequence.code
    takes = last.kind in (Kind.UPDATE, Kind.ITEM_UPDATE) or (last.kind is Kind.MUTATE and last.method not in REMOVES)
    flow = case.sharing.places.dataflow(code)
    if sequence.shape is not Shape.CHECK or not takes or _sets_field(flow, last):
        return False
    tests = (node for node in code.controls if isinstance(node, facts.Branch | facts.Loop))
    held = (each for node in tests if node.span == sequence.test for each in flow.behind(node.test))
    return any(
        type(each) is facts.Compute
        and each.kind in LIMITS
        and (sequence.first.code is not code or _looks(sequence) & flow.sources(each.id, awaited=False))
        and not _leads_away(case, sequence, each)
        for each in held
    )


def _sets_field(flow: Dataflow, last: Access) -> bool:
    """Whether only a field of an item is set: `self.users[name]["seen"] = now`. There are no more items by that."""
    store = flow.operation(last.id)
    return type(store) is facts.StoreItem and store.base != last.load and flow.is_constant(store.key)


def _looks(sequence: Composite) -> frozenset[int]:
    return frozenset((sequence.first.id, sequence.first.load))


def _leads_away(case: Case, sequence: Composite, compared: facts.Compute) -> bool:
    """Whether what is done leads away from the limit: where it is passed more is added, or more is taken below it."""
    truth = dict(conditions(sequence.code, sequence.act)).get(compared.id)
    is_left, is_right = (each in _looks(sequence) for each in compared.operands)
    grows = _grows(case, sequence.last)
    if truth is None or grows is None or is_left is is_right:
        return False
    is_below = ((compared.kind in BELOW) is is_left) is truth
    return is_below is not grows


def _grows(case: Case, last: Access) -> bool | None:
    """Whether there is more after a change than before; None if that cannot be told."""
    if last.kind is Kind.MUTATE:
        return True
    made = case.sharing.places.dataflow(last.code).operation(last.value)
    return {"+": True, "-": False}.get(made.kind) if type(made) is facts.Compute else None
