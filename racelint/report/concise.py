"""The report with one line for each finding, then a count."""

from __future__ import annotations

from typing import TextIO

from racelint.findings import Report
from racelint.report.console import console_for
from racelint.report.counts import outlook, summary
from racelint.report.full import headline


def show(report: Report, stream: TextIO) -> None:
    """`path:line:column: RL101 [unguarded-update] message`, for each finding."""
    console = console_for(stream)
    for finding in report.findings:
        console.print(headline(finding, console), soft_wrap=True)
    console.print(summary(report), soft_wrap=True)
    if outlook(report):
        console.print(outlook(report), soft_wrap=True)
