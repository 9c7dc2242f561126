"""A finding as the page shows it: its sides with their source, the steps that go wrong, and what to filter it by."""

from __future__ import annotations

from dataclasses import dataclass

from racelint.facts import Span
from racelint.findings import FILE_START, FREE_THREADED_ONLY, Finding, Related, Report, Turn
from racelint.html.source import Row, line_of, rows
from racelint.lines import Lines, lines_of
from racelint.report.documentation import page
from racelint.report.escaping import encodable
from racelint.report.fingerprint import fingerprints
from racelint.report.sides import (
    asides,
    evidence,
    holding,
    is_about_locks,
    lacking,
    letter,
    locked,
    passed,
    same,
    starts,
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some source with what is said of it; without rows only the place is told."""

    path: str
    line: int
    label: str
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class SideView:
    """Who takes part, with the locks, where it is started, and the places it comes by; `same`: lines of others too."""

    letter: str
    runner: str
    holding: str
    lacking: str
    starts: tuple[Related, ...]
    excerpts: tuple[Excerpt, ...]
    same: str


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a side (its index and letter), the locks held, its source on one line, and what comes of it."""

    side: int
    letter: str
    path: str
    line: int
    locks: str
    source: str
    effect: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding with all that stands beside it. `id` names it in the page, and is the same in the next run."""

    id: str
    finding: Finding
    url: str
    excerpt: Excerpt
    sides: tuple[SideView, ...]
    steps: tuple[StepView, ...]
    notes: tuple[Excerpt, ...]
    evidence: str
    is_about_locks: bool
    is_free_threaded_only: bool


def finding_views(report: Report) -> list[FindingView]:
    """The findings of the report, in its order."""
    lines = lines_of(report)
    return [
        _view(finding, f"f-{name[:16]}", lines)
        for finding, name in zip(report.findings, fingerprints(encodable(report)), strict=True)
    ]


def _view(finding: Finding, id: str, lines: Lines) -> FindingView:
    return FindingView(
        id,
        finding,
        page(finding.code),
        _excerpt(finding.path, finding.span, "", lines, context=1),
        tuple(_side(finding, index, lines) for index in range(len(finding.sides))),
        tuple(_step(turn, lines) for turn in finding.turns),
        tuple(_excerpt(each.path, each.span, each.message, lines) for each in asides(finding)),
        evidence(finding),
        is_about_locks(finding),
        finding.live_on == FREE_THREADED_ONLY,
    )


def _side(finding: Finding, index: int, lines: Lines) -> SideView:
    side = finding.sides[index]
    return SideView(
        letter(index),
        side.runner,
        holding(side),
        lacking(side),
        tuple(starts(finding, index)),
        tuple(_excerpt(each.path, each.span, each.label, lines) for each in passed(finding, index)),
        same(finding, index),
    )


def _step(turn: Turn, lines: Lines) -> StepView:
    source = line_of(lines(turn.path), turn.span.line)
    locks = locked(turn).strip("[]")
    return StepView(turn.side, letter(turn.side), turn.path, turn.span.line, locks, source, turn.effect)


def _excerpt(path: str, span: Span, label: str, lines: Lines, context: int = 0) -> Excerpt:
    found = () if span == FILE_START else tuple(rows(lines(path), span, context))
    return Excerpt(path, span.line, label, found)
