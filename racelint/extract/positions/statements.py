"""Statements and patterns: which of their parts correspond in LibCST and in `ast`."""

from __future__ import annotations

import ast
from typing import Any, Final

import libcst as cst

from racelint.extract.positions.rules import Rule, arguments, defaults, elements, fields, same
from racelint.extract.positions.twins import ALIAS, DEFINITION, REST, Mismatch, Pairs, Twin, encoded


def block(block: Any, twins: list[ast.stmt], pairs: Pairs) -> None:
    nodes: list[Any] = []
    for statement in block.body:
        if statement.__class__ is cst.SimpleStatementLine:
            nodes.extend(statement.body)
        else:
            nodes.append(statement)
    pairs.extend(same(nodes, twins))


def _orelse(node: cst.Else | cst.Finally | None, twins: list[ast.stmt], pairs: Pairs) -> None:
    if node is not None:
        block(node.body, twins, pairs)
    elif twins:
        raise Mismatch


def _assign(node: cst.Assign, twin: ast.Assign, pairs: Pairs) -> None:
    pairs.append((node.value, twin.value))
    for target, other in same(node.targets, twin.targets):
        pairs.append((target.target, other))


def _raise(node: cst.Raise, twin: ast.Raise, pairs: Pairs) -> None:
    if node.exc is not None:
        pairs.append((node.exc, twin.exc))
    if node.cause is not None:
        pairs.append((node.cause.item, twin.cause))


def _delete(node: cst.Del, twin: ast.Delete, pairs: Pairs) -> None:
    target = node.target
    if isinstance(target, cst.Tuple) and not target.lpar:
        elements(target, twin.targets, pairs)
    else:
        pairs.append((target, twin.targets[0]))


def _import(node: Any, twin: Any, pairs: Pairs) -> None:
    if isinstance(node.names, cst.ImportStar):
        pairs.append((node.names, twin.names[0]))
    else:
        pairs.extend(same(node.names, twin.names))


def _if(node: cst.If, twin: ast.If, pairs: Pairs) -> None:
    pairs.append((node.test, twin.test))
    block(node.body, twin.body, pairs)
    if isinstance(node.orelse, cst.If):
        pairs.append((node.orelse, twin.orelse[0]))
    else:
        _orelse(node.orelse, twin.orelse, pairs)


def _while(node: cst.While, twin: ast.While, pairs: Pairs) -> None:
    pairs.append((node.test, twin.test))
    block(node.body, twin.body, pairs)
    _orelse(node.orelse, twin.orelse, pairs)


def _for(node: cst.For, twin: ast.For, pairs: Pairs) -> None:
    pairs.append((node.target, twin.target))
    pairs.append((node.iter, twin.iter))
    block(node.body, twin.body, pairs)
    _orelse(node.orelse, twin.orelse, pairs)


def _with(node: cst.With, twin: ast.With, pairs: Pairs) -> None:
    for item, other in same(node.items, twin.items):
        pairs.append((item.item, other.context_expr))
        if item.asname is not None:
            pairs.append((item.asname.name, other.optional_vars))
    block(node.body, twin.body, pairs)


def _try(node: cst.Try, twin: ast.Try, pairs: Pairs) -> None:
    block(node.body, twin.body, pairs)
    pairs.extend(same(node.handlers, twin.handlers))
    _orelse(node.orelse, twin.orelse, pairs)
    _orelse(node.finalbody, twin.finalbody, pairs)


def _handler(node: Any, twin: ast.ExceptHandler, pairs: Pairs) -> None:
    block(node.body, twin.body, pairs)
    if node.type is None:
        return
    pairs.append((node.type, twin.type))
    if node.name is not None:
        assert twin.type is not None
        line, column = twin.type.end_lineno or 0, twin.type.end_col_offset or 0
        name = node.name.name
        pairs.append((name, pairs.name_after(line, column, ALIAS, name.value)))


def _function(node: cst.FunctionDef, twin: ast.FunctionDef, pairs: Pairs) -> None:
    pairs.extend(same([decorator.decorator for decorator in node.decorators], twin.decorator_list))
    defaults(node.params, twin.args, pairs)
    pairs.append((node.name, pairs.name_after(twin.lineno, twin.col_offset, DEFINITION, node.name.value)))
    block(node.body, twin.body, pairs)


