"""Part of the blocking stage: a call that waits while a lock is held."""

from __future__ import annotations

import msgspec

from racelint.facts import Span
from racelint.program.callgraph.edges import Edge
from racelint.program.deadlocks.awaited import Waiting
from racelint.program.deadlocks.wakers import Need
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import LockUse
from racelint.program.sources.source import Code


class Stall(msgspec.Struct, frozen=True, eq=False):
    """`waiting` is made while `lock` is held: at operation `site` of `code`, which is the waiting call or leads to it.

    `need`: why whoever is waited for cannot come to an end meanwhile; None where the call is merely slow.
    """

    lock: LockUse
    code: Code
    site: int
    span: Span
    waiting: Waiting
    chain: tuple[Edge, ...]
    need: Need | None
    entrance: Acquisition | None = None
    """Where others take the lock meanwhile; of a wait that may last for ever, for something else."""

    @property
    def path(self) -> str:
        """The file."""
        return self.code.path

    @property
    def is_unanswered(self) -> bool:
        """Whether nobody can do what the wait is for, as long as it takes: not even before its timeout."""
        return self.need is not None and self.need.context is None
