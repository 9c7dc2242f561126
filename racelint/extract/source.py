"""Reading one file: from bytes to text and the two syntax trees of it, or a `SourceError` that says where it stops."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import libcst as cst

DEFAULT_RECURSION_LIMIT: Final = 1000
MAXIMUM_BRACKETS: Final = 200
MAXIMUM_OPERATORS: Final = 2000
NEWLINE: Final = re.compile(r"\r\n|\r|\n")
TOO_DEEP: Final = "nested too deeply to be read"
_PLACE: Final = re.compile(r"error at (\d+):(\d+)")
_TOKENS: Final = re.compile(
    r"""(?P<skip> \#[^\r\n]* | \\(?:\r\n|.|\n) | \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3}
                 | "(?:\\.|[^"\\\r\n])*" | '(?:\\.|[^'\\\r\n])*')
      | (?P<open> [(\[{]) | (?P<close> [)\]}]) | (?P<newline> \r\n|\r|\n)
      | (?P<comma> ,) | (?P<lambda> \blambda\b) | (?P<operator> \b(?:not|else|await|and|or)\b | [-+*/%~@.<>|&^]+)""",
    re.VERBOSE | re.DOTALL,
)


class SourceError(Exception):
    """A file that cannot be read: why, and the line and column (both from 1) where reading stopped."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message, line, column)
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.message}"


class UnsupportedError(SourceError):
    """The same of a file that may be valid Python all the same."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file's text with its LibCST tree and, where the running interpreter can parse it, its `ast` tree."""

    text: str
    module: cst.Module
    tree: ast.Module | None
    twins: Mapping[int, Any] | None = None
    """Where the nodes stand, by their `id`, if that is known already."""


def read(source: bytes) -> Source:
    """Decode and parse a file; the `ast` tree only serves positions, so that it may be missing."""
    text, tree, refusal = understood(source)
    return Source(text, parsed(text, refusal), tree)


def understood(source: bytes) -> tuple[str, ast.Module | None, SyntaxError | None]:
    """The text of a file, and its `ast` tree or what the running interpreter has against it."""
    text = _decode(source)
    refusal: SyntaxError | None = None
    if sys.getrecursionlimit() > DEFAULT_RECURSION_LIMIT:
        # The deeper Python may recurse, the deeper is what `ast` lets pass.
        _check_depth(text)
    tree: ast.Module | None = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (RecursionError, MemoryError):
        raise UnsupportedError(TOO_DEEP, 1, 1) from None
    except SyntaxError as error:
        refusal = error
        _check_depth(text)
    except ValueError:
        # What `ast` refuses without a place (a lone surrogate, a giant number) is for LibCST to judge.
        pass
    return text, tree, refusal


def _decode(source: bytes) -> str:
    position = source.find(b"\0")
    if position >= 0:
        raise SourceError("the file contains a NUL byte", *_place(source[:position].decode("latin-1")))
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        return source.decode(encoding)
    except SyntaxError as error:
        raise SourceError(error.msg, 1, 1) from None
    except UnicodeDecodeError as error:
        before = source[: error.start].decode(error.encoding, "replace")
        raise SourceError(f"not valid {error.encoding}: {error.reason}", *_place(before)) from None
    except (LookupError, ValueError) as error:
        raise SourceError(f"cannot be decoded: {error}", 1, 1) from None


def _place(before: str) -> tuple[int, int]:
    """The line and column right after the text `before`."""
    lines = NEWLINE.split(before)
    return len(lines), len(lines[-1]) + 1


def _check_depth(text: str) -> None:
    """Refuse what could exhaust the C stack of LibCST's parser, where `ast` has not vouched for the depth."""
    depth = operators = lambdas = 0
    for token in _TOKENS.finditer(text):
        kind = token.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(depth - 1, 0)
        elif kind == "operator":
            operators += 1
        elif kind == "lambda":
            lambdas += 1
        elif kind == "comma":
            operators = 0
        elif kind == "newline" and not depth:
            operators = lambdas = 0
        if depth > MAXIMUM_BRACKETS or operators + lambdas > MAXIMUM_OPERATORS:
            raise UnsupportedError(TOO_DEEP, *_place(text[: token.start()]))


def parsed(text: str, refusal: SyntaxError | None) -> cst.Module:
    """The LibCST tree of a text; what `ast` has against it is what is told if LibCST does not like it either."""
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        if refusal is not None:
            raise SourceError(refusal.msg, refusal.lineno or 1, max(refusal.offset or 1, 1)) from None
        place = _PLACE.search(error.message)
        line, column = map(int, place.groups()) if place else (error.raw_line, error.raw_column + 1)
        raise UnsupportedError("LibCST cannot parse this", line, column) from None
    except (RecursionError, MemoryError):
        raise UnsupportedError(TOO_DEEP, 1, 1) from None
    except Exception as error:
        raise UnsupportedError(f"cannot be parsed: {error}", 1, 1) from None
