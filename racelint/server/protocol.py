"""What findings are in the language server protocol."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from racelint.facts import Span
from racelint.findings import FREE_THREADED_ONLY, Finding, Report
from racelint.lines import Lines
from racelint.paths import absolute
from racelint.report.documentation import page
from racelint.report.escaping import printable
from racelint.report.sides import is_about_locks, letter, locked

SOURCE = "racelint"


def diagnostic(finding: Finding, report: Report, lines: Lines, codec: PositionCodec) -> types.Diagnostic:
    """A finding with its other places; the steps that go wrong are part of the message."""
    held = is_about_locks(finding)
    steps = [
        f"{letter(turn.side)} line {turn.span.line}{f' {locked(turn)}' if held else ''}: {turn.effect}"
        for turn in finding.turns
    ]
    return types.Diagnostic(
        span_range(finding.span, lines(finding.path), codec),
        "\n".join(map(printable, [finding.message, *steps])),
        types.DiagnosticSeverity.Warning,
        finding.code,
        types.CodeDescription(page(finding.code)),
        SOURCE,
        related_information=[
            types.DiagnosticRelatedInformation(
                types.Location(
                    uri_of(report.files.get(each.path, Path(each.path))),
                    span_range(each.span, lines(each.path), codec),
                ),
                printable(each.message),
            )
            for each in finding.related
        ],
        data={"live_on": "free-threaded" if finding.live_on == FREE_THREADED_ONLY else "every build"},
    )


def span_range(span: Span, lines: Sequence[str], codec: PositionCodec) -> types.Range:
    """A span as a range, in the units that the editor counts in."""
    start, end = types.Position(span.line - 1, span.column - 1), types.Position(span.end_line - 1, span.end_column - 1)
    return codec.range_to_client_units([f"{line}\n" for line in lines[: span.end_line]], types.Range(start, end))


def contains(span: Span, line: int, column: int) -> bool:
    """Whether a span has a position in it; both count from 1."""
    return (span.line, span.column) <= (line, column) < (span.end_line, span.end_column)


def uri_of(path: Path) -> str:
    """The URI of a file."""
    return absolute(path).as_uri()
