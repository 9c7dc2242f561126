"""The report as commands to GitHub Actions, which shows each as an annotation of the line."""

from __future__ import annotations

from typing import TextIO

from racelint.facts import Span
from racelint.findings import FILE_START, Finding, Report, RunError
from racelint.report.output import put
from racelint.report.severity import severity


def show(report: Report, stream: TextIO) -> None:
    """One command for each finding and each error."""
    put(stream, "".join([*map(_annotation, report.findings), *map(_error, report.errors)]))


def _annotation(finding: Finding) -> str:
    span = finding.span
    where = f"{finding.path}:{span.line}:{span.column}"
    text = f"{where}: {finding.code} [{finding.name}] {finding.message}"
    properties = {"title": f"racelint ({finding.code})", "file": finding.path, **_place(span)}
    return _command(severity(finding), properties, text)


def _place(span: Span) -> dict[str, str]:
    """Columns are taken only of what begins and ends on one line."""
    if span == FILE_START:
        return {"line": "1"}
    lines = {"line": str(span.line), "endLine": str(span.end_line)}
    columns = {"col": str(span.column), "endColumn": str(span.end_column)}
    return lines | (columns if span.line == span.end_line else {})


def _error(error: RunError) -> str:
    return _command("error", {"title": "racelint"}, f"{error.where}: {error.message}")


def _command(name: str, properties: dict[str, str], text: str) -> str:
    shown = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {shown}::{_data(text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
