"""What makes a lock, which kind, and what its methods do."""

from __future__ import annotations

from msgspec.structs import replace

from .model import LockDecorator, LockDomain, LockKind, LockModel, Slot

_MUTEX, _REENTRANT, _SEMAPHORE = LockKind.MUTEX, LockKind.REENTRANT, LockKind.SEMAPHORE
_CONDITION, _EVENT, _BARRIER, _NONE = LockKind.CONDITION, LockKind.EVENT, LockKind.BARRIER, LockKind.NONE
_READER, _WRITER, _READ_WRITE = LockKind.READER, LockKind.WRITER, LockKind.READ_WRITE
_PROCESS, _PROCESS_ONLY = LockDomain.PROCESS, LockDomain.PROCESS_ONLY
_TASK, _GREENLET = LockDomain.TASK, LockDomain.GREENLET

_VALUE = Slot(0, "value", 1)
_LOCK = Slot(0, "lock")
_PATH = Slot(0, "path")


def _task(kind: LockKind, **more: object) -> LockModel:
    """A lock between the tasks of one loop, taken by `async with`."""

    return replace(LockModel(kind, _TASK, sync_with=False, async_with=True), **more)


_PLAIN_EVENT = LockModel(_EVENT, sync_with=False)
_PLAIN_BARRIER = LockModel(_BARRIER, sync_with=False)
_TASK_EVENT = _task(_EVENT, async_with=False)

