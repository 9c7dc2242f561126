"""One call of a dictionary for a test and an act: `setdefault`, `pop` with a default."""

from __future__ import annotations

import libcst as cst

from racelint.facts import Span
from racelint.fixes.taking import applicability
from racelint.fixes.tree import DeclinedError, Tree, inside, is_simple, same
from racelint.remedies import Edit, Fix, UsePop, UseSetdefault

LITERALS = (cst.Integer, cst.Float, cst.Imaginary, cst.SimpleString, cst.Ellipsis)
EMPTY = frozenset({"dict", "frozenset", "list", "set", "tuple"})


def use_setdefault(tree: Tree, remedy: UseSetdefault) -> Fix:
    """`d.setdefault(k, v)` for `if k not in d: d[k] = v`."""
    found, only = _guarded(tree, remedy.test)
    if not isinstance(only, cst.Assign) or len(only.targets) != 1 or not _is_cheap(only.value):
        raise DeclinedError("the value is not one that can be made in vain")
    key, container = _asked(found.test, cst.NotIn)
    _require_item(only.targets[0].target, container, key)
    call = f"{tree.source(container)}.setdefault({tree.source(key)}, {tree.source(only.value)})"
    return _instead(tree, found, only, call, is_safe=remedy.is_safe)


def use_pop(tree: Tree, remedy: UsePop) -> Fix:
    """`d.pop(k, None)` for `if k in d: del d[k]`."""
    found, only = _guarded(tree, remedy.test)
    if not isinstance(only, cst.Del):
        raise DeclinedError("it is not deleted there")
    key, container = _asked(found.test, cst.In)
    _require_item(only.target, container, key)
    call = f"{tree.source(container)}.pop({tree.source(key)}, None)"
    return _instead(tree, found, only, call, is_safe=remedy.is_safe)


def _guarded(tree: Tree, test: Span) -> tuple[cst.If, cst.BaseSmallStatement]:
    """The `if` with that test and the one simple statement that is all that stands in it."""
    found = next((each for each in reversed(tree.path(test)) if isinstance(each, cst.If)), None)
    if found is None or found.orelse is not None or not tree.is_if(found):
        raise DeclinedError("it is no `if` alone")
    body = found.body.body
    line = body[0] if len(body) == 1 else None
    small = line.body if isinstance(line, cst.SimpleStatementLine) else body
    if line is None or len(small) != 1 or not isinstance(small[0], cst.BaseSmallStatement):
        raise DeclinedError("more is done than that")
    return found, small[0]


def _asked(test: cst.BaseExpression, operator: type[cst.BaseCompOp]) -> tuple[cst.BaseExpression, cst.BaseExpression]:
    """The key and the container of `key in container`."""
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1 or test.lpar:
        raise DeclinedError("it is another test")
    comparison = test.comparisons[0]
    key, container = test.left, comparison.comparator
    if not isinstance(comparison.operator, operator) or not is_simple(container) or not _is_key(key):
        raise DeclinedError("it is another test")
    return key, container


def _is_key(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Tuple):
        return bool(node.lpar) and all(_is_key(element.value) for element in node.elements)
    return is_simple(node) or isinstance(node, LITERALS)


def _require_item(target: cst.BaseExpression, container: cst.BaseExpression, key: cst.BaseExpression) -> None:
    index = target.slice[0].slice if isinstance(target, cst.Subscript) and len(target.slice) == 1 else None
    if not isinstance(index, cst.Index) or index.star or not isinstance(target, cst.Subscript):
        raise DeclinedError("it is not an item")
    if not same(target.value, container) or not same(index.value, key):
        raise DeclinedError("it is not the item that was tested")


def _is_cheap(value: cst.BaseExpression) -> bool:
    """Whether it costs nothing, and does nothing, to make a value in vain: a literal, an empty container."""
    if isinstance(value, cst.Call):
        return isinstance(value.func, cst.Name) and value.func.value in EMPTY and not value.args
    if isinstance(value, cst.List | cst.Tuple | cst.Set):
        return all(isinstance(element, cst.Element) and _is_cheap(element.value) for element in value.elements)
    if isinstance(value, cst.Dict):
        return not value.elements
    return isinstance(value, LITERALS) or (isinstance(value, cst.Name) and value.value in ("None", "True", "False"))


def _instead(tree: Tree, found: cst.If, only: cst.CSTNode, call: str, *, is_safe: bool) -> Fix:
    if any(isinstance(each, cst.Comment) for each in inside([found]) if tree.range(each)[0] < tree.range(only)[0]):
        raise DeclinedError("a comment stands in between")
    span = tree.text.span(tree.range(found)[0], tree.range(only)[1])
    return Fix(applicability(is_safe), f"Use `{call}`", (Edit(span, call),))
