"""Places that `ast` does not tell, worked out from the code that stands before them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import libcst as cst

from racelint.extract.source import NEWLINE

Stack = list[tuple[Any, Any]]
_RENDERER: Final = cst.Module([])


class Mismatch(Exception):
    """The two trees of a file do not say the same."""


class Twin(NamedTuple):
    """A place in the terms of `ast`: lines from 1, columns from 0 and in bytes of UTF-8."""

    lineno: int
    col_offset: int
    end_lineno: int
    end_col_offset: int


def code(piece: cst.CSTNode | str | Any) -> str:
    """The source text of a node (or of what stands for one); whitespace mostly is a plain string."""
    if isinstance(piece, str):
        return piece
    if isinstance(piece, cst.SimpleWhitespace):
        return piece.value
    return _RENDERER.code_for_node(piece) if isinstance(piece, cst.CSTNode) else ""


def moved(line: int, column: int, text: str) -> tuple[int, int]:
    """The line and column after `text` that begins at these."""
    if "\n" not in text and "\r" not in text:
        return line, column + len(text.encode())
    lines = NEWLINE.split(text)
    return line + len(lines) - 1, len(lines[-1].encode())


def after_code(start: Any, pieces: Iterable[Any], name: str) -> Twin:
    """The place of `name`, which comes right after these pieces of code that begin where `start` does."""
    line, column = moved(start.lineno, start.col_offset, "".join([code(piece) for piece in pieces]))
    return Twin(line, column, line, column + len(name.encode()))


def after_parentheses(node: Any, twin: Any) -> Twin:
    """The place right behind an expression and the parentheses around it, which for `ast` are no part of it."""
    # Only those of a tuple or generator are.
    closing = node.rpar[1:] if isinstance(node, (cst.Tuple, cst.GeneratorExp)) else node.rpar
    line, column = moved(twin.end_lineno, twin.end_col_offset, "".join([code(piece) for piece in closing]))
    return Twin(line, column, line, column)
