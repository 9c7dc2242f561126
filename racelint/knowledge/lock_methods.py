"""What the methods of locks do: acquire, release, wait, notify, and how they tell that they failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from .model import Failure, LockDomain, LockKind, LockMethod, LockModel, LockRole, Slot

_READER, _WRITER, _REENTRANT = LockKind.READER, LockKind.WRITER, LockKind.REENTRANT
_PROCESS, _PROCESS_ONLY = LockDomain.PROCESS, LockDomain.PROCESS_ONLY

_BLOCKING, _TIMEOUT = Slot(0, "blocking", True), Slot(1, "timeout", -1)
_BLOCK, _NO_TIMEOUT = Slot(0, "block", True), Slot(1, "timeout")
_WAIT_TIMEOUT = Slot(0, "timeout")
_PREDICATE = Slot(0, "predicate")

_RELEASE, _NOTIFY, _CLEAR = LockMethod(LockRole.RELEASE), LockMethod(LockRole.NOTIFY), LockMethod(LockRole.CLEAR)
_QUERY = LockMethod(LockRole.QUERY)
_ACQUIRE = LockMethod(LockRole.ACQUIRE, _BLOCKING, _NO_TIMEOUT, Failure.RESULT)
_BLOCK_ACQUIRE = replace(_ACQUIRE, blocking=_BLOCK)
_WAIT = LockMethod(LockRole.WAIT, timeout=_WAIT_TIMEOUT, failure=Failure.RESULT)
_WAIT_FOR = LockMethod(LockRole.WAIT, timeout=_NO_TIMEOUT, failure=Failure.RESULT, predicate=_PREDICATE)
PICKS_ONE: Final = frozenset({"threading.Barrier.wait"})
"""What gives each of those who wait a number of its own."""

_BARRIER_WAIT = LockMethod(LockRole.WAIT, timeout=_WAIT_TIMEOUT, failure=Failure.EXCEPTION)
_PLAIN_ACQUIRE = LockMethod(LockRole.ACQUIRE)
_AWAIT_ACQUIRE = LockMethod(LockRole.ACQUIRE, awaited=True)
_AWAIT_WAIT = LockMethod(LockRole.WAIT, awaited=True)
_AWAIT_WAIT_FOR = LockMethod(LockRole.WAIT, predicate=_PREDICATE, awaited=True)
# Without waiting, an occupied lock is an error; it cannot fail silently.
_NOWAIT_RAISES = LockMethod(LockRole.ACQUIRE, blocking=Slot(None, "", False), failure=Failure.EXCEPTION)
_TRY = LockMethod(LockRole.ACQUIRE, timeout=Slot(0, "timeout", 0), failure=Failure.RESULT)
_FILE_ACQUIRE = LockMethod(LockRole.ACQUIRE, Slot(None, "blocking"), _WAIT_TIMEOUT, Failure.EXCEPTION)


def _side(kind: LockKind, domain: LockDomain = LockDomain.THREAD, *, async_with: bool = False) -> LockMethod:
    return LockMethod(LockRole.SIDE, side=LockModel(kind, domain, async_with=async_with))


def _sided(role: LockRole, kind: LockKind, domain: LockDomain = LockDomain.THREAD) -> LockMethod:
    return LockMethod(role, side=LockModel(kind, domain))


def _readers_writer(domain: LockDomain = LockDomain.THREAD) -> dict[str, LockMethod]:
    return {
        "acquire_read_lock": _sided(LockRole.ACQUIRE, _READER, domain),
        "acquire_write_lock": _sided(LockRole.ACQUIRE, _WRITER, domain),
        "release_read_lock": _sided(LockRole.RELEASE, _READER, domain),
        "release_write_lock": _sided(LockRole.RELEASE, _WRITER, domain),
        "read_lock": _side(_READER, domain),
        "write_lock": _side(_WRITER, domain),
    }


def _methods(names: Iterable[str], **methods: LockMethod) -> dict[str, LockMethod]:
    return {f"{name}.{method}": row for name in names for method, row in methods.items()}


_MANAGER = "multiprocessing.managers.SyncManager"
_MANAGED = tuple(f"{_MANAGER}.{name}" for name in ("Lock", "RLock", "Condition", "Semaphore"))
_TASK_LOCKS = ("asyncio.Lock", "asyncio.Condition", "asyncio.Semaphore")
_STRICT_LOCKS = tuple(
    f"{library}.{name}"
    for library in ("anyio", "trio")
    for name in ("Lock", "Condition", "Semaphore", "CapacityLimiter")
)
_GREEN_LOCKS = (
    "gevent.lock.RLock",
    "gevent.lock.Semaphore",
    "gevent.lock.DummySemaphore",
    "eventlet.semaphore.Semaphore",
    "eventlet.semaphore.CappedSemaphore",
)
_FILE_LOCKS = ("filelock.BaseFileLock", "filelock.BaseAsyncFileLock")
_EVENTS = ("threading.Event", "multiprocessing.Event", f"{_MANAGER}.Event", "gevent.event.Event")
_TASK_EVENTS = ("asyncio.Event", "anyio.Event", "trio.Event", "tornado.locks.Event")
_CONDITIONS = ("threading.Condition", "multiprocessing.Condition", f"{_MANAGER}.Condition")
_TASK_CONDITIONS = ("asyncio.Condition", "anyio.Condition", "trio.Condition")

# class.method: what it does to its lock
LOCK_METHODS: dict[str, LockMethod] = {
    **_methods(
        ("threading.Lock", "threading.RLock", "threading.Condition"),
        acquire=replace(_ACQUIRE, timeout=_TIMEOUT),
        release=_RELEASE,
        locked=_QUERY,
    ),
    **_methods(
        ("threading.Lock",),
        acquire_lock=replace(_ACQUIRE, timeout=_TIMEOUT),
        release_lock=_RELEASE,
        locked_lock=_QUERY,
    ),
    **_methods(("threading.RLock", "threading.Condition"), _is_owned=_QUERY),
    **_methods(("threading.Semaphore",), acquire=_ACQUIRE, release=_RELEASE),
    **_methods(
        ("logging.Handler",),
        acquire=replace(_PLAIN_ACQUIRE, attribute="lock"),
        release=replace(_RELEASE, attribute="lock"),
    ),
    # called by name where a class hands its own `with` on to its lock
    **_methods(
        ("threading.Lock", "threading.RLock", "threading.Condition", "threading.Semaphore"),
        __enter__=_PLAIN_ACQUIRE,
        __exit__=_RELEASE,
    ),
    **_methods(
        ("multiprocessing.Lock", "multiprocessing.RLock", "multiprocessing.Condition", "multiprocessing.Semaphore"),
        acquire=_BLOCK_ACQUIRE,
        release=_RELEASE,
    ),
    **_methods(("multiprocessing.Lock", "multiprocessing.RLock", "multiprocessing.Semaphore"), locked=_QUERY),
    **_methods(
        ("multiprocessing.Value", "multiprocessing.Array"),
        acquire=_BLOCK_ACQUIRE,
        release=_RELEASE,
        get_lock=_side(_REENTRANT, _PROCESS),
    ),
    **_methods(_MANAGED, acquire=_ACQUIRE, release=_RELEASE),
    **_methods(_CONDITIONS, wait=_WAIT, wait_for=_WAIT_FOR, notify=_NOTIFY, notify_all=_NOTIFY),
    **_methods(("threading.Condition",), notifyAll=_NOTIFY),
    **_methods(_EVENTS, wait=_WAIT, set=_NOTIFY, clear=_CLEAR, is_set=_QUERY),
    **_methods(("threading.Event", "gevent.event.Event"), isSet=_QUERY),
    **_methods(
        ("threading.Barrier", "multiprocessing.Barrier", f"{_MANAGER}.Barrier"),
        wait=_BARRIER_WAIT,
        reset=_CLEAR,
        abort=_CLEAR,
    ),
    **_methods(_TASK_LOCKS, acquire=_AWAIT_ACQUIRE, release=_RELEASE, locked=_QUERY),
    **_methods(_TASK_CONDITIONS, wait=_AWAIT_WAIT, notify=_NOTIFY, notify_all=_NOTIFY),
    **_methods(("asyncio.Condition", "anyio.Condition"), wait_for=_AWAIT_WAIT_FOR),
    **_methods(_TASK_EVENTS, wait=_AWAIT_WAIT, set=_NOTIFY, is_set=_QUERY),
    **_methods(("asyncio.Event", "tornado.locks.Event"), clear=_CLEAR),
    **_methods(("asyncio.Barrier",), wait=_AWAIT_WAIT, reset=replace(_CLEAR, awaited=True)),
    **_methods(_STRICT_LOCKS, acquire=_AWAIT_ACQUIRE, acquire_nowait=_NOWAIT_RAISES, release=_RELEASE),
    **_methods(("anyio.Lock", "anyio.Condition", "trio.Lock", "trio.Condition"), locked=_QUERY),
    **_methods(("tornado.locks.Lock", "tornado.locks.Semaphore"), acquire=_AWAIT_ACQUIRE, release=_RELEASE),
    **_methods(
        ("tornado.locks.Condition",),
        wait=replace(_WAIT, awaited=True),
        notify=_NOTIFY,
        notify_all=_NOTIFY,
    ),
    **_methods(_GREEN_LOCKS, acquire=_ACQUIRE, release=_RELEASE, locked=_QUERY),
    **_methods(_FILE_LOCKS[:1], acquire=_FILE_ACQUIRE, release=_RELEASE),
    **_methods(_FILE_LOCKS[1:], acquire=replace(_FILE_ACQUIRE, awaited=True), release=replace(_RELEASE, awaited=True)),
    **_methods(
        ("filelock.ReadWriteLock",),
        acquire_read=_sided(LockRole.ACQUIRE, _READER, _PROCESS),
        acquire_write=_sided(LockRole.ACQUIRE, _WRITER, _PROCESS),
        release=_RELEASE,
        read_lock=_side(_READER, _PROCESS),
        write_lock=_side(_WRITER, _PROCESS),
    ),
    **_methods(
        ("fasteners.InterProcessLock",),
        acquire=LockMethod(LockRole.ACQUIRE, _BLOCKING, Slot(3, "timeout"), Failure.RESULT),
        release=_RELEASE,
    ),
    **_methods(("fasteners.ReaderWriterLock",), **_readers_writer()),
    **_methods(("fasteners.InterProcessReaderWriterLock",), **_readers_writer(_PROCESS_ONLY)),
    **_methods(("readerwriterlock.rwlock.RWLockable",), gen_rlock=_side(_READER), gen_wlock=_side(_WRITER)),
    **_methods(
        ("readerwriterlock.rwlock.Lockable",),
        acquire=replace(_ACQUIRE, timeout=_TIMEOUT),
        release=_RELEASE,
        locked=_QUERY,
    ),
    **_methods(
        ("portalocker.Lock", "portalocker.RLock"),
        acquire=LockMethod(LockRole.ACQUIRE, None, _WAIT_TIMEOUT, Failure.EXCEPTION),
        release=_RELEASE,
    ),
    **_methods(
        ("redis.lock.Lock",),
        acquire=LockMethod(LockRole.ACQUIRE, Slot(1, "blocking"), Slot(2, "blocking_timeout"), Failure.RESULT),
        release=_RELEASE,
        locked=_QUERY,
        owned=_QUERY,
    ),
    **_methods(
        ("PySide6.QtCore.QMutex", "PySide6.QtCore.QRecursiveMutex"),
        lock=_PLAIN_ACQUIRE,
        tryLock=_TRY,
        unlock=_RELEASE,
    ),
    **_methods(
        ("PySide6.QtCore.QReadWriteLock",),
        lockForRead=_sided(LockRole.ACQUIRE, _READER),
        lockForWrite=_sided(LockRole.ACQUIRE, _WRITER),
        unlock=_RELEASE,
    ),
    **_methods(("PySide6.QtCore.QSemaphore",), acquire=_PLAIN_ACQUIRE, release=_RELEASE),
    **_methods(("PySide6.QtCore.QMutexLocker",), relock=_PLAIN_ACQUIRE, unlock=_RELEASE),
}


def locking_methods(acquire: Iterable[str], release: Iterable[str], *, awaited: bool) -> dict[str, LockMethod]:
    """What methods of these names do to a lock that is used in the usual way."""

    return {**dict.fromkeys(acquire, _AWAIT_ACQUIRE if awaited else _ACQUIRE), **dict.fromkeys(release, _RELEASE)}
