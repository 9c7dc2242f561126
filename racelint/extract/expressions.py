"""Expressions: operators, attributes, items, calls and displays, evaluated in Python's order."""

from __future__ import annotations

from typing import Any

import libcst as cst

from racelint.extract.dispatch import expression, value
from racelint.extract.frame import Frame
from racelint.extract.literals import NAMED
from racelint.extract.operators import BINARY, COMPARISON, UNARY
from racelint.facts import (
    NOTHING,
    Argument,
    Await,
    Branch,
    Build,
    Call,
    Choice,
    Compute,
    Const,
    LoadAttr,
    LoadItem,
    Yield,
)


@expression(cst.Name)
def _name(frame: Frame, node: cst.Name) -> int:
    name = node.value
    kind = NAMED.get(name)
    if kind is not None:
        return frame.add(Const(frame.fresh(), kind, name))
    return frame.load(name, node)


@expression(cst.Attribute)
def _attribute(frame: Frame, node: cst.Attribute) -> int:
    base = value(frame, node.value)
    return frame.add(LoadAttr(frame.fresh(), frame.span(node), base, node.attr.value))


@expression(cst.Subscript)
def _subscript(frame: Frame, node: cst.Subscript) -> int:
    base = value(frame, node.value)
    index = key(frame, node)
    return frame.add(LoadItem(frame.fresh(), frame.span(node), base, index))


def key(frame: Frame, node: cst.Subscript) -> int:
    """Evaluate what stands between the brackets of a subscript."""
    elements = node.slice
    first = elements[0]
    if len(elements) == 1 and not isinstance(first.comma, cst.Comma) and not getattr(first.slice, "star", None):
        return _index(frame, first.slice)
    items = tuple(_index(frame, element.slice) for element in elements)
    return frame.add(Build(frame.fresh(), "tuple", items, (), False))


def _index(frame: Frame, node: cst.BaseSlice) -> int:
    if isinstance(node, cst.Slice):
        bounds = (node.lower, node.upper, node.step)
        items = tuple(NOTHING if bound is None else value(frame, bound) for bound in bounds)
        return frame.add(Build(frame.fresh(), "slice", items, (), False))
    assert isinstance(node, cst.Index)
    item = value(frame, node.value)
    return frame.add(Compute(frame.fresh(), "*", (item,))) if node.star else item


@expression(cst.Call)
def _call(frame: Frame, node: cst.Call) -> int:
    callee = value(frame, node.func)
    arguments = tuple([argument(frame, arg) for arg in node.args])
    return frame.add(Call(frame.fresh(), frame.span(node), callee, arguments))


def argument(frame: Frame, node: cst.Arg) -> Argument:
    """Evaluate one argument of a call or of a class statement."""
    name = node.star if node.keyword is None else node.keyword.value
    return Argument(name, value(frame, node.value))


@expression(cst.UnaryOperation)
def _unary(frame: Frame, node: cst.UnaryOperation) -> int:
    operand = value(frame, node.expression)
    return frame.add(Compute(frame.fresh(), UNARY.get(type(node.operator), "?"), (operand,)))


@expression(cst.BinaryOperation)
def _binary(frame: Frame, node: cst.BinaryOperation) -> int:
    # Operators of one precedence lean to the left: the spine is walked without recursion.
    spine = [node]
    while isinstance(left := spine[-1].left, cst.BinaryOperation):
        spine.append(left)
    result = NOTHING
    operands = [value(frame, spine[-1].left)]
    for position in range(len(spine) - 1, -1, -1):
        operation = spine[position]
        operands.append(value(frame, operation.right))
        follows = spine[position - 1] if position else None
        if follows is None or type(follows.operator) is not type(operation.operator) or operation.lpar:
            kind = BINARY.get(type(operation.operator), "?")
            result = frame.add(Compute(frame.fresh(), kind, tuple(operands)))
            operands = [result]
    return result


