"""Part of the interleavings stage: does the task wait on the way from one end of a sequence to the other?"""

from __future__ import annotations

import msgspec

from racelint.facts import NOTHING
from racelint.program.sequences.composites import Composite
from racelint.program.sequences.ways import between
from racelint.program.sources.source import Code
from racelint.program.tasks.suspension import Suspensions


class Pause(msgspec.Struct, frozen=True):
    """The last point at which the task waits: an operation of the function with the sequence.

    `inner` is the point in the coroutine that acts, where it waits in there (else `NOTHING`).
    """

    id: int
    inner: int = NOTHING


def pause_in(sequence: Composite, suspensions: Suspensions) -> Pause | None:
    """The last pause between the two accesses; None where nobody can come in."""
    code, act = sequence.code, sequence.last
    if act.code is not code and act.code.function.is_async:
        within = _last(act.code, NOTHING, act.id, suspensions)
        if within is not None:
            return Pause(sequence.act, within)
    found = _last(code, min(sequence.between), max(sequence.between), suspensions)
    return None if found is None else Pause(found)


def _last(code: Code, first: int, last: int, suspensions: Suspensions) -> int | None:
    """The last point on the way from one operation to another."""
    points = suspensions.between(code, first, last)
    steps = between(code, first, last) if points else None
    on_the_way = [id for step in steps or () if (id := getattr(step, "id", None)) in points]
    return on_the_way[-1] if on_the_way else None
