"""Part of the races stage: which lock protects which access, and which lock the program itself uses for a Place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from racelint.knowledge.model import LockDomain, LockKind
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.locking.locks import Lock, LockKey, LockUse, is_doubtful
from racelint.program.locking.lockstate import ON_ENTRY, Held
from racelint.program.memory.places import Access

BETWEEN_THREADS: Final = frozenset(LockDomain) - {LockDomain.TASK, LockDomain.GREENLET}
BETWEEN_TASKS: Final = frozenset({LockDomain.TASK})
"""The locks that can be the guard of what threads, or the tasks of one loop, have in common."""

LockRole = tuple[object, str]
"""The key of a lock, and its relation to the object that is accessed."""

ANY: str = "?"
"""A relation that cannot be told: it is given the benefit of the doubt."""


class Protection(msgspec.Struct, frozen=True):
    """A lock as an access sees it: `relation` says whose lock it is, seen from the object that is accessed.

    `global` one lock for all, `own` the object's, `.parent` that of an object reached from it, `.^lock` the one
    that it was given, `<.stats` that of the
    object from which it is reached, `instance` one per object although the memory is one for all.
    """

    lock: Lock
    relation: str
    mode: LockKind | None
    taken_here: bool = True
    """Whether the function of the access takes it itself, not a caller."""

    def excludes(self, other: Protection) -> bool:
        """Whether a holder of this keeps a holder of the other out."""
        if self.lock.by_name and other.lock.by_name and None in (self.lock.kind, other.lock.kind):
            return True
        if self.lock.key != other.lock.key or not self.lock.excludes:
            return False
        if self.mode is LockKind.READER and other.mode is LockKind.READER:
            return False
        return may_be_same(self.relation, other.relation)


def may_be_same(one: str, other: str) -> bool:
    """Whether two relations, or two paths, may mean the lock of one object."""
    return one == other or is_doubtful(one) or is_doubtful(other)


def relation(use: LockUse, access: Access) -> str:
    """Whose lock a use is, seen from the accessed object."""
    if use.lock.key[0] == "item":
        # one lock for each key: that the key fits what is accessed is taken on trust
        return ANY
    if not use.lock.per_instance:
        return "global"
    if access.place.kind == "object":
        return ANY
    if access.place.kind != "attribute":
        if use.base.startswith("g:") and not (UNKNOWN in use.base or "[" in use.base or is_doubtful(use.base)):
            # the lock of one certain object, as of a lock that the program makes itself
            return use.base
        # of what may be a lock it is not known either whether each object has its own
        return "instance" if use.lock.kind is not None else ANY
    if UNKNOWN in (use.base, access.base) or access.is_lent:
        return ANY
    if use.base == access.base:
        return "own"
    if use.base.startswith(access.base + "."):
        return use.base[len(access.base) :]
    if access.base.startswith(use.base + "."):
        return "<" + access.base[len(use.base) :]
    return ANY if is_doubtful(use.base) else "other"


def protections(held: Held, access: Access) -> list[Protection]:
    """The locks held at an access that may protect it."""
    uses = [(_meant(use, access), section) for use, section in held.items()]
    found = [Protection(use.lock, relation(use, access), use.mode, section != ON_ENTRY) for use, section in uses]
    return [each for each in found if each.relation != "instance"]


def _meant(use: LockUse, access: Access) -> LockUse:
    """Which lock is held of those of several classes, as far as the accessed object tells."""
    if not use.lock.either:
        return use
    is_of_object = access.place.kind == "attribute"
    meant = use.lock.of((access.place.owner,)) if is_of_object else use.lock
    if meant is use.lock and not (is_of_object and use.base == access.base):
        meant = use.lock.standing_in
    return replace(use, lock=meant)


def exclude_each_other(first: Iterable[Protection], second: Iterable[Protection]) -> bool:
    """Whether the two sides hold a common lock, or may do so for all that is known."""
    first, second = list(first), list(second)
    if any(one.excludes(other) for one in first for other in second):
        return True
    # the reader's side, of whatever lock, lets others in
    unknown = [
        any(each.lock.kind is None and each.mode is not LockKind.READER for each in side) for side in (first, second)
    ]
    return all(unknown)


def steady(states: Iterable[Held]) -> Held:
    """The locks that are held in one and the same critical section at several operations."""
    result: Held | None = None
    for held in states:
        if result is None:
            result = dict(held)
        else:
            result = {use: section for use, section in result.items() if held.get(use) == section}
    return result or {}


def _is_rule(lock: Lock, writes: list[Access], own: list[Access]) -> bool:
    """Whether a lock for all is there for this Place: not another class's, and not only held by whoever calls."""
    place = writes[0].place
    if lock.key[0] == "class" and place.kind == "attribute" and lock.key[1] != place.owner:
        return False
    return 2 * len([each for each in writes if each in own]) >= len(writes)


