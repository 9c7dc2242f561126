"""Part of the races stage: one Place under judgement: its accesses, its guard, and who is where beside whom."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final

import msgspec

from racelint import facts
from racelint.knowledge.model import LockDomain, SafetyKind
from racelint.program.contexts.contexts import Context
from racelint.program.locking.guards import (
    BETWEEN_TASKS,
    BETWEEN_THREADS,
    Guard,
    Protection,
    exclude_each_other,
    infer_guard,
    protections,
    steady,
)
from racelint.program.locking.locks import Lock, LockKey, is_doubtful
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind, Place, Places
from racelint.program.races.cases.meetings import Meetings
from racelint.program.races.cases.outside import Outside
from racelint.program.races.cases.unshared import (
    is_lent_with_lock,
    is_made_later,
    is_unseen,
    notes_process,
)
from racelint.program.races.cases.withdrawn import is_withdrawn
from racelint.program.sequences.composites import Composite
from racelint.program.sharing.beliefs import FOR_ALL
from racelint.program.sharing.sharing import Sharing
from racelint.program.sharing.slots import is_thread_slot
from racelint.program.sources.source import Code
from racelint.program.values.values import Instance, LibraryObject

HALF: Final = 0.5
"""A lock that is held at fewer of the accesses is not the Place's guard, it only happens to be held."""


class Partner(msgspec.Struct, frozen=True):
    """The other side of a race: `other` is made by `other_context` while `one` is at this side."""

    other: Access
    one: Context
    other_context: Context


