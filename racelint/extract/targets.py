"""Assignment targets: stores, unpacking and deletion."""

from __future__ import annotations

from typing import Any

import libcst as cst

from racelint.extract.dispatch import value
from racelint.extract.expressions import key
from racelint.extract.frame import Frame
from racelint.facts import (
    NOTHING,
    Build,
    Compute,
    DeleteAttr,
    DeleteItem,
    DeleteName,
    StoreAttr,
    StoreItem,
    TypeRef,
    Unpack,
)


def assign(
    frame: Frame, target: Any, assigned: int, statement: cst.CSTNode | None = None, annotation: TypeRef | None = None
) -> None:
    """Store a value into a target; `statement` is the assignment where this is its one target."""
    kind = target.__class__
    covered = target if statement is None else statement
    if kind is cst.Name:
        frame.store(target.value, assigned, covered, annotation=annotation)
    elif kind is cst.Attribute:
        base = value(frame, target.value)
        span = frame.span(covered)
        frame.add(StoreAttr(frame.fresh(), span, base, target.attr.value, assigned, False, annotation))
    elif kind is cst.Subscript:
        base = value(frame, target.value)
        index = key(frame, target)
        frame.add(StoreItem(frame.fresh(), frame.span(covered), base, index, assigned, False))
    elif kind is cst.Tuple or kind is cst.List:
        parts = _parts(frame, target, assigned)
        for element, part in zip(target.elements, parts, strict=True):
            assign(frame, element.value, part)
    elif kind is cst.StarredElement:
        assign(frame, target.value, assigned)


def _parts(frame: Frame, target: Any, assigned: int) -> tuple[int, ...]:
    """The values for the elements of a target: of `a, b = x, y` they are known, and nothing is taken apart."""
    made = frame.out[-1] if frame.out else None
    if type(made) is Build and made.id == assigned and made.kind in ("tuple", "list") and not made.comprehension:
        stars = [each for each in frame.out if type(each) is Compute and each.kind == "*" and each.id in made.items]
        starred = any(element.__class__ is cst.StarredElement for element in target.elements)
        if len(made.items) == len(target.elements) and not stars and not starred:
            return made.items
    return tuple(frame.add(Unpack(frame.fresh(), assigned, index)) for index in range(len(target.elements)))


def delete(frame: Frame, target: Any) -> None:
    """`del` of a target."""
    kind = target.__class__
    if kind is cst.Name:
        place = frame.scope.place(target.value)
        if place is None:
            frame.define(target.value, NOTHING)
        else:
            frame.add(DeleteName(frame.fresh(), frame.span(target), target.value, *place))
    elif kind is cst.Attribute:
        base = value(frame, target.value)
        frame.add(DeleteAttr(frame.fresh(), frame.span(target), base, target.attr.value))
    elif kind is cst.Subscript:
        base = value(frame, target.value)
        index = key(frame, target)
        frame.add(DeleteItem(frame.fresh(), frame.span(target), base, index))
    elif kind is cst.Tuple or kind is cst.List:
        for element in target.elements:
            delete(frame, element.value)
