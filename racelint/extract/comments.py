"""Comments that speak to a checker, or say why a lock is left out, with the logical line that each is about.

They are found in the text, without a walk of the tree. Whatever comes here has been parsed, so that every string ends
and brackets match; `tokenize` is no help, as it only knows the syntax of the running interpreter.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from typing import Final

from racelint.extract.source import NEWLINE
from racelint.facts import REMARK, Comment, Span

SPEAKS: Final = re.compile(
    r"noqa|racelint|\#[ \t]*(?:(?:g[a-z]*[-_]?by|r[a-z]*[-_]on|o[a-z]*[-_]by|confined)\b|req[a-z]*[ \t]*:)|"
    + REMARK.pattern,
    re.IGNORECASE,
)
"""What a comment contains that matters: a suppression, a word like those that claims begin with, or a remark."""

_HASH: Final = re.compile(r"#[^\r\n]*")
_BLANK: Final = re.compile(r"[ \t\f\r\n]*(?:\\[\r\n][ \t\f\r\n]*)*(?P<comment>#[^\r\n]*)?")
_FLAGS: Final = re.VERBOSE | re.DOTALL

# Each pattern below matches up to the next thing that matters where it is used. None repeats a group: that would take
# memory for each repetition, and there are files that embed megabytes of data in one string.
_NEXT: Final = r"""
      (?P<comment> \#[^\r\n]* ) | (?P<newline> [\r\n] ) | (?P<open> [(\[{] ) | (?P<close> [)\]}] )
    | (?<=\b[fFtT]) (?P<formatted> "{3} | '{3} | ["'] )
    | (?: (?<=\b[fFtT][rR]) | (?<=\b[rR][fFtT]) ) (?P<raw> "{3} | '{3} | ["'] )
    | "[^"\\]+" | '[^'\\]+' | ""(?!") | ''(?!') | (?P<plain> "{3} | '{3} | ["'] ) | \\ (?: \r\n | [\r\n] )
"""
_CODE: Final = re.compile(rf"""[^\#"'()\[\]{{}}\\\r\n]* (?: {_NEXT} )""", _FLAGS)
_FIELD: Final = re.compile(rf"""[^\#"'()\[\]{{}}\\\r\n:]* (?: (?P<format> : ) | {_NEXT} )""", _FLAGS)
_FORMAT: Final = re.compile(r"[^{}]* (?: (?P<field> \{ ) | (?P<close> \} ) )", _FLAGS)
_STRINGS: Final = {
    (kind, quote): re.compile(rf"[^\\{quote[0]}{brace}]* (?: {inside} | (?P<close> {quote} ) | {quote[0]} )", _FLAGS)
    for kind, brace, inside in (
        ("plain", "", r"\\."),
        ("formatted", "{", r"\\ (?: N\{ | [^{] )? | \{\{ | (?P<field> \{ )"),
        ("raw", "{", r"\\ [^{]? | \{\{ | (?P<field> \{ )"),
    )
    for quote in ('"', "'", '"""', "'''")
}


def find_comments(text: str) -> tuple[Comment, ...]:
    """The comments of a file's text that speak to a checker or are remarks, in order."""
    # As in every other place of the facts, a byte order mark takes no column, not even a second one.
    text = text.removeprefix("\ufeff")
    candidates = [each.end() for each in _HASH.finditer(text) if SPEAKS.search(each[0])]
    if not candidates:
        return ()
    found: list[Comment] = []
    starts = [0, *[each.end() for each in NEWLINE.finditer(text)]]
    for places, start, end in _logical_lines(text):
        lines = (bisect(starts, start), bisect(starts, end)) if start < end else (0, 0)
        found += [_comment(text, starts, *place, lines) for place in places if SPEAKS.search(text, *place)]
        if end >= candidates[-1]:
            break
    return tuple(found)


def _comment(text: str, starts: list[int], start: int, end: int, lines: tuple[int, int]) -> Comment:
    line = bisect(starts, start)
    column = start - starts[line - 1]
    alone = not text[start - column : start].strip(" \t\f")
    return Comment(Span(line, column + 1, line, column + 1 + end - start), text[start:end], alone, *lines)


def _logical_lines(text: str) -> Iterator[tuple[list[tuple[int, int]], int, int]]:
    """Where each logical line begins and ends, with the places of the comments in it and before it.

    After the last one comes an empty one, with the comments at the end of the file.
    """
    end = 0
    while end < len(text):
        places: list[tuple[int, int]] = []
        start = end
        for blank in _BLANK.finditer(text, end):
            start = blank.end()
            if blank["comment"] is None:
                break
            places.append(blank.span("comment"))
        end = _end(text, start, places)
        yield places, start, end


def _end(text: str, position: int, places: list[tuple[int, int]]) -> int:
    """The end of the logical line that begins at this position; the places of its comments are added."""
    around: list[re.Pattern[str]] = []
    pattern = _CODE
    while (token := pattern.match(text, position)) is not None:
        position = token.end()
        kind = token.lastgroup
        if kind == "newline":
            if not around:
                return position - 1
        elif kind == "comment":
            places.append(token.span("comment"))
        elif kind == "close":
            pattern = around.pop()
        elif kind == "format":
            pattern = _FORMAT
        elif kind is not None:
            around.append(pattern)
            pattern = _CODE if kind == "open" else _FIELD if kind == "field" else _STRINGS[kind, token[kind]]
    return len(text)
