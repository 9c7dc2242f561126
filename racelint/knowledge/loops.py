"""What starts tasks and greenlets, and what calls between event loops and threads."""

from __future__ import annotations

from typing import Final

from .model import Slot
from .running import Form, Many, Passing, RunsOn, Spawn, Starts

_FUNCTION, _COROUTINE_FUNCTION = Form.FUNCTION, Form.COROUTINE_FUNCTION
_FUNC, _SECOND = Slot(0, "func"), Slot(1)


def _pool(callee: Slot, many: Many = Many.ALWAYS, runs_on: RunsOn = RunsOn.POOL) -> tuple[Spawn, ...]:
    """A function for a worker thread; its arguments follow."""

    return (Spawn(callee, runs_on, many, passing=Passing.REST),)


_IN_EXECUTOR = (Spawn(Slot(1, "func"), RunsOn.POOL, Many.ALWAYS, passing=Passing.REST, executor=Slot(0, "executor")),)


def _loop(callee: Slot, form: Form = Form.FUNCTION, passing: Passing = Passing.REST) -> tuple[Spawn, ...]:
    """A callback for the thread of an event loop: callbacks never overlap there."""

    return (Spawn(callee, RunsOn.LOOP, Many.NEVER, form, passing),)


def _task(callee: Slot, form: Form = Form.COROUTINE) -> tuple[Spawn, ...]:
    """A task: tasks of one loop overlap only where they await."""

    passing = Passing.REST if form is Form.COROUTINE_FUNCTION else Passing.NONE
    return (Spawn(callee, RunsOn.LOOP, Many.PER_SITE, form, passing),)


def _main(callee: Slot, form: Form = Form.COROUTINE) -> tuple[Spawn, ...]:
    """A coroutine that the caller waits for: it has the loop to itself until it starts other tasks."""

    passing = Passing.REST if form is Form.COROUTINE_FUNCTION else Passing.NONE
    return (Spawn(callee, RunsOn.LOOP, Many.NEVER, form, passing),)


def _greenlet(callee: Slot, passing: Passing = Passing.REST, args: Slot | None = None) -> tuple[Spawn, ...]:
    return (Spawn(callee, RunsOn.GREENLET, Many.PER_SITE, passing=passing, args=args),)


LOOP: Final = "asyncio.AbstractEventLoop"
"""What a thread runs, and no other one at the same time."""

_LOOP = LOOP
_CALLBACK, _CORO, _COROS = Slot(0, "callback"), Slot(0, "coro"), Slot(0, rest=True)

_ASYNCIO = {
    "asyncio.to_thread": _pool(_FUNC),
    f"{_LOOP}.run_in_executor": _IN_EXECUTOR,
    f"{_LOOP}.call_soon": _loop(_CALLBACK),
    f"{_LOOP}.call_soon_threadsafe": _loop(_CALLBACK),
    f"{_LOOP}.call_later": _loop(Slot(1, "callback")),
    f"{_LOOP}.call_at": _loop(Slot(1, "callback")),
    f"{_LOOP}.add_reader": _loop(Slot(1, "callback")),
    f"{_LOOP}.add_writer": _loop(Slot(1, "callback")),
    f"{_LOOP}.add_signal_handler": _loop(Slot(1, "callback")),
    f"{_LOOP}.create_task": _task(_CORO),
    f"{_LOOP}.run_until_complete": _main(Slot(0, "future")),
    f"{_LOOP}.set_exception_handler": _loop(Slot(0, "handler"), passing=Passing.RESULT),
    f"{_LOOP}.create_server": (
        Spawn(Slot(0, "protocol_factory"), RunsOn.LOOP, Many.NEVER, Form.CLASS, starts=Starts.LATER),
    ),
    f"{_LOOP}.create_connection": (Spawn(Slot(0, "protocol_factory"), RunsOn.LOOP, Many.NEVER, Form.CLASS),),
    "asyncio.run_coroutine_threadsafe": _task(_CORO),
    "asyncio.create_task": _task(_CORO),
    "asyncio.ensure_future": _task(Slot(0, "coro_or_future")),
    "asyncio.gather": _task(_COROS),
    "asyncio.wait": _task(Slot(0, "fs"), Form.COROUTINES),
    "asyncio.as_completed": _task(Slot(0, "fs"), Form.COROUTINES),
    "asyncio.wait_for": _task(Slot(0, "fut")),
    "asyncio.shield": _task(Slot(0, "arg")),
    "asyncio.run": _main(Slot(0, "main")),
    "asyncio.Runner.run": _main(_CORO),
    "asyncio.TaskGroup.create_task": _task(_CORO),
    "asyncio.Future.add_done_callback": _loop(Slot(0), passing=Passing.RESULT),
    "asyncio.start_server": (
        Spawn(Slot(0, "client_connected_cb"), RunsOn.LOOP, Many.ALWAYS, _COROUTINE_FUNCTION, Passing.RESULT),
    ),
    "asyncio.start_unix_server": (
        Spawn(Slot(0, "client_connected_cb"), RunsOn.LOOP, Many.ALWAYS, _COROUTINE_FUNCTION, Passing.RESULT),
    ),
}

