"""Part of the calls stage: which of several methods that a call may run is the one that the others override?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from racelint.program.callgraph.calls import Edge


def overridden(edges: list[Edge], wrapping: Container[int]) -> Iterator[Edge]:
    """The calls of a method where all other possible callees are those of subclasses that override it.

    Any object of the class may be called there, and most classes are used as they are.
    """
    by_site: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.callee.key not in wrapping:
            by_site[edge.site].append(edge)
    for there in by_site.values():
        classes = {edge.callee.key: edge.callee.cls for edge in there}
        if len(classes) > 1 and len({edge.callee.name for edge in there}) == 1:
            yield from (edge for edge in there if all(cls and edge.callee.cls in cls.mro for cls in classes.values()))
