"""What is told of each side of a finding, whatever it is shown with: its locks, its start, the places it comes by."""

from __future__ import annotations

from dataclasses import dataclass

from racelint.facts import Span
from racelint.findings import Finding, Related, Side

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Passed:
    """A place that a side comes by; `label` says what is done there, "" at the place of the finding."""

    path: str
    span: Span
    label: str


def letter(side: int) -> str:
    """What a side is called: A, B ..."""
    return LETTERS[side % len(LETTERS)]


def holding(side: Side) -> str:
    """The locks that are held: "holds `_lock`"."""
    return f"holds {' and '.join(side.holds)}" if side.holds else "holds no lock"


def lacking(side: Side) -> str:
    """The lock that is missing: "lacks `_lock`"; "" where none is."""
    return f"lacks {side.lacks}" if side.lacks and side.lacks not in side.holds else ""


def starts(finding: Finding, side: int) -> list[Related]:
    """Where a side is started."""
    return [each for each in finding.related if each.moment == "start" and each.side == side]


def passed(finding: Finding, side: int) -> list[Passed]:
    """The places of a side; on its own side the finding among them, in the order of the text."""
    related = [each for each in finding.related if each.side == side and each.moment != "start"]
    places = [Passed(each.path, each.span, each.message) for each in related]
    if side == 0:
        here = Passed(finding.path, finding.span, "")
        places = [each for each in places if (each.path, each.span.line) != (here.path, here.span.line)]
        places.insert(sum(each.moment == "before" for each in related), here)
        places.sort(key=lambda each: (each.path != here.path, each.span.line if each.path == here.path else 0))
    return places


def asides(finding: Finding) -> list[Related]:
    """The related places that belong to none of its sides."""
    return [each for each in finding.related if each.side is None or each.side >= len(finding.sides)]