class Guard(msgspec.Struct, frozen=True):
    """The lock that the program uses for a Place: at `guarded` of its `total` accesses, `example` is one of them."""

    lock: Lock
    relation: str
    guarded: int
    total: int
    example: Access
    writes: int
    keepers: int = 0
    """The functions that hold it wherever they come to the Place."""
    functions: int = 0
    """Those that come to the Place at all."""
    guarded_steps: int = 0
    steps: int = 0
    """The accesses as a reader counts them: an update, which reads and stores, is one."""

    @property
    def share(self) -> float:
        """The part of all accesses that is guarded, from 0 to 1."""
        return self.guarded / self.total

    @property
    def is_habit(self) -> bool:
        """Whether most functions keep to it, and more than one: one that does not may do much without it."""
        return self.keepers > 1 and 2 * self.keepers > self.functions

    def protects(self, protection: Protection) -> bool:
        """Whether holding `protection` is holding this guard."""
        return protection.lock.key == self.lock.key and may_be_same(self.relation, protection.relation)


def infer_guard(
    accesses: list[tuple[Access, list[Protection]]],
    waited_for: set[LockKey],
    domains: frozenset[LockDomain],
    *,
    of_keepers: bool = False,
) -> Guard | None:
    """The lock of these domains held at most of the accesses, if one that excludes is held at some write of the Place.

    A lock that is only ever tried, never waited for, refuses a second runner: it guards nothing.

    That of who keeps the object, and reaches it from there, is one for it only `of_keepers`.
    A global lock from elsewhere must be taken by some writer itself: else callers may hold it for reasons of their own.
    """
    counts: dict[LockRole, list[Access]] = {}
    locks: dict[LockRole, Lock] = {}
    own: dict[LockRole, list[Access]] = {}
    for access, held in accesses:
        for protection in held:
            lock = protection.lock
            if lock.key not in waited_for or lock.kind is None or not lock.excludes:
                continue
            if lock.domain not in domains:
                continue
            if protection.relation in (ANY, "other") or (protection.relation.startswith("<") and not of_keepers):
                # a lock of whoever happens to call is no rule of the object's own
                continue
            key = (lock.key, protection.relation)
            locks[key] = lock
            if protection.taken_here or lock.path == access.code.path:
                own.setdefault(key, []).append(access)
            if access not in counts.setdefault(key, []):
                counts[key].append(access)
    best: Guard | None = None
    for which, guarded in counts.items():
        writes = [access for access in guarded if access.kind.writes]
        if writes and (which[1] != "global" or _is_rule(locks[which], writes, own.get(which, []))):
            guard = _guard(locks[which], which[1], guarded, [access for access, _ in accesses])
            if best is None or (guard.guarded, guard.writes) > (best.guarded, best.writes):
                best = guard
    return best or _of_those_who_look(counts, locks, [access for access, _ in accesses])


def _of_those_who_look(
    counts: Mapping[LockRole, list[Access]], locks: Mapping[LockRole, Lock], accesses: list[Access]
) -> Guard | None:
    """The lock of the object under which most functions look at what one alone changes, without it."""
    if len({access.code.key for access in accesses if access.kind.writes}) != 1:
        return None
    guards = (_guard(locks[role], role[1], found, accesses) for role, found in counts.items() if role[1] != "global")
    return max((each for each in guards if each.is_habit), key=lambda each: each.guarded, default=None)


def _guard(lock: Lock, relation: str, guarded: list[Access], accesses: list[Access]) -> Guard:
    """What is counted of a lock that is held at the accesses which are `guarded`."""
    writes = [access for access in guarded if access.kind.writes]
    functions = {access.code.key for access in accesses}
    forgetful = {access.code.key for access in accesses if access not in guarded}
    return Guard(
        lock,
        relation,
        len(guarded),
        len(accesses),
        (writes or guarded)[0],
        len(writes),
        keepers=len(functions - forgetful),
        functions=len(functions),
        guarded_steps=_steps(guarded),
        steps=_steps(accesses),
    )


def _steps(accesses: Iterable[Access]) -> int:
    return len({(access.code.key, access.span.line, access.span.column) for access in accesses})
