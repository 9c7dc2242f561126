"""Displays: tuples, lists, sets and dicts, written out or as comprehensions."""

from __future__ import annotations

import ast
from typing import Any, Final

import libcst as cst

from racelint.extract.translation.nodes import ELEMENT, STARRED, TUPLE, maker
from racelint.extract.translation.tree import Translation, Untranslatable, translates

_LIST: Final = maker(cst.List, "elements")
_SET: Final = maker(cst.Set, "elements")
_DICT: Final = maker(cst.Dict, "elements")
_DICT_ELEMENT: Final = maker(cst.DictElement, "key", "value")
_STARRED_DICT_ELEMENT: Final = maker(cst.StarredDictElement, "value")
_FOR: Final = maker(cst.CompFor, "target", "iter", "ifs", "inner_for_in", "asynchronous")
_CONDITION: Final = maker(cst.CompIf, "test")
_COMPREHENSIONS: Final = {
    ast.ListComp: maker(cst.ListComp, "elt", "for_in"),
    ast.SetComp: maker(cst.SetComp, "elt", "for_in"),
    ast.GeneratorExp: maker(cst.GeneratorExp, "elt", "for_in"),
}
_DICT_COMPREHENSION: Final = maker(cst.DictComp, "key", "value", "for_in")


@translates(ast.Tuple)
def _tuple(tree: Translation, twin: ast.Tuple) -> Any:
    return TUPLE(_elements(tree, twin.elts))


@translates(ast.List)
def _list(tree: Translation, twin: ast.List) -> Any:
    return _LIST(_elements(tree, twin.elts))


@translates(ast.Set)
def _set(tree: Translation, twin: ast.Set) -> Any:
    return _SET(_elements(tree, twin.elts))


def _elements(tree: Translation, twins: list[ast.expr]) -> tuple[Any, ...]:
    return tuple([tree.node(each) if each.__class__ is ast.Starred else ELEMENT(tree.node(each)) for each in twins])


@translates(ast.Starred)
def _starred(tree: Translation, twin: ast.Starred) -> Any:
    return STARRED(tree.node(twin.value))


@translates(ast.Dict)
def _dict(tree: Translation, twin: ast.Dict) -> Any:
    elements = [
        _STARRED_DICT_ELEMENT(tree.node(value)) if key is None else _DICT_ELEMENT(tree.node(key), tree.node(value))
        for key, value in zip(twin.keys, twin.values, strict=True)
    ]
    return _DICT(tuple(elements))


@translates(ast.ListComp, ast.SetComp, ast.GeneratorExp)
def _comprehension(tree: Translation, twin: Any) -> Any:
    return _COMPREHENSIONS[twin.__class__](tree.node(twin.elt), _clauses(tree, twin.generators))


@translates(ast.DictComp)
def _dict_comprehension(tree: Translation, twin: ast.DictComp) -> Any:
    if twin.value is None:
        raise Untranslatable
    return _DICT_COMPREHENSION(tree.node(twin.key), tree.node(twin.value), _clauses(tree, twin.generators))


def _clauses(tree: Translation, twins: list[ast.comprehension]) -> Any:
    clause = None
    for twin in reversed(twins):
        conditions = tuple([_CONDITION(tree.node(test)) for test in twin.ifs])
        clause = _FOR(tree.node(twin.target), tree.node(twin.iter), conditions, clause, twin.is_async or None)
    return clause
