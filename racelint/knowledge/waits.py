"""What waits for another context to end, and what hands an item over to one."""

from __future__ import annotations

from typing import Final

from .model import Slot
from .running import Transfer, Wait, WaitFor

_TIMEOUT, _SECOND_TIMEOUT = Slot(0, "timeout"), Slot(1, "timeout")

_THREAD = Wait(WaitFor.THREAD, timeout=_TIMEOUT)
_RESULT = Wait(WaitFor.RESULT, timeout=_TIMEOUT, timeout_raises=True)
_CALL = Wait(WaitFor.CALL)
_LAZY_CALL = Wait(WaitFor.CALL, lazy=True)
_AWAITED_CALL = Wait(WaitFor.CALL, awaited=True)
_AWAITED_ITEMS = Wait(WaitFor.ITEMS, awaited=True)

_POOL = "multiprocessing.pool.Pool"
_LOOP = "asyncio.AbstractEventLoop"

# function or method: what has ended when it returns
WAITS: dict[str, Wait] = {
    "threading.Thread.join": _THREAD,
    "multiprocessing.Process.join": _THREAD,
    "PySide6.QtCore.QThread.wait": _THREAD,
    "PySide6.QtCore.QThreadPool.waitForDone": Wait(WaitFor.WORKERS, timeout=Slot(0, "msecs", -1)),
    "concurrent.futures.Future.result": _RESULT,
    "concurrent.futures.Future.exception": _RESULT,
    "concurrent.futures.wait": Wait(WaitFor.RESULT, Slot(0, "fs"), _SECOND_TIMEOUT),
    "concurrent.futures.as_completed": Wait(
        WaitFor.RESULT, Slot(0, "fs"), _SECOND_TIMEOUT, lazy=True, timeout_raises=True
    ),
    "concurrent.futures.Executor.shutdown": Wait(WaitFor.WORKERS, only_if=Slot(0, "wait", True)),
    "concurrent.futures.Executor.map": Wait(
        WaitFor.CALL, timeout=Slot(None, "timeout"), lazy=True, timeout_raises=True
    ),
    f"{_POOL}.join": Wait(WaitFor.WORKERS),
    f"{_POOL}.terminate": Wait(WaitFor.CALLBACKS),
    f"{_POOL}.apply": _CALL,
    f"{_POOL}.map": _CALL,
    f"{_POOL}.starmap": _CALL,
    f"{_POOL}.imap": _LAZY_CALL,
    f"{_POOL}.imap_unordered": _LAZY_CALL,
    "multiprocessing.pool.AsyncResult.get": _RESULT,
    "multiprocessing.pool.AsyncResult.wait": Wait(WaitFor.RESULT, timeout=_TIMEOUT),
    "multiprocessing.pool.IMapIterator.next": _RESULT,
    "subprocess.Popen.wait": Wait(WaitFor.THREAD, timeout=_TIMEOUT, timeout_raises=True),
    "subprocess.Popen.communicate": Wait(WaitFor.THREAD, timeout=_SECOND_TIMEOUT, timeout_raises=True),
    "queue.Queue.join": Wait(WaitFor.ITEMS),
    "multiprocessing.JoinableQueue.join": Wait(WaitFor.ITEMS),
    "asyncio.Queue.join": _AWAITED_ITEMS,
    "tornado.queues.Queue.join": _AWAITED_ITEMS,
    "asyncio.run": _CALL,
    "asyncio.Runner.run": _CALL,
    f"{_LOOP}.run_until_complete": _CALL,
    f"{_LOOP}.run_in_executor": _AWAITED_CALL,
    f"{_LOOP}.shutdown_default_executor": Wait(WaitFor.WORKERS, awaited=True),
    "asyncio.to_thread": _AWAITED_CALL,
    "asyncio.gather": _AWAITED_CALL,
    "asyncio.wait": Wait(WaitFor.RESULT, Slot(0, "fs"), Slot(None, "timeout"), awaited=True),
    "asyncio.wait_for": Wait(WaitFor.RESULT, Slot(0, "fut"), _SECOND_TIMEOUT, timeout_raises=True, awaited=True),
    "asyncio.wrap_future": Wait(WaitFor.RESULT, Slot(0, "future"), awaited=True),
    "asyncio.shield": Wait(WaitFor.RESULT, Slot(0, "arg"), awaited=True),
    "anyio.run": _CALL,
    "anyio.to_thread.run_sync": _AWAITED_CALL,
    "anyio.from_thread.run": _CALL,
    "anyio.from_thread.run_sync": _CALL,
    "anyio.from_thread.BlockingPortal.call": _CALL,
    "trio.run": _CALL,
    "trio.to_thread.run_sync": _AWAITED_CALL,
    "trio.from_thread.run": _CALL,
    "trio.from_thread.run_sync": _CALL,
    "starlette.concurrency.run_in_threadpool": _AWAITED_CALL,
    "tornado.ioloop.IOLoop.run_in_executor": _AWAITED_CALL,
    "tornado.ioloop.IOLoop.run_sync": _CALL,
    "gevent.joinall": Wait(WaitFor.THREAD, Slot(0, "greenlets"), _SECOND_TIMEOUT),
    "gevent.Greenlet.join": _THREAD,
    "gevent.Greenlet.get": Wait(WaitFor.RESULT, timeout=_SECOND_TIMEOUT, timeout_raises=True),
    "gevent.pool.Group.join": Wait(WaitFor.WORKERS, timeout=_TIMEOUT),
    "gevent.pool.Group.map": _CALL,
    "gevent.threadpool.ThreadPool.join": Wait(WaitFor.WORKERS),
    "eventlet.GreenPool.waitall": Wait(WaitFor.WORKERS),
    "eventlet.tpool.execute": _CALL,
}

