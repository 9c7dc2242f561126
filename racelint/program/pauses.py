"""Part of the interleavings stage: does the task wait on the way from one end of a sequence to the other?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from racelint import facts
from racelint.facts import NOTHING, Node
from racelint.program.composites import Composite
from racelint.program.source import Code, parts, walk
from racelint.program.suspension import Suspensions


@dataclass(frozen=True, slots=True)
class Pause:
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
    if not points:
        return None
    ways = _ways(code, {first, last, *points})
    start = ways.get(first, ())
    again = _asked_again(code, first, last)
    on_the_way = [
        each for each in points if each not in again and _leads(start, ways[each]) and _leads(ways[each], ways[last])
    ]
    return on_the_way[-1] if on_the_way else None


def _asked_again(code: Code, first: int, last: int) -> set[int]:
    """What runs in the body of a loop whose test is asked once more before the last operation, outside, is reached."""
    found: set[int] = set()
    for node in walk(code.function.body):
        if type(node) is facts.Loop and node.kind == "while" and first in _ids(node.head):
            body = _ids(node.body)
            if last not in body:
                found |= body
    return found


def _ids(nodes: Sequence[Node]) -> set[int]:
    return {each.id for each in walk(nodes) if hasattr(each, "id")}


Way = tuple[tuple[int, int, bool], ...]
"""The branches and handlers around an operation: which one, which arm of it, and whether that is left for good."""


def _ways(code: Code, ids: set[int]) -> dict[int, Way]:
    found: dict[int, Way] = dict.fromkeys(ids, ())
    pending: list[tuple[Sequence[Node], Way]] = [(code.function.body, ())]
    forks = 0
    while pending:
        nodes, way = pending.pop()
        for node in nodes:
            id = getattr(node, "id", None)
            if id in ids:
                found[id] = way
            match node:
                case facts.Branch(body=body, orelse=orelse):
                    arms: tuple[Sequence[Node], ...] = (body, orelse)
                case facts.Try(body=body, handlers=handlers, orelse=orelse, final=final):
                    pending.extend((part, way) for part in (body, orelse, final))
                    arms = tuple(each.body for each in handlers)
                case _:
                    pending.extend((part, way) for part in parts(node))
                    continue
            forks += 1
            pending.extend((arm, (*way, (forks, number, _is_left(arm)))) for number, arm in enumerate(arms))
    return found


def _leads(one: Way, other: Way) -> bool:
    """Whether the operation on the one way may be followed by the later one on the other way."""
    common = 0
    while common < min(len(one), len(other)) and one[common] == other[common]:
        common += 1
    if common < min(len(one), len(other)) and one[common][0] == other[common][0]:
        return False
    return not any(left for _, _, left in one[common:])


def _is_left(arm: Sequence[Node]) -> bool:
    return bool(arm) and isinstance(arm[-1], facts.Return | facts.Raise | facts.Break | facts.Continue)
