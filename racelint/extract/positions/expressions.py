"""Expressions: which of their parts correspond in LibCST and in `ast`."""

from __future__ import annotations

import ast
from typing import Any, Final

import libcst as cst

from racelint.extract.positions.interpolation import pair_formatted
from racelint.extract.positions.rules import Rule, arguments, defaults, elements, fields, same
from racelint.extract.positions.twins import Pairs, Twin


def _call(node: cst.Call, twin: ast.Call, pairs: Pairs) -> None:
    pairs.append((node.func, twin.func))
    if node.args:
        arguments(node.args, twin.args, twin.keywords, pairs)


def _display(node: Any, twin: Any, pairs: Pairs) -> None:
    elements(node, twin.elts, pairs)


def _dict(node: cst.Dict, twin: ast.Dict, pairs: Pairs) -> None:
    for element, key, value in zip(node.elements, twin.keys, twin.values, strict=True):
        if isinstance(element, cst.DictElement):
            pairs.append((element.key, key))
        pairs.append((element.value, value))


def _subscript(node: cst.Subscript, twin: ast.Subscript, pairs: Pairs) -> None:
    pairs.append((node.value, twin.value))
    elements = node.slice
    first = elements[0].slice
    if len(elements) == 1 and not isinstance(elements[0].comma, cst.Comma) and not getattr(first, "star", None):
        _index(first, twin.slice, pairs)
        return
    for element, other in same(elements, twin.slice.elts):  # type: ignore[attr-defined]  # several are a tuple
        _index(element.slice, other, pairs)


def _index(node: Any, twin: Any, pairs: Pairs) -> None:
    if isinstance(node, cst.Index):
        pairs.append((node.value, twin.value if node.star else twin))
        return
    for bound, other in ((node.lower, twin.lower), (node.upper, twin.upper), (node.step, twin.step)):
        if bound is not None:
            pairs.append((bound, other))


def _boolean(node: cst.BooleanOperation, twin: ast.BoolOp, pairs: Pairs) -> None:
    # LibCST nests `(a and b) and c` where `ast` has one node with three values.
    rest, values = node, list(twin.values)
    while len(values) > 2:
        pairs.append((rest.right, values.pop()))
        rest = rest.left  # type: ignore[assignment]  # as many are nested as there are values
        # The parentheses around a tuple or generator are a part of it.
        own = 1 if isinstance(rest.right, (cst.Tuple, cst.GeneratorExp)) else 0
        end = pairs.behind(values[-1], len(rest.right.rpar) - own)
        pairs.append((rest, Twin(twin.lineno, twin.col_offset, *end)))
    pairs.append((rest.left, values[0]))
    pairs.append((rest.right, values[1]))


def _comparison(node: cst.Comparison, twin: ast.Compare, pairs: Pairs) -> None:
    pairs.append((node.left, twin.left))
    pairs.extend(same([target.comparator for target in node.comparisons], twin.comparators))


def _lambda(node: cst.Lambda, twin: ast.Lambda, pairs: Pairs) -> None:
    defaults(node.params, twin.args, pairs)
    pairs.append((node.body, twin.body))


def _yield(node: cst.Yield, twin: Any, pairs: Pairs) -> None:
    inner = node.value.item if isinstance(node.value, cst.From) else node.value
    if inner is not None:
        pairs.append((inner, twin.value))


def _comprehension(node: Any, twin: Any, pairs: Pairs) -> None:
    for part in ("elt", "key", "value"):
        if hasattr(node, part):
            pairs.append((getattr(node, part), getattr(twin, part)))
    clause = node.for_in
    for generator in twin.generators:
        pairs.append((clause.target, generator.target))
        pairs.append((clause.iter, generator.iter))
        pairs.extend(same([condition.test for condition in clause.ifs], generator.ifs))
        clause = clause.inner_for_in


EXPRESSIONS: Final[dict[type, Rule]] = {
    cst.Attribute: fields(ast.Attribute, ("value", "value")),
    cst.Await: fields(ast.Await, ("expression", "value")),
    cst.BinaryOperation: fields(ast.BinOp, ("left", "left"), ("right", "right")),
    cst.BooleanOperation: _boolean,
    cst.Call: _call,
    cst.Comparison: _comparison,
    cst.ConcatenatedString: pair_formatted,
    cst.Dict: _dict,
    cst.DictComp: _comprehension,
    cst.FormattedString: pair_formatted,
    cst.GeneratorExp: _comprehension,
    cst.IfExp: fields(ast.IfExp, ("test", "test"), ("body", "body"), ("orelse", "orelse")),
    cst.Lambda: _lambda,
    cst.List: _display,
    cst.ListComp: _comprehension,
    cst.NamedExpr: fields(ast.NamedExpr, ("target", "target"), ("value", "value")),
    cst.Set: _display,
    cst.SetComp: _comprehension,
    cst.StarredElement: fields(ast.Starred, ("value", "value")),
    cst.Subscript: _subscript,
    cst.TemplatedString: pair_formatted,
    cst.Tuple: _display,
    cst.UnaryOperation: fields(ast.UnaryOp, ("expression", "operand")),
    cst.Yield: _yield,
}