WAITS_FOR_WORKERS: Final = frozenset(
    name.rpartition(".")[2] for name, row in WAITS.items() if row.what is WaitFor.WORKERS
)
"""The methods by which pools wait until all is done that they were given."""

WAITS_FOR_TASK: Final = tuple(
    name.rpartition(".")[2] for name in WAITS if name.startswith("concurrent.futures.Future.")
)
"""The methods by which a future waits for the end of its task."""

# Leaving `with` over a pool of processes or threads terminates it: that is no wait.
JOINS_ON_EXIT: frozenset[str] = frozenset(
    {"concurrent.futures.Executor", "asyncio.TaskGroup", "anyio.abc.TaskGroup", "trio.Nursery", "subprocess.Popen"}
)

_SEND_ITEM, _RECEIVE = Transfer(sends=True, item=Slot(0, "item")), Transfer(sends=False)
_SEND_OBJECT = Transfer(sends=True, item=Slot(0, "obj"))
_SEND = Transfer(sends=True, item=Slot(0))


def _queue(name: str, send: Transfer = _SEND_ITEM) -> dict[str, Transfer]:
    return {
        f"{name}.put": send,
        f"{name}.put_nowait": send,
        f"{name}.get": _RECEIVE,
        f"{name}.get_nowait": _RECEIVE,
    }


# method: whether it sends or receives an item
TRANSFERS: dict[str, Transfer] = {
    **_queue("queue.Queue"),
    **_queue("queue.SimpleQueue"),
    **_queue("multiprocessing.Queue", _SEND_OBJECT),
    "multiprocessing.SimpleQueue.put": _SEND_OBJECT,
    "multiprocessing.SimpleQueue.get": _RECEIVE,
    "multiprocessing.connection.Connection.send": _SEND_OBJECT,
    "multiprocessing.connection.Connection.recv": _RECEIVE,
    **_queue("asyncio.Queue"),
    **_queue("tornado.queues.Queue"),
    **_queue("gevent.queue.Queue"),
    **_queue("eventlet.queue.LightQueue"),
    "collections.deque.append": _SEND,
    "collections.deque.appendleft": _SEND,
    "collections.deque.pop": _RECEIVE,
    "collections.deque.popleft": _RECEIVE,
}

WAIT_NAMES: Final = frozenset({"wait", "wait_for", "sleep", "join", "get", "accept", "recv", "select", "poll"})
"""Methods that are taken for waits where the class of the object is not known."""

END_NAMES: Final = frozenset({"join", "result", "wait", "get"})
"""Methods that are taken, without arguments, for waits for what has been started, where the class is not known."""

NAMED_DEADLINES: Final = ("timeout", "fail_a", "move_on")
"""Parts of the names of managers that end what takes too long in them: `asyncio.timeout`, `trio.move_on_after`."""
