"""What mends a finding: a remedy says so by its meaning, a fix by the text that takes the place of what is written."""

from __future__ import annotations

from typing import Literal

import msgspec

from racelint.facts import Span

Applicability = Literal["safe", "unsafe"]
"""Whether a fix keeps all that the program is meant to do, or somebody has to look at it."""


class Edit(msgspec.Struct, frozen=True, array_like=True):
    """`text` in the place of what is at `span`; an empty span is a place between two characters."""

    span: Span
    text: str


class Fix(msgspec.Struct, frozen=True):
    """A change of one file that mends a finding in it: what it does, in one sentence, and the edits, in order."""

    applicability: Applicability
    message: str
    edits: tuple[Edit, ...]


class Remedy(msgspec.Struct, frozen=True, tag=True, gc=False):
    """What would mend a finding, in the file where that stands, as far as no syntax is asked.

    `is_safe`: as far as the program tells, it changes nothing but what is wrong.
    """

    is_safe: bool


class TakeLock(Remedy, frozen=True, gc=False):
    """Hold `lock`, an expression as it is written there, over all of `spans`.

    `holder` is the expression by which the lock is reached, "" if by none. `taking` are the calls, and other places, of
    the same function at which the lock may be taken, `doubtful` those of which nobody knows what they come to.
    """

    lock: str
    holder: str
    spans: tuple[Span, ...]
    taking: tuple[Span, ...] = ()
    doubtful: tuple[Span, ...] = ()


class TestAgain(Remedy, frozen=True, gc=False):
    """Test what is tested at `test` once more in the `with` around `act`, as the first thing."""

    test: Span
    act: Span


class UseWith(Remedy, frozen=True, gc=False):
    """Let a `with` release what is acquired at `acquire`, or a `finally` where that cannot be."""

    acquire: Span


class LoopAround(Remedy, frozen=True, gc=False):
    """Test again after the wait at `wait` what is tested at `test` before it."""

    test: Span
    wait: Span


class UseSetdefault(Remedy, frozen=True, gc=False):
    """One `setdefault` for the test at `test` and the store of an item at `store`."""

    test: Span
    store: Span


class UsePop(Remedy, frozen=True, gc=False):
    """One `pop` with a default for the test at `test` and the deletion of an item at `deletion`."""

    test: Span
    deletion: Span


class IterateCopy(Remedy, frozen=True, gc=False):
    """Iterate over a copy of what is iterated at `iterated`, made under `lock`; without one, made all the same."""

    iterated: Span
    lock: TakeLock | None = None


class ReadOnce(Remedy, frozen=True, gc=False):
    """Read once, into a local variable, what is read at `first` and again at `second`.

    `changing` are the calls of the same function behind which it may be set.
    """

    first: Span
    second: Span
    changing: tuple[Span, ...] = ()


class StartLast(Remedy, frozen=True, gc=False):
    """Move the start at `start` behind all of `stores`; `doubtful` are the calls that may need what it starts."""

    start: Span
    stores: tuple[Span, ...]
    doubtful: tuple[Span, ...] = ()


class ShareLock(Remedy, frozen=True, gc=False):
    """Make the lock that is made at `made`, anew at each call, once for all calls."""

    made: Span


class MakeReentrant(Remedy, frozen=True, gc=False):
    """Make the lock that is made at `made` a reentrant one."""

    made: Span


class TakeFirst(Remedy, frozen=True, gc=False):
    """Take the lock at `inner` before the one that is held there."""

    inner: Span


AnyRemedy = (
    TakeLock
    | TestAgain
    | UseWith
    | LoopAround
    | UseSetdefault
    | UsePop
    | IterateCopy
    | ReadOnce
    | StartLast
    | ShareLock
    | MakeReentrant
    | TakeFirst
)
