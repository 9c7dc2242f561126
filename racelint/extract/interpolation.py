"""Places inside formatted strings, which `ast` tells only from Python 3.12 on."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from typing import Any, Final

import libcst as cst

from racelint.extract.literals import string_pieces
from racelint.extract.twins import Mismatch, Stack, Twin, code, moved

_TOLD: Final = sys.version_info >= (3, 12)


def pair_formatted(node: Any, twin: Any, stack: Stack) -> None:
    """Pair the expressions in a formatted string, or in several strings side by side."""
    pieces = string_pieces(node)
    if not any(hasattr(piece, "parts") for piece in pieces):
        return
    if _TOLD:
        parts = [part for piece in pieces for part in getattr(piece, "parts", ())]
        _pair_values(parts, twin.values, stack)
        return
    if twin.__class__ is not ast.JoinedStr:
        raise Mismatch
    line, column = twin.lineno, twin.col_offset
    rest = node
    for piece in pieces:
        if hasattr(piece, "parts"):
            _pair_parts(piece.parts, *moved(line, column, piece.start), stack)
        text = code(piece)
        if isinstance(rest, cst.ConcatenatedString):
            text += code(rest.whitespace_between)
            rest = rest.right
        line, column = moved(line, column, text)


def _pair_values(parts: Sequence[Any], values: Sequence[Any], stack: Stack) -> None:
    """Where `ast` tells the places."""
    expressions = [part for part in parts if hasattr(part, "expression")]
    interpolated = [value for value in values if hasattr(value, "conversion")]
    for part, value in zip(expressions, interpolated, strict=True):
        stack.append((part.expression, value.value))
        if part.format_spec:
            _pair_values(part.format_spec, value.format_spec.values, stack)


def _pair_parts(parts: Sequence[Any], line: int, column: int, stack: Stack) -> None:
    """Where it does not: the parts begin at this place, and each expression is parsed once more by itself."""
    for part in parts:
        text = code(part)
        if hasattr(part, "expression"):
            before = "{" + code(part.whitespace_before_expression)
            stack.append((part.expression, _parsed(part.expression, *moved(line, column, before))))
            if part.format_spec:
                specification = sum(len(code(inner)) for inner in part.format_spec)
                _pair_parts(part.format_spec, *moved(line, column, text[: len(text) - specification - 1]), stack)
        line, column = moved(line, column, text)


def _parsed(node: cst.BaseExpression, line: int, column: int) -> Any:
    """The `ast` node of an expression that begins at this place."""
    if isinstance(node, cst.Name) and not node.lpar:
        return Twin(line, column, line, column + len(node.value.encode()))
    tree = ast.parse(f"({code(node)})", mode="eval").body
    for inner in ast.walk(tree):
        if hasattr(inner, "lineno"):
            _shift(inner, line, column)
    return tree


def _shift(node: Any, line: int, column: int) -> None:
    if node.lineno == 1:
        node.col_offset += column - 1
    if node.end_lineno == 1:
        node.end_col_offset += column - 1
    node.lineno += line - 1
    node.end_lineno += line - 1
