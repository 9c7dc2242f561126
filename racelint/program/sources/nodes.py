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


def contains(node: Node, id: int) -> bool:
    """Whether an operation stands in a node."""
    return any(getattr(each, "id", facts.NOTHING) == id for each in walk([node]))


def last_id(nodes: Sequence[Node]) -> int:
    """The last operation of some nodes; ids follow the text."""
    return max((each.id for each in walk(nodes) if hasattr(each, "id")), default=facts.NOTHING)
