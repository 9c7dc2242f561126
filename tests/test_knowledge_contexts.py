"""Contexts: what starts them, what waits for them, what blocks."""

from __future__ import annotations

import pytest

from racelint.knowledge import BlockingOn, Form, Knowledge, Many, Passing, RunsOn, Slot, Starts, WaitFor

KNOWLEDGE = Knowledge.standard()


def test_a_thread_starts_with_its_start_method() -> None:
    spawn = KNOWLEDGE.spawn("threading.Thread")

    assert spawn is not None
    assert (spawn.callee, spawn.args, spawn.kwargs) == (Slot(1, "target"), Slot(3, "args"), Slot(4, "kwargs"))
    assert (spawn.starts, spawn.start_method, spawn.many) == (Starts.ON_START, "start", Many.PER_SITE)


def test_a_process_is_no_thread() -> None:
    process, dummy = KNOWLEDGE.spawn("multiprocessing.Process"), KNOWLEDGE.spawn("multiprocessing.dummy.Process")

    assert process is not None
    assert process.runs_on is RunsOn.PROCESS
    assert dummy is not None
    assert dummy.runs_on is RunsOn.THREAD


@pytest.mark.parametrize(
    ("executor", "runs_on"),
    [
        ("concurrent.futures.Executor", RunsOn.POOL),
        ("concurrent.futures.ThreadPoolExecutor", RunsOn.POOL),
        ("gevent.threadpool.ThreadPoolExecutor", RunsOn.POOL),
        ("concurrent.futures.ProcessPoolExecutor", RunsOn.PROCESS),
        ("concurrent.futures.InterpreterPoolExecutor", RunsOn.PROCESS),
    ],
)
def test_executors_run_what_is_submitted(executor: str, runs_on: RunsOn) -> None:
    submit, each = KNOWLEDGE.spawn(f"{executor}.submit"), KNOWLEDGE.spawn(f"{executor}.map")

    assert submit is not None
    assert (submit.callee, submit.passing, submit.runs_on) == (Slot(0), Passing.REST, runs_on)
    assert each is not None
    assert (each.passing, each.args, each.many) == (Passing.EACH, Slot(1, rest=True), Many.WORKERS)


def test_callbacks_of_a_pool_run_in_one_thread_in_turn() -> None:
    work, *callbacks = KNOWLEDGE.spawns("multiprocessing.dummy.Pool.apply_async")

    assert (work.runs_on, work.workers) == (RunsOn.POOL, Slot(0, "processes"))
    assert [(each.callee.keyword, each.runs_on, each.many) for each in callbacks] == [
        ("callback", RunsOn.HANDLER, Many.NEVER),
        ("error_callback", RunsOn.HANDLER, Many.NEVER),
    ]


@pytest.mark.parametrize(
    ("server", "many"),
    [
        ("http.server.ThreadingHTTPServer", Many.ALWAYS),
        ("socketserver.ThreadingUDPServer", Many.ALWAYS),
        ("http.server.HTTPServer", Many.NEVER),
        ("xmlrpc.server.SimpleXMLRPCServer", Many.NEVER),
    ],
)
def test_servers_say_how_many_requests_run_at_a_time(server: str, many: Many) -> None:
    spawn = KNOWLEDGE.spawn(server)

    assert spawn is not None
    assert (spawn.form, spawn.callee.position, spawn.many) == (Form.CLASS, 1, many)


def test_coroutines_run_on_the_loop() -> None:
    task, thread = KNOWLEDGE.spawn("asyncio.tasks.create_task"), KNOWLEDGE.spawn("asyncio.to_thread")
    executor = KNOWLEDGE.spawn("asyncio.SelectorEventLoop.run_in_executor")

    assert task is not None
    assert (task.form, task.runs_on) == (Form.COROUTINE, RunsOn.LOOP)
    assert thread is not None
    assert (thread.form, thread.runs_on) == (Form.FUNCTION, RunsOn.POOL)
    assert executor is not None
    assert executor.callee == Slot(1, "func")


