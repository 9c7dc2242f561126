"""Locks: what constructors make and what methods and decorators do."""

from __future__ import annotations

import pytest

from racelint.knowledge import Failure, Knowledge, LockDomain, LockKind, LockRole, Slot

KNOWLEDGE = Knowledge.standard()


@pytest.mark.parametrize(
    ("name", "kind", "domain"),
    [
        ("threading.Lock", LockKind.MUTEX, LockDomain.THREAD),
        ("threading.BoundedSemaphore", LockKind.SEMAPHORE, LockDomain.THREAD),
        ("multiprocessing.RLock", LockKind.REENTRANT, LockDomain.PROCESS),
        ("multiprocessing.dummy.Lock", LockKind.MUTEX, LockDomain.THREAD),
        ("asyncio.Lock", LockKind.MUTEX, LockDomain.TASK),
        ("filelock.FileLock", LockKind.REENTRANT, LockDomain.PROCESS),
        ("filelock.AsyncFileLock", LockKind.REENTRANT, LockDomain.PROCESS),
        ("gevent.coros.Semaphore", LockKind.SEMAPHORE, LockDomain.GREENLET),
        ("contextlib.nullcontext", LockKind.NONE, LockDomain.THREAD),
    ],
)
def test_lock_constructors(name: str, kind: LockKind, domain: LockDomain) -> None:
    model = KNOWLEDGE.lock(name)

    assert model is not None
    assert (model.kind, model.domain) == (kind, domain)


def test_what_is_no_lock() -> None:
    assert KNOWLEDGE.lock("queue.Queue") is None
    assert KNOWLEDGE.lock("pkg.Lock") is None


def test_a_condition_shares_the_lock_that_it_is_given() -> None:
    model = KNOWLEDGE.lock("threading.Condition")

    assert model is not None
    assert (model.shares, model.default_kind) == (Slot(0, "lock"), LockKind.REENTRANT)


def test_a_semaphore_tells_where_its_value_stands() -> None:
    model = KNOWLEDGE.lock("threading.Semaphore")

    assert model is not None
    assert model.count == Slot(0, "value", 1)


def test_lock_methods_tell_how_they_fail() -> None:
    acquire = KNOWLEDGE.lock_method("threading.BoundedSemaphore", "acquire")
    file_acquire = KNOWLEDGE.lock_method("filelock.FileLock", "acquire")
    process_acquire = KNOWLEDGE.lock_method("multiprocessing.synchronize.RLock", "acquire")

    assert acquire is not None
    assert (acquire.role, acquire.failure, acquire.timeout) == (LockRole.ACQUIRE, Failure.RESULT, Slot(1, "timeout"))
    assert file_acquire is not None
    assert file_acquire.failure is Failure.EXCEPTION
    assert process_acquire is not None
    assert process_acquire.blocking == Slot(0, "block", True)


def test_readers_and_writers_are_sides_of_one_lock() -> None:
    read = KNOWLEDGE.lock_method("readerwriterlock.rwlock.RWLockFairD", "gen_rlock")
    write = KNOWLEDGE.lock_method("fasteners.ReaderWriterLock", "acquire_write_lock")

    assert read is not None
    assert read.side is not None
    assert (read.role, read.side.kind) == (LockRole.SIDE, LockKind.READER)
    assert write is not None
    assert write.side is not None
    assert (write.role, write.side.kind) == (LockRole.ACQUIRE, LockKind.WRITER)


def test_wait_for_tests_its_predicate_itself() -> None:
    wait = KNOWLEDGE.lock_method("threading.Condition", "wait")
    wait_for = KNOWLEDGE.lock_method("threading.Condition", "wait_for")

    assert wait is not None
    assert wait.predicate is None
    assert wait_for is not None
    assert wait_for.predicate == Slot(0, "predicate")


def test_cachetools_guards_its_cache_only() -> None:
    cached, synchronized = KNOWLEDGE.lock_decorator("cachetools.cached"), KNOWLEDGE.lock_decorator("wrapt.synchronized")

    assert cached is not None
    assert not cached.covers_body
    assert synchronized is not None
    assert synchronized.covers_body
