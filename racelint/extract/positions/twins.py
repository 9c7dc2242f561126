"""Pairs of nodes still to be visited, and places that `ast` does not tell, worked out from the text around them."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import Any, Final, NamedTuple

from racelint.extract.source import NEWLINE

_GAP: Final = r"(?:[ \t\f\r\n]|\\(?:\r\n|\r|\n)|\#[^\r\n]*+)*+"
GAP: Final = re.compile(_GAP)
"""What may stand between two tokens: whitespace, line continuations, comments."""
DEFINITION: Final = re.compile(rf"(?:async{_GAP})?(?:def|class){_GAP}")
ALIAS: Final = re.compile(rf"(?:{_GAP}\))*{_GAP}as{_GAP}")
REST: Final = re.compile(rf"(?:{_GAP}[),])*{_GAP}\*\*{_GAP}")
LONG: Final = 1000
"""Lines of more bytes than this are counted once for all of their columns."""
_CLOSING: Final = re.compile(rf"{_GAP}\)")


class Mismatch(Exception):
    """The two trees of a file do not say the same."""


class Twin(NamedTuple):
    """A place in the terms of `ast`: lines from 1, columns from 0 and in bytes of UTF-8."""

    lineno: int
    col_offset: int
    end_lineno: int
    end_col_offset: int


class Columns:
    """The columns of a text in characters, and in bytes of UTF-8, which is how `ast` counts them."""

    def __init__(self, text: str) -> None:
        self.starts = [0, *[match.end() for match in NEWLINE.finditer(text)]]
        self._text = text
        self._ascii = text.isascii()
        self._tables: dict[int, array[int] | bytes | None] = {}

    def characters(self, line: int, column: int) -> int:
        """So many characters stand in a line before this byte."""
        table = None if self._ascii else self._table(line)
        if table is None:
            return column
        return len(decoded(table[:column])) if isinstance(table, bytes) else table[column]

    def in_bytes(self, line: int, column: int) -> int:
        """So many bytes stand in a line before this character."""
        table = None if self._ascii else self._table(line)
        if table is None:
            return column
        return len(encoded(decoded(table)[:column])) if isinstance(table, bytes) else bisect_left(table, column)

    def _table(self, line: int) -> array[int] | bytes | None:
        """A line as bytes; the number of characters before each of them if it is long; None if it is ASCII."""
        try:
            return self._tables[line]
        except KeyError:
            content = self._text[self.starts[line - 1] : self.starts[line] if line < len(self.starts) else None]
            table: array[int] | bytes | None = None if content.isascii() else encoded(content)
            if table is not None and len(table) > LONG:
                table = array("L", accumulate((byte & 0xC0 != 0x80 for byte in table), initial=0))
            self._tables[line] = table
            return table


class Pairs(list[tuple[Any, Any]]):
    """The pairs of nodes that are still to be visited, with the text that they come from."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.columns = Columns(text)

    def offset(self, line: int, column: int) -> int:
        """The offset in the text of a place that `ast` tells."""
        return self.columns.starts[line - 1] + self.columns.characters(line, column)

    def twin(self, start: int, end: int) -> Twin:
        """The place of a part of the text."""
        return Twin(*self._place(start), *self._place(end))

    def name_after(self, line: int, column: int, before: re.Pattern[str], name: str) -> Twin:
        """The place of a name that comes after this place and after what `before` matches."""
        match = before.match(self.text, self.offset(line, column))
        if match is None or not self.text.startswith(name, match.end()):
            raise Mismatch
        return self.twin(match.end(), match.end() + len(name))

    def behind_all(self, twin: Any) -> tuple[int, int]:
        """The line and column behind a node and all closing parentheses after it."""
        offset = self.offset(twin.end_lineno, twin.end_col_offset)
        while (match := _CLOSING.match(self.text, offset)) is not None:
            offset = match.end()
        return self._place(offset)

    def behind(self, twin: Any, parentheses: int) -> tuple[int, int]:
        """The line and column behind a node and so many closing parentheses after it."""
        if not parentheses:
            return twin.end_lineno, twin.end_col_offset
        offset = self.offset(twin.end_lineno, twin.end_col_offset)
        for _ in range(parentheses):
            match = _CLOSING.match(self.text, offset)
            if match is None:
                raise Mismatch
            offset = match.end()
        return self._place(offset)

    def _place(self, offset: int) -> tuple[int, int]:
        starts = self.columns.starts
        line = bisect_right(starts, offset)
        return line, self.columns.in_bytes(line, offset - starts[line - 1])


def encoded(text: str) -> bytes:
    """A text in the bytes by which `ast` counts columns."""
    return text.encode("utf-8", "surrogatepass")


def decoded(content: bytes) -> str:
    """The text of such bytes."""
    return content.decode("utf-8", "surrogatepass")
