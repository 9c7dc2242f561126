"""The names under which the command line still asks for the report for people."""

from __future__ import annotations

from rich.console import Console

from racelint.findings import Report
from racelint.report import full


def print_report(report: Report, console: Console) -> None:
    """All findings, then how many."""
    full.show(report, console.file)  # type: ignore[arg-type]


def print_statistics(report: Report, console: Console) -> None:
    """How many findings each rule has, the most first."""
    full.show_statistics(report, console.file)  # type: ignore[arg-type]
