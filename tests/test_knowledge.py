"""The door to the tables: spellings, inheritance, the meaning of single names, and the rows of users."""

from __future__ import annotations

import tomllib

import msgspec
import pytest

from racelint.knowledge import (
    Access,
    BlockingOn,
    Failure,
    Form,
    Knowledge,
    KnowledgeRows,
    LockDomain,
    LockKind,
    LockRole,
    Many,
    Passing,
    RunsOn,
    SafetyKind,
    Slot,
    Starts,
    WaitFor,
)

KNOWLEDGE = Knowledge.standard()


def _with(rows: str) -> Knowledge:
    """The standard knowledge with rows as they stand in TOML."""

    return KNOWLEDGE.with_rows(msgspec.convert(tomllib.loads(rows), KnowledgeRows))


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("_thread.allocate_lock", "threading.Lock"),
        ("thread.allocate_lock", "threading.Lock"),
        ("threading._RLock", "threading.RLock"),
        ("dummy_threading.Condition", "threading.Condition"),
        ("six.moves._thread.allocate_lock", "threading.Lock"),
        ("six.moves.queue.Queue", "queue.Queue"),
        ("Queue.Queue.put", "queue.Queue.put"),
        ("multiprocessing.dummy.Pool", "multiprocessing.pool.ThreadPool"),
        ("multiprocessing.dummy.Pool.map", "multiprocessing.pool.ThreadPool.map"),
        ("multiprocessing.dummy.Process", "threading.Thread"),
        ("multiprocessing.dummy.dict", "dict"),
        ("multiprocessing.synchronize.Lock", "multiprocessing.Lock"),
        ("multiprocessing.context.SpawnContext.Lock", "multiprocessing.Lock"),
        ("multiprocessing.context.SpawnContext", "multiprocessing.context.BaseContext"),
        ("concurrent.futures.thread.ThreadPoolExecutor", "concurrent.futures.ThreadPoolExecutor"),
        ("concurrent.futures._base.Future.result", "concurrent.futures.Future.result"),
        ("asyncio.locks.Lock", "asyncio.Lock"),
        ("collections.MutableMapping", "collections.abc.MutableMapping"),
        ("typing.Dict", "dict"),
        ("builtins.dict.pop", "dict.pop"),
        ("eventlet.green.threading.Lock", "threading.Lock"),
        ("PyQt5.QtCore.QMutex", "PySide6.QtCore.QMutex"),
        ("a.name.of.the.project", "a.name.of.the.project"),
    ],
)
def test_every_spelling_has_one_canonical_name(spelling: str, name: str) -> None:
    assert KNOWLEDGE.canonical(spelling) == name


def test_canonical_names_are_their_own_canonical_names() -> None:
    tables = KNOWLEDGE.tables
    names = {
        *map(KNOWLEDGE.canonical, tables.aliases),
        *tables.bases,
        *tables.spawns,
        *tables.effects,
        *tables.returns.values(),
    }
    names |= {*tables.lock_methods, *tables.waits, *tables.safety, *tables.entry_methods, *tables.blocking}

    assert {name for name in names if KNOWLEDGE.canonical(name) != name} == set()


def test_every_named_class_is_a_class() -> None:
    tables = KNOWLEDGE.tables
    bases = {base for each in tables.bases.values() for base in each}
    owners = {name.rpartition(".")[0] for name in (*tables.lock_methods, *tables.effects, *tables.transfers)}

    assert {name for name in bases | owners | set(tables.returns.values()) if not KNOWLEDGE.is_class(name)} == set()
    assert {each.type for each in tables.attributes.values() if not KNOWLEDGE.is_class(each.type)} == set()


def test_bases_and_order_of_look_up() -> None:
    assert KNOWLEDGE.bases("threading.Timer") == ("threading.Thread",)
    assert KNOWLEDGE.mro("http.server.ThreadingHTTPServer") == (
        "http.server.ThreadingHTTPServer",
        "socketserver.ThreadingMixIn",
        "http.server.HTTPServer",
        "socketserver.TCPServer",
        "socketserver.BaseServer",
        "object",
    )
    assert KNOWLEDGE.mro("pkg.Unknown") == ("pkg.Unknown", "object")


@pytest.mark.parametrize(
    "name", ["threading.Timer", "threading.Timer.start_later", "len", "queue.LifoQueue.put", "time.sleep", "os.chdir"]
)
def test_known_names(name: str) -> None:
    assert KNOWLEDGE.known(name) == (name != "threading.Timer.start_later")


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
    assert (task.is_coroutine, task.runs_on) == (True, RunsOn.LOOP)
    assert thread is not None
    assert (thread.is_coroutine, thread.runs_on) == (False, RunsOn.POOL)
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
    ("container", "method", "access", "gil", "free_threaded"),
    [
        ("dict", "setdefault", Access.MUTATE, True, True),
        ("dict", "__iter__", Access.ITERATE, False, False),
        ("dict", "items", Access.VIEW, True, True),
        ("dict", "copy", Access.SNAPSHOT, True, True),
        ("collections.defaultdict", "pop", Access.MUTATE, True, True),
        ("collections.defaultdict", "__getitem__", Access.MUTATE, True, False),
        ("collections.OrderedDict", "setdefault", Access.MUTATE, True, False),
        ("collections.UserDict", "setdefault", Access.MUTATE, False, False),
        ("weakref.WeakValueDictionary", "pop", Access.MUTATE, False, False),
        ("os._Environ", "__setitem__", Access.MUTATE, False, False),
        ("collections.deque", "popleft", Access.MUTATE, True, True),
        ("collections.deque", "copy", Access.SNAPSHOT, True, False),
        ("typing.List", "sort", Access.MUTATE, True, False),
        ("collections.Counter", "update", Access.MUTATE, False, False),
        ("str", "upper", Access.READ, True, True),
        ("tuple", "__iter__", Access.READ, True, True),
    ],
)
def test_effects_of_methods(container: str, method: str, access: Access, gil: bool, free_threaded: bool) -> None:
    effect = KNOWLEDGE.effect(container, method)

    assert effect is not None
    assert (effect.access, effect.atomic_gil, effect.atomic_free_threaded) == (access, gil, free_threaded)
    assert effect.reason
    assert effect.source


