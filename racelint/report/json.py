"""The report as one JSON object: a contract that other tools are written against."""

from __future__ import annotations

from typing import TextIO

import msgspec

from racelint.facts import Span
from racelint.findings import Finding, Related, Report, Side
from racelint.remedies import Fix
from racelint.report.counts import counts
from racelint.report.documentation import page
from racelint.report.output import put
from racelint.report.severity import severity

FORMAT_VERSION = 1


def show(report: Report, stream: TextIO) -> None:
    """The report in UTF-8, indented; lines and columns count from 1, columns in characters."""
    _put(stream, {"version": FORMAT_VERSION, "findings": list(map(finding_object, report.findings)), **_rest(report)})


def show_statistics(report: Report, stream: TextIO) -> None:
    """How many findings each rule has, the most first, in the place of the findings."""
    found = [{"code": code, "name": name, "count": count} for code, name, count in counts(report)]
    _put(stream, {"version": FORMAT_VERSION, "statistics": found, **_rest(report)})


def finding_object(finding: Finding) -> dict[str, object]:
    """A finding as it stands in the report."""
    return {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "path": finding.path,
        **_place(finding.span),
        "symbol": finding.symbol,
        "function": finding.function,
        "evidence": finding.evidence,
        "live_on": finding.live_on,
        "related": [_related(related) for related in finding.related],
        "sides": [_side(side) for side in finding.sides],
        "interleaving": [
            {
                "side": turn.side,
                "path": turn.path,
                **_place(turn.span),
                "effect": turn.effect,
                "holds": turn.holds,
            }
            for turn in finding.turns
        ],
        "fix": _fix(finding.fix),
        "severity": severity(finding),
        "url": page(finding.code),
    }


def _related(related: Related) -> dict[str, object]:
    return {"path": related.path, **_place(related.span), "message": related.message, "side": related.side}


def _side(side: Side) -> dict[str, object]:
    return {
        "runner": side.runner,
        "holds": side.holds,
        "holds_in_part": side.partly,
        "lacks": side.lacks or None,
    }


def _fix(fix: Fix | None) -> dict[str, object] | None:
    if fix is None:
        return None
    edits = [{**_place(edit.span), "text": edit.text} for edit in fix.edits]
    return {"applicability": fix.applicability, "message": fix.message, "edits": edits}


def _place(span: Span) -> dict[str, object]:
    return {"line": span.line, "column": span.column, "end_line": span.end_line, "end_column": span.end_column}


def _rest(report: Report) -> dict[str, object]:
    return {
        "errors": [{"where": error.where, "message": error.message} for error in report.errors],
        "summary": {
            "files": len(report.files),
            "findings": len(report.findings),
            "suppressed": report.suppressed,
            "baselined": report.baselined,
            "fixed": report.fixed,
        },
    }


def _put(stream: TextIO, document: object) -> None:
    put(stream, msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
