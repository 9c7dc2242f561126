"""Rows that users add to the knowledge in `[tool.racelint]`: their schema, and how they extend the tables.

synchronized = ["pkg.Registry"]

[[tool.racelint.locks]]
name = "pkg.SpinLock"
kind = "mutex"

[[tool.racelint.spawns]]
name = "pkg.run_later"
callee = 0
runs-on = "thread"

[[tool.racelint.entries]]
name = "pkg.Plugin"
methods = ["on_*"]
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from .lock_methods import locking_methods
from .model import Access, Effect, LockDomain, LockKind, LockModel, Safety, SafetyKind, Slot
from .running import (
    Blocking,
    BlockingOn,
    EntryDecorator,
    EntryMethod,
    Form,
    Many,
    Passing,
    RunsOn,
    Spawn,
    Wait,
    WaitFor,
)
from .tables import Tables

_SOURCE = "configuration"

ArgumentName = int | str
"""An argument as users name it: its position without the receiver, or its keyword."""


class LockRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A class or function that makes a lock, with the methods that take and give it back.

    `count` is the argument with a semaphore's value, `shares` the one with the lock that a condition uses.
    """

    name: str
    kind: LockKind = LockKind.MUTEX
    domain: LockDomain = LockDomain.THREAD
    count: ArgumentName | None = None
    shares: ArgumentName | None = None
    acquire: tuple[str, ...] = ("acquire",)
    release: tuple[str, ...] = ("release",)


class SpawnRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A function, method or constructor that has the argument `callee` run elsewhere.

    Its arguments follow the callee, unless `args` or `kwargs` name the tuple and the dict that hold them.
    """

    name: str
    callee: ArgumentName
    runs_on: RunsOn = RunsOn.THREAD
    many: bool = True
    form: Form = Form.FUNCTION
    args: ArgumentName | None = None
    kwargs: ArgumentName | None = None


class EntryRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A decorator whose functions run elsewhere or, with `methods` (`*` at the end for any), a class whose methods do.

    `holding` is the attribute with the lock that is held around these methods.
    """

    name: str
    methods: tuple[str, ...] = ()
    runs_on: RunsOn = RunsOn.THREAD
    many: bool = True
    instance_per_call: bool = False
    holding: str = ""


class AtomicRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A method that is one step for all threads, and what it does to its object."""

    name: str
    access: Access = Access.MUTATE
    gil: bool = True
    free_threaded: bool = True
    claims: bool = False
    reason: str = "the configuration says so"


class KnowledgeRows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """All rows of one configuration."""

    locks: Annotated[tuple[LockRow, ...], Meta(description="What makes a lock.")] = ()
    spawns: Annotated[tuple[SpawnRow, ...], Meta(description="What has a callable run in another context.")] = ()
    entries: Annotated[tuple[EntryRow, ...], Meta(description="What is called from other contexts.")] = ()
    atomics: Annotated[tuple[AtomicRow, ...], Meta(description="Methods that are one step for all threads.")] = ()
    synchronized: Annotated[
        tuple[str, ...], Meta(description="Classes whose objects threads may share without a lock of their own.")
    ] = ()
    confined: Annotated[tuple[str, ...], Meta(description="Classes whose objects stay in one thread.")] = ()
    waits: Annotated[
        tuple[str, ...],
        Meta(description="Methods that return when the context that their object stands for has ended."),
    ] = ()
    blocking: Annotated[tuple[str, ...], Meta(description="Calls that may stop their thread for long.")] = ()


def extended(tables: Tables, rows: KnowledgeRows) -> Tables:
    """The tables with these rows added; a row replaces what was known under its name."""

    name = tables.canonical
    classes = [row.name for row in rows.locks] + [row.name for row in rows.entries if row.methods]
    members = [row.name for row in rows.atomics] + [row.name for row in rows.spawns] + list(rows.waits)
    members += [row.name for row in rows.entries if not row.methods]
    owners = [each.rpartition(".")[0] for each in members]
    classes += [*rows.synchronized, *rows.confined, *(each for each in owners if _is_class_name(each))]
    lock_methods = {
        f"{name(row.name)}.{method}": model
        for row in rows.locks
        for method, model in locking_methods(row.acquire, row.release, awaited=row.domain is LockDomain.TASK).items()
    }
    timeout = Slot(0, "timeout")
    return dataclasses.replace(
        tables,
        bases={**{name(each): () for each in classes}, **tables.bases},
        locks={**tables.locks, **{name(row.name): _lock(row) for row in rows.locks}},
        lock_methods={**tables.lock_methods, **lock_methods},
        spawns={**tables.spawns, **_spawns(tables, rows.spawns)},
        entry_methods={
            **tables.entry_methods,
            **{name(row.name): _methods(row) for row in rows.entries if row.methods},
        },
        entry_decorators={
            **tables.entry_decorators,
            **{name(row.name): EntryDecorator(row.runs_on, _many(row.many)) for row in rows.entries if not row.methods},
        },
        effects={**tables.effects, **{name(row.name): _effect(row) for row in rows.atomics}},
        safety={
            **tables.safety,
            **{name(each): Safety(SafetyKind.SYNCHRONIZED, source=_SOURCE) for each in rows.synchronized},
            **{name(each): Safety(SafetyKind.CONFINED, source=_SOURCE) for each in rows.confined},
        },
        waits={**tables.waits, **{name(each): Wait(WaitFor.THREAD, timeout=timeout) for each in rows.waits}},
        blocking={**tables.blocking, **{name(each): Blocking(BlockingOn.IO) for each in rows.blocking}},
    )


def _is_class_name(qualname: str) -> bool:
    """Whether a dotted name ends as classes are named: `mylib.Pool`, not `mylib.pool`."""

    return qualname.rpartition(".")[2].lstrip("_")[:1].isupper()


def _slot(argument: ArgumentName | None) -> Slot | None:
    if argument is None:
        return None
    return Slot(argument) if isinstance(argument, int) else Slot(None, argument)


def _many(many: bool) -> Many:
    return Many.ALWAYS if many else Many.NEVER


def _lock(row: LockRow) -> LockModel:
    is_task_lock = row.domain is LockDomain.TASK
    return LockModel(
        row.kind,
        row.domain,
        count=_slot(row.count),
        shares=_slot(row.shares),
        default_kind=LockKind.REENTRANT if row.kind is LockKind.CONDITION else None,
        sync_with=not is_task_lock,
        async_with=is_task_lock,
    )


def _spawns(tables: Tables, rows: Iterable[SpawnRow]) -> dict[str, tuple[Spawn, ...]]:
    """The rows by name: several rows of one name are several callables of one call."""

    spawns: dict[str, tuple[Spawn, ...]] = {}
    for row in rows:
        args, kwargs = _slot(row.args), _slot(row.kwargs)
        passing = Passing.REST if args is None and kwargs is None else Passing.ARGS_KWARGS
        callee = _slot(row.callee) or Slot(0)
        spawn = Spawn(callee, row.runs_on, _many(row.many), row.form, passing, args, kwargs)
        name = tables.canonical(row.name)
        spawns[name] = (*spawns.get(name, ()), spawn)
    return spawns


def _methods(row: EntryRow) -> tuple[EntryMethod, ...]:
    return tuple(
        EntryMethod(
            method,
            row.runs_on,
            _many(row.many),
            holding=row.holding,
            instance_per_call=row.instance_per_call,
        )
        for method in row.methods
    )


def _effect(row: AtomicRow) -> Effect:
    return Effect(row.access, row.gil, row.free_threaded, row.reason, _SOURCE, row.claims)
