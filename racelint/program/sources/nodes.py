"""Part of the sources: how the nodes of a body lie in each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from racelint import facts
from racelint.facts import Node


def parts(node: Node) -> tuple[Sequence[Node], ...]:
    """The bodies inside a control node, in the order of the text; none for an operation."""
    kind = type(node)
    if kind is facts.Branch:
        return node.body, node.orelse  # type: ignore[union-attr]
    if kind is facts.Loop:
        return node.head, node.body, node.orelse  # type: ignore[union-attr]
    if kind is facts.With:
        return (node.body,)  # type: ignore[union-attr]
    if kind is facts.Try:
        handlers = (handler.body for handler in node.handlers)  # type: ignore[union-attr]
        return node.body, *handlers, node.orelse, node.final  # type: ignore[union-attr]
    return ()


def walk(nodes: Sequence[Node]) -> Iterator[Node]:
    """All nodes of a body, depth first, in the order of the text."""
    pending = list(reversed(nodes))
    while pending:
        node = pending.pop()
        yield node
        for part in reversed(parts(node)):
            pending.extend(reversed(part))
