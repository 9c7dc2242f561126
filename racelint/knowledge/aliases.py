"""One spelling per name: re-exports, moved and private modules, typing's names, and the names of Python 2."""

from __future__ import annotations


def _same(target: str, *spellings: str) -> dict[str, str]:
    return dict.fromkeys(spellings, target)


def _members(target: str, spelling: str, names: str) -> dict[str, str]:
    """`spelling.name` is `target.name`, for these names."""

    return {f"{spelling}.{name}": f"{target}.{name}" for name in names.split()}


_LOCKS = "Lock RLock Condition Semaphore BoundedSemaphore Event Barrier"
_CONTEXT = f"{_LOCKS} Process Pool Queue SimpleQueue JoinableQueue Manager Pipe Value Array RawValue RawArray"

# Spelling: the one that the tables use. A row also holds for everything below its name, unless a longer one matches.
ALIASES: dict[str, str] = {
    **_same("", "builtins", "__builtin__"),
    # threads
    **_same("_thread", "thread", "_dummy_thread"),
    **_same("threading", "dummy_threading", "_dummy_threading"),
    **_same("threading.Lock", "_thread.allocate_lock", "_thread.allocate", "_thread.lock", "_thread.LockType"),
    **_same("threading.Lock", "threading._allocate_lock", "threading.LockType"),
    **_same("threading.RLock", "_thread.RLock", "threading._RLock", "threading._CRLock", "threading._PyRLock"),
    **_same("threading.local", "_thread._local", "_threading_local.local"),
    **_same("threading.get_ident", "_thread.get_ident", "threading._get_ident"),
    **_same("_thread.start_new_thread", "_thread.start_new", "threading._start_new_thread"),
    **_same("threading.current_thread", "threading.currentThread"),
    **_same("threading.active_count", "threading.activeCount"),
    **{f"threading._{name}": f"threading.{name}" for name in f"{_LOCKS} Timer".split() if name != "RLock"},
    # queues and executors
    **_same("queue", "Queue", "_queue"),
    **_same("concurrent.futures", "concurrent.futures._base", "concurrent.futures.thread"),
    **_same("concurrent.futures", "concurrent.futures.process", "concurrent.futures.interpreter"),
    # processes
    **_same("multiprocessing", "multiprocess", "billiard", "torch.multiprocessing", "multiprocessing.context"),
    **_same("multiprocessing", "multiprocessing.synchronize", "multiprocessing.queues", "multiprocessing.process"),
    **_same("multiprocessing.Process", "multiprocessing.process.BaseProcess", "multiprocessing.context.SpawnProcess"),
    **_same("multiprocessing.Process", "multiprocessing.context.ForkProcess"),
    **_same("multiprocessing.Process", "multiprocessing.context.ForkServerProcess"),
    **_same("multiprocessing.pool", "multiprocessing.pool"),
    **_same("multiprocessing.Value", "multiprocessing.sharedctypes.Value", "multiprocessing.sharedctypes.Synchronized"),
    **_same("multiprocessing.Value", "multiprocessing.sharedctypes.SynchronizedBase"),
    **_same("multiprocessing.Array", "multiprocessing.sharedctypes.Array"),
    **_same("multiprocessing.Array", "multiprocessing.sharedctypes.SynchronizedArray"),
    **_same("multiprocessing.Pool", "multiprocessing.pool.Pool"),
    **_same("multiprocessing.pool.AsyncResult", "multiprocessing.pool.ApplyResult", "multiprocessing.pool.MapResult"),
}
