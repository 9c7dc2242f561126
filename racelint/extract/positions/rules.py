"""How the parts of a LibCST node and those of its `ast` node correspond: what several kinds have in common."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from racelint.extract.positions.twins import Mismatch, Pairs

Rule = Callable[[Any, Any, Pairs], None]


def same(nodes: Sequence[Any], twins: Sequence[Any]) -> zip[tuple[Any, Any]]:
    return zip(nodes, twins, strict=True)


def fields(kind: type[ast.AST], *fields: tuple[str, str]) -> Rule:
    """A rule for nodes whose parts correspond one to one, whatever they are called."""

    def rule(node: Any, twin: Any, pairs: Pairs) -> None:
        if twin.__class__ is not kind:
            raise Mismatch
        for name, twin_name in fields:
            child = getattr(node, name)
            if child is not None:
                pairs.append((child, getattr(twin, twin_name)))

    return rule


def arguments(nodes: Sequence[cst.Arg], twins: list[ast.expr], keywords: list[ast.keyword], pairs: Pairs) -> None:
    if len(nodes) != len(twins) + len(keywords):
        raise Mismatch
    positional, named = iter(twins), iter(keywords)
    for arg in nodes:
        if arg.keyword is not None or arg.star == "**":
            pairs.append((arg.value, next(named).value))
        elif arg.star:
            pairs.append((arg.value, next(positional).value))  # type: ignore[attr-defined]  # a star in both
        else:
            pairs.append((arg.value, next(positional)))


def elements(node: Any, twins: list[ast.expr], pairs: Pairs) -> None:
    for element, twin in same(node.elements, twins):
        if element.__class__ is cst.StarredElement:
            pairs.append((element.value, twin.value))
        else:
            pairs.append((element.value, twin))


def defaults(node: cst.Parameters, twin: ast.arguments, pairs: Pairs) -> None:
    positional = [parameter.default for parameter in (*node.posonly_params, *node.params) if parameter.default]
    keyword = [parameter.default for parameter in node.kwonly_params if parameter.default]
    pairs.extend(same(positional, twin.defaults))
    pairs.extend(same(keyword, [default for default in twin.kw_defaults if default]))
