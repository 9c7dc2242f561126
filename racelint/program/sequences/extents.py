"""Part of the sequences stage: from which operation to which does a body reach?"""

from __future__ import annotations

from collections.abc import Sequence

from racelint.facts import Node
from racelint.program.sources.nodes import parts
from racelint.program.sources.source import END


class Extents:
    """The reaches of the bodies of one function, each worked out once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, int]] = {}
        self._bodies: dict[int, tuple[Sequence[Node], tuple[int, int]]] = {}
        """By the identity of a body, which is only its own as long as the body is kept."""

    def of(self, body: Sequence[Node]) -> tuple[int, int]:
        """The lowest and the highest id in a body; ids follow the text."""
        kept = self._bodies.get(id(body))
        if kept is None:
            ends = [self._of_node(node) for node in body]
            reach = min((low for low, _ in ends), default=0), max((high for _, high in ends), default=-1)
            kept = self._bodies[id(body)] = body, reach
        return kept[1]

    def _of_node(self, node: Node) -> tuple[int, int]:
        known = self._known.get(id(node))
        if known is None:
            inside = [self.of(part) for part in parts(node) if part]
            own = getattr(node, "id", None)
            if own is not None:
                inside.append((own, own))
            known = (min((low for low, _ in inside), default=END), max((high for _, high in inside), default=-1))
            self._known[id(node)] = known
        return known
