"""The ways that the threads of a finding take, a list of steps for each side of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from racelint.facts import Span
from racelint.findings import Finding, Moment, Related

ALONE: Final = frozenset({"RL302"})
"""The rules with evidence about others whose findings need no other thread: it waits for itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """A place that a side comes by; `moment` is None at the place of the finding."""

    path: str
    span: Span
    message: str
    moment: Moment | None = None


def flows(finding: Finding) -> list[list[Step]]:
    """The steps of each side, side 0 first, each in the order of its running; none if there is nothing to follow.

    Where a finding tells of no other side, or of no more than where that starts, the other threads run the same code.
    """
    sides = max(len(finding.sides), 1 + max((related.side or 0 for related in finding.related), default=0))
    if finding.evidence is not None and finding.code not in ALONE:
        sides = max(sides, 2)
    own = [*_of(finding, 0, "before"), _place(finding), *_of(finding, 0, "after")]
    if sides == 1 and len(own) == 1:
        return []
    return [_starts(finding, side) + (_passes(finding, side) or own) for side in range(sides)]


def _passes(finding: Finding, side: int) -> list[Step]:
    """What another side comes by; nothing for side 0, whose steps include the place of the finding."""
    return [*_of(finding, side, "before"), *_of(finding, side, "after")] if side else []


def _starts(finding: Finding, side: int) -> list[Step]:
    """Where a side starts; a start that belongs to no side is that of all."""
    return [*_of(finding, None, "start"), *_of(finding, side, "start")]


def _of(finding: Finding, side: int | None, when: Moment) -> Sequence[Step]:
    return [_step(related, when) for related in finding.related if related.side == side and related.moment == when]


def _step(related: Related, when: Moment) -> Step:
    return Step(related.path, related.span, related.message, when)


def _place(finding: Finding) -> Step:
    return Step(finding.path, finding.span, finding.message)