# name: what its constructor makes
LOCKS: dict[str, LockModel] = {
    "threading.Lock": LockModel(_MUTEX),
    "threading.RLock": LockModel(_REENTRANT, owned=True),
    "threading.Condition": LockModel(_CONDITION, shares=_LOCK, default_kind=_REENTRANT, owned=True),
    "threading.Semaphore": LockModel(_SEMAPHORE, count=_VALUE),
    "threading.BoundedSemaphore": LockModel(_SEMAPHORE, count=_VALUE),
    "threading.Event": _PLAIN_EVENT,
    "threading.Barrier": _PLAIN_BARRIER,
    "contextlib.nullcontext": LockModel(_NONE, async_with=True),
    "multiprocessing.Lock": LockModel(_MUTEX, _PROCESS),
    "multiprocessing.RLock": LockModel(_REENTRANT, _PROCESS, owned=True),
    "multiprocessing.Condition": LockModel(_CONDITION, _PROCESS, shares=_LOCK, default_kind=_REENTRANT, owned=True),
    "multiprocessing.Semaphore": LockModel(_SEMAPHORE, _PROCESS, count=_VALUE),
    "multiprocessing.BoundedSemaphore": LockModel(_SEMAPHORE, _PROCESS, count=_VALUE),
    "multiprocessing.Event": LockModel(_EVENT, _PROCESS, sync_with=False),
    "multiprocessing.Barrier": LockModel(_BARRIER, _PROCESS, sync_with=False),
    # With `lock=False` they have none.
    "multiprocessing.Value": LockModel(_REENTRANT, _PROCESS, shares=Slot(None, "lock", True), owned=True),
    "multiprocessing.Array": LockModel(_REENTRANT, _PROCESS, shares=Slot(None, "lock", True), owned=True),
    "multiprocessing.managers.SyncManager.Lock": LockModel(_MUTEX, _PROCESS),
    "multiprocessing.managers.SyncManager.RLock": LockModel(_REENTRANT, _PROCESS, owned=True),
    "multiprocessing.managers.SyncManager.Condition": LockModel(
        _CONDITION, _PROCESS, shares=_LOCK, default_kind=_REENTRANT
    ),
    "multiprocessing.managers.SyncManager.Semaphore": LockModel(_SEMAPHORE, _PROCESS, count=_VALUE),
    "multiprocessing.managers.SyncManager.BoundedSemaphore": LockModel(_SEMAPHORE, _PROCESS, count=_VALUE),
    "multiprocessing.managers.SyncManager.Event": LockModel(_EVENT, _PROCESS, sync_with=False),
    "multiprocessing.managers.SyncManager.Barrier": LockModel(_BARRIER, _PROCESS, sync_with=False),
    "asyncio.Lock": _task(_MUTEX),
    "asyncio.Condition": _task(_CONDITION, shares=_LOCK, default_kind=_MUTEX),
    "asyncio.Semaphore": _task(_SEMAPHORE, count=_VALUE),
    "asyncio.BoundedSemaphore": _task(_SEMAPHORE, count=_VALUE),
    "asyncio.Event": _TASK_EVENT,
    "asyncio.Barrier": _task(_BARRIER),
    "anyio.Lock": _task(_MUTEX, owned=True),
    "anyio.Condition": _task(_CONDITION, shares=_LOCK, default_kind=_MUTEX, owned=True),
    "anyio.Semaphore": _task(_SEMAPHORE, count=Slot(0, "initial_value")),
    "anyio.CapacityLimiter": _task(_SEMAPHORE, count=Slot(0, "total_tokens"), owned=True),
    "anyio.ResourceGuard": LockModel(_MUTEX, _TASK),
    "anyio.Event": _TASK_EVENT,
    "trio.Lock": _task(_MUTEX, owned=True),
    "trio.StrictFIFOLock": _task(_MUTEX, owned=True),
    "trio.Condition": _task(_CONDITION, shares=_LOCK, default_kind=_MUTEX, owned=True),
    "trio.Semaphore": _task(_SEMAPHORE, count=Slot(0, "initial_value")),
    "trio.CapacityLimiter": _task(_SEMAPHORE, count=Slot(0, "total_tokens"), owned=True),
    "trio.Event": _TASK_EVENT,
    "tornado.locks.Lock": _task(_MUTEX),
    "tornado.locks.Condition": _task(_CONDITION, async_with=False),
    "tornado.locks.Semaphore": _task(_SEMAPHORE, count=_VALUE),
    "tornado.locks.BoundedSemaphore": _task(_SEMAPHORE, count=_VALUE),
    "tornado.locks.Event": _TASK_EVENT,
    "gevent.lock.RLock": LockModel(_REENTRANT, _GREENLET, owned=True),
    "gevent.lock.Semaphore": LockModel(_SEMAPHORE, _GREENLET, count=_VALUE),
    "gevent.lock.BoundedSemaphore": LockModel(_SEMAPHORE, _GREENLET, count=_VALUE),
    "gevent.lock.DummySemaphore": LockModel(_NONE, _GREENLET),
    "gevent.event.Event": LockModel(_EVENT, _GREENLET, sync_with=False),
    "eventlet.semaphore.Semaphore": LockModel(_SEMAPHORE, _GREENLET, count=_VALUE),
    "eventlet.semaphore.BoundedSemaphore": LockModel(_SEMAPHORE, _GREENLET, count=_VALUE),
    "eventlet.semaphore.CappedSemaphore": LockModel(_SEMAPHORE, _GREENLET, count=Slot(0, "count")),
    "filelock.BaseFileLock": LockModel(_REENTRANT, _PROCESS, identity=Slot(0, "lock_file")),
    "filelock.BaseAsyncFileLock": _task(_REENTRANT, domain=_PROCESS, identity=Slot(0, "lock_file")),
    "filelock.ReadWriteLock": LockModel(_READ_WRITE, _PROCESS, identity=Slot(0, "lock_file"), sync_with=False),
    "fasteners.InterProcessLock": LockModel(_MUTEX, _PROCESS_ONLY, identity=_PATH),
    "fasteners.InterProcessReaderWriterLock": LockModel(_READ_WRITE, _PROCESS_ONLY, identity=_PATH, sync_with=False),
    "fasteners.ReaderWriterLock": LockModel(_READ_WRITE, sync_with=False, owned=True),
    "readerwriterlock.rwlock.RWLockable": LockModel(_READ_WRITE, sync_with=False),
    "portalocker.Lock": LockModel(_MUTEX, _PROCESS_ONLY, identity=Slot(0, "filename")),
    "portalocker.RLock": LockModel(_REENTRANT, _PROCESS_ONLY, identity=Slot(0, "filename")),
    "oslo_concurrency.lockutils.lock": LockModel(_MUTEX, identity=Slot(0, "name")),
    "redis.lock.Lock": LockModel(_MUTEX, _PROCESS, identity=Slot(1, "name")),
    "PySide6.QtCore.QMutex": LockModel(_MUTEX, sync_with=False),
    "PySide6.QtCore.QRecursiveMutex": LockModel(_REENTRANT, sync_with=False, owned=True),
    "PySide6.QtCore.QMutexLocker": LockModel(_MUTEX, shares=Slot(0)),
    "PySide6.QtCore.QReadWriteLock": LockModel(_READ_WRITE, sync_with=False),
    "PySide6.QtCore.QReadLocker": LockModel(_READER, shares=Slot(0)),
    "PySide6.QtCore.QWriteLocker": LockModel(_WRITER, shares=Slot(0)),
    "PySide6.QtCore.QSemaphore": LockModel(_SEMAPHORE, count=Slot(0, "n", 0), sync_with=False),
    "PySide6.QtCore.QWaitCondition": LockModel(_CONDITION, sync_with=False),
}

_OWN_ATTRIBUTE = Slot(None, "lock", "_lock")

# decorator: the lock that is held while the function runs
LOCK_DECORATORS: dict[str, LockDecorator] = {
    # Given the function itself, it makes a lock of its own; given a lock, it returns the decorator.
    "wrapt.synchronized": LockDecorator(_REENTRANT, lock=Slot(0, "wrapped")),
    "fasteners.locked": LockDecorator(_MUTEX, attribute=_OWN_ATTRIBUTE),
    "fasteners.read_locked": LockDecorator(_READER, attribute=_OWN_ATTRIBUTE),
    "fasteners.write_locked": LockDecorator(_WRITER, attribute=_OWN_ATTRIBUTE),
    "fasteners.interprocess_locked": LockDecorator(_MUTEX, identity=_PATH),
    "cachetools.cached": LockDecorator(_MUTEX, lock=Slot(2, "lock"), covers_body=False),
    "cachetools.cachedmethod": LockDecorator(_MUTEX, lock=Slot(2, "lock"), covers_body=False),
    "oslo_concurrency.lockutils.synchronized": LockDecorator(_MUTEX, identity=Slot(0, "name")),
}
