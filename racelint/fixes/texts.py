"""The text of a file, with its encoding and its lines kept: places in it, and edits of it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from racelint.facts import Span
from racelint.remedies import Edit
from racelint.rewriting import decoded

NEWLINE: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a file; `starts` are the offsets at which its lines begin."""

    content: str
    encoding: str
    starts: Sequence[int] = field(repr=False)

    @classmethod
    def decoded(cls, source: bytes) -> Text:
        """The text that these bytes are; a `NotWrittenError` if it would not become the same bytes again."""
        encoding, content = decoded(source)
        return cls.of(content, encoding)

    @classmethod
    def of(cls, content: str, encoding: str) -> Text:
        """A text with this content."""
        return cls(content, encoding, (0, *(match.end() for match in NEWLINE.finditer(content))))

    def encoded(self) -> bytes:
        """The bytes of the file."""
        return self.content.encode(self.encoding)

    def start(self, span: Span) -> int:
        """The offset at which a span begins."""
        return self._offset(span.line, span.column)

    def end(self, span: Span) -> int:
        """The offset at which a span ends."""
        return self._offset(span.end_line, span.end_column)

    def _offset(self, line: int, column: int) -> int:
        """The offset of a position; the end of the text for one behind an end of the last line that is not there."""
        return self.starts[line - 1] + column - 1 if line <= len(self.starts) else len(self.content)

    def span(self, start: int, end: int) -> Span:
        """The span from one offset to another."""
        first, last = bisect_right(self.starts, start), bisect_right(self.starts, end)
        return Span(first, start - self.starts[first - 1] + 1, last, end - self.starts[last - 1] + 1)

    def moved(self, offset: int, edits: Iterable[Edit]) -> int:
        """Where what is at an offset is after edits; for what they replace, the end of what is written instead."""
        shift = 0
        for edit in edits:
            start, end = self.start(edit.span), self.end(edit.span)
            if end <= offset:
                shift += len(edit.text) - (end - start)
            elif start < offset:
                shift += start + len(edit.text) - offset
        return offset + shift

    def line(self, number: int) -> str:
        """A line by its number, with its end."""
        following = self.starts[number] if number < len(self.starts) else len(self.content)
        return self.content[self.starts[number - 1] : following]

    def newline(self, number: int) -> str:
        """How a line ends; how others do, where it is the last one and has no end."""
        found = NEWLINE.search(self.line(number)) or NEWLINE.search(self.content)
        return found[0] if found else "\n"

    def insertion(self, offset: int, text: str) -> Edit:
        """The edit that inserts something."""
        return Edit(self.span(offset, offset), text)

    def removal(self, start: int, end: int) -> Edit:
        """The edit that removes what is between two offsets."""
        return Edit(self.span(start, end), "")

    def edited(self, edits: Iterable[Edit]) -> Text:
        """The text after edits that do not overlap; of several insertions at one place the first comes first."""
        parts: list[str] = []
        done = 0
        for edit in sorted(edits, key=lambda edit: (self.start(edit.span), self.end(edit.span))):
            start = self.start(edit.span)
            if start < done:
                raise ValueError("edits overlap")
            parts += [self.content[done:start], edit.text]
            done = self.end(edit.span)
        return Text.of("".join((*parts, self.content[done:])), self.encoding)
