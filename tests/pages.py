"""The pages of the documentation as what can be read and run: their sections, blocks of code, and commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent

_HEADING = re.compile(r"^## ", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code and its language."""

    language: str
    text: str

    @property
    def commands(self) -> Iterator[tuple[str, str]]:
        """The command lines of a session on a console, each with the output that is shown for it."""
        return ((shown[1], shown[2]) for shown in _COMMAND.finditer(self.text))


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a page: its blocks of code, and the code that stands in its sentences."""

    title: str
    blocks: tuple[Block, ...]
    spans: tuple[str, ...]


def sections(page: Path) -> list[Section]:
    """The sections of a page, without what stands before the first of them."""
    _, *texts = _HEADING.split(page.read_text(encoding="utf-8"))
    return [_section(text) for text in texts]


def _section(text: str) -> Section:
    blocks = tuple(Block(found[1], found[2]) for found in _BLOCK.finditer(text))
    return Section(text.partition("\n")[0], blocks, tuple(_SPAN.findall(_BLOCK.sub("", text))))
