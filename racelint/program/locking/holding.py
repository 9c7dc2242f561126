"""Part of the locksets stage: what the walk over one function finds out about its locks."""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

from racelint.facts import Span
from racelint.program.locking.locks import LockUse
from racelint.program.locking.lockstate import State
from racelint.program.sources.source import Code, InCode


class Acquisition(InCode, frozen=True):
    """One taking of a lock in a function: `before` is what was held there. `waits`: it blocks until it has the lock."""

    id: int
    span: Span
    use: LockUse
    before: State
    waits: bool
    explicit: bool


class Release(InCode, frozen=True):
    """One explicit release; `free`: the lock is surely not held by this thread there.

    `asked`: it is made because a test has found the lock taken, by whomever.
    """

    id: int
    span: Span
    use: LockUse
    free: bool
    asked: bool = False


class Exit(Enum):
    """How a path leaves a function: at its end or by `return`, by `raise`, by the exception of a call, or because it is
    interrupted while it waits for a condition. Or how it comes round to where it began, in a loop without an end."""

    RETURN = "return"
    RAISE = "raise"
    CALL = "call"
    WAIT = "wait"
    AGAIN = "again"


class Leak(msgspec.Struct, frozen=True):
    """A path that leaves the function with the lock that operation `acquired` took, or comes by there again with it."""

    acquired: int
    use: LockUse
    exit: Span | None
    by: Exit


class Effect(msgspec.Struct, frozen=True):
    """What a call of the function does to the caller's locks, in the function's own terms.

    `acquires` are held after it, `drops` no longer, `pauses` again (they were given up meanwhile); `yields` are held
    while a generator is suspended; `answers`: its result tells whether that lock was taken.
    """

    acquires: frozenset[LockUse] = frozenset()
    drops: frozenset[LockUse] = frozenset()
    pauses: frozenset[LockUse] = frozenset()
    yields: frozenset[LockUse] = frozenset()
    answers: LockUse | None = None
    gives_back: frozenset[LockUse] = frozenset()
    """Released on every path without having been taken: whoever calls the function holds them."""


NO_EFFECT: Final = Effect()


class Holding(msgspec.Struct):
    """What the walk of one function found; `at` has the state before each operation (`EMPTY` where it has none)."""

    code: Code
    at: dict[int, State] = msgspec.field(default_factory=dict)
    acquisitions: dict[int, Acquisition] = msgspec.field(default_factory=dict)
    releases: dict[int, Release] = msgspec.field(default_factory=dict)
    leaks: dict[Leak, None] = msgspec.field(default_factory=dict)
    ignored: dict[int, Acquisition] = msgspec.field(default_factory=dict)
    handed_on: set[LockUse] = msgspec.field(default_factory=set)
    """Locks whose `release` is handed to somebody else to call: a timer, a callback."""
    waits: set[Span] = msgspec.field(default_factory=set)
    """The calls that give a lock up, wait, and take it again."""
    by_choice: set[LockUse] = msgspec.field(default_factory=set)
    """Locks that the function releases, or keeps, as a flag of its own says."""
    effect: Effect = NO_EFFECT
