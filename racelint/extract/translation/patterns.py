"""The match statement: each kind of pattern of `ast` as the LibCST node that says the same."""

from __future__ import annotations

import ast
from typing import Any, Final

import libcst as cst

from racelint.extract.positions.twins import REST, Twin, encoded
from racelint.extract.translation.nodes import NAME, maker
from racelint.extract.translation.statements import block
from racelint.extract.translation.tree import Translation, translates

_MATCH: Final = maker(cst.Match, "subject", "cases")
_CASE: Final = maker(cst.MatchCase, "pattern", "guard", "body")
_VALUE: Final = maker(cst.MatchValue, "value")
_SINGLETON: Final = maker(cst.MatchSingleton, "value")
_SEQUENCE: Final = maker(cst.MatchList, "patterns")
_MAPPING: Final = maker(cst.MatchMapping, "elements", "rest")
_CLASS: Final = maker(cst.MatchClass, "cls", "patterns", "kwds")
_STAR: Final = maker(cst.MatchStar, "name")
_AS: Final = maker(cst.MatchAs, "pattern", "name")
_OR: Final = maker(cst.MatchOr, "patterns")
_PART: Final = maker(cst.MatchSequenceElement, "value")
_ITEM: Final = maker(cst.MatchMappingElement, "key", "pattern")
_KEYWORD: Final = maker(cst.MatchKeywordElement, "pattern")
_ALTERNATIVE: Final = maker(cst.MatchOrElement, "pattern")


@translates(ast.Match)
def _match(tree: Translation, twin: ast.Match) -> Any:
    cases = [_CASE(tree.node(case.pattern), tree.optional(case.guard), block(tree, case.body)) for case in twin.cases]
    return _MATCH(tree.node(twin.subject), tuple(cases))


@translates(ast.MatchValue)
def _value(tree: Translation, twin: ast.MatchValue) -> Any:
    return _VALUE(tree.node(twin.value))


@translates(ast.MatchSingleton)
def _singleton(_tree: Translation, twin: ast.MatchSingleton) -> Any:
    return _SINGLETON(NAME(str(twin.value)))


@translates(ast.MatchSequence)
def _sequence(tree: Translation, twin: ast.MatchSequence) -> Any:
    parts = [
        tree.node(pattern) if isinstance(pattern, ast.MatchStar) else _PART(tree.node(pattern))
        for pattern in twin.patterns
    ]
    return _SEQUENCE(tuple(parts))


@translates(ast.MatchMapping)
def _mapping(tree: Translation, twin: ast.MatchMapping) -> Any:
    items = [_ITEM(tree.node(key), tree.node(pattern)) for key, pattern in zip(twin.keys, twin.patterns, strict=True)]
    rest = None
    if twin.rest is not None:
        rest = NAME(twin.rest)
        line, column = twin.lineno, twin.col_offset + 1
        if twin.patterns:
            line, column = twin.patterns[-1].end_lineno, twin.patterns[-1].end_col_offset
        tree.twins[id(rest)] = tree.pairs.name_after(line, column, REST, twin.rest)
    return _MAPPING(tuple(items), rest)


@translates(ast.MatchClass)
def _class(tree: Translation, twin: ast.MatchClass) -> Any:
    positional = [_PART(tree.node(pattern)) for pattern in twin.patterns]
    keywords = [_KEYWORD(tree.node(pattern)) for pattern in twin.kwd_patterns]
    return _CLASS(tree.node(twin.cls), tuple(positional), tuple(keywords))


@translates(ast.MatchStar)
def _star(tree: Translation, twin: ast.MatchStar) -> Any:
    return _STAR(_captured(tree, twin))


@translates(ast.MatchAs)
def _as(tree: Translation, twin: ast.MatchAs) -> Any:
    return _AS(tree.optional(twin.pattern), _captured(tree, twin))


def _captured(tree: Translation, twin: Any) -> Any:
    """The name that a capture ends with, if it has one."""
    if twin.name is None:
        return None
    name = NAME(twin.name)
    line, column = twin.end_lineno, twin.end_col_offset
    tree.twins[id(name)] = Twin(line, column - len(encoded(twin.name)), line, column)
    return name


@translates(ast.MatchOr)
def _or(tree: Translation, twin: ast.MatchOr) -> Any:
    return _OR(tuple([_ALTERNATIVE(tree.node(pattern)) for pattern in twin.patterns]))