_ANYIO_AND_TRIO = {
    "anyio.to_thread.run_sync": _pool(_FUNC),
    "anyio.run_sync_in_worker_thread": _pool(_FUNC),
    "anyio.to_process.run_sync": _pool(_FUNC, runs_on=RunsOn.PROCESS),
    "anyio.to_interpreter.run_sync": _pool(_FUNC, runs_on=RunsOn.PROCESS),
    "anyio.from_thread.run": _loop(_FUNC, _COROUTINE_FUNCTION),
    "anyio.from_thread.run_sync": _loop(_FUNC),
    "anyio.from_thread.BlockingPortal.call": _loop(_FUNC),
    "anyio.from_thread.BlockingPortal.start_task_soon": _task(_FUNC, _COROUTINE_FUNCTION),
    "anyio.from_thread.BlockingPortal.start_task": _task(_FUNC, _COROUTINE_FUNCTION),
    "anyio.abc.TaskGroup.start_soon": _task(_FUNC, _COROUTINE_FUNCTION),
    "anyio.abc.TaskGroup.start": _task(_FUNC, _COROUTINE_FUNCTION),
    "anyio.run": _main(_FUNC, _COROUTINE_FUNCTION),
    "trio.to_thread.run_sync": _pool(Slot(0, "sync_fn")),
    "trio.lowlevel.start_thread_soon": (
        Spawn(Slot(0, "fn"), RunsOn.THREAD, Many.PER_SITE),
        Spawn(Slot(1, "deliver"), RunsOn.THREAD, Many.PER_SITE, passing=Passing.RESULT),
    ),
    "trio.lowlevel.spawn_system_task": _task(Slot(0, "async_fn"), _COROUTINE_FUNCTION),
    "trio.lowlevel.TrioToken.run_sync_soon": _loop(Slot(0, "sync_fn")),
    "trio.from_thread.run": _loop(Slot(0, "afn"), _COROUTINE_FUNCTION),
    "trio.from_thread.run_sync": _loop(Slot(0, "fn")),
    "trio.Nursery.start_soon": _task(Slot(0, "async_fn"), _COROUTINE_FUNCTION),
    "trio.Nursery.start": _task(Slot(0, "async_fn"), _COROUTINE_FUNCTION),
    "trio.run": _main(Slot(0, "async_fn"), _COROUTINE_FUNCTION),
}

_IO_LOOP = "tornado.ioloop.IOLoop"

