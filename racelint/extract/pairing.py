"""LibCST nodes paired with the `ast` nodes of the same text, by walking both trees side by side."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Final

import libcst as cst

from racelint.extract.interpolation import pair_formatted
from racelint.extract.twins import ALIAS, DEFINITION, REST, Mismatch, Pairs, Twin, encoded

Rule = Callable[[Any, Any, Pairs], None]


def pair(module: cst.Module, tree: ast.Module, text: str) -> dict[cst.CSTNode, Any]:
    """For each LibCST node that facts point to, an `ast` node or `Twin` that stands in the same place."""
    twins: dict[cst.CSTNode, Any] = {}
    pairs = Pairs(text)
    try:
        _block(module, tree.body, pairs)
        while pairs:
            node, twin = pairs.pop()
            twins[node] = twin
            if twin.__class__ is Twin:
                continue
            kind = node.__class__
            if kind is cst.Name:
                if twin.__class__ is ast.Name and twin.id != node.value and node.value.isascii():
                    raise Mismatch
                continue
            rule = RULES.get(kind)
            if rule is not None:
                rule(node, twin, pairs)
    except (AttributeError, TypeError, ValueError, IndexError, StopIteration, SyntaxError) as error:
        raise Mismatch from error
    return twins


def _same(nodes: Sequence[Any], twins: Sequence[Any]) -> zip[tuple[Any, Any]]:
    return zip(nodes, twins, strict=True)


def _block(block: Any, twins: list[ast.stmt], pairs: Pairs) -> None:
    nodes: list[Any] = []
    for statement in block.body:
        if statement.__class__ is cst.SimpleStatementLine:
            nodes.extend(statement.body)
        else:
            nodes.append(statement)
    pairs.extend(_same(nodes, twins))


def _orelse(node: cst.Else | cst.Finally | None, twins: list[ast.stmt], pairs: Pairs) -> None:
    if node is not None:
        _block(node.body, twins, pairs)
    elif twins:
        raise Mismatch


def _fields(kind: type[ast.AST], *fields: tuple[str, str]) -> Rule:
    """A rule for nodes whose parts correspond one to one, whatever they are called."""

    def rule(node: Any, twin: Any, pairs: Pairs) -> None:
        if twin.__class__ is not kind:
            raise Mismatch
        for name, twin_name in fields:
            child = getattr(node, name)
            if child is not None:
                pairs.append((child, getattr(twin, twin_name)))

    return rule


# --- statements ----------------------------------------------------------------------------------------------------


def _assign(node: cst.Assign, twin: ast.Assign, pairs: Pairs) -> None:
    pairs.append((node.value, twin.value))
    for target, other in _same(node.targets, twin.targets):
        pairs.append((target.target, other))


def _raise(node: cst.Raise, twin: ast.Raise, pairs: Pairs) -> None:
    if node.exc is not None:
        pairs.append((node.exc, twin.exc))
    if node.cause is not None:
        pairs.append((node.cause.item, twin.cause))


def _delete(node: cst.Del, twin: ast.Delete, pairs: Pairs) -> None:
    target = node.target
    if isinstance(target, cst.Tuple) and not target.lpar:
        _elements(target, twin.targets, pairs)
    else:
        pairs.append((target, twin.targets[0]))


def _import(node: Any, twin: Any, pairs: Pairs) -> None:
    if isinstance(node.names, cst.ImportStar):
        pairs.append((node.names, twin.names[0]))
    else:
        pairs.extend(_same(node.names, twin.names))


def _if(node: cst.If, twin: ast.If, pairs: Pairs) -> None:
    pairs.append((node.test, twin.test))
    _block(node.body, twin.body, pairs)
    if isinstance(node.orelse, cst.If):
        pairs.append((node.orelse, twin.orelse[0]))
    else:
        _orelse(node.orelse, twin.orelse, pairs)


def _while(node: cst.While, twin: ast.While, pairs: Pairs) -> None:
    pairs.append((node.test, twin.test))
    _block(node.body, twin.body, pairs)
    _orelse(node.orelse, twin.orelse, pairs)


def _for(node: cst.For, twin: ast.For, pairs: Pairs) -> None:
    pairs.append((node.target, twin.target))
    pairs.append((node.iter, twin.iter))
    _block(node.body, twin.body, pairs)
    _orelse(node.orelse, twin.orelse, pairs)


def _with(node: cst.With, twin: ast.With, pairs: Pairs) -> None:
    for item, other in _same(node.items, twin.items):
        pairs.append((item.item, other.context_expr))
        if item.asname is not None:
            pairs.append((item.asname.name, other.optional_vars))
    _block(node.body, twin.body, pairs)


def _try(node: cst.Try, twin: ast.Try, pairs: Pairs) -> None:
    _block(node.body, twin.body, pairs)
    pairs.extend(_same(node.handlers, twin.handlers))
    _orelse(node.orelse, twin.orelse, pairs)
    _orelse(node.finalbody, twin.finalbody, pairs)


def _handler(node: Any, twin: ast.ExceptHandler, pairs: Pairs) -> None:
    _block(node.body, twin.body, pairs)
    if node.type is None:
        return
    pairs.append((node.type, twin.type))
    if node.name is not None:
        assert twin.type is not None
        line, column = twin.type.end_lineno or 0, twin.type.end_col_offset or 0
        name = node.name.name
        pairs.append((name, pairs.name_after(line, column, ALIAS, name.value)))


def _function(node: cst.FunctionDef, twin: ast.FunctionDef, pairs: Pairs) -> None:
    pairs.extend(_same([decorator.decorator for decorator in node.decorators], twin.decorator_list))
    _defaults(node.params, twin.args, pairs)
    pairs.append((node.name, pairs.name_after(twin.lineno, twin.col_offset, DEFINITION, node.name.value)))
    _block(node.body, twin.body, pairs)


def _defaults(node: cst.Parameters, twin: ast.arguments, pairs: Pairs) -> None:
    positional = [parameter.default for parameter in (*node.posonly_params, *node.params) if parameter.default]
    keyword = [parameter.default for parameter in node.kwonly_params if parameter.default]
    pairs.extend(_same(positional, twin.defaults))
    pairs.extend(_same(keyword, [default for default in twin.kw_defaults if default]))


def _class(node: cst.ClassDef, twin: ast.ClassDef, pairs: Pairs) -> None:
    pairs.extend(_same([decorator.decorator for decorator in node.decorators], twin.decorator_list))
    _arguments((*node.bases, *node.keywords), twin.bases, twin.keywords, pairs)
    pairs.append((node.name, pairs.name_after(twin.lineno, twin.col_offset, DEFINITION, node.name.value)))
    _block(node.body, twin.body, pairs)


def _match(node: cst.Match, twin: ast.Match, pairs: Pairs) -> None:
    pairs.append((node.subject, twin.subject))
    for case, other in _same(node.cases, twin.cases):
        pairs.append((case.pattern, other.pattern))
        if case.guard is not None:
            pairs.append((case.guard, other.guard))
        _block(case.body, other.body, pairs)


# --- patterns ------------------------------------------------------------------------------------------------------


def _match_value(node: cst.MatchValue, twin: ast.MatchValue, pairs: Pairs) -> None:
    pairs.append((node.value, twin.value))


def _match_sequence(node: Any, twin: ast.MatchSequence, pairs: Pairs) -> None:
    pairs.extend(_same([getattr(element, "value", element) for element in node.patterns], twin.patterns))


def _match_or(node: cst.MatchOr, twin: ast.MatchOr, pairs: Pairs) -> None:
    pairs.extend(_same([element.pattern for element in node.patterns], twin.patterns))


def _match_mapping(node: cst.MatchMapping, twin: ast.MatchMapping, pairs: Pairs) -> None:
    pairs.extend(_same([element.key for element in node.elements], twin.keys))
    pairs.extend(_same([element.pattern for element in node.elements], twin.patterns))
    if node.rest is not None:
        line, column = twin.lineno, twin.col_offset + 1
        if twin.patterns:
            line, column = twin.patterns[-1].end_lineno, twin.patterns[-1].end_col_offset
        pairs.append((node.rest, pairs.name_after(line, column, REST, node.rest.value)))


def _match_class(node: cst.MatchClass, twin: ast.MatchClass, pairs: Pairs) -> None:
    pairs.append((node.cls, twin.cls))
    pairs.extend(_same([element.value for element in node.patterns], twin.patterns))
    pairs.extend(_same([element.pattern for element in node.kwds], twin.kwd_patterns))


def _match_name(node: Any, twin: Any, pairs: Pairs) -> None:
    """A capture, with a pattern or a star before it: the name is the last that it consists of."""
    if node.name is not None:
        line, column = twin.end_lineno, twin.end_col_offset
        pairs.append((node.name, Twin(line, column - len(encoded(node.name.value)), line, column)))
    if getattr(node, "pattern", None) is not None:
        pairs.append((node.pattern, twin.pattern))


# --- expressions ---------------------------------------------------------------------------------------------------


def _call(node: cst.Call, twin: ast.Call, pairs: Pairs) -> None:
    pairs.append((node.func, twin.func))
    if node.args:
        _arguments(node.args, twin.args, twin.keywords, pairs)


def _arguments(nodes: Sequence[cst.Arg], twins: list[ast.expr], keywords: list[ast.keyword], pairs: Pairs) -> None:
    if len(nodes) != len(twins) + len(keywords):
        raise Mismatch
    positional, named = iter(twins), iter(keywords)
    for arg in nodes:
        if arg.keyword is not None or arg.star == "**":
            pairs.append((arg.value, next(named).value))
        elif arg.star:
            pairs.append((arg.value, next(positional).value))  # type: ignore[attr-defined]
        else:
            pairs.append((arg.value, next(positional)))


def _elements(node: Any, twins: list[ast.expr], pairs: Pairs) -> None:
    for element, twin in _same(node.elements, twins):
        if element.__class__ is cst.StarredElement:
            pairs.append((element.value, twin.value))
        else:
            pairs.append((element.value, twin))


def _display(node: Any, twin: Any, pairs: Pairs) -> None:
    _elements(node, twin.elts, pairs)


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
    for element, other in _same(elements, twin.slice.elts):  # type: ignore[attr-defined]
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
        rest = rest.left  # type: ignore[assignment]
        # The parentheses around a tuple or generator are a part of it.
        own = 1 if isinstance(rest.right, (cst.Tuple, cst.GeneratorExp)) else 0
        end = pairs.behind(values[-1], len(rest.right.rpar) - own)
        pairs.append((rest, Twin(twin.lineno, twin.col_offset, *end)))
    pairs.append((rest.left, values[0]))
    pairs.append((rest.right, values[1]))


def _comparison(node: cst.Comparison, twin: ast.Compare, pairs: Pairs) -> None:
    pairs.append((node.left, twin.left))
    pairs.extend(_same([target.comparator for target in node.comparisons], twin.comparators))


def _lambda(node: cst.Lambda, twin: ast.Lambda, pairs: Pairs) -> None:
    _defaults(node.params, twin.args, pairs)
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
        pairs.extend(_same([condition.test for condition in clause.ifs], generator.ifs))
        clause = clause.inner_for_in


RULES: Final[dict[type, Rule]] = {
    cst.AnnAssign: _fields(ast.AnnAssign, ("target", "target"), ("value", "value")),
    cst.Assert: _fields(ast.Assert, ("test", "test"), ("msg", "msg")),
    cst.Assign: _assign,
    cst.Attribute: _fields(ast.Attribute, ("value", "value")),
    cst.AugAssign: _fields(ast.AugAssign, ("target", "target"), ("value", "value")),
    cst.Await: _fields(ast.Await, ("expression", "value")),
    cst.BinaryOperation: _fields(ast.BinOp, ("left", "left"), ("right", "right")),
    cst.BooleanOperation: _boolean,
    cst.Call: _call,
    cst.ClassDef: _class,
    cst.Comparison: _comparison,
    cst.ConcatenatedString: pair_formatted,
    cst.Del: _delete,
    cst.Dict: _dict,
    cst.DictComp: _comprehension,
    cst.ExceptHandler: _handler,
    cst.ExceptStarHandler: _handler,
    cst.Expr: _fields(ast.Expr, ("value", "value")),
    cst.For: _for,
    cst.FormattedString: pair_formatted,
    cst.FunctionDef: _function,
    cst.GeneratorExp: _comprehension,
    cst.If: _if,
    cst.IfExp: _fields(ast.IfExp, ("test", "test"), ("body", "body"), ("orelse", "orelse")),
    cst.Import: _import,
    cst.ImportFrom: _import,
    cst.Lambda: _lambda,
    cst.List: _display,
    cst.ListComp: _comprehension,
    cst.Match: _match,
    cst.MatchAs: _match_name,
    cst.MatchClass: _match_class,
    cst.MatchList: _match_sequence,
    cst.MatchMapping: _match_mapping,
    cst.MatchOr: _match_or,
    cst.MatchStar: _match_name,
    cst.MatchTuple: _match_sequence,
    cst.MatchValue: _match_value,
    cst.NamedExpr: _fields(ast.NamedExpr, ("target", "target"), ("value", "value")),
    cst.Raise: _raise,
    cst.Return: _fields(ast.Return, ("value", "value")),
    cst.Set: _display,
    cst.SetComp: _comprehension,
    cst.Subscript: _subscript,
    cst.TemplatedString: pair_formatted,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.Tuple: _display,
    cst.UnaryOperation: _fields(ast.UnaryOp, ("expression", "operand")),
    cst.While: _while,
    cst.With: _with,
    cst.Yield: _yield,
}
if hasattr(ast, "TypeAlias"):
    RULES[cst.TypeAlias] = _fields(ast.TypeAlias, ("name", "name"))
