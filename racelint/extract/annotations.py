"""Annotations as written, without evaluating anything: syntax to `TypeRef`."""

from __future__ import annotations

from typing import Final

import libcst as cst

from racelint.extract.literals import text_of
from racelint.facts import TypeRef

MAXIMUM_QUOTED: Final = 500
"""Longer strings are no annotations; they could nest too deeply to be parsed."""
UNKNOWN: Final = TypeRef((), ())
_LITERAL_ARGUMENTS: Final = {"Literal": 0, "Annotated": 1}
"""From which argument on strings are values, not types."""


def annotation_type(annotation: cst.Annotation | None) -> TypeRef | None:
    """The type that an annotation names; None where there is none."""
    return None if annotation is None else _type(annotation.annotation)


def _type(node: cst.BaseExpression) -> TypeRef:
    match node:
        case cst.Name() | cst.Attribute():
            return TypeRef(_path(node), ())
        case cst.Subscript():
            return _subscript(node)
        case cst.BinaryOperation(operator=cst.BitOr()):
            return TypeRef(("|",), tuple(_alternatives(node)))
        case cst.SimpleString() | cst.ConcatenatedString():
            return _quoted(node)
        case _:
            return UNKNOWN


def _path(node: cst.BaseExpression) -> tuple[str, ...]:
    """The parts of a dotted name; nothing for any other expression."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    return (node.value, *reversed(parts)) if isinstance(node, cst.Name) else ()


def _subscript(node: cst.Subscript) -> TypeRef:
    path = _path(node.value)
    if not path:
        return UNKNOWN
    literal_from = _LITERAL_ARGUMENTS.get(path[-1])
    arguments = []
    for position, index in enumerate(_indices(node)):
        is_type = index is not None and (literal_from is None or position < literal_from)
        arguments.append(_type(index) if is_type and index is not None else UNKNOWN)
    return TypeRef(path, tuple(arguments), _notes(node) if path[-1] == "Annotated" else ())


def _indices(node: cst.Subscript) -> list[cst.BaseExpression | None]:
    """What stands between the brackets, be it in parentheses or not; None for a slice."""
    indices = [each.slice.value if isinstance(each.slice, cst.Index) else None for each in node.slice]
    only = indices[0] if len(indices) == 1 else None
    return [each.value for each in only.elements] if isinstance(only, cst.Tuple) and only.elements else indices


def _notes(node: cst.Subscript) -> tuple[str, ...]:
    """The strings in the metadata of an `Annotated`."""
    texts = [None if each is None else text_of(each) for each in _indices(node)[1:]]
    return tuple(text for text in texts if isinstance(text, str))


def _alternatives(node: cst.BinaryOperation) -> list[TypeRef]:
    """The members of `A | B | C`, from left to right."""
    members = [_type(node.right)]
    rest = node.left
    while isinstance(rest, cst.BinaryOperation) and isinstance(rest.operator, cst.BitOr):
        members.append(_type(rest.right))
        rest = rest.left
    members.append(_type(rest))
    return members[::-1]


def _quoted(node: cst.SimpleString | cst.ConcatenatedString) -> TypeRef:
    text = text_of(node)
    if not isinstance(text, str) or len(text) > MAXIMUM_QUOTED:
        return UNKNOWN
    try:
        inner = cst.parse_expression(text.strip())
    except Exception:
        return UNKNOWN
    # A string in a string would be read without end.
    return UNKNOWN if isinstance(inner, cst.SimpleString | cst.ConcatenatedString) else _type(inner)