_TORNADO_AND_ASGIREF = {
    f"{_IO_LOOP}.run_in_executor": _IN_EXECUTOR,
    f"{_IO_LOOP}.add_callback": _loop(_CALLBACK),
    f"{_IO_LOOP}.add_callback_from_signal": _loop(_CALLBACK),
    f"{_IO_LOOP}.spawn_callback": _loop(_CALLBACK),
    f"{_IO_LOOP}.call_later": _loop(Slot(1, "callback")),
    f"{_IO_LOOP}.call_at": _loop(Slot(1, "callback")),
    f"{_IO_LOOP}.add_timeout": _loop(Slot(1, "callback")),
    f"{_IO_LOOP}.add_future": _loop(Slot(1, "callback"), passing=Passing.RESULT),
    f"{_IO_LOOP}.run_sync": _main(_FUNC, _COROUTINE_FUNCTION),
    "tornado.ioloop.PeriodicCallback": (
        Spawn(_CALLBACK, RunsOn.LOOP, Many.NEVER, starts=Starts.ON_START, start_method="start"),
    ),
    # Thread-sensitive by default: one dedicated thread runs all of them, in turn.
    "asgiref.sync.sync_to_async": (Spawn(_FUNC, RunsOn.HANDLER, Many.NEVER, starts=Starts.LATER),),
    "asgiref.sync.async_to_sync": (
        Spawn(Slot(0, "awaitable"), RunsOn.LOOP, Many.PER_SITE, _COROUTINE_FUNCTION, starts=Starts.LATER),
    ),
}

_ITERABLE = Slot(1, "iterable")

_GREENLETS = {
    "gevent.spawn": _greenlet(Slot(0)),
    "gevent.spawn_raw": _greenlet(Slot(0)),
    "gevent.spawn_later": _greenlet(_SECOND),
    "gevent.Greenlet": (
        Spawn(
            Slot(0, "run"),
            RunsOn.GREENLET,
            Many.PER_SITE,
            passing=Passing.REST,
            starts=Starts.ON_START,
            start_method="start",
        ),
    ),
    "gevent.Greenlet.spawn": _greenlet(Slot(0)),
    "gevent.Greenlet.spawn_later": _greenlet(_SECOND),
    "gevent.pool.Group.spawn": _greenlet(Slot(0)),
    "gevent.pool.Group.map": _greenlet(_FUNC, Passing.EACH, _ITERABLE),
    "gevent.pool.Group.imap": _greenlet(_FUNC, Passing.EACH, Slot(1, rest=True)),
    "gevent.pool.Group.imap_unordered": _greenlet(_FUNC, Passing.EACH, Slot(1, rest=True)),
    "gevent.pool.Group.apply": _greenlet(_FUNC, Passing.ARGS_KWARGS, Slot(1, "args")),
    "gevent.pool.Group.apply_async": _greenlet(_FUNC, Passing.ARGS_KWARGS, Slot(1, "args")),
    "gevent.threadpool.ThreadPool.spawn": (
        Spawn(_FUNC, RunsOn.POOL, Many.WORKERS, passing=Passing.REST, workers=Slot(0, "maxsize")),
    ),
    "gevent.threadpool.ThreadPool.apply": (
        Spawn(_FUNC, RunsOn.POOL, Many.ALWAYS, passing=Passing.ARGS_KWARGS, args=Slot(1, "args")),
    ),
    "gevent.threadpool.ThreadPool.apply_async": (
        Spawn(_FUNC, RunsOn.POOL, Many.ALWAYS, passing=Passing.ARGS_KWARGS, args=Slot(1, "args")),
    ),
    "gevent.threadpool.ThreadPool.map": (Spawn(_FUNC, RunsOn.POOL, Many.ALWAYS, passing=Passing.EACH, args=_ITERABLE),),
    "eventlet.spawn": _greenlet(_FUNC),
    "eventlet.spawn_n": _greenlet(_FUNC),
    "eventlet.spawn_after": _greenlet(Slot(1, "func")),
    "eventlet.GreenPool.spawn": _greenlet(Slot(0, "function")),
    "eventlet.GreenPool.spawn_n": _greenlet(Slot(0, "function")),
    "eventlet.GreenPool.imap": _greenlet(Slot(0, "function"), Passing.EACH, Slot(1, rest=True)),
    "eventlet.GreenPool.starmap": _greenlet(Slot(0, "function"), Passing.STAR_EACH, _ITERABLE),
    "eventlet.tpool.execute": _pool(Slot(0, "meth")),
}

