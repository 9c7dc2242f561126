"""All tables together: one mapping from qualified names per kind of knowledge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import (
    aliases,
    arguments,
    async_frameworks,
    atomics,
    blocking,
    carried,
    classes,
    entries,
    frameworks,
    listeners,
    lock_methods,
    locks,
    loops,
    process,
    questions,
    returns,
    safety,
    spawns,
)
from . import waits as waiting
from .model import Attribute, Effect, LockDecorator, LockMethod, LockModel, ProcessState, Question, Safety
from .running import Blocking, EntryDecorator, EntryMethod, Spawn, Transfer, Wait


@dataclass(frozen=True, slots=True)
class Tables:
    """One mapping per kind of knowledge. Keys are canonical names; a method's key is `class name.method name`."""

    aliases: Mapping[str, str]
    bases: Mapping[str, tuple[str, ...]]
    locks: Mapping[str, LockModel]
    lock_methods: Mapping[str, LockMethod]
    lock_decorators: Mapping[str, LockDecorator]
    spawns: Mapping[str, tuple[Spawn, ...]]
    entry_methods: Mapping[str, tuple[EntryMethod, ...]]
    entry_decorators: Mapping[str, EntryDecorator]
    waits: Mapping[str, Wait]
    transfers: Mapping[str, Transfer]
    joins_on_exit: frozenset[str]
    entered_at_once: frozenset[str]
    left_at_once: frozenset[str]
    loop_thread_only: frozenset[str]
    loop_runners: frozenset[str]
    effects: Mapping[str, Effect]
    builtin_effects: Mapping[str, Effect]
    container_effects: Mapping[tuple[str, str], Effect]
    questions: Mapping[str, Question]
    carried: Mapping[str, frozenset[str]]
    safety: Mapping[str, Safety]
    returns: Mapping[str, str]
    attributes: Mapping[str, Attribute]
    blocking: Mapping[str, Blocking]
    cannot_raise: frozenset[str]
    chooses: frozenset[str]
    empty: Mapping[str, int]
    process_state: Mapping[str, ProcessState]
    callable_from_any_thread: frozenset[str]
    _canonical: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def canonical(self, qualname: str) -> str:
        """The one spelling under which the tables know a name; names that they do not know come back as they are."""

        found = self._canonical.get(qualname)
        if found is None:
            found = self._canonical[qualname] = self._spelled_out(qualname)
        return found

    def _spelled_out(self, qualname: str) -> str:
        head, tail = qualname, ""
        while head:
            target = self.aliases.get(head)
            if target is not None:
                return self.canonical(f"{target}{tail}".removeprefix("."))
            head, _, last = head.rpartition(".")
            tail = f".{last}{tail}"
        return qualname


def standard_tables() -> Tables:
    """What is known without any user rows."""

    return Tables(
        aliases=aliases.ALIASES,
        bases=classes.BASES,
        locks=locks.LOCKS,
        lock_methods=lock_methods.LOCK_METHODS,
        lock_decorators=locks.LOCK_DECORATORS,
        spawns={
            **spawns.SPAWNS,
            **loops.SPAWNS,
            **frameworks.SPAWNS,
            **async_frameworks.SPAWNS,
            **listeners.SPAWNS,
        },
        entry_methods={
            **entries.ENTRY_METHODS,
            **frameworks.ENTRY_METHODS,
            **async_frameworks.ENTRY_METHODS,
            **listeners.ENTRY_METHODS,
        },
        entry_decorators={
            **entries.ENTRY_DECORATORS,
            **frameworks.ENTRY_DECORATORS,
            **async_frameworks.ENTRY_DECORATORS,
            **listeners.ENTRY_DECORATORS,
        },
        waits=waiting.WAITS,
        transfers=waiting.TRANSFERS,
        joins_on_exit=waiting.JOINS_ON_EXIT,
        entered_at_once=loops.ENTERED_AT_ONCE,
        left_at_once=loops.LEFT_AT_ONCE,
        loop_thread_only=loops.LOOP_THREAD_ONLY,
        loop_runners=loops.LOOP_RUNNERS,
        effects=atomics.EFFECTS,
        builtin_effects=arguments.BUILTIN_EFFECTS,
        container_effects=arguments.CONTAINER_EFFECTS,
        questions=questions.QUESTIONS,
        carried=carried.CARRIED,
        safety=safety.SAFETY,
        returns=returns.RETURNS,
        attributes=returns.ATTRIBUTES,
        blocking=blocking.BLOCKING,
        cannot_raise=blocking.CANNOT_RAISE,
        chooses=blocking.CHOOSES,
        empty=blocking.EMPTY,
        process_state=process.PROCESS_STATE,
        callable_from_any_thread=safety.CALLABLE_FROM_ANY_THREAD,
    )