def test_methods_that_the_library_calls() -> None:
    names = {row.name: row for row in KNOWLEDGE.entry_methods("http.server.SimpleHTTPRequestHandler")}

    assert {"do_*", "handle", "setup", "finish", "__del__"} <= set(names)
    assert names["do_*"].matches("do_GET")
    assert not names["do_*"].matches("undo_GET")
    assert names["handle"].matches("handle")
    assert names["handle"].instance_per_call


def test_methods_that_run_with_a_lock_held() -> None:
    queue = {row.name: row.holding for row in KNOWLEDGE.entry_methods("queue.LifoQueue")}
    handler = {row.name: row.holding for row in KNOWLEDGE.entry_methods("logging.FileHandler")}

    assert (queue["_put"], handler["emit"], handler["filter"]) == ("mutex", "lock", "")


def test_decorated_functions_that_a_framework_calls() -> None:
    route, endpoint = (
        KNOWLEDGE.entry_decorator("flask.app.Flask.route"),
        KNOWLEDGE.entry_decorator("fastapi.FastAPI.get"),
    )

    assert route is not None
    assert (route.runs_on, route.only_sync) == (RunsOn.SERVER, False)
    assert endpoint is not None
    assert (endpoint.runs_on, endpoint.only_sync) == (RunsOn.POOL, True)


def test_waits_tell_what_has_ended() -> None:
    join, result = KNOWLEDGE.wait("threading.Timer.join"), KNOWLEDGE.wait("concurrent.futures.Future.result")
    shutdown = KNOWLEDGE.wait("concurrent.futures.ThreadPoolExecutor.shutdown")

    assert join is not None
    assert (join.what, join.timeout, join.timeout_raises) == (WaitFor.THREAD, Slot(0, "timeout"), False)
    assert result is not None
    assert (result.what, result.timeout_raises) == (WaitFor.RESULT, True)
    assert shutdown is not None
    assert shutdown.only_if == Slot(0, "wait", True)
    assert KNOWLEDGE.wait("threading.Thread.start") is None


def test_leaving_a_pool_terminates_it_and_leaving_an_executor_waits() -> None:
    assert KNOWLEDGE.joins_on_exit("concurrent.futures.ThreadPoolExecutor")
    assert not KNOWLEDGE.joins_on_exit("multiprocessing.pool.ThreadPool")


def test_queues_hand_items_over() -> None:
    put, get = KNOWLEDGE.transfer("queue.PriorityQueue.put"), KNOWLEDGE.transfer("queue.PriorityQueue.get")

    assert put is not None
    assert (put.sends, put.item) == (True, Slot(0, "item"))
    assert get is not None
    assert not get.sends


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("threading.Lock.acquire", BlockingOn.LOCK),
        ("threading.Condition.wait", BlockingOn.CONDITION),
        ("threading.Event.wait", BlockingOn.EVENT),
        ("queue.PriorityQueue.get", BlockingOn.QUEUE),
        ("threading.Timer.join", BlockingOn.THREAD),
        ("concurrent.futures.Future.result", BlockingOn.RESULT),
        ("subprocess.run", BlockingOn.PROCESS),
        ("socket.socket.recv", BlockingOn.IO),
        ("time.sleep", BlockingOn.SLEEP),
    ],
)
def test_calls_that_block(call: str, what: BlockingOn) -> None:
    blocking = KNOWLEDGE.blocking(call)

    assert blocking is not None
    assert blocking.what is what


@pytest.mark.parametrize(
    "call",
    [
        "asyncio.Lock.acquire",
        "anyio.Lock.acquire_nowait",
        "concurrent.futures.Executor.map",
        "gevent.lock.DummySemaphore.acquire",
        "asyncio.sleep",
        "dict.get",
    ],
)
def test_calls_that_do_not_block(call: str) -> None:
    assert KNOWLEDGE.blocking(call) is None


def test_calls_that_cannot_raise() -> None:
    assert all(map(KNOWLEDGE.cannot_raise, ["len", "list.append", "threading.BoundedSemaphore.release", "time.time"]))
    assert not any(map(KNOWLEDGE.cannot_raise, ["dict.pop", "pkg.append", "threading.Thread.start"]))
