"""The report as one JSON object: a contract that other tools are written against."""

from __future__ import annotations

import msgspec

from racelint.facts import Span
from racelint.findings import Finding, Related, Report

FORMAT_VERSION = 1


def as_json(report: Report) -> bytes:
    """The report in UTF-8, indented; lines and columns count from 1, columns in characters."""
    document = {
        "version": FORMAT_VERSION,
        "findings": [_finding(finding) for finding in report.findings],
        "errors": [{"where": error.where, "message": error.message} for error in report.errors],
        "summary": {"files": len(report.files), "findings": len(report.findings)},
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "path": finding.path,
        **_start(finding.span),
        "end_line": finding.span.end_line,
        "end_column": finding.span.end_column,
        "symbol": finding.symbol,
        "function": finding.function,
        "evidence": finding.evidence,
        "live_on": finding.live_on,
        "related": [_related(related) for related in finding.related],
        "fix": finding.fix,
    }


def _related(related: Related) -> dict[str, object]:
    return {"path": related.path, **_start(related.span), "message": related.message}


def _start(span: Span) -> dict[str, object]:
    return {"line": span.line, "column": span.column}
