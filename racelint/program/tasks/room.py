"""Part of the interleavings stage: is there room, is there enough left? Who asks so counts on nobody else coming in."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.containers import REMOVES
from racelint.program.memory.places import Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.rough import LIMITS
from racelint.program.sequences.composites import Composite, Shape


def asks_for_room(case: Case, sequence: Composite) -> bool:
    """Whether a test holds what there is against a limit, and what is done on its account takes from it or adds to it.

    `if len(self.busy) < self.limit: ... self.busy.add(x)`, `if self.left >= n: ... self.left -= n`.
    """
    last, code = sequence.last, sequence.code
    takes = last.kind in (Kind.UPDATE, Kind.ITEM_UPDATE) or (last.kind is Kind.MUTATE and last.method not in REMOVES)
    if sequence.shape is not Shape.CHECK or not takes:
        return False
    flow = case.sharing.places.dataflow(code)
    tests = (node for node in code.controls if isinstance(node, facts.Branch | facts.Loop))
    held = (each for node in tests if node.span == sequence.test for each in flow.behind(node.test))
    looks = {sequence.first.id, sequence.first.load}
    return any(
        type(each) is facts.Compute
        and each.kind in LIMITS
        and (sequence.first.code is not code or looks & flow.sources(each.id, awaited=False))
        for each in held
    )
