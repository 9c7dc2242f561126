"""Source as the page shows it: numbered lines, what is meant in them apart from what is around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from racelint.facts import Span
from racelint.report.frame import CUT, visible

WIDTH = 400
"""Of a longer line only so many characters are shown, with what is meant among them."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of source, in three parts: what is meant is the middle one."""

    number: int
    before: str
    meant: str = ""
    after: str = ""


def rows(lines: Sequence[str], span: Span, context: int = 0) -> Iterator[Row]:
    """The line where the span starts, with `context` lines around it; nothing where the source has no such line."""
    if not 1 <= span.line <= len(lines):
        return
    for number in range(max(1, span.line - context), min(len(lines), span.line + context) + 1):
        yield _meant(lines, span) if number == span.line else Row(number, line_of(lines, number))


def line_of(lines: Sequence[str], number: int) -> str:
    """A line of source, cut where it is too long; "" where there is none."""
    text = lines[number - 1].rstrip() if 1 <= number <= len(lines) else ""
    return visible(text[:WIDTH]) + (CUT if len(text) > WIDTH else "")


def _meant(lines: Sequence[str], span: Span) -> Row:
    """The first line of a span, in parts."""
    text = lines[span.line - 1].rstrip()
    start = min(span.column - 1, len(text))
    end = max(start, min(span.end_column - 1, len(text)) if span.end_line == span.line else len(text))
    first = max(0, start - WIDTH // 2) if len(text) > WIDTH else 0
    last = first + WIDTH
    return Row(
        span.line,
        (CUT if first else "") + visible(text[first:start]),
        visible(text[start : min(end, last)]),
        visible(text[min(end, last) : last]) + (CUT if len(text) > last else ""),
    )
