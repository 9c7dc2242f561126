"""Part of the interleavings stage: does a task reserve, before it waits, what it is about to make?"""

from __future__ import annotations

from collections.abc import Sequence

from racelint import facts
from racelint.program.memory.places import Access
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite
from racelint.program.sources.branching import leaves
from racelint.program.sources.nodes import last_id
from racelint.program.tasks.pauses import Pause


def is_reserved(case: Case, sequence: Composite, pause: Pause) -> bool:
    """Whether the task says before it waits that it is at work, in what it and all others have tested before."""
    first, test, acting = min(sequence.between), sequence.test, sequence.last.code
    own = [each for each in case.sharing.places.of(sequence.code) if each.id < pause.id]
    asked = {each.place for each in own if test.line <= each.span.line <= test.end_line} | {sequence.first.place}
    inner = [each for each in case.sharing.places.of(acting) if each.id < pause.inner] if pause.inner >= 0 else []
    written = [each for each in (*own, *inner) if each.kind.writes]
    last = {each.place: each for each in written}
    return any(
        (each.place in asked and (each in inner or each.id > first))
        or (each is last[each.place] and _has_asked(case, own, each))
        for each in written
    )


def _has_asked(case: Case, own: Sequence[Access], claim: Access) -> bool:
    """Whether the function turns back where somebody else has claimed already, and claims it itself in one go."""
    flow = case.sharing.places.dataflow(claim.code)
    reads = (each for each in own if each.place is claim.place and not each.kind.writes and each.id < claim.id)
    looks = {id for each in reads for id in (each.id, each.load)}
    turns = (node for node in claim.code.controls if type(node) is facts.Branch and leaves(node.body))
    before = (node for node in turns if _end(node) <= claim.id)
    return any(
        looks & flow.sources(node.test, awaited=False)
        and not any(type(each) is facts.Await for each in claim.code.operations[_end(node) : claim.id])
        for node in before
    )


def _end(node: facts.Branch) -> int:
    """The id behind those of a branch that has no other arm."""
    return max(last_id(node.body), node.test) + 1
