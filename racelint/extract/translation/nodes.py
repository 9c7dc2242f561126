"""LibCST nodes that have only what facts look at, made without LibCST's constructors and without its parser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import libcst as cst

Maker = Callable[..., Any]


def maker(kind: type[cst.CSTNode], *names: str) -> Maker:
    """A function that makes nodes of a kind from the values of these fields; all other fields stay empty.

    A constructor of LibCST sets and checks all of a node's whitespace as well, which takes many times as long.
    """
    new, setters = object.__new__, [getattr(kind, name).__set__ for name in names]
    if len(names) == 1:
        (only,) = setters

        def make_one(value: Any) -> Any:
            node = new(kind)
            only(node, value)
            return node

        return make_one
    if len(names) == 2:
        first, second = setters

        def make_two(one: Any, other: Any) -> Any:
            node = new(kind)
            first(node, one)
            second(node, other)
            return node

        return make_two

    def make(*values: Any) -> Any:
        node = new(kind)
        for setter, value in zip(setters, values, strict=True):
            setter(node, value)
        return node

    return make


NAME: Final = maker(cst.Name, "value")
ATTRIBUTE: Final = maker(cst.Attribute, "value", "attr")
AS_NAME: Final = maker(cst.AsName, "name")
ANNOTATION: Final = maker(cst.Annotation, "annotation")
ELEMENT: Final = maker(cst.Element, "value")
STARRED: Final = maker(cst.StarredElement, "value")
TUPLE: Final = maker(cst.Tuple, "elements")
COMMA: Final = cst.Comma()


def dotted(name: str) -> Any:
    """The node of a dotted name."""
    first, *rest = name.split(".")
    node = NAME(first)
    for part in rest:
        node = ATTRIBUTE(node, NAME(part))
    return node


def annotation(node: Any) -> Any:
    """An expression as an annotation; None where there is none."""
    return None if node is None else ANNOTATION(node)
