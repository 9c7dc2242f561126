"""Names for variables that a fix brings in."""

from __future__ import annotations

import builtins
import keyword

import libcst as cst

from racelint.fixes.tree import DeclinedError, Tree, inside


def new_variable(tree: Tree, expression: cst.BaseExpression) -> str:
    """A name for the value of an expression that means nothing in the file so far: `conn` for `self._conn`."""
    named = expression.attr if isinstance(expression, cst.Attribute) else expression
    if not isinstance(named, cst.Name):
        raise DeclinedError("it has no name")
    word = named.value.strip("_") or "value"
    taken = tree.variables
    for name in (word, f"{word}_now", f"current_{word}"):
        if name not in taken and not keyword.iskeyword(name) and not hasattr(builtins, name):
            return name
    raise DeclinedError("there is no name for it")


def mentions(node: cst.CSTNode, expression: cst.BaseExpression) -> list[cst.CSTNode]:
    """Where an expression is written anywhere in a node."""
    return [each for each in inside([node]) if isinstance(each, type(expression)) and each.deep_equals(expression)]
