"""The report as reviewdog reads it; its columns count the bytes of the line in UTF-8."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, TextIO

import msgspec

from racelint.facts import Span
from racelint.findings import Finding, Report
from racelint.lines import Lines, lines_of
from racelint.report import documentation
from racelint.report.output import put
from racelint.report.severity import severity


class Position(msgspec.Struct, frozen=True):
    """A position: the line and the byte in it, both from 1."""

    line: int
    column: int


class Range(msgspec.Struct, frozen=True):
    """From a position up to another one, which is no longer in it."""

    start: Position
    end: Position


class Location(msgspec.Struct, frozen=True):
    """A range in a file."""

    path: str
    range: Range


class Source(msgspec.Struct, frozen=True):
    """The tool that speaks."""

    name: str
    url: str


class Code(msgspec.Struct, frozen=True):
    """A rule and its page."""

    value: str
    url: str


class RelatedLocation(msgspec.Struct, frozen=True):
    """Another place that belongs to a diagnostic."""

    message: str
    location: Location


class Suggestion(msgspec.Struct, frozen=True):
    """What can be written in the place of a range."""

    range: Range
    text: str


class Diagnostic(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finding."""

    message: str
    location: Location
    severity: Literal["ERROR", "WARNING"]
    code: Code
    related_locations: tuple[RelatedLocation, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()


class DiagnosticResult(msgspec.Struct, frozen=True):
    """A report."""

    source: Source
    diagnostics: list[Diagnostic]


def show(report: Report, stream: TextIO) -> None:
    """One object with all diagnostics."""
    lines = lines_of(report)
    diagnostics = [_diagnostic(finding, lines) for finding in report.findings]
    result = DiagnosticResult(Source("racelint", documentation.HOME), diagnostics)
    put(stream, msgspec.json.format(msgspec.json.encode(result), indent=2).decode() + "\n")


def _diagnostic(finding: Finding, lines: Lines) -> Diagnostic:
    return Diagnostic(
        f"[{finding.name}] {finding.message}",
        _location(finding.path, finding.span, lines),
        "ERROR" if severity(finding) == "error" else "WARNING",
        Code(finding.code, documentation.page(finding.code)),
        tuple(
            RelatedLocation(related.message, _location(related.path, related.span, lines))
            for related in finding.related
        ),
        _suggestions(finding, lines),
    )


def _suggestions(finding: Finding, lines: Lines) -> tuple[Suggestion, ...]:
    """The fix as one suggestion, for several would be taken for as many ways to mend the same thing."""
    edits = finding.fix.edits if finding.fix is not None else ()
    source = lines(finding.path)
    if not edits or edits[-1].span.end_line > len(source):
        return ()
    first, last = edits[0].span, edits[-1].span
    parts = [edits[0].text]
    for before, edit in pairwise(edits):
        parts += [_between(before.span, edit.span, source), edit.text]
    whole = Span(first.line, first.column, last.end_line, last.end_column)
    return (Suggestion(_location(finding.path, whole, lines).range, "".join(parts)),)


def _between(before: Span, after: Span, source: Sequence[str]) -> str:
    """What is written from the end of a span to the start of another one."""
    if before.end_line == after.line:
        return source[after.line - 1][before.end_column - 1 : after.column - 1]
    inner = source[before.end_line : after.line - 1]
    return "\n".join(
        (source[before.end_line - 1][before.end_column - 1 :], *inner, source[after.line - 1][: after.column - 1])
    )


def _location(path: str, span: Span, lines: Lines) -> Location:
    source = lines(path)
    start = _position(span.line, span.column, source)
    return Location(path, Range(start, _position(span.end_line, span.end_column, source)))


def _position(line: int, column: int, source: Sequence[str]) -> Position:
    before = source[line - 1][: column - 1] if 1 <= line <= len(source) else ""
    beyond = column - 1 - len(before)
    return Position(line, 1 + len(before.encode("utf-8", "surrogatepass")) + beyond)
