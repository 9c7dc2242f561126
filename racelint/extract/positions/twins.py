"""Pairs of nodes still to be visited, and places that `ast` does not tell, worked out from the text around them."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Any, Final, NamedTuple

from racelint.extract.source import NEWLINE

_GAP: Final = r"(?:[ \t\f\r\n]|\\(?:\r\n|\r|\n)|\#[^\r\n]*)*"
GAP: Final = re.compile(_GAP)
"""What may stand between two tokens: whitespace, line continuations, comments."""
DEFINITION: Final = re.compile(rf"(?:async{_GAP})?(?:def|class){_GAP}")
ALIAS: Final = re.compile(rf"(?:{_GAP}\))*{_GAP}as{_GAP}")
REST: Final = re.compile(rf"(?:{_GAP}[),])*{_GAP}\*\*{_GAP}")
_CLOSING: Final = re.compile(rf"{_GAP}\)")


class Mismatch(Exception):
    """The two trees of a file do not say the same."""


class Twin(NamedTuple):
    """A place in the terms of `ast`: lines from 1, columns from 0 and in bytes of UTF-8."""

    lineno: int
    col_offset: int
    end_lineno: int
    end_col_offset: int


class Pairs(list[tuple[Any, Any]]):
    """The pairs of nodes that are still to be visited, with the text that they come from."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self._starts: list[int] = []
        self._ascii = text.isascii()

    def offset(self, line: int, column: int) -> int:
        """The offset in the text of a place that `ast` tells."""
        starts = self._line_starts()
        start = starts[line - 1]
        if self._ascii:
            return start + column
        end = starts[line] if line < len(starts) else len(self.text)
        return start + len(decoded(encoded(self.text[start:end])[:column]))

    def twin(self, start: int, end: int) -> Twin:
        """The place of a part of the text."""
        return Twin(*self._place(start), *self._place(end))

    def name_after(self, line: int, column: int, before: re.Pattern[str], name: str) -> Twin:
        """The place of a name that comes after this place and after what `before` matches."""
        match = before.match(self.text, self.offset(line, column))
        if match is None or not self.text.startswith(name, match.end()):
            raise Mismatch
        return self.twin(match.end(), match.end() + len(name))

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
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        start = starts[line - 1]
        return line, offset - start if self._ascii else len(encoded(self.text[start:offset]))

    def _line_starts(self) -> list[int]:
        if not self._starts:
            self._starts = [0, *[match.end() for match in NEWLINE.finditer(self.text)]]
        return self._starts


def encoded(text: str) -> bytes:
    """A text in the bytes by which `ast` counts columns."""
    return text.encode("utf-8", "surrogatepass")


def decoded(content: bytes) -> str:
    """The text of such bytes."""
    return content.decode("utf-8", "surrogatepass")
