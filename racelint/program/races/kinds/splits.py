"""Part of the races stage: a flag is tested in one critical section, and the next one changes a container beside it.

`with lock: closed = self.closed`, `if closed: return`, `with lock: self.items.append(item)`: that the program sets the
flag and changes the container under one lock says that the two belong together.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from racelint.program.locking.guards import Protection, protections
from racelint.program.locking.locks import Lock
from racelint.program.locking.locksets import LockSets
from racelint.program.locking.lockstate import Held
from racelint.program.memory.places import Access, Place
from racelint.program.races.cases.case import Case
from racelint.program.races.cases.insiders import is_insider
from racelint.program.races.kinds.pairs import is_tested_again
from racelint.program.sequences.composites import Flagged, Sequences
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.loops import loops


class Split(msgspec.Struct, frozen=True):
    """The flag is tested and the container changed under `lock`, but not in one section; `store` sets the flag."""

    flagged: Flagged
    store: Access
    lock: Lock


def find_splits(sharing: Sharing, locksets: LockSets, sequences: Sequences) -> Iterator[Split]:
    """Judge what is put into containers on account of a flag, one for each container in a function."""
    cases: dict[Place, Case] = {}
    seen: set[tuple[int, Place]] = set()
    for flagged in sequences.flagged:
        key = (flagged.code.key, flagged.last.place)
        lock = _released(locksets, flagged) if key not in seen else None
        if lock is None or is_tested_again(flagged, locksets) or _is_begun(sharing, locksets, flagged):
            continue
        for place in (flagged.read.place, flagged.last.place):
            if place not in cases:
                cases[place] = Case(place, sharing, locksets)
        store = _raised(cases, flagged, lock)
        if store is not None:
            seen.add(key)
            yield Split(flagged, store, lock.lock)


def _released(locksets: LockSets, flagged: Flagged) -> Protection | None:
    """The object's own lock, or one for all, that is held at the test and at the act, and released in between."""
    code = flagged.code
    before, after = locksets.held(code, flagged.site), locksets.held(code, flagged.act)
    if any(before[use] == after[use] for use in before.keys() & after.keys()):
        return None
    split = {use: after[use] for use in before.keys() & after.keys() if use.lock.kind is not None}
    found = [each for each in protections(split, flagged.last) if each.taken_here and each.lock.excludes]
    found += _given_back(locksets, flagged, {use: section for use, section in after.items() if use not in before})
    return next((each for each in found if each.relation in ("own", "global")), None)


def _given_back(locksets: LockSets, flagged: Flagged, after: Held) -> Iterator[Protection]:
    """What who is asked for the flag holds while it looks, and has released when it answers."""
    read = flagged.read
    if read.code is flagged.code:
        return
    inside = protections(locksets.held(read.code, read.id), read)
    seen = {each.lock.key for each in inside if each.taken_here and each.lock.kind is not None}
    for each in protections(after, flagged.last):
        if each.taken_here and each.lock.excludes and each.lock.key in seen:
            yield each


def _is_begun(sharing: Sharing, locksets: LockSets, flagged: Flagged) -> bool:
    """Whether it is work that was begun while the flag was down, and may be finished after: each turn of a loop, or
    what the first section has noted or taken."""
    code = flagged.code
    if any(low <= flagged.site and flagged.act <= high for low, high in loops(code)):
        return True
    section = locksets.held(code, flagged.site)
    return any(
        each.kind.writes and section.items() & locksets.held(code, each.id).items()
        for each in sharing.places.of(code)
        if each.base == flagged.last.base
    )


def _raised(cases: dict[Place, Case], flagged: Flagged, lock: Protection) -> Access | None:
    """Who sets the flag, which is never lowered again and only ever set under the lock, while the function may run."""
    flags, contents, code = cases[flagged.read.place], cases[flagged.last.place], flagged.code
    for case in (flags, contents):
        if case.place in case.locksets.claims.owners or case.sharing.confined.covers(case.place):
            return None
    if flagged.last not in contents.accesses or not flags.is_reached(code) or not is_insider(contents, flagged.last):
        return None
    stores = [each for each in flags.accesses if each.kind.writes]
    for store in stores:
        truth = flags.sharing.places.dataflow(store.code).truth(store.value)
        against = truth is (not flagged.wants) or (truth is None and not flagged.wants)
        own = any(each.taken_here and each.excludes(lock) for each in flags.protections(store))
        if not store.kind.rebinds or not against or not own or store.code is code:
            return None
    return next((each for each in stores if contents.may_meet(flagged.last, each)), None)
