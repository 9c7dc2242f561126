"""Part of the locksets stage: what is known about locks at one point of a function, and where paths meet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from racelint.facts import Span
from racelint.program.locks import LockUse

Held = dict[LockUse, int]
"""The locks held, each with its critical section: the id of the operation that took it, ON_ENTRY for the caller's."""

ON_ENTRY: Final = -1
MIXED: Final = -2
"""Paths that took the lock at different places have met: which section this is cannot be said."""


@dataclass(frozen=True, slots=True)
class State:
    """What is known about locks at one point. Never changed in place.

    `may` maps a lock to the explicit acquires that may still be in force, `free` are locks that are surely not held by
    this thread, `dropped` those that the caller may hold and that were released here.
    """

    held: Held = field(default_factory=dict)
    may: dict[LockUse, frozenset[int]] = field(default_factory=dict)
    free: frozenset[LockUse] = frozenset()
    dropped: frozenset[LockUse] = frozenset()

    def take(self, use: LockUse, section: int, *, explicit: bool) -> State:
        """After acquiring."""
        may = {**self.may, use: frozenset({section})} if explicit else self.may
        return State({**self.held, use: section}, may, self.free - {use}, self.dropped - {use})

    def drop(self, use: LockUse) -> State:
        """After releasing."""
        held = {each: section for each, section in self.held.items() if each != use}
        may = {each: ids for each, ids in self.may.items() if each != use}
        dropped = self.dropped if use in self.held or use in self.may else self.dropped | {use}
        return State(held, may, self.free | {use}, dropped)

    def restore(self, use: LockUse, before: State) -> State:
        """After leaving the `with` that took the lock: it is held again only if it was before."""
        held = {each: section for each, section in self.held.items() if each != use}
        if use in before.held:
            held[use] = before.held[use]
        return replace(self, held=held)


EMPTY: Final = State()


def meet(states: Iterable[State]) -> State | None:
    """What holds on all of several paths; None where there is no path."""
    result: State | None = None
    for state in states:
        if result is None or result is state:
            result = state
            continue
        held = {
            use: section if state.held[use] == section else MIXED
            for use, section in result.held.items()
            if use in state.held
        }
        may = dict(result.may)
        for use, ids in state.may.items():
            may[use] = may.get(use, frozenset()) | ids
        result = State(held, may, result.free & state.free, result.dropped | state.dropped)
    return result


@dataclass(slots=True)
class Exits:
    """The states with which paths leave a piece of code other than at its end."""

    returns: list[tuple[Span | None, State]] = field(default_factory=list)
    raises: list[tuple[Span | None, State]] = field(default_factory=list)
    breaks: list[tuple[Span | None, State]] = field(default_factory=list)
    continues: list[tuple[Span | None, State]] = field(default_factory=list)

    def kinds(self) -> Sequence[list[tuple[Span | None, State]]]:
        """The four lists, always in the same order."""
        return self.returns, self.raises, self.breaks, self.continues
