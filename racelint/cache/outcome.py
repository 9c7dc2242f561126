"""What came of a program, in the form in which it is kept."""

from __future__ import annotations

import msgspec

from racelint.baseline import Extent
from racelint.facts import Comment
from racelint.findings import Finding, RunError


class Outcome(msgspec.Struct, frozen=True):
    """What came of a program, whatever part of it is asked about.

    These are the findings in all of its files, what failed and which rules broke down, and the comments by the path
    that is shown for their file. What there is in it is kept `packed`, in `program`: few ask for it, and it is large.
    """

    findings: tuple[Finding, ...]
    errors: tuple[RunError, ...]
    broken: frozenset[str]
    notes: tuple[str, ...]
    comments: dict[str, tuple[Comment, ...]]
    program: bytes

    def extent(self) -> Extent:
        """What there is in the program."""
        return msgspec.msgpack.decode(self.program, type=Extent)


def packed(extent: Extent) -> bytes:
    """What there is in a program, as an outcome has it."""
    try:
        return msgspec.msgpack.encode(extent)
    except UnicodeEncodeError:
        return msgspec.msgpack.encode(Extent())
