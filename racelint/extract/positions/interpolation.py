"""Places inside formatted strings, which `ast` tells only from Python 3.12 on."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from typing import Any, Final

import libcst as cst

from racelint.extract.literals import string_pieces
from racelint.extract.positions.twins import GAP, Mismatch, Pairs

_TOLD: Final = sys.version_info >= (3, 12)
_RENDERER: Final = cst.Module([])
FAR: Final = 10_000
"""So many characters before a node its block has begun, or it is looked up the slow way."""


def pair_formatted(node: Any, twin: Any, pairs: Pairs) -> None:
    """Pair the expressions in a formatted string, or in several strings side by side."""
    pieces = string_pieces(node)
    if not any(hasattr(piece, "parts") for piece in pieces):
        return
    if _TOLD:
        parts = [part for piece in pieces for part in getattr(piece, "parts", ())]
        _pair_values(parts, twin.values, pairs)
        return
    if twin.__class__ is not ast.JoinedStr:
        raise Mismatch
    offset = pairs.offset(twin.lineno, twin.col_offset)
    for piece in pieces:
        if isinstance(piece, cst.FormattedString):
            offset = _pair_parts(piece.parts, offset + len(piece.start), pairs) + len(piece.end)
        elif isinstance(piece, cst.SimpleString):
            offset += len(piece.value)
        gap = GAP.match(pairs.text, offset)
        offset = offset if gap is None else gap.end()


def _pair_values(parts: Sequence[Any], values: Sequence[Any], pairs: Pairs) -> None:
    """Where `ast` tells the places."""
    expressions = [part for part in parts if hasattr(part, "expression")]
    interpolated = [value for value in values if hasattr(value, "conversion")]
    for part, value in zip(expressions, interpolated, strict=True):
        pairs.append((part.expression, value.value))
        if part.format_spec:
            _pair_values(part.format_spec, value.format_spec.values, pairs)


def _pair_parts(parts: Sequence[Any], offset: int, pairs: Pairs) -> int:
    """Where it does not: the parts begin at this offset, and each expression is parsed once more by itself.

    The offset behind the parts comes back.
    """
    for part in parts:
        indentation = _indentation(part, offset, pairs)
        text = _code(part, indentation)
        if hasattr(part, "expression"):
            before = 1 + len(_code(part.whitespace_before_expression, indentation))
            pairs.append((part.expression, _parsed(part.expression, offset + before, indentation, pairs)))
            if part.format_spec:
                specification = sum(len(_code(inner, indentation)) for inner in part.format_spec)
                _pair_parts(part.format_spec, offset + len(text) - specification - 1, pairs)
        offset += len(text)
    return offset


def _parsed(node: cst.BaseExpression, offset: int, indentation: str, pairs: Pairs) -> Any:
    """The `ast` node of an expression that begins at this offset."""
    if isinstance(node, cst.Name) and not node.lpar:
        return pairs.twin(offset, offset + len(node.value))
    tree = ast.parse(f"({_code(node, indentation)})", mode="eval").body
    line, column, *_ = pairs.twin(offset, offset)
    for inner in ast.walk(tree):
        if hasattr(inner, "lineno"):
            _shift(inner, line, column)
    return tree


def _indentation(node: cst.CSTNode, offset: int, pairs: Pairs) -> str:
    """What stands before each further line of a node that begins at this offset: the block around it is indented."""
    if pairs.text.startswith(_code(node), offset):
        return ""
    lines = pairs.text[max(0, offset - FAR) : offset].split("\n")[::-1]
    for indentation in dict.fromkeys(line[: len(line) - len(line.lstrip(" \t"))] for line in lines):
        if pairs.text.startswith(_code(node, indentation), offset):
            return indentation
    raise Mismatch


def _shift(node: Any, line: int, column: int) -> None:
    """Move a node from the text that it was parsed from, an opening parenthesis and the expression, to its place."""
    if node.lineno == 1:
        node.col_offset += column - 1
    if node.end_lineno == 1:
        node.end_col_offset += column - 1
    node.lineno += line - 1
    node.end_lineno += line - 1


def _code(node: cst.CSTNode, indentation: str = "") -> str:
    if isinstance(node, cst.FormattedStringText | cst.SimpleWhitespace):
        return node.value
    return _RENDERER.code_for_node(node).replace("\n", f"\n{indentation}")
