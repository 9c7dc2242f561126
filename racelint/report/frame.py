"""Code frames: lines of source with the place that is meant marked under them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from racelint.facts import Span

TAB = "    "
MARGIN_STYLE = "blue"
MARK_STYLE = "bold red"
CUT = "…"


def frame(lines: Sequence[str], span: Span, *, context: int, width: int, margin: int) -> list[Text]:
    """The line where the span starts, marked, with `context` lines around it; no line is wider than `width`.

    `margin` is the room for line numbers. A span of several lines is marked to the end of its first one.
    """
    if not 1 <= span.line <= len(lines):
        return []
    room = max(20, width - margin - 3)
    source = lines[span.line - 1]
    start = min(span.column - 1, len(source))
    end = span.end_column - 1 if span.end_line == span.line else len(source.rstrip())
    offset = 0 if cell_len(visible(source)) <= room else max(0, start - room // 3)
    indent = cell_len(_from(source[:start], offset))
    length = max(1, min(cell_len(visible(source[start:end])), room - indent))
    mark = _row("", margin, Text(" " * indent + "^" * length, style=MARK_STYLE))
    rows = []
    for number in range(max(1, span.line - context), min(len(lines), span.line + context) + 1):
        shown = _cut(_from(lines[number - 1], offset), room).rstrip()
        rows += [_row(str(number), margin, Text(shown, style="" if number == span.line else "dim"))]
        rows += [mark] if number == span.line else []
    return rows


def _row(number: str, margin: int, content: Text) -> Text:
    row = Text.assemble((f"{number:>{margin}} | ", MARGIN_STYLE), content, no_wrap=True)
    row.rstrip()
    return row


def _from(line: str, offset: int) -> str:
    """What is seen of a line whose first `offset` characters are left out."""
    return CUT + visible(line[offset:]) if offset else visible(line)


def _cut(visible: str, room: int) -> str:
    return visible if cell_len(visible) <= room else set_cell_size(visible, room - 1) + CUT


def visible(text: str) -> str:
    """The text as a terminal shows it in place: tabs of one width, nothing that moves the cursor."""
    return "".join(char if char.isprintable() else TAB if char == "\t" else "·" for char in text)
