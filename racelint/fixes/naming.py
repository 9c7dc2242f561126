"""Names for variables that a fix brings in."""

from __future__ import annotations

import builtins
import keyword

import libcst as cst

from racelint.fixes.tree import DeclinedError, Tree, inside, parts


def variables_in(node: cst.CSTNode) -> frozenset[str]:
    """The names that stand for variables, and not for attributes or parameters of a call."""
    found: set[str] = set()
    pending = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, cst.Name):
            found.add(each.value)
        skipped = each.attr if isinstance(each, cst.Attribute) else each.keyword if isinstance(each, cst.Arg) else None
        pending.extend(child for child in parts(each) if child is not skipped)
    return frozenset(found)


def new_variable(tree: Tree, expression: cst.BaseExpression) -> str:
    """A name for the value of an expression that means nothing in the file so far: `conn` for `self._conn`."""
    named = expression.attr if isinstance(expression, cst.Attribute) else expression
    if not isinstance(named, cst.Name):
        raise DeclinedError("it has no name")
    word = named.value.strip("_") or "value"
    taken = variables_in(tree.module)
    for name in (word, f"{word}_now", f"current_{word}"):
        if name not in taken and not keyword.iskeyword(name) and not hasattr(builtins, name):
            return name
    raise DeclinedError("there is no name for it")


def mentions(node: cst.CSTNode, expression: cst.BaseExpression) -> list[cst.CSTNode]:
    """Where an expression is written anywhere in a node."""
    return [each for each in inside([node]) if isinstance(each, type(expression)) and each.deep_equals(expression)]
