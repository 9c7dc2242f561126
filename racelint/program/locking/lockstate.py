"""Part of the locksets stage: what is known about locks at one point of a function, and where paths meet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from racelint.facts import Span
from racelint.knowledge.model import LockKind
from racelint.program.locking.locks import LockUse

Section = frozenset[int]
"""One critical section: the ids of the operations that may have begun it (several where paths have met)."""

Held = dict[LockUse, Section]
"""The locks held, each with its critical section."""

ON_ENTRY: Final[Section] = frozenset({-1})
"""The section that the caller began."""


class State(msgspec.Struct, frozen=True):
    """What is known about locks at one point. Never changed in place.

    `may` maps a lock to the explicit acquires that may still be in force, `free` are locks that are surely not held by
    this thread, `unsure` those of which a try-lock has not told yet whether it has them, `dropped` those that the
    caller may hold and that were released here, `paused` those that were released here at some point before.
    """

    held: Held = msgspec.field(default_factory=dict)
    may: dict[LockUse, frozenset[int]] = msgspec.field(default_factory=dict)
    free: frozenset[LockUse] = frozenset()
    unsure: frozenset[LockUse] = frozenset()
    dropped: frozenset[LockUse] = frozenset()
    paused: frozenset[LockUse] = frozenset()

    def take(self, use: LockUse, section: int, *, explicit: bool) -> State:
        """After acquiring."""
        may = {**self.may, use: frozenset({section})} if explicit else self.may
        return replace(
            self,
            held={**self.held, use: frozenset({section})},
            may=may,
            free=self.free - {use},
            unsure=self.unsure - {use},
            dropped=self.dropped - {use},
        )

    def drop(self, use: LockUse) -> State:
        """After releasing."""
        own = use in self.held or use in self.may
        return replace(
            self,
            held=_without(self.held, use),
            may=_without(self.may, use),
            free=self.free | {use},
            unsure=self.unsure - {use},
            dropped=self.dropped if own else self.dropped | {use},
            paused=self.paused if own else self.paused | {use},
        )

    def restore(self, use: LockUse, before: State) -> State:
        """After leaving the `with` that took the lock: it is held again only if it was before."""
        if use in before.held:
            return replace(self, held={**self.held, use: before.held[use]})
        may_be_outer = use.lock.kind is LockKind.REENTRANT or use in before.may
        free = self.free if may_be_outer else self.free | {use}
        return replace(self, held=_without(self.held, use), free=free)

    def resume(self, use: LockUse, section: int) -> State:
        """After a wait or a call that gave the lock up meanwhile: it is held, but in a new critical section."""
        return replace(self, held={**self.held, use: frozenset({section})})

    def failed(self, use: LockUse, acquire: int) -> State:
        """Where the try-lock `acquire` is known to have failed."""
        may = {each: ids - {acquire} if each == use else ids for each, ids in self.may.items()}
        return replace(
            self,
            held=_without(self.held, use) if self.held.get(use) == frozenset({acquire}) else self.held,
            may={each: ids for each, ids in may.items() if ids},
            free=self.free | {use},
            unsure=self.unsure - {use},
        )

    def sure(self, use: LockUse) -> State:
        """Where it is known that one of the acquires in force has the lock."""
        return replace(self, free=self.free - {use}, unsure=self.unsure - {use})

    def refused(self, use: LockUse) -> State:
        """Where it is known that no acquire has the lock."""
        held, may = _without(self.held, use), _without(self.may, use)
        return replace(self, held=held, may=may, free=self.free | {use}, unsure=self.unsure - {use})

    def not_by(self, use: LockUse, acquires: frozenset[int]) -> State:
        """Where it is known that none of these acquires has the lock, though others may."""
        left = self.may.get(use, frozenset()) - acquires
        return replace(self, may={**self.may, use: left}) if left else self.refused(use)

    def tried(self, use: LockUse) -> State:
        """After a try-lock whose result has not been looked at."""
        return replace(self, free=self.free - {use}, unsure=self.unsure | {use})

    def settle(self, use: LockUse) -> State:
        """Where the release has been arranged for: it happens on every path from here."""
        return replace(self, may=_without(self.may, use))

    def hand_on(self, use: LockUse) -> State:
        """Where somebody else gets the release: from now on the lock may be held, or not."""
        free = self.free - {use}
        return replace(self, held=_without(self.held, use), may=_without(self.may, use), free=free)


EMPTY: Final = State()

V = TypeVar("V")


def _without(mapping: dict[LockUse, V], use: LockUse) -> dict[LockUse, V]:
    return {each: value for each, value in mapping.items() if each != use}


def _taken(state: State) -> frozenset[LockUse]:
    """The locks that a try-lock is known to have taken."""
    return frozenset(state.may) & frozenset(state.held)


def meet(states: Iterable[State]) -> State | None:
    """What holds on all of several paths; None where there is no path."""
    result: State | None = None
    for state in states:
        if result is None or result is state:
            result = state
            continue
        held = {use: section | state.held[use] for use, section in result.held.items() if use in state.held}
        may = dict(result.may)
        for use, ids in state.may.items():
            may[use] = may.get(use, frozenset()) | ids
        undecided = (result.free & _taken(state)) | (state.free & _taken(result))
        result = State(
            held,
            may,
            result.free & state.free,
            result.unsure | state.unsure | undecided,
            result.dropped | state.dropped,
            result.paused | state.paused,
        )
    return result


class Exits(msgspec.Struct):
    """The states with which paths leave a piece of code other than at its end."""

    returns: list[tuple[Span | None, State]] = msgspec.field(default_factory=list)
    raises: list[tuple[Span | None, State]] = msgspec.field(default_factory=list)
    breaks: list[tuple[Span | None, State]] = msgspec.field(default_factory=list)
    continues: list[tuple[Span | None, State]] = msgspec.field(default_factory=list)

    def kinds(self) -> Sequence[list[tuple[Span | None, State]]]:
        """The four lists, always in the same order."""
        return self.returns, self.raises, self.breaks, self.continues
