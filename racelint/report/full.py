"""The report for people: each finding with its source, who meets whom there and how it goes wrong, then a count."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TextIO

from rich.console import Console
from rich.text import Text

from racelint.facts import Span
from racelint.findings import FILE_START, FREE_THREADED_ONLY, Finding, Related, Report
from racelint.lines import Lines, lines_of
from racelint.report.console import code_text, console_for, write
from racelint.report.counts import counts, flags, outlook, summary
from racelint.report.documentation import page
from racelint.report.escaping import printable
from racelint.report.frame import MARGIN_STYLE, frame
from racelint.report.meeting import Meeting
from racelint.report.sides import asides, evidence

PLAIN_WIDTH = 120
"""How wide code is shown where there is no terminal."""


def show(report: Report, stream: TextIO) -> None:
    """All findings, then how many. What belongs to one piece of state in one function is one block."""
    console, lines = console_for(stream), lines_of(report)
    for _, block in groupby(
        report.findings, lambda finding: (finding.path, finding.function, finding.symbol or finding)
    ):
        told: set[Related] = set()
        for finding in block:
            for row in _finding(finding, lines, console, told):
                write(console, row)
    write(console, Text(summary(report)))
    if outlook(report):
        write(console, Text(outlook(report)))


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


def _finding(finding: Finding, lines: Lines, console: Console, told: set[Related]) -> Iterator[Text]:
    """The rows of a finding. What was `told` of the same state already is not told again."""
    width = console.width if console.is_terminal else PLAIN_WIDTH
    margin = len(str(max([finding.span.line + 1, *(related.span.line for related in finding.related)])))
    yield headline(finding, console)
    if finding.live_on == FREE_THREADED_ONLY:
        yield _note(Text("only on free-threaded builds, and on CPython up to 3.10"), margin, "live")
    if finding.sides:
        yield from Meeting(finding, lines, width, margin).rows()
    elif finding.span != FILE_START:
        yield from frame(lines(finding.path), finding.span, context=1, width=width, margin=margin)
    for related in asides(finding):
        if related in told:
            continue
        yield _note(Text.assemble(position(related.path, related.span), f": {printable(related.message)}"), margin)
        if not finding.sides:
            yield from frame(lines(related.path), related.span, context=0, width=width, margin=margin)
    told.update(finding.related)
    if evidence(finding):
        yield _note(Text(printable(evidence(finding))), margin, "evidence")
    if finding.remedy is not None:
        yield _note(Text(f"{flags(finding.remedy)} may write it"), margin, "fix")
    if not console.is_terminal:
        yield _note(Text(page(finding.code)), margin, "help")
    yield Text()


def _note(message: Text, margin: int, label: str = "note") -> Text:
    return Text.assemble((f"{'':>{margin}} = ", MARGIN_STYLE), (label, "bold"), ": ", message)
