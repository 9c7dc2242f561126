"""The rows of users extend the knowledge, and wrong ones are refused."""

from __future__ import annotations

import tomllib

import msgspec
import pytest

from racelint.knowledge import (
    Access,
    BlockingOn,
    Knowledge,
    KnowledgeRows,
    LockKind,
    LockRole,
    Many,
    Passing,
    RunsOn,
    SafetyKind,
    Slot,
    WaitFor,
)

KNOWLEDGE = Knowledge.standard()


def _with(rows: str) -> Knowledge:
    """The standard knowledge with rows as they stand in TOML."""

    return KNOWLEDGE.with_rows(msgspec.convert(tomllib.loads(rows), KnowledgeRows))


def test_users_teach_locks() -> None:
    knowledge = _with(
        """
        [[locks]]
        name = "pkg.Gate"
        kind = "semaphore"
        count = "size"
        acquire = ["enter"]
        release = ["leave"]

        [[locks]]
        name = "pkg.AsyncLock"
        domain = "task"

        [[locks]]
        name = "threading._RLock"
        """
    )
    gate, task_lock = knowledge.lock("pkg.Gate"), knowledge.lock("pkg.AsyncLock")
    enter, acquire = knowledge.lock_method("pkg.Gate", "enter"), knowledge.lock_method("pkg.AsyncLock", "acquire")
    replaced = knowledge.lock("threading.RLock")

    assert gate is not None
    assert (gate.kind, gate.count) == (LockKind.SEMAPHORE, Slot(None, "size"))
    assert task_lock is not None
    assert (task_lock.kind, task_lock.async_with, task_lock.sync_with) == (LockKind.MUTEX, True, False)
    assert enter is not None
    assert enter.role is LockRole.ACQUIRE
    assert acquire is not None
    assert acquire.awaited
    assert replaced is not None
    assert replaced.kind is LockKind.MUTEX
    assert knowledge.is_class("pkg.Gate")
    assert KNOWLEDGE.lock("pkg.Gate") is None


def test_users_teach_what_starts_and_waits() -> None:
    knowledge = _with(
        """
        waits = ["pkg.Job.join"]
        blocking = ["pkg.fetch"]

        [[spawns]]
        name = "pkg.run_later"
        callee = 1

        [[spawns]]
        name = "pkg.run_later"
        callee = "on_error"
        runs-on = "handler"
        many = false
        args = "error_args"
        """
    )
    work, callback = knowledge.spawns("pkg.run_later")
    wait, blocking = knowledge.wait("pkg.Job.join"), knowledge.blocking("pkg.fetch")

    assert (work.callee, work.runs_on, work.many, work.passing) == (Slot(1), RunsOn.THREAD, Many.ALWAYS, Passing.REST)
    assert (callback.callee, callback.runs_on, callback.many) == (Slot(None, "on_error"), RunsOn.HANDLER, Many.NEVER)
    assert (callback.passing, callback.args) == (Passing.ARGS_KWARGS, Slot(None, "error_args"))
    assert wait is not None
    assert wait.what is WaitFor.THREAD
    assert blocking is not None
    assert blocking.what is BlockingOn.IO


def test_users_teach_entries() -> None:
    knowledge = _with(
        """
        [[entries]]
        name = "pkg.task"
        runs-on = "pool"

        [[entries]]
        name = "pkg.Plugin"
        methods = ["on_*", "poll"]
        holding = "lock"
        """
    )
    decorator = knowledge.entry_decorator("pkg.task")
    methods = {row.name: row for row in knowledge.entry_methods("pkg.Plugin")}

    assert decorator is not None
    assert decorator.runs_on is RunsOn.POOL
    assert set(methods) == {"on_*", "poll", "__del__"}
    assert methods["poll"].holding == "lock"


def test_users_teach_what_is_safe() -> None:
    knowledge = _with(
        """
        synchronized = ["pkg.Registry"]
        confined = ["pkg.Scope"]

        [[atomics]]
        name = "pkg.Cache.claim"
        claims = true

        [[atomics]]
        name = "dict.setdefault"
        free-threaded = false
        """
    )
    registry, scope = knowledge.safety("pkg.Registry"), knowledge.safety("pkg.Scope")
    claim, replaced = knowledge.effect("pkg.Cache", "claim"), knowledge.effect("dict", "setdefault")

    assert registry is not None
    assert registry.kind is SafetyKind.SYNCHRONIZED
    assert scope is not None
    assert scope.kind is SafetyKind.CONFINED
    assert claim is not None
    assert (claim.access, claim.atomic_gil, claim.claims) == (Access.MUTATE, True, True)
    assert replaced is not None
    assert not replaced.atomic_free_threaded


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ('[[locks]]\nname = "pkg.Lock"\nkind = "mutx"', "mutx"),
        ('[[locks]]\nkind = "mutex"', "name"),
        ('[[spawns]]\nname = "pkg.f"', "callee"),
        ('[[spawns]]\nname = "pkg.f"\ncallee = 0\nruns_on = "thread"', "runs_on"),
        ('[[lock]]\nname = "pkg.Lock"', "lock"),
        ("synchronized = [1]", "str"),
    ],
)
def test_wrong_rows_are_refused(rows: str, complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=complaint):
        _with(rows)
