"""Source as the page shows it: numbered lines, what is meant in them apart from what is around it."""

from __future__ import annotations

from collections.abc import Sequence
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


def rows(lines: Sequence[str], span: Span, context: int = 0) -> list[Row]:
    """The line where the span starts, with `context` lines around it; nothing where the source has no such line.

    What all of them are indented by is left out, for narrow screens.
    """
    if not 1 <= span.line <= len(lines):
        return []
    numbers = range(max(1, span.line - context), min(len(lines), span.line + context) + 1)
    texts = {number: lines[number - 1].rstrip() for number in numbers}
    indent = min((len(text) - len(text.lstrip()) for text in texts.values() if text), default=0)
    return [
        _meant(text, span, indent) if number == span.line else Row(number, _cut(text[indent:]))
        for number, text in texts.items()
    ]


def line_of(lines: Sequence[str], number: int) -> str:
    """A line of source without its indent, cut where it is too long; "" where there is none."""
    return _cut(lines[number - 1].strip()) if 1 <= number <= len(lines) else ""


def _cut(text: str) -> str:
    return visible(text[:WIDTH]) + (CUT if len(text) > WIDTH else "")


def _meant(text: str, span: Span, indent: int) -> Row:
    """The first line of a span, in parts."""
    start = min(max(span.column - 1, indent), len(text))
    end = max(start, min(span.end_column - 1, len(text)) if span.end_line == span.line else len(text))
    first = max(indent, start - WIDTH // 2) if len(text) > WIDTH else indent
    last = first + WIDTH
    return Row(
        span.line,
        (CUT if first > indent else "") + visible(text[first:start]),
        visible(text[start : min(end, last)]),
        visible(text[min(end, last) : last]) + (CUT if len(text) > last else ""),
    )
