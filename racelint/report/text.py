"""The report for people: each finding with its code and the other places that belong to it, then a count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from rich.console import Console
from rich.text import Text

from racelint.facts import Span
from racelint.findings import FILE_START, FREE_THREADED_ONLY, Finding, Report
from racelint.report.frame import MARGIN_STYLE, frame, source_lines

PLAIN_WIDTH = 120
"""How wide code is shown where there is no terminal."""

Lines = Callable[[str], Sequence[str]]


def print_report(report: Report, console: Console) -> None:
    """All findings, then how many."""

    @cache
    def lines(path: str) -> Sequence[str]:
        return source_lines(report.files[path]) if path in report.files else ()

    width = console.width if console.is_terminal else PLAIN_WIDTH
    for finding in report.findings:
        for row in _finding(finding, lines, width):
            console.print(row, soft_wrap=True)
    console.print(_summary(report), soft_wrap=True)


def print_statistics(report: Report, console: Console) -> None:
    """How many findings each rule has, the most first."""
    counts = Counter((finding.code, finding.name) for finding in report.findings)
    for (code, name), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        console.print(Text.assemble(f"{count:>5}  ", (code, "bold red"), f"  {name}"), soft_wrap=True)
    console.print(_summary(report), soft_wrap=True)


def _finding(finding: Finding, lines: Lines, width: int) -> Iterator[Text]:
    margin = len(str(max([finding.span.line + 1, *(related.span.line for related in finding.related)])))
    yield Text.assemble(
        _position(finding.path, finding.span), ": ", (finding.code, "bold red"), f" [{finding.name}] {finding.message}"
    )
    if finding.span != FILE_START:
        yield from frame(lines(finding.path), finding.span, context=1, width=width, margin=margin)
    for related in finding.related:
        yield _note(Text.assemble(_position(related.path, related.span), f": {related.message}"), margin)
        yield from frame(lines(related.path), related.span, context=0, width=width, margin=margin)
    if finding.live_on == FREE_THREADED_ONLY:
        yield _note(Text("it strikes on free-threaded builds and on CPython up to 3.9 only"), margin)
    yield Text()


def _position(path: str, span: Span) -> Text:
    return Text.assemble((path, "bold"), f":{span.line}:{span.column}")


def _note(message: Text, margin: int) -> Text:
    return Text.assemble((f"{'':>{margin}} = ", MARGIN_STYLE), ("note", "bold"), ": ", message)


def _summary(report: Report) -> Text:
    findings = _counted(len(report.findings), "finding") if report.findings else "No findings"
    return Text(f"{findings} in {_counted(len(report.files), 'file')}.")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
