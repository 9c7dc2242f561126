"""Part of the sources: how the nodes of a body lie in each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from racelint import facts
from racelint.facts import Node

_PARTS: Final[dict[type[Node], Callable[[Any], tuple[Sequence[Node], ...]]]] = {
    facts.Branch: lambda node: (node.body, node.orelse),
    facts.Loop: lambda node: (node.head, node.body, node.orelse),
    facts.With: lambda node: (node.body,),
    facts.Try: lambda node: (node.body, *(each.body for each in node.handlers), node.orelse, node.final),
}


def parts(node: Node) -> tuple[Sequence[Node], ...]:
    """The bodies inside a control node, in the order of the text; none for an operation."""
    inside = _PARTS.get(type(node))
    return () if inside is None else inside(node)


def walk(nodes: Sequence[Node]) -> Iterator[Node]:
    """All nodes of a body, depth first, in the order of the text."""
    pending = list(reversed(nodes))
    while pending:
        node = pending.pop()
        yield node
        for part in reversed(parts(node)):
            pending.extend(reversed(part))


def ids_in(nodes: Sequence[Node]) -> set[int]:
    """The operations of some nodes, with all that lies in them."""
    return {node.id for node in walk(nodes) if hasattr(node, "id")}


def contains(node: Node, id: int) -> bool:
    """Whether an operation stands in a node."""
    return is_within([node], id)


def is_within(nodes: Sequence[Node], id: int) -> bool:
    """Whether an operation stands in one of some nodes that follow each other."""
    low, high = extent(nodes)
    return low <= id <= high


def extent(nodes: Sequence[Node]) -> tuple[int, int]:
    """From which operation to which some nodes reach: as ids follow the text, no other lies between.

    0 and `NOTHING` if there is no operation in them.
    """
    return max(first_id(nodes), 0), last_id(nodes)


def first_id(nodes: Sequence[Node]) -> int:
    """The first operation of some nodes; `NOTHING` if there is none."""
    for node in nodes:
        if hasattr(node, "id"):
            return node.id
        for part in parts(node):
            if (inner := first_id(part)) >= 0:
                return inner
    return facts.NOTHING


def last_id(nodes: Sequence[Node]) -> int:
    """The last operation of some nodes; `NOTHING` if there is none."""
    for node in reversed(nodes):
        if hasattr(node, "id"):
            return node.id
        for part in reversed(parts(node)):
            if (inner := last_id(part)) >= 0:
                return inner
    return facts.NOTHING