def test_effects_of_unknown_classes_are_unknown() -> None:
    assert KNOWLEDGE.effect("pkg.Cache", "pop") is None


def test_a_pop_with_a_default_claims_once_and_never_misses() -> None:
    effect = KNOWLEDGE.effect("dict", "pop")

    assert effect is not None
    assert (effect.claims, effect.can_miss, effect.spared_by) == (True, True, Slot(1, "default"))


@pytest.mark.parametrize(
    ("function", "container", "gil", "free_threaded"),
    [
        ("list", "dict", True, True),
        ("tuple", "dict", True, False),
        ("tuple", "list", True, True),
        ("list", "collections.deque", True, False),
        ("list", "weakref.WeakSet", False, False),
        ("sorted", "collections.UserDict", False, False),
        ("dict", "dict", True, True),
        ("dict", "dict_items", True, False),
        ("next", "itertools.count", True, True),
        ("map", "dict", False, False),
        ("bisect.insort", "list", False, False),
    ],
)
def test_effects_of_functions_depend_on_the_container(
    function: str, container: str, gil: bool, free_threaded: bool
) -> None:
    effect = KNOWLEDGE.builtin_effect(function, container)

    assert effect is not None
    assert (effect.atomic_gil, effect.atomic_free_threaded) == (gil, free_threaded)


def test_reflective_access_names_an_attribute() -> None:
    effect = KNOWLEDGE.builtin_effect("builtins.setattr")

    assert effect is not None
    assert (effect.access, effect.subject, effect.attribute) == (Access.MUTATE, Slot(0), Slot(1))
    assert KNOWLEDGE.builtin_effect("pkg.function") is None


def test_mutators_change_every_container_that_has_them() -> None:
    names = KNOWLEDGE.mutator_names()

    assert {"append", "add", "update", "pop", "setdefault", "clear", "extend"} <= names
    assert not {"get", "copy", "items", "index"} & names


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("queue.LifoQueue", SafetyKind.SYNCHRONIZED),
        ("threading.local", SafetyKind.CONFINED),
        ("flask.globals.request", SafetyKind.CONFINED),
        ("bool", SafetyKind.IMMUTABLE),
        ("itertools.count", SafetyKind.COUNTER),
        ("multiprocessing.Value", SafetyKind.PROCESS),
        ("asyncio.Task", SafetyKind.LOOP),
        ("io.TextIOWrapper", SafetyKind.UNSAFE),
    ],
)
def test_what_may_be_shared(name: str, kind: SafetyKind) -> None:
    safety = KNOWLEDGE.safety(name)

    assert safety is not None
    assert safety.kind is kind


def test_containers_are_not_safe_as_such() -> None:
    assert KNOWLEDGE.safety("dict") is None
    assert KNOWLEDGE.safety("collections.deque") is None


def test_a_loop_has_doors_for_other_threads() -> None:
    assert KNOWLEDGE.callable_from_any_thread("asyncio.SelectorEventLoop.call_soon_threadsafe")
    assert not KNOWLEDGE.callable_from_any_thread("asyncio.AbstractEventLoop.call_soon")


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("logging.getLogger", "logging.Logger"),
        ("concurrent.futures.ThreadPoolExecutor.submit", "concurrent.futures.Future"),
        ("multiprocessing.get_context", "multiprocessing.context.BaseContext"),
        ("multiprocessing.dummy.Pool.map_async", "multiprocessing.pool.AsyncResult"),
        ("asyncio.events.get_event_loop", "asyncio.AbstractEventLoop"),
        ("collections.defaultdict.items", "dict_items"),
        ("collections.OrderedDict.copy", "collections.OrderedDict"),
    ],
)
def test_classes_of_results(call: str, result: str) -> None:
    assert KNOWLEDGE.returns(call) == result


def test_library_attributes() -> None:
    mutex, condition = KNOWLEDGE.attribute("queue.LifoQueue.mutex"), KNOWLEDGE.attribute("queue.LifoQueue.not_empty")

    assert mutex is not None
    assert mutex.type == "threading.Lock"
    assert condition is not None
    assert (condition.type, condition.lock) == ("threading.Condition", "mutex")


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


def test_calls_that_change_the_whole_process() -> None:
    assert KNOWLEDGE.process_state("os.chdir") == "the working directory"
    assert KNOWLEDGE.process_state("os.getcwd") is None


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


def test_standard_knowledge_is_made_once() -> None:
    assert Knowledge.standard() is KNOWLEDGE
