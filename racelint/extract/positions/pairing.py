"""LibCST nodes paired with the `ast` nodes of the same text, by walking both trees side by side."""

from __future__ import annotations

import ast
from typing import Any, Final

import libcst as cst

from racelint.extract.positions.expressions import EXPRESSIONS
from racelint.extract.positions.rules import Rule
from racelint.extract.positions.statements import STATEMENTS, block
from racelint.extract.positions.twins import Mismatch, Pairs, Twin

RULES: Final[dict[type, Rule]] = STATEMENTS | EXPRESSIONS


def pair(module: cst.Module, tree: ast.Module, text: str) -> dict[int, Any]:
    """For the `id` of each LibCST node that facts point to, an `ast` node or `Twin` that stands in the same place."""
    # LibCST hashes its nodes in Python code: their identities are the quicker keys.
    twins: dict[int, Any] = {}
    pairs = Pairs(text)
    try:
        block(module, tree.body, pairs)
    except (AttributeError, TypeError, ValueError) as error:
        raise Mismatch from error
    pair_rest(pairs, twins)
    return twins


def pair_rest(pairs: Pairs, twins: dict[int, Any]) -> None:
    """Visit all pairs that are open, and those inside them; add each to the twins."""
    try:
        while pairs:
            node, twin = pairs.pop()
            twins[id(node)] = twin
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
