"""Part of the lock order stage: one lock taken while another is held."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from racelint.facts import Span
from racelint.program.callgraph.edges import Edge
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import LockKey, LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import Code


class Nesting(msgspec.Struct, frozen=True, eq=False):
    """`inner` is taken while `outer` is held: at operation `site` of `code`, which is the acquisition or a call."""

    outer: LockUse
    inner: LockUse
    code: Code
    site: int
    span: Span
    held: frozenset[LockKey]
    chain: tuple[Edge, ...]
    acquisition: Acquisition

    @property
    def path(self) -> str:
        """The file."""
        return self.code.path

    @property
    def position(self) -> tuple[str, int, int]:
        """Where it is, in the order of the text."""
        return self.path, self.span.line, self.span.column


def is_free_on_the_way(chain: Sequence[Edge], key: LockKey, locksets: LockSets) -> bool:
    """Whether the calls lead over a place that is only reached while this thread surely does not hold the lock."""
    return any(use.lock.key == key for edge in chain[1:] for use in locksets.state(edge.caller, edge.site).free)
