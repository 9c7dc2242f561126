"""Expressions: each kind of `ast` node as the LibCST node that says the same."""

from __future__ import annotations

import ast
from operator import attrgetter
from typing import Any, Final

import libcst as cst

from racelint.extract.positions.interpolation import pair_formatted
from racelint.extract.positions.pairing import pair_rest
from racelint.extract.positions.twins import Mismatch, Twin
from racelint.extract.translation.nodes import ATTRIBUTE, COMMA, NAME, annotation, maker
from racelint.extract.translation.tree import Translation, Untranslatable, translates

_BINARY: Final = {
    ast.Add: cst.Add(),
    ast.Sub: cst.Subtract(),
    ast.Mult: cst.Multiply(),
    ast.Div: cst.Divide(),
    ast.FloorDiv: cst.FloorDivide(),
    ast.Mod: cst.Modulo(),
    ast.Pow: cst.Power(),
    ast.MatMult: cst.MatrixMultiply(),
    ast.LShift: cst.LeftShift(),
    ast.RShift: cst.RightShift(),
    ast.BitAnd: cst.BitAnd(),
    ast.BitOr: cst.BitOr(),
    ast.BitXor: cst.BitXor(),
}
_UNARY: Final = {ast.UAdd: cst.Plus(), ast.USub: cst.Minus(), ast.Invert: cst.BitInvert(), ast.Not: cst.Not()}
_COMPARISON: Final = {
    ast.Lt: cst.LessThan(),
    ast.Gt: cst.GreaterThan(),
    ast.Eq: cst.Equal(),
    ast.LtE: cst.LessThanEqual(),
    ast.GtE: cst.GreaterThanEqual(),
    ast.NotEq: cst.NotEqual(),
    ast.In: cst.In(),
    ast.NotIn: cst.NotIn(),
    ast.Is: cst.Is(),
    ast.IsNot: cst.IsNot(),
}
_BOOLEAN: Final = {ast.And: cst.And(), ast.Or: cst.Or()}
_PARENTHESES: Final = (cst.LeftParen(),)

_ARG: Final = maker(cst.Arg, "value", "keyword", "star")
_CALL: Final = maker(cst.Call, "func", "args")
_SUBSCRIPT: Final = maker(cst.Subscript, "value", "slice")
_SUBSCRIPT_ELEMENT: Final = maker(cst.SubscriptElement, "slice", "comma")
_INDEX: Final = maker(cst.Index, "value", "star")
_SLICE: Final = maker(cst.Slice, "lower", "upper", "step")
_UNARY_OPERATION: Final = maker(cst.UnaryOperation, "operator", "expression")
_BINARY_OPERATION: Final = maker(cst.BinaryOperation, "left", "operator", "right", "lpar")
_BOOLEAN_OPERATION: Final = maker(cst.BooleanOperation, "left", "operator", "right")
_IF: Final = maker(cst.IfExp, "test", "body", "orelse")
_COMPARE: Final = maker(cst.Comparison, "left", "comparisons")
_COMPARISON_TARGET: Final = maker(cst.ComparisonTarget, "operator", "comparator")
_NAMED: Final = maker(cst.NamedExpr, "target", "value")
_AWAIT: Final = maker(cst.Await, "expression")
_YIELD: Final = maker(cst.Yield, "value")
_FROM: Final = maker(cst.From, "item")
_LAMBDA: Final = maker(cst.Lambda, "params", "body")
_PARAM: Final = maker(cst.Param, "name", "annotation", "default")
_PARAMETERS: Final = maker(cst.Parameters, "posonly_params", "params", "star_arg", "kwonly_params", "star_kwarg")
_STRING: Final = maker(cst.SimpleString, "value")
_NUMBERS: Final = {
    int: maker(cst.Integer, "value"),
    float: maker(cst.Float, "value"),
    complex: maker(cst.Imaginary, "value"),
}
_ELLIPSIS: Final = maker(cst.Ellipsis)
_PLACE: Final = attrgetter("lineno", "col_offset")


@translates(ast.Name)
def _name(_tree: Translation, twin: ast.Name) -> Any:
    return NAME(twin.id)


@translates(ast.Constant)
def _constant(tree: Translation, twin: ast.Constant) -> Any:
    constant = twin.value
    kind = constant.__class__
    if kind is str or kind is bytes:
        return _STRING(repr(constant))
    if kind in _NUMBERS:
        return _NUMBERS[kind](tree.segment(twin))
    return _ELLIPSIS() if constant is Ellipsis else NAME(str(constant))


@translates(ast.Attribute)
def _attribute(tree: Translation, twin: ast.Attribute) -> Any:
    return ATTRIBUTE(tree.node(twin.value), NAME(twin.attr))


@translates(ast.Call)
def _call(tree: Translation, twin: ast.Call) -> Any:
    return _CALL(tree.node(twin.func), arguments(tree, twin.args, twin.keywords))


def arguments(tree: Translation, positional: list[ast.expr], keywords: list[ast.keyword]) -> tuple[Any, ...]:
    """The arguments of a call, in the order of the text."""
    if not keywords:
        return tuple([_positional(tree, argument) for argument in positional])
    given: list[Any] = [*positional, *keywords]
    if positional and _PLACE(positional[-1]) > _PLACE(keywords[0]):
        given.sort(key=_PLACE)
    return tuple([_keyword(tree, each) if each.__class__ is ast.keyword else _positional(tree, each) for each in given])


def _positional(tree: Translation, twin: ast.expr) -> Any:
    if twin.__class__ is ast.Starred:
        return _ARG(tree.node(twin.value), None, "*")
    return _ARG(tree.node(twin), None, "")


