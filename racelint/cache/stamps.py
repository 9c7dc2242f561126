"""Which text a file had when it was read, so that one that has not changed since need not be read again."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Final

import msgspec

SETTLED: Final = 2_000_000_000
"""Nanoseconds after which a further change of a file surely gets another time: clocks of file systems are coarse."""

MANY_TIMES: Final = 4
FEW: Final = 1000

Signature = tuple[int, int, int, int]
"""What a change of a file changes: its size, its number, and the times of the changes to its content and to it."""

Table = dict[bytes, tuple[Signature, bytes]]


@dataclass(slots=True)
class Stamps:
    """The digests of texts by the path of their file, from earlier runs (`known`) and of this one (`now`)."""

    known: Table = field(default_factory=dict)
    now: Table = field(default_factory=dict)
    changed: bool = False

    @classmethod
    def loaded(cls, content: bytes | None) -> Stamps:
        """The stamps that `dumped` wrote; none if these are no such bytes."""
        try:
            return cls(msgspec.msgpack.decode(content or b"\x80", type=Table))
        except msgspec.MsgspecError:
            return cls()

    def dumped(self) -> bytes:
        """The stamps of this run and, unless these are far more, of the other files that earlier runs have seen."""
        kept = self.known if len(self.known) <= MANY_TIMES * len(self.now) + FEW else {}
        return msgspec.msgpack.encode({**kept, **self.now})

    def digest(self, path: str, status: os.stat_result) -> bytes | None:
        """The digest of the text of a file that is in this state, if that is known."""
        known = self.known.get(os.fsencode(path))
        if known is None or known[0] != signature(status):
            return None
        self.now[os.fsencode(path)] = known
        return known[1]

    def learn(self, path: str, status: os.stat_result, digest: bytes) -> None:
        """Take down the digest of a text that was read from a file just now, when it was in this state.

        Not if the file has changed in this very moment: it could change again without a trace.
        """
        if max(status.st_mtime_ns, status.st_ctime_ns) < time.time_ns() - SETTLED:
            self.now[os.fsencode(path)] = signature(status), digest
            self.changed = True


def signature(status: os.stat_result) -> Signature:
    """What is another one after each change of a file."""
    return status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns
