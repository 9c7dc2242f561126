"""The report in the lines that pylint writes for other tools, `path:line: [code(name), function] message`."""

from __future__ import annotations

from typing import TextIO

from racelint.findings import Finding, Report
from racelint.report.escaping import printable
from racelint.report.output import put


def show(report: Report, stream: TextIO) -> None:
    """One line for each finding, and nothing else."""
    put(stream, "".join(map(_line, report.findings)))


def _line(finding: Finding) -> str:
    rule = f"[{finding.code}({finding.name}), {printable(finding.function)}]"
    return f"{printable(finding.path)}:{finding.span.line}: {rule} {printable(finding.message)}\n"