def _keyword(tree: Translation, twin: ast.keyword) -> Any:
    if twin.arg is None:
        return _ARG(tree.node(twin.value), None, "**")
    return _ARG(tree.node(twin.value), NAME(twin.arg), "")


@translates(ast.Subscript)
def _subscript(tree: Translation, twin: ast.Subscript) -> Any:
    value, inner = tree.node(twin.value), twin.slice
    if inner.__class__ is ast.Tuple and inner.elts:
        elements = [_SUBSCRIPT_ELEMENT(_index(tree, each), COMMA) for each in inner.elts]
        return _SUBSCRIPT(value, tuple(elements))
    return _SUBSCRIPT(value, (_SUBSCRIPT_ELEMENT(_index(tree, inner), None),))


def _index(tree: Translation, twin: Any) -> Any:
    if twin.__class__ is ast.Slice:
        return _SLICE(tree.optional(twin.lower), tree.optional(twin.upper), tree.optional(twin.step))
    if twin.__class__ is ast.Starred:
        return _INDEX(tree.node(twin.value), "*")
    return _INDEX(tree.node(twin), None)


@translates(ast.UnaryOp)
def _unary(tree: Translation, twin: ast.UnaryOp) -> Any:
    return _UNARY_OPERATION(_UNARY[type(twin.op)], tree.node(twin.operand))


@translates(ast.BinOp)
def _binary(tree: Translation, twin: ast.BinOp) -> Any:
    # Operators of one precedence lean to the left: the spine is walked without recursion.
    spine = [twin]
    while isinstance(left := spine[-1].left, ast.BinOp):
        spine.append(left)
    node = tree.node(spine[-1].left)
    for position in range(len(spine) - 1, -1, -1):
        each = spine[position]
        # What begins behind the operation that it is the left side of has parentheses of its own.
        encloses = position > 0 and _PLACE(spine[position - 1]) != _PLACE(each)
        node = _BINARY_OPERATION(node, _BINARY[type(each.op)], tree.node(each.right), _PARENTHESES if encloses else ())
        tree.twins[id(node)] = each
    return node


@translates(ast.BoolOp)
def _boolean(tree: Translation, twin: ast.BoolOp) -> Any:
    # LibCST nests `(a and b) and c` where `ast` has one node with three values.
    operator = _BOOLEAN[type(twin.op)]
    node, values = tree.node(twin.values[0]), twin.values
    for position in range(1, len(values)):
        node = _BOOLEAN_OPERATION(node, operator, tree.node(values[position]))
        if position < len(values) - 1:
            end = tree.pairs.behind_all(values[position])
            tree.twins[id(node)] = Twin(twin.lineno, twin.col_offset, *end)
    return node


@translates(ast.IfExp)
def _conditional(tree: Translation, twin: ast.IfExp) -> Any:
    return _IF(tree.node(twin.test), tree.node(twin.body), tree.node(twin.orelse))


@translates(ast.Compare)
def _compare(tree: Translation, twin: ast.Compare) -> Any:
    targets = [
        _COMPARISON_TARGET(_COMPARISON[type(operator)], tree.node(other))
        for operator, other in zip(twin.ops, twin.comparators, strict=True)
    ]
    return _COMPARE(tree.node(twin.left), tuple(targets))


@translates(ast.NamedExpr)
def _named(tree: Translation, twin: ast.NamedExpr) -> Any:
    return _NAMED(tree.node(twin.target), tree.node(twin.value))


@translates(ast.Await)
def _await(tree: Translation, twin: ast.Await) -> Any:
    return _AWAIT(tree.node(twin.value))


@translates(ast.Yield)
def _yield(tree: Translation, twin: ast.Yield) -> Any:
    return _YIELD(tree.optional(twin.value))


@translates(ast.YieldFrom)
def _yield_from(tree: Translation, twin: ast.YieldFrom) -> Any:
    return _YIELD(_FROM(tree.node(twin.value)))


@translates(ast.Lambda)
def _lambda(tree: Translation, twin: ast.Lambda) -> Any:
    return _LAMBDA(parameters(tree, twin.args), tree.node(twin.body))


def parameters(tree: Translation, twin: ast.arguments) -> Any:
    """The parameters of a function."""
    before = len(twin.posonlyargs)
    positional = [*twin.posonlyargs, *twin.args]
    defaults = [None] * (len(positional) - len(twin.defaults)) + twin.defaults
    made = [_parameter(tree, each, default) for each, default in zip(positional, defaults, strict=True)]
    keyword = [_parameter(tree, each, default) for each, default in zip(twin.kwonlyargs, twin.kw_defaults, strict=True)]
    star = None if twin.vararg is None else _parameter(tree, twin.vararg, None)
    double = None if twin.kwarg is None else _parameter(tree, twin.kwarg, None)
    return _PARAMETERS(made[:before], made[before:], star, keyword, double)


def _parameter(tree: Translation, twin: ast.arg, default: ast.expr | None) -> Any:
    return _PARAM(NAME(twin.arg), annotation(tree.optional(twin.annotation)), tree.optional(default))


@translates(ast.JoinedStr)
def _formatted(tree: Translation, twin: ast.JoinedStr) -> Any:
    """Strings with expressions in them: LibCST reads these few by themselves, and tells where each part stands."""
    try:
        node = cst.parse_expression(f"({tree.segment(twin)})")
        pair_formatted(node, twin, tree.pairs)
        pair_rest(tree.pairs, tree.twins)
    except (cst.ParserSyntaxError, Mismatch):
        raise Untranslatable from None
    return node
