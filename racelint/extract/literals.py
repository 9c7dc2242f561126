"""Literals: the kind and the text of a constant, and strings that are put together."""

from __future__ import annotations

import ast
import warnings

import libcst as cst

from racelint.extract.dispatch import expression, value
from racelint.extract.frame import Frame
from racelint.facts import Compute, Const

NAMED = {"None": "none", "True": "bool", "False": "bool"}


@expression(cst.Integer)
def _integer(frame: Frame, node: cst.Integer) -> int:
    text = node.value
    if not text.isdecimal():
        text = str(_literal(text))
    return frame.add(Const(frame.fresh(), "int", text))


@expression(cst.Float, cst.Imaginary)
def _float(frame: Frame, node: cst.Float | cst.Imaginary) -> int:
    return frame.add(Const(frame.fresh(), "float", repr(_literal(node.value))))


@expression(cst.Ellipsis)
def _ellipsis(frame: Frame, node: cst.Ellipsis) -> int:
    return frame.add(Const(frame.fresh(), "ellipsis", "..."))


@expression(cst.SimpleString)
def _string(frame: Frame, node: cst.SimpleString) -> int:
    return _constant(frame, string_value(node.value))


@expression(cst.ConcatenatedString)
def _concatenated(frame: Frame, node: cst.ConcatenatedString) -> int:
    text = text_of(node)
    if text is not None:
        return _constant(frame, text)
    operands = [operand for piece in string_pieces(node) for operand in _parts(frame, piece)]
    return frame.add(Compute(frame.fresh(), 'f""', tuple(operands)))


def text_of(node: cst.CSTNode) -> str | bytes | None:
    """The value of a string, or of several side by side; None for any other expression."""
    if node.__class__ is cst.SimpleString:
        return string_value(node.value)
    if not isinstance(node, cst.ConcatenatedString):
        return None
    pieces = string_pieces(node)
    values = [string_value(piece.value) for piece in pieces if isinstance(piece, cst.SimpleString)]
    return values[0][:0].join(values) if len(values) == len(pieces) else None  # type: ignore[arg-type]  # bytes stand beside bytes only


@expression(cst.FormattedString, cst.TemplatedString)
def _formatted(frame: Frame, node: cst.FormattedString) -> int:
    kind = 'f""' if isinstance(node, cst.FormattedString) else 't""'
    operands = tuple(_parts(frame, node))
    return frame.add(Compute(frame.fresh(), kind, operands))


def _parts(frame: Frame, node: cst.CSTNode) -> list[int]:
    """The values of the expressions in a formatted string, those of nested format specifications among them."""
    operands = []
    parts = list(reversed(getattr(node, "parts", ())))
    while parts:
        part = parts.pop()
        if hasattr(part, "expression"):
            operands.append(value(frame, part.expression))
            parts.extend(reversed(part.format_spec or ()))
    return operands


def string_pieces(node: cst.ConcatenatedString) -> list[cst.CSTNode]:
    """The strings that stand side by side, from left to right."""
    pieces: list[cst.CSTNode] = []
    rest: cst.CSTNode = node
    while isinstance(rest, cst.ConcatenatedString):
        pieces.append(rest.left)
        rest = rest.right
    return [*pieces, rest]


def string_value(text: str) -> str | bytes:
    """The value of one string token."""
    if text[0] in "'\"" and "\\" not in text:
        plain = text[3:-3] if len(text) > 5 and text[:3] == text[0] * 3 else text[1:-1]
        if "\r" not in plain:
            return plain
    literal = _literal(text)
    return literal if isinstance(literal, bytes) else str(literal)


def _literal(text: str) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        # A literal that the running interpreter refuses, such as a number beyond its digit limit.
        return text


def _constant(frame: Frame, literal: str | bytes) -> int:
    kind = "bytes" if isinstance(literal, bytes) else "str"
    return frame.add(Const(frame.fresh(), kind, repr(literal)))
