"""Text that can be written: nothing that breaks a line, moves a cursor or has no encoding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from racelint.findings import Finding, Related, Report, RunError, Side


def printable(text: str) -> str:
    """The text on one line: characters that cannot be printed are escaped as Python does it."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def encodable(report: Report) -> Report:
    """The report without lone surrogates, such as stand in file names that are no text: these are escaped."""
    if all(map(_is_encodable, _texts(report))):
        return report
    return replace(
        report,
        findings=tuple(map(_finding, report.findings)),
        errors=tuple(RunError(_encodable(error.where), _encodable(error.message)) for error in report.errors),
        notes=tuple(map(_encodable, report.notes)),
    )


def _texts(report: Report) -> Iterable[str]:
    for error in report.errors:
        yield from (error.where, error.message)
    yield from report.notes
    for finding in report.findings:
        yield from (finding.path, finding.message, finding.symbol, finding.function)
        for related in finding.related:
            yield from (related.path, related.message)
        for side in finding.sides:
            yield from (side.runner, *side.holds, side.lacks, side.share, *side.partly)
        for turn in finding.turns:
            yield from (turn.path, turn.effect, *turn.holds)


def _is_encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _finding(finding: Finding) -> Finding:
    return replace(
        finding,
        path=_encodable(finding.path),
        message=_encodable(finding.message),
        symbol=_encodable(finding.symbol),
        function=_encodable(finding.function),
        related=tuple(map(_related, finding.related)),
        sides=tuple(map(_side, finding.sides)),
        turns=tuple(
            replace(
                each,
                path=_encodable(each.path),
                effect=_encodable(each.effect),
                holds=tuple(map(_encodable, each.holds)),
            )
            for each in finding.turns
        ),
    )


def _related(related: Related) -> Related:
    return replace(related, path=_encodable(related.path), message=_encodable(related.message))


def _side(side: Side) -> Side:
    holds, partly = (tuple(map(_encodable, each)) for each in (side.holds, side.partly))
    return Side(_encodable(side.runner), holds, _encodable(side.lacks), _encodable(side.share), partly)
