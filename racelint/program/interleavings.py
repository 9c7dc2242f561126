"""Which sequences of accesses can other tasks come into, because the task that makes them waits in between?

As for threads, with two differences: nobody comes in where nothing is awaited, and what is tested once more after the
last pause is fresh.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from racelint import facts
from racelint.facts import Node, Span
from racelint.program.case import Case, Partner
from racelint.program.composites import Composite, Sequences, Shape
from racelint.program.excuses import can_outdate, is_excused, makes_object
from racelint.program.locksets import LockSets
from racelint.program.places import Place
from racelint.program.sharing import link_sharing
from racelint.program.source import Code, parts, span_of
from racelint.program.suspension import Suspensions
from racelint.program.threads import Threads


@dataclass(frozen=True, slots=True, eq=False)
class Interleaving:
    """A sequence, the operation at which its task waits inside it, and who can come in there."""

    sequence: Composite
    pause: int
    partner: Partner

    @property
    def code(self) -> Code:
        """The function with the sequence."""
        return self.sequence.code

    @property
    def path(self) -> str:
        """The file of the finding."""
        return self.code.path

    @property
    def span(self) -> Span:
        """Where the finding stands: at the store of an update, else at the test."""
        sequence = self.sequence
        if sequence.shape is not Shape.UPDATE:
            return sequence.test
        return sequence.last.span if sequence.last.code is self.code else span_of(self.code, sequence.act)

    @property
    def pause_span(self) -> Span:
        """Where the task waits."""
        return span_of(self.code, self.pause)


@dataclass(frozen=True, slots=True)
class Interleavings:
    """All of them, and the tasks that they are about."""

    tasks: Threads
    found: list[Interleaving]


def link_interleavings(
    tasks: Threads, locksets: LockSets, sequences: Sequences, suspensions: Suspensions
) -> Interleavings:
    """Judge every sequence in a coroutine."""
    by_place: dict[Place, list[tuple[Composite, int | None]]] = defaultdict(list)
    for sequence in sequences.found:
        if sequence.code.function.is_async and sequence.first.code is sequence.code:
            by_place[sequence.first.place].append((sequence, _pause(sequence, suspensions)))
    paused = {place: those for place, those in by_place.items() if any(pause is not None for _, pause in those)}
    if not paused or not tasks.contexts[1:]:
        # to name what all tasks work on costs as much as for threads, and is for nothing here
        return Interleavings(tasks, [])
    sharing = link_sharing(tasks, sequences.places, ())
    found: list[Interleaving] = []
    for place, those in sorted(paused.items(), key=lambda item: (item[0].symbol, item[0].kind, item[0].owner)):
        case = Case(place, sharing, locksets)
        fresh = {(each.code.key, each.act) for each, pause in those if pause is None or case.over(each)}
        left = [(each, pause) for each, pause in those if pause is not None and (each.code.key, each.act) not in fresh]
        found.extend(_judge(case, left))
    return Interleavings(tasks, found)


def _judge(case: Case, paused: Sequence[tuple[Composite, int]]) -> Iterator[Interleaving]:
    taken: set[tuple[int, int]] = set()
    for sequence, pause in paused:
        key = (sequence.last.code.key, sequence.last.id)
        if key in taken or sequence.last not in case.accesses:
            continue
        if _is_harmless(case, sequence) or _is_claimed(case, sequence, pause):
            continue
        partner = case.partner(sequence.last, [], partial(can_outdate, case, sequence))
        if partner is not None and not (partner.one.is_main and partner.other_context.is_main):
            taken.add(key)
            yield Interleaving(sequence, pause, partner)


def _is_harmless(case: Case, sequence: Composite) -> bool:
    """Whether it does not matter that others came in: what is then made twice is as good as made once."""
    return is_excused(case, sequence) or (sequence.shape is Shape.LAZY and not makes_object(case, sequence))


def _is_claimed(case: Case, sequence: Composite, pause: int) -> bool:
    """Whether the task says before it waits that it is at work, in what it and all others have tested before."""
    first, test = min(sequence.between), sequence.test
    own = [each for each in case.sharing.places.of(sequence.code) if each.id < pause]
    asked = {each.place for each in own if test.line <= each.span.line <= test.end_line} | {sequence.first.place}
    return any(each.kind.writes and each.place in asked and first < each.id for each in own)


# --- pauses ---


def _pause(sequence: Composite, suspensions: Suspensions) -> int | None:
    """The last point on the way from the one access to the other at which the task may wait."""
    first, last = min(sequence.between), max(sequence.between)
    points = suspensions.between(sequence.code, first, last)
    if not points:
        return None
    ways = _ways(sequence.code, {first, last, *points})
    on_the_way = [each for each in points if _leads(ways[first], ways[each]) and _leads(ways[each], ways[last])]
    return on_the_way[-1] if on_the_way else None


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
