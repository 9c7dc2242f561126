"""Part of the interleavings stage: which values stored after a pause owe nothing to what was read before it?"""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.facts import Operation
from racelint.program.dataflow.dataflow import Dataflow, operands
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.tasks.pauses import Pause

JOINING: Final = ("+", "|")
"""Operators by which both sides become part of one."""


def is_renewed(case: Case, sequence: Composite, pause: Pause) -> bool:
    """Whether a task stores what somebody else has told it, holds fast on purpose to what was there before, or adds to
    what is there now."""
    last = sequence.last
    reads = set(sequence.between) - {last.id}
    if sequence.shape is not Shape.UPDATE or last.code is not sequence.code or not reads:
        return False
    flow = case.sharing.places.dataflow(last.code)
    behind = _worked_out_from(flow, last.value)
    return _is_held_fast(case, sequence) or not reads & behind or _is_added_to_new(case, sequence, pause)


def _is_held_fast(case: Case, sequence: Composite) -> bool:
    """Whether the very value that was read is stored again, and the task has stored nothing else in between."""
    first, last = sequence.first, sequence.last
    if last.value not in (first.id, first.load):
        return False
    own = case.sharing.places.of(sequence.code)
    return not any(each.place is last.place and each.kind.writes and first.id < each.id < last.id for each in own)


def _is_added_to_new(case: Case, sequence: Composite, pause: Pause) -> bool:
    """Whether what was there before is only added to what is there after the last pause: what others have put there
    meanwhile is kept."""
    last = sequence.last
    flow = case.sharing.places.dataflow(last.code)
    stored = flow.operation(last.value)
    if type(stored) is not facts.Compute or stored.kind not in JOINING:
        return False
    own = (each for each in case.sharing.places.of(last.code) if each.place is last.place and each.base == last.base)
    again = {each.id for each in own if each.id > pause.id and each.key == last.key and not each.kind.writes}
    return any(again & {each.id for each in flow.behind(operand)} for operand in stored.operands)


def _worked_out_from(flow: Dataflow, value: int) -> set[int]:
    """What a value comes from, but for what an answer is about of which it is only a part: `(await ask(x)).total`."""

    def through(operation: Operation) -> tuple[int, ...]:
        given = operands(operation)
        is_part = type(operation) in (facts.LoadAttr, facts.LoadItem, facts.Unpack)
        return () if is_part and given and _is_answer(flow, given[0], set()) else given

    return {each.id for each in flow.behind(value, through)}


def _is_answer(flow: Dataflow, value: int, seen: set[int]) -> bool:
    """Whether a value is what was awaited, on whatever way."""
    match flow.operation(value):
        case facts.Await():
            return True
        case facts.Phi(inputs=inputs) if value not in seen:
            seen.add(value)
            return all(each == facts.NOTHING or _is_answer(flow, each, seen) for each in inputs)
        case _:
            return value in seen
