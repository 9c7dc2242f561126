"""The report for people: each finding with its source and the other places that belong to it, then a count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from rich.console import Console
from rich.text import Text

from racelint.facts import Span
from racelint.findings import FILE_START, FREE_THREADED_ONLY, Finding, Report
from racelint.lines import Lines, lines_of
from racelint.report.console import code_text, console_for
from racelint.report.counts import counts, summary
from racelint.report.escaping import printable
from racelint.report.frame import MARGIN_STYLE, frame

PLAIN_WIDTH = 120
"""How wide code is shown where there is no terminal."""


def show(report: Report, stream: TextIO) -> None:
    """All findings, then how many."""
    console, lines = console_for(stream), lines_of(report)
    for finding in report.findings:
        for row in _finding(finding, lines, console):
            console.print(row, soft_wrap=True)
    console.print(summary(report), soft_wrap=True)


def show_statistics(report: Report, stream: TextIO) -> None:
    """How many findings each rule has, the most first."""
    console = console_for(stream)
    for code, name, count in counts(report):
        console.print(Text.assemble(f"{count:>5}  ", code_text(console, code), f"  {name}"), soft_wrap=True)
    console.print(summary(report), soft_wrap=True)


def headline(finding: Finding, console: Console) -> Text:
    """Where, which rule and what, on one line."""
    return Text.assemble(
        position(finding.path, finding.span),
        ": ",
        code_text(console, finding.code),
        f" [{finding.name}] {printable(finding.message)}",
    )


def position(path: str, span: Span) -> Text:
    """A place as terminals and editors know it: `path:line:column`."""
    return Text.assemble((printable(path), "bold"), f":{span.line}:{span.column}")


def _finding(finding: Finding, lines: Lines, console: Console) -> Iterator[Text]:
    width = console.width if console.is_terminal else PLAIN_WIDTH
    margin = len(str(max([finding.span.line + 1, *(related.span.line for related in finding.related)])))
    yield headline(finding, console)
    if finding.span != FILE_START:
        yield from frame(lines(finding.path), finding.span, context=1, width=width, margin=margin)
    for related in finding.related:
        message = f": {printable(related.message)}"
        yield _note(Text.assemble(position(related.path, related.span), message), margin)
        yield from frame(lines(related.path), related.span, context=0, width=width, margin=margin)
    if finding.live_on == FREE_THREADED_ONLY:
        yield _note(Text("it strikes on free-threaded builds and on CPython up to 3.10 only"), margin)
    yield Text()


def _note(message: Text, margin: int) -> Text:
    return Text.assemble((f"{'':>{margin}} = ", MARGIN_STYLE), ("note", "bold"), ": ", message)
