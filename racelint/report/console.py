"""The terminal: whether it takes colours and links, and how the code of a rule is written on it."""

from __future__ import annotations

import os
from typing import TextIO

from rich.console import Console
from rich.style import Style
from rich.text import Text

from racelint.report.documentation import page

CODE_STYLE = "bold red"
NARROWEST = 20
"""How many cells are left for text, at least, beside the indentation of what goes on in the next line."""


def console_for(stream: TextIO) -> Console:
    """A console on the stream; where it is no terminal or `NO_COLOR` is set, text comes out with no escapes at all."""
    plain = bool(os.environ.get("NO_COLOR"))
    return Console(file=stream, highlight=False, markup=False, emoji=False, color_system=None if plain else "auto")


def code_text(console: Console, code: str) -> Text:
    """The code of a rule; on a terminal a link to its page."""
    linked = console.file.isatty() and os.environ.get("TERM") != "linux"
    return Text(code, style=Style.parse(CODE_STYLE) + Style(link=page(code) if linked else None))


def write(console: Console, row: Text) -> None:
    """Print a line. What is too long for a terminal goes on below it after a whole word, indented a little more."""
    indent = len(row.plain) - len(row.plain.lstrip()) + 2
    if not console.is_terminal or row.cell_len <= console.width or console.width < indent + NARROWEST:
        console.print(row, soft_wrap=True)
        return
    first = row.wrap(console, console.width)[0]
    rest = row[len(first) :]
    rest = rest[len(rest) - len(rest.plain.lstrip()) :]
    for start, line in (("", first), *((" " * indent, each) for each in rest.wrap(console, console.width - indent))):
        line.rstrip()
        console.print(Text(start) + line, soft_wrap=True)