def _class(node: cst.ClassDef, twin: ast.ClassDef, pairs: Pairs) -> None:
    pairs.extend(same([decorator.decorator for decorator in node.decorators], twin.decorator_list))
    arguments((*node.bases, *node.keywords), twin.bases, twin.keywords, pairs)
    pairs.append((node.name, pairs.name_after(twin.lineno, twin.col_offset, DEFINITION, node.name.value)))
    block(node.body, twin.body, pairs)


def _match(node: cst.Match, twin: ast.Match, pairs: Pairs) -> None:
    pairs.append((node.subject, twin.subject))
    for case, other in same(node.cases, twin.cases):
        pairs.append((case.pattern, other.pattern))
        if case.guard is not None:
            pairs.append((case.guard, other.guard))
        block(case.body, other.body, pairs)


def _match_value(node: cst.MatchValue, twin: ast.MatchValue, pairs: Pairs) -> None:
    pairs.append((node.value, twin.value))


def _match_sequence(node: Any, twin: ast.MatchSequence, pairs: Pairs) -> None:
    pairs.extend(same([getattr(element, "value", element) for element in node.patterns], twin.patterns))


def _match_or(node: cst.MatchOr, twin: ast.MatchOr, pairs: Pairs) -> None:
    pairs.extend(same([element.pattern for element in node.patterns], twin.patterns))


def _match_mapping(node: cst.MatchMapping, twin: ast.MatchMapping, pairs: Pairs) -> None:
    pairs.extend(same([element.key for element in node.elements], twin.keys))
    pairs.extend(same([element.pattern for element in node.elements], twin.patterns))
    if node.rest is not None:
        line, column = twin.lineno, twin.col_offset + 1
        if twin.patterns:
            line, column = twin.patterns[-1].end_lineno, twin.patterns[-1].end_col_offset
        pairs.append((node.rest, pairs.name_after(line, column, REST, node.rest.value)))


def _match_class(node: cst.MatchClass, twin: ast.MatchClass, pairs: Pairs) -> None:
    pairs.append((node.cls, twin.cls))
    pairs.extend(same([element.value for element in node.patterns], twin.patterns))
    pairs.extend(same([element.pattern for element in node.kwds], twin.kwd_patterns))


def _match_name(node: Any, twin: Any, pairs: Pairs) -> None:
    """A capture, with a pattern or a star before it: the name is the last that it consists of."""
    if node.name is not None:
        line, column = twin.end_lineno, twin.end_col_offset
        pairs.append((node.name, Twin(line, column - len(encoded(node.name.value)), line, column)))
    if getattr(node, "pattern", None) is not None:
        pairs.append((node.pattern, twin.pattern))


STATEMENTS: Final[dict[type, Rule]] = {
    cst.AnnAssign: fields(ast.AnnAssign, ("target", "target"), ("value", "value")),
    cst.Assert: fields(ast.Assert, ("test", "test"), ("msg", "msg")),
    cst.Assign: _assign,
    cst.AugAssign: fields(ast.AugAssign, ("target", "target"), ("value", "value")),
    cst.ClassDef: _class,
    cst.Del: _delete,
    cst.ExceptHandler: _handler,
    cst.ExceptStarHandler: _handler,
    cst.Expr: fields(ast.Expr, ("value", "value")),
    cst.For: _for,
    cst.FunctionDef: _function,
    cst.If: _if,
    cst.Import: _import,
    cst.ImportFrom: _import,
    cst.Match: _match,
    cst.MatchAs: _match_name,
    cst.MatchClass: _match_class,
    cst.MatchList: _match_sequence,
    cst.MatchMapping: _match_mapping,
    cst.MatchOr: _match_or,
    cst.MatchStar: _match_name,
    cst.MatchTuple: _match_sequence,
    cst.MatchValue: _match_value,
    cst.Raise: _raise,
    cst.Return: fields(ast.Return, ("value", "value")),
    cst.Try: _try,
    cst.TryStar: _try,
    cst.While: _while,
    cst.With: _with,
}
if hasattr(ast, "TypeAlias"):
    STATEMENTS[cst.TypeAlias] = fields(ast.TypeAlias, ("name", "name"))
if hasattr(cst, "LazyImport"):
    STATEMENTS.update({cst.LazyImport: _import, cst.LazyImportFrom: _import})