class Case:
    """One Place: the accesses that others may see, with what is held at each."""

    def __init__(
        self,
        place: Place,
        sharing: Sharing,
        locksets: LockSets,
        domains: frozenset[LockDomain] = BETWEEN_THREADS,
    ) -> None:
        self.place = place
        self.sharing = sharing
        self.threads = sharing.threads
        self.locksets = locksets
        self._held: dict[Access, list[Protection]] = {}
        self._answers: dict[Callable[[Case], bool], bool] = {}
        self.meetings = Meetings(sharing, locksets, self.protections)
        self.accesses = [
            access
            for access in sharing.places.by_place[place]
            if access.code.key not in locksets.stepped
            and not self._is_early(access)
            and not is_unseen(self.sharing, access)
            and not is_lent_with_lock(locksets, access)
        ]
        self.lazy_stores: set[Access] = set()
        """The writes that only happen where there was nothing before."""
        self.asked_stores: set[Access] = set()
        """The writes that are done on account of what was there before, and not alone."""
        self.is_assumed = sharing.assumed.covers(place)
        self.guard: Guard | None = infer_guard(
            [
                (each, self._own(each))
                for each in self.accesses
                if self._is_evidence(each) and (self.protections(each) or not self.is_taken_out(each))
            ],
            locksets.waited_for,
            domains,
            of_keepers=self.is_assumed,
        )
        self._outside = Outside(
            sharing, locksets, self.accesses, is_assumed=self.is_assumed, between_tasks=domains is BETWEEN_TASKS
        )

    def once(self, question: Callable[[Case], bool]) -> bool:
        """The answer to a question about the whole Place, which is worked out only once."""
        if question not in self._answers:
            self._answers[question] = question(self)
        return self._answers[question]

    def _is_evidence(self, access: Access) -> bool:
        """Whether what is held at an access tells how the object itself has its Place guarded."""
        return not access.is_lent and not is_thread_slot(self.sharing.places.types, access)

    def _is_early(self, access: Access) -> bool:
        if (
            access.kind.rebinds
            and notes_process(self.sharing, access.code)
            and not any(each.taken_here for each in self.protections(access))
        ):
            return True
        if not self.sharing.is_early(access):
            return False
        return self.threads.first_start(access.code) >= access.id

    @property
    def holds_lock(self) -> bool:
        """Whether the Place is a lock itself."""
        return holds_lock(self.sharing.places, self.place)

    @property
    def has_guard(self) -> bool:
        """Whether the program has a lock for the Place, and not one that only happens to be held at some accesses."""
        return self.guard is not None and self.guard.share >= HALF

    @property
    def guards_itself(self) -> bool:
        """Whether what the Place holds is made to be used by many threads."""
        knowledge = self.sharing.places.types.names.knowledge
        values = self.sharing.places.values(self.place)
        safeties = [knowledge.safety(value.qualname) for value in values if isinstance(value, LibraryObject)]
        return (
            bool(values)
            and len(safeties) == len(values)
            and all(safety is not None and safety.kind is SafetyKind.SYNCHRONIZED for safety in safeties)
        )

    # --- protection ---

    def protections(self, access: Access) -> list[Protection]:
        """The locks held at an access."""
        found = self._held.get(access)
        if found is None:
            found = self._held[access] = protections(self.locksets.held(access.code, access.id), access)
        return found

    def _own(self, access: Access) -> list[Protection]:
        """The locks held at an access, but for those inside it that guard only what they give to who enters them."""
        lenders = self.locksets.lenders
        return [
            each
            for each in self.protections(access)
            if each.lock.key not in lenders or not each.relation.startswith(".")
        ]

    def is_taken_out(self, access: Access, lock: LockKey | None = None) -> bool:
        """Whether what is accessed was fetched and replaced in one critical section (of this lock): it is private."""
        if access.load < 0 or access.load == access.id:
            return False
        held = self.locksets.held(access.code, access.load)
        return any(
            each.place is access.place
            and each.kind.rebinds
            and each.base == access.base
            and self.locksets.held(each.code, each.id).get(use) == section
            for use, section in held.items()
            if lock in (None, use.lock.key)
            for each in self.sharing.places.of(access.code)
        )

    def over(self, sequence: Composite) -> list[Protection]:
        """The locks held over the whole sequence in one critical section."""
        code = sequence.code
        held = steady(self.locksets.held(code, id) for id in sequence.between)
        return protections(held, sequence.first)

    def is_unguarded(self, held: list[Protection]) -> bool:
        """Whether what is held is surely not the guard, nor anything that may be a lock of unknown kind.

        Of a lock of some other object it is not known which one it is: it counts only where all who hold the guard
        hold such a lock as well. A lock for each key is trusted to be another way to guard the same, and one between
        tasks to be for objects that tasks have in common, where others are shared by threads.
        """
        guard = self.guard
        if guard is None:
            return True
        if any(guard.protects(each) or each.lock.kind is None or each.lock.key[0] == "item" for each in held):
            return False
        if any(each.lock.key in self.locksets.gates for each in held):
            return False
        if guard.lock.domain is LockDomain.THREAD and any(_is_between_tasks(each.lock) for each in held):
            return False
        doubtful = {each.lock.key for each in held if each.relation == "other" or is_doubtful(each.relation)}
        return guard.lock.key not in doubtful and doubtful.isdisjoint(self._held_beside_guard)

    @cached_property
    def _held_beside_guard(self) -> frozenset[LockKey]:
        """The locks that are held, of whatever object, wherever the guard is."""
        guard = self.guard
        sides = [self.protections(access) for access in self.accesses]
        beside = [{each.lock.key for each in held} for held in sides if guard and any(map(guard.protects, held))]
        return frozenset.intersection(*map(frozenset, beside)) if beside else frozenset()

    # --- the other side ---

    def partner(
        self,
        access: Access,
        held: list[Protection],
        harms: Callable[[Access], bool] = lambda _: True,
        meets: Callable[[Context, Context], bool] = lambda one, other: True,
        within: Code | None = None,
    ) -> Partner | None:
        """Somebody who changes the Place while `access` is under way, in a way that `harms`, in contexts that `meets`.

        Rather the same access in another thread than another one. `within` is the function of which `held` is told,
        if it is not that of the access.
        """
        for other in sorted(self.accesses, key=lambda each: each is not access):
            if other.kind.writes and harms(other):
                for one, other_context in self.meetings.of(access, held, other, within):
                    if meets(one, other_context):
                        return Partner(other, one, other_context)
        return None

    def assumed_partner(
        self, access: Access, held: list[Protection], harms: Callable[[Access], bool] = lambda _: True
    ) -> Partner | None:
        """Somebody who changes the Place meanwhile, if `--assume-shared` has it that many threads call the program."""
        return self.outside_partner(access, held, harms) if self.is_assumed else None

    def outside_partner(
        self, access: Access, held: list[Protection], harms: Callable[[Access], bool] = lambda _: True
    ) -> Partner | None:
        """Somebody who changes the Place meanwhile, if code outside calls the program from many threads."""
        in_loop = not self._outside.makes(access)
        if in_loop and not (self.is_assumed and access.code.function.is_async):
            return None
        main = self.threads.contexts[0]
        for other in sorted(self.accesses, key=lambda each: each is not access):
            meets = other.kind.writes and self._outside.makes(other) and harms(other)
            if not self._may_be_of_one(access, other):
                continue
            if in_loop and not any(each.lock.domain is LockDomain.THREAD for each in self.protections(other)):
                # who waits for a lock between threads is in another one than the loop
                continue
            if not meets or exclude_each_other(held, self.protections(other)):
                continue
            if not self.meetings.are_apart(access, other):
                return Partner(other, main, main)
        return None

    def _may_be_of_one(self, access: Access, other: Access) -> bool:
        """Whether the objects of two methods may be one, as far as their classes tell: twins have none in common."""
        attributes = self.sharing.places.types.attributes
        both = [attributes.receiver_of(each.code) if each.is_of_self else None for each in (access, other)]
        return both[0] is None or both[1] is None or not both[0].is_apart(both[1])

    def races_with(self, access: Access, held: list[Protection], other: Access) -> bool:
        """Whether two accesses may be under way at the same time."""
        return next(self.meetings.of(access, held, other), None) is not None

    def may_meet(self, access: Access, other: Access) -> bool:
        """Whether the order of starts and joins leaves it open that the two overlap.

        The body of a module runs once, before there are callers outside, and what is done when the process ends after
        them: only what is started can be beside it.
        """
        if self.meetings.are_apart(access, other):
            return False
        at_exit = self.threads.at_exit
        once = any(each.code.function.kind == "module" or each.code.key in at_exit for each in (access, other))
        return any(
            (
                (one.is_main and beside.is_main and not once)
                or self.threads.overlap(one, access.code, access.id, beside, other.code, other.id)
            )
            and not self.sharing.is_before_start(access, one, other, beside)
            for one in self.threads.of(access.code)
            for beside in self.threads.of(other.code)
        )

    def may_meet_by_calls(self, access: Access, other: Access) -> bool:
        """Whether the two may overlap if callers outside run what is public, whoever of the program does so, too.

        What a thread does to the object that it was started on is its own work, whatever it is called.
        """
        both = (access, other)
        if self.may_meet(access, other):
            return True
        if self.meetings.are_apart(access, other) or any(map(self._is_of_own_thread, both)):
            return False
        return all(each.code.key not in self.threads.at_exit and self._outside.makes(each) for each in both)

    def _is_of_own_thread(self, access: Access) -> bool:
        """Whether a context that comes to an access was started on an object of the class that it is written in."""
        entries = (entry for context in self.threads.of(access.code) for entry in context.entries)
        started = (receiver.cls.mro for _, receiver in entries if isinstance(receiver, Instance))
        return any(access.code.cls in mro for mro in started)

    # --- the program's own rule ---

    def is_reached(self, code: Code) -> bool:
        """Whether anybody runs the function when others may know the Place, as far as one can see.

        Nobody else has the object that a constructor makes; what is there once, for all objects, others have. When the
        process ends, no callers outside are left.
        """
        if not self.threads.of(code) or code.key in self.threads.at_exit:
            return False
        if code.key not in self.threads.calls.constructing:
            return True
        return self.place.kind in FOR_ALL and is_made_later(self.threads.calls, code)

    def is_constant_state(self) -> bool:
        """Whether only literals are ever stored: a flag or a state, each store complete in itself."""
        stores = [access for access in self.sharing.places.by_place[self.place] if access.kind.writes]
        return all(access.kind is Kind.WRITE and self.is_constant(access) for access in stores)

    def is_constant(self, access: Access) -> bool:
        """Whether a write stores a literal."""
        return self.sharing.places.dataflow(access.code).is_constant(access.value)

    def literal(self, access: Access) -> str | None:
        """The literal that a write stores, as it is written; None for all else."""
        operation = self.sharing.places.dataflow(access.code).operation(access.value)
        return operation.text if type(operation) is facts.Const else None

    def clears(self, access: Access) -> bool:
        """Whether an access takes the object away: deletes it or stores None; not where its start has failed."""
        if access.kind is Kind.DELETE:
            return True
        is_none = access.kind is Kind.WRITE and self.sharing.places.dataflow(access.code).is_none(access.value)
        return is_none and not is_withdrawn(access, self.accesses)


def _is_between_tasks(lock: Lock) -> bool:
    return lock.domain is LockDomain.TASK and lock.excludes and lock.kind is not None


def holds_lock(places: Places, place: Place) -> bool:
    """Whether a Place is a lock itself."""
    knowledge = places.types.names.knowledge
    return any(
        isinstance(value, LibraryObject) and knowledge.lock(value.qualname) is not None
        for value in places.values(place)
    )