@expression(cst.BooleanOperation)
def _boolean(frame: Frame, node: cst.BooleanOperation) -> int:
    spine = [node]
    while isinstance(left := spine[-1].left, cst.BooleanOperation):
        spine.append(left)
    result = value(frame, spine[-1].left)
    for operation in reversed(spine):
        result = _lazily(frame, operation, result)
    return result


def _lazily(frame: Frame, node: cst.BooleanOperation, test: int) -> int:
    """The second operand of `and` or `or`, evaluated where the first one leaves the matter open."""
    before, outer = dict(frame.environment), frame.open()
    other = value(frame, node.right)
    nodes = frame.close(outer)
    span = frame.span(node.left)
    if isinstance(node.operator, cst.And):
        kind, branch = "and", Branch(span, test, nodes, ())
    else:
        kind, branch = "or", Branch(span, test, (), nodes)
    frame.out.append(branch)
    result = frame.add(Choice(frame.fresh(), kind, (test, other)))
    _meet(frame, [before, frame.environment])
    return result


def _meet(frame: Frame, ends: list[dict[str, int]]) -> None:
    """Join the two halves of an expression, which also in dead code both end."""
    live = frame.live
    frame.join(ends)
    frame.live = live


@expression(cst.IfExp)
def _conditional(frame: Frame, node: cst.IfExp) -> int:
    test = value(frame, node.test)
    before, outer = dict(frame.environment), frame.open()
    first = value(frame, node.body)
    body = frame.close(outer)
    after, frame.environment = frame.environment, before
    outer = frame.open()
    second = value(frame, node.orelse)
    orelse = frame.close(outer)
    frame.out.append(Branch(frame.span(node.test), test, body, orelse))
    result = frame.add(Choice(frame.fresh(), "if", (first, second)))
    _meet(frame, [after, frame.environment])
    return result


@expression(cst.Comparison)
def _comparison(frame: Frame, node: cst.Comparison) -> int:
    left = value(frame, node.left)
    result = NOTHING
    for target in node.comparisons:
        right = value(frame, target.comparator)
        test = frame.add(Compute(frame.fresh(), COMPARISON.get(type(target.operator), "?"), (left, right)))
        result = test if result == NOTHING else frame.add(Choice(frame.fresh(), "and", (result, test)))
        left = right
    return result


@expression(cst.Tuple, cst.List, cst.Set)
def _display(frame: Frame, node: Any) -> int:
    items = tuple(
        [
            value(frame, element if element.__class__ is cst.StarredElement else element.value)
            for element in node.elements
        ]
    )
    return frame.add(Build(frame.fresh(), node.__class__.__name__.lower(), items, (), False))


@expression(cst.StarredElement)
def _starred(frame: Frame, node: cst.StarredElement) -> int:
    item = value(frame, node.value)
    return frame.add(Compute(frame.fresh(), "*", (item,)))


@expression(cst.Dict)
def _dict(frame: Frame, node: cst.Dict) -> int:
    keys, items = [], []
    for element in node.elements:
        if isinstance(element, cst.DictElement):
            keys.append(value(frame, element.key))
            items.append(value(frame, element.value))
        else:
            mapping = value(frame, element.value)
            keys.append(NOTHING)
            items.append(frame.add(Compute(frame.fresh(), "**", (mapping,))))
    return frame.add(Build(frame.fresh(), "dict", tuple(items), tuple(keys), False))


@expression(cst.NamedExpr)
def _named(frame: Frame, node: cst.NamedExpr) -> int:
    result = value(frame, node.value)
    assert isinstance(node.target, cst.Name)
    frame.store(node.target.value, result, node.target)
    return result


@expression(cst.Await)
def _await(frame: Frame, node: cst.Await) -> int:
    awaited = value(frame, node.expression)
    return frame.add(Await(frame.fresh(), frame.span(node), awaited))


@expression(cst.Yield)
def _yield(frame: Frame, node: cst.Yield) -> int:
    frame.is_generator = True
    delegates = isinstance(node.value, cst.From)
    inner = node.value.item if isinstance(node.value, cst.From) else node.value
    given = NOTHING if inner is None else value(frame, inner)
    return frame.add(Yield(frame.fresh(), frame.span(node), given, delegates))
