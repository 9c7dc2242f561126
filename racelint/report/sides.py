"""What is told of each side of a finding, whatever it is shown with: its locks, its start, the places it comes by."""

from __future__ import annotations

from dataclasses import dataclass

from racelint.facts import Span
from racelint.findings import Finding, Related, Side, Turn

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
    """The locks that are held: "holds `_lock`", "holds `_lock` only in part"."""
    partly = f"{' and '.join(side.partly)} only in part" if side.partly else ""
    if side.holds:
        return f"holds {' and '.join(side.holds)}{f', and {partly}' if partly else ''}"
    return f"holds {partly}" if partly else "holds no lock"


def lacking(side: Side) -> str:
    """The lock that is missing: "lacks `_lock`"; "" where none is."""
    return f"lacks {side.lacks}" if side.lacks and side.lacks not in side.holds else ""


def locked(turn: Turn) -> str:
    """The locks that are held at a step: "[`_lock`]", "[no lock]"."""
    return f"[{', '.join(turn.holds)}]" if turn.holds else "[no lock]"


def is_about_locks(finding: Finding) -> bool:
    """Whether it matters at which steps of the finding locks are held."""
    return any(turn.holds for turn in finding.turns) or (bool(finding.turns) and any(map(lacking, finding.sides)))


def evidence(finding: Finding) -> str:
    """How the program uses its lock for the state, and why that is taken to be shared where no thread shows it."""
    share = next((side.share for side in finding.sides if side.share), "")
    return {
        "threads": share,
        "lock": f"{share}; no two threads are traced that meet here" if share else "",
        "claim": "a comment or an annotation says who guards it; no two threads are traced that meet here",
        "assumed": "--assume-shared says that it is shared",
    }.get(finding.evidence or "", "")


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


def same(finding: Finding, side: int) -> str:
    """The lines that a side comes by in the steps, for one that has no places of its own: "line 3 and line 7"."""
    lines = dict.fromkeys(turn.span.line for turn in finding.turns if turn.side == side)
    return " and ".join(f"line {line}" for line in lines)


def asides(finding: Finding) -> list[Related]:
    """The related places that belong to none of its sides."""
    return [each for each in finding.related if each.side is None or each.side >= len(finding.sides)]
