"""What is shown: one entry for a thing at a place in the source, with what there is to say about it."""

from __future__ import annotations

from dataclasses import dataclass

from racelint.facts import Span
from racelint.program.memory.places import Access


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is said of an entry; `path` and `line` where it is at another place, else "" and 0."""

    text: str
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """What is told of a place in the source. Without one, `path` is "" and `line` 0: it is about the whole program."""

    title: str
    lines: tuple[Line, ...] = ()
    path: str = ""
    line: int = 0


def by_place(entries: list[Entry]) -> list[Entry]:
    """The entries in the order of the text."""
    return sorted(entries, key=lambda entry: (entry.path, entry.line))


def at(text: str, path: str, span: Span) -> Line:
    """Something that is said of a place."""
    return Line(text, path, span.line)


def is_asked(access: Access, paths: frozenset[str]) -> bool:
    """Whether an access is in one of these files."""
    return access.code.path in paths