# function, constructor or method: the callables that it hands to another context, the main one first
SPAWNS: dict[str, tuple[Spawn, ...]] = {**_ASYNCIO, **_ANYIO_AND_TRIO, **_TORNADO_AND_ASGIREF, **_GREENLETS}

# What `async with` over it neither waits for when it is entered nor when it is left.
ENTERED_AT_ONCE: frozenset[str] = frozenset(
    {
        "asyncio.timeout",
        "asyncio.timeout_at",
        "asyncio.Timeout",
        "async_timeout.timeout",
        "async_timeout.timeout_at",
        "async_timeout.Timeout",
        "contextlib.nullcontext",
    }
)

# What `async with` over it may wait for when it is entered, but not when it is left: `__aexit__` only releases
# (Lib/asyncio/locks.py).
LEFT_AT_ONCE: frozenset[str] = frozenset(
    {"asyncio.Lock", "asyncio.Condition", "asyncio.Semaphore", "asyncio.BoundedSemaphore"}
)


def _members(owner: str, names: str) -> set[str]:
    return {f"{owner}.{name}" for name in names.split()}


# What must be called on the thread of the loop to which the object belongs. To clear an event only stores its flag: it
# touches no waiter and asks the loop for nothing.
LOOP_THREAD_ONLY: frozenset[str] = frozenset(
    _members("asyncio.Future", "set_result set_exception cancel")
    | _members("asyncio.Event", "set")
    | _members("asyncio.Condition", "notify notify_all")
    | _members("asyncio.Semaphore", "release")
    | _members("asyncio.Queue", "put_nowait get_nowait task_done")
    | _members("asyncio.TaskGroup", "create_task")
    | _members("asyncio.StreamWriter", "write writelines close")
    | _members("asyncio.Handle", "cancel")
    | _members(_LOOP, "call_soon call_later call_at create_task stop add_reader add_writer remove_reader remove_writer")
    | _members(_IO_LOOP, "call_later call_at add_timeout remove_timeout add_handler remove_handler stop")
    | _members("tornado.locks.Event", "set")
    | _members("tornado.locks.Condition", "notify notify_all")
    | _members("tornado.queues.Queue", "put_nowait get_nowait task_done")
)

# Those for which tasks wait: from another thread they may wake nobody.
WAKES: frozenset[str] = frozenset(
    _members("asyncio.Future", "set_result set_exception")
    | _members("asyncio.Event", "set")
    | _members("asyncio.Queue", "put_nowait")
    | _members("tornado.locks.Event", "set")
    | _members("tornado.queues.Queue", "put_nowait")
)

# What gives the loop of the thread that calls it.
RUNNING_LOOP: frozenset[str] = frozenset(_members("asyncio", "get_running_loop _get_running_loop get_event_loop"))

# What lets a task do nothing any more but clean up.
CANCELS: frozenset[str] = frozenset({"asyncio.Task.cancel", "asyncio.Future.cancel"})

# What runs a loop on the thread that calls it.
LOOP_RUNNERS: frozenset[str] = frozenset(
    {"asyncio.run", "asyncio.Runner.run", "anyio.run", "trio.run"}
    | _members(_LOOP, "run_forever run_until_complete")
    | _members(_IO_LOOP, "start run_sync")
)

TAKES_FACTORY: Final = frozenset(
    ["create_server", "create_connection", "create_datagram_endpoint", "create_unix_server", "create_unix_connection"]
)
"""The methods of a loop that are given a function which makes protocols."""

FUTURE: Final = "asyncio.Future"
NEW_LOOP: Final = "asyncio.new_event_loop"

TO_OTHER_THREAD: Final = frozenset({"asyncio.run_coroutine_threadsafe"})
"""What starts a coroutine from another thread than that of the event loop."""

CALLED_THERE: Final = frozenset({f"{_LOOP}.call_soon_threadsafe"})
"""What has the loop call a function, and may be asked for it by any thread."""

ASKED: Final = CALLED_THERE | _members(_IO_LOOP, "add_callback add_callback_from_signal spawn_callback")
"""What has the loop call a function, and any thread may ask for, that of the loop as well."""
