"""Stage 9: which locks are replaced by new ones while others may hold the old ones, or wait for them?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.findings import Evidence
from racelint.knowledge.model import LockDomain, LockKind
from racelint.knowledge.process import NAMED_ALONE
from racelint.knowledge.records import COPYING
from racelint.program.callgraph.forked import is_in_child, run_after_fork
from racelint.program.contexts.contexts import Context
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import Lock
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Place
from racelint.program.sharing.sharing import Sharing
from racelint.program.signals.around import surroundings
from racelint.program.values.values import LibraryObject

KINDS: Final = frozenset({LockKind.MUTEX, LockKind.REENTRANT, LockKind.CONDITION, LockKind.SEMAPHORE})
DOMAINS: Final = frozenset({LockDomain.THREAD, LockDomain.PROCESS})


class Rebound(msgspec.Struct, frozen=True, eq=False):
    """`store` puts a new lock in the place of one that `user` takes: `one` does, beside `other`, where it is known.

    `first` has made the old one.
    """

    store: Access
    first: Access
    lock: Lock
    user: Acquisition
    evidence: Evidence
    one: Context | None = None
    other: Context | None = None

    @property
    def path(self) -> str:
        """The file."""
        return self.store.code.path

    @property
    def span(self) -> Span:
        """The store."""
        return self.store.span


def link_rebinding(locksets: LockSets, sharing: Sharing) -> list[Rebound]:
    """Judge every store of a new lock."""
    return list(_Finder(locksets, sharing).find())


class _Finder:
    """Finds the locks that are replaced."""

    def __init__(self, locksets: LockSets, sharing: Sharing) -> None:
        self._locksets = locksets
        self._sharing = sharing
        self._places = locksets.places
        self._threads = locksets.threads
        self._calls = locksets.threads.calls
        self._types = locksets.places.types
        self._alone = run_after_fork(self._calls, NAMED_ALONE)

    def find(self) -> Iterator[Rebound]:
        found = {
            place: [each for each in accesses if each.kind.rebinds and self._makes_lock(each)]
            for place, accesses in self._places.by_place.items()
            if place.kind not in ("closure", "object")
        }
        locks = (place for place, stores in found.items() if stores)
        for place in sorted(locks, key=lambda place: (place.symbol, place.kind, place.owner)):
            stores = found[place]
            first = [each for each in stores if self._sharing.is_early(each)]
            for store in stores if first else ():
                if store not in first and not self._is_right(store):
                    yield from self._judge(place, store, first[0])

    def _makes_lock(self, store: Access) -> bool:
        knowledge = self._types.names.knowledge
        for value in self._types.of(store.code, store.value):
            if isinstance(value, LibraryObject) and value.site == (store.code.key, store.value):
                model = knowledge.lock(value.qualname)
                return model is not None and model.kind in KINDS and model.domain in DOMAINS
        return False

    # --- right ---

    def _is_right(self, store: Access) -> bool:
        """Whether nobody else can have the old lock: a copy, a new process, a lock that was not there."""
        code = store.code
        if code.name in COPYING or code.key in self._alone or not self._threads.of(code):
            return True
        if is_in_child(self._calls, code, store.id):
            return True
        flow = self._places.dataflow(code)
        around = surroundings(code)
        call = code.operations[store.value]
        tests = around[call.id].tests if isinstance(call, facts.Call) and call.id in around else ()
        for test in tests:
            for each in self._places.of(code):
                if each.place is store.place and (each.id in flow.sources(test) or each.load in flow.sources(test)):
                    return True
        return False

    # --- wrong ---

    def _judge(self, place: Place, store: Access, first: Access) -> Iterator[Rebound]:
        lock = self._locksets.locks.of_place(place)
        users = [
            each
            for each in self._locksets.acquisitions()
            if each.use.lock.key == lock.key and each.code is not store.code
        ]
        for user in users:
            found = self._together(store, user)
            if found is not None:
                yield Rebound(store, first, lock, user, "threads", *found)
                return
        if users and self._sharing.assumed.covers(place):
            yield Rebound(store, first, lock, users[0], "assumed")

    def _together(self, store: Access, user: Acquisition) -> tuple[Context, Context] | None:
        """The contexts that replace the lock and take it at the same time, on one object."""
        takes = [each for each in self._places.of(user.code) if each.place is store.place and each.id <= user.id]
        for one in self._threads.of(store.code):
            for other in self._threads.of(user.code):
                if one.is_main and other.is_main:
                    continue
                beside = self._threads.overlap(one, store.code, store.id, other, user.code, user.id)
                if beside and any(self._sharing.in_common(store, one, each, other) for each in takes):
                    return one, other
        return None
