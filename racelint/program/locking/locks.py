"""Part of the locks stage: what a lock is, and how an expression names it."""

from __future__ import annotations

from collections.abc import Collection, Container
from typing import Final

import msgspec

from racelint.facts import Span
from racelint.knowledge.model import LockDomain, LockKind
from racelint.program.dataflow.dataflow import UNKNOWN

EXCLUSIVE: Final = frozenset({LockKind.MUTEX, LockKind.REENTRANT, LockKind.CONDITION, LockKind.WRITER})
NON_REENTRANT: Final = frozenset({LockKind.MUTEX})

HANDED: Final = ".^"
"""Ends the path of an object that has a lock which another object was given: `self.^lock` has the lock `self.lock`."""

NAMED: Final = "named"
"""The kind of key of a lock that has a name of its own: of a file, made anew wherever it is needed."""

EITHER: Final = "either"
"""The kind of key of a lock of which it is not known whose class's it is."""

LockKey = tuple[str, int, str]
"""A Place as (kind, owner, name), ("site", code key, operation id as text), (NAMED, 0, name) or (EITHER, 0, names)."""


class Lock(msgspec.Struct, frozen=True, eq=False):
    """One lock identity, which its key tells from others.

    `kind` is None where the program does not tell (it may be a lock, or be none). `per_instance`: each object of the
    owning class has its own. `symbol` is its dotted name.
    """

    key: LockKey
    symbol: str
    kind: LockKind | None
    domain: LockDomain
    per_instance: bool
    path: str
    span: Span
    is_semaphore: bool = False
    """Its acquires and releases are permits: anybody may give one back."""
    by_name: bool = False
    """It is whichever lock has its name: one whose name is not known, and so has no `kind`, may be any of these."""
    either: tuple[tuple[int, Lock], ...] = ()
    """What it is for an object of each of several classes, by their keys: with the object they tell which."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lock) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def is_for_processes(self) -> bool:
        """Whether it goes by a name to keep other processes out: of the threads of this one it says nothing."""
        return self.by_name and self.domain is not LockDomain.THREAD

    def of(self, classes: Container[int]) -> Lock:
        """What it is for an object of one of these classes, by their keys."""
        return next((lock for owner, lock in self.either if owner in classes), self)

    @property
    def standing_in(self) -> Lock:
        """What it is taken for where another object is worked on: of which class it is, is not known, but that it is
        one lock for each object of those, and lets others in where one of the classes has a lock that does."""
        locks = [lock for _, lock in self.either]
        return next((each for each in locks if not each.excludes), locks[0] if locks else self)

    @property
    def excludes(self) -> bool:
        """Whether holding it keeps all other holders out; what is not known is given the benefit of the doubt."""
        return self.kind is None or self.kind in EXCLUSIVE

    @property
    def blocks(self) -> bool:
        """Whether who takes it may surely have to wait for another: not for a `nullcontext`."""
        return self.kind not in (None, LockKind.NONE)

    @property
    def name(self) -> str:
        """The last part of the symbol, as the source spells it."""
        return self.symbol.rpartition(".")[2]


class LockUse(msgspec.Struct, frozen=True):
    """A lock as one expression names it: the lock, and by which object it is reached (`base` as in `Dataflow.path`)."""

    lock: Lock
    base: str
    mode: LockKind | None = None
    """READER or WRITER for the sides of a read-write lock."""


def in_order(uses: Collection[LockUse]) -> list[LockUse]:
    """Uses of locks in one and the same order in each run, which a set of them has not."""
    return list(uses) if len(uses) < 2 else sorted(uses, key=_rank)


def _rank(use: LockUse) -> tuple[LockKey, str, str]:
    return use.lock.key, use.base, "" if use.mode is None else use.mode.name


def is_doubtful(base: str) -> bool:
    """Whether a path, or a relation, of a lock leaves open whose it is: other paths may lead to the same."""
    return base == UNKNOWN or HANDED in base
