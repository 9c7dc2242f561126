"""The classes of what well-known functions return and of what library attributes hold."""

from __future__ import annotations

from .model import Attribute


def _all(result: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, result)


def _methods(result: str, owner: str, names: str) -> dict[str, str]:
    return {f"{owner}.{name}": result for name in names.split()}


def _own(owner: str, names: str) -> dict[str, str]:
    """Methods that return an object of the same class."""

    return _methods(owner, owner, names)


_FUTURE, _ASYNC_RESULT = "concurrent.futures.Future", "multiprocessing.pool.AsyncResult"
_LOOP, _TASK = "asyncio.AbstractEventLoop", "asyncio.Task"
_MANAGER, _CONTEXT = "multiprocessing.managers.SyncManager", "multiprocessing.context.BaseContext"
_POOL = "multiprocessing.pool.Pool"

_CONTEXTS = {
    "threading.current_thread": "threading.Thread",
    "threading.main_thread": "threading.Thread",
    "threading.enumerate": "list",
    "threading.get_ident": "int",
    "threading.get_native_id": "int",
    "threading.active_count": "int",
    "concurrent.futures.Executor.submit": _FUTURE,
    "concurrent.futures.wait": "tuple",
    **_all(_CONTEXT, "multiprocessing.get_context", f"{_CONTEXT}.get_context"),
    **_all(_MANAGER, "multiprocessing.Manager"),
    **_methods("queue.Queue", _MANAGER, "Queue JoinableQueue"),
    **_methods(_POOL, _MANAGER, "Pool"),
    f"{_MANAGER}.dict": "multiprocessing.managers.DictProxy",
    f"{_MANAGER}.list": "multiprocessing.managers.ListProxy",
    f"{_MANAGER}.Namespace": "multiprocessing.managers.Namespace",
    "multiprocessing.current_process": "multiprocessing.Process",
    "multiprocessing.parent_process": "multiprocessing.Process",
    "multiprocessing.active_children": "list",
    "multiprocessing.get_logger": "logging.Logger",
    **_methods(_ASYNC_RESULT, _POOL, "apply_async map_async starmap_async"),
    **_methods("list", _POOL, "map starmap"),
    f"{_POOL}.imap": "multiprocessing.pool.IMapIterator",
    f"{_POOL}.imap_unordered": "multiprocessing.pool.IMapUnorderedIterator",
    "logging.getLogger": "logging.Logger",
    "logging.Logger.getChild": "logging.Logger",
    "wsgiref.simple_server.make_server": "wsgiref.simple_server.WSGIServer",
    "redis.Redis.lock": "redis.lock.Lock",
    "redis.Redis.from_url": "redis.Redis",
    "oslo_concurrency.lockutils.external_lock": "fasteners.InterProcessLock",
    "schedule.every": "schedule.Job",
    "schedule.Scheduler.every": "schedule.Job",
}

_ASYNC = {
    **_all(
        _LOOP, "asyncio.get_event_loop", "asyncio.get_running_loop", "asyncio.new_event_loop", "uvloop.new_event_loop"
    ),
    **_all(_LOOP, "asyncio.Runner.get_loop", "asyncio.Future.get_loop"),
    **_all(
        _TASK, "asyncio.create_task", "asyncio.ensure_future", f"{_LOOP}.create_task", "asyncio.TaskGroup.create_task"
    ),
    **_all(_TASK, "asyncio.current_task"),
    **_all("asyncio.Future", f"{_LOOP}.create_future", f"{_LOOP}.run_in_executor", "asyncio.wrap_future"),
    **_all("asyncio.Handle", f"{_LOOP}.call_soon", f"{_LOOP}.call_soon_threadsafe"),
    **_all("asyncio.TimerHandle", f"{_LOOP}.call_later", f"{_LOOP}.call_at"),
    **_all(_FUTURE, "asyncio.run_coroutine_threadsafe", "anyio.from_thread.BlockingPortal.start_task_soon"),
    "anyio.create_task_group": "anyio.abc.TaskGroup",
    "anyio.from_thread.start_blocking_portal": "anyio.from_thread.BlockingPortal",
    "trio.open_nursery": "trio.Nursery",
    **_all("tornado.ioloop.IOLoop", "tornado.ioloop.IOLoop.current", "tornado.ioloop.IOLoop.instance"),
    **_all("gevent.Greenlet", "gevent.spawn", "gevent.spawn_later", "gevent.Greenlet.spawn", "gevent.pool.Group.spawn"),
}

_DATA = {
    **_own("list", "copy __add__ __mul__"),
    **_own("dict", "copy fromkeys __or__"),
    "dict.keys": "dict_keys",
    "dict.values": "dict_values",
    "dict.items": "dict_items",
    "dict.popitem": "tuple",
    **_own("set", "copy union intersection difference symmetric_difference __or__ __and__ __sub__ __xor__"),
    **_own("frozenset", "copy union intersection difference symmetric_difference"),
    **_own("collections.deque", "copy"),
    **_own("collections.OrderedDict", "copy fromkeys"),
    **_own("collections.defaultdict", "copy"),
    **_own("collections.Counter", "copy __add__ __sub__"),
    "collections.Counter.most_common": "list",
    **_own("bytearray", "copy"),
    **_methods("str", "str", "join format strip lstrip rstrip replace lower upper title format_map"),
    **_methods("list", "str", "split rsplit splitlines"),
    "str.encode": "bytes",
    "bytes.decode": "str",
    **_all("list", "sorted", "dir", "os.listdir", "range.__reversed__"),
    **_all("int", "len", "id", "hash", "ord", "os.getpid", "time.time_ns", "time.monotonic_ns"),
    **_all("float", "time.time", "time.monotonic", "time.perf_counter", "time.process_time"),
    **_all("str", "repr", "chr", "hex", "os.getcwd", "json.dumps", "os.path.join"),
    **_all("bool", "isinstance", "issubclass", "callable", "hasattr", "any", "all"),
    **_all("bool", "threading.Event.is_set", "threading.Thread.is_alive", "queue.Queue.empty", "queue.Queue.full"),
    "queue.Queue.qsize": "int",
    "pickle.dumps": "bytes",
    "re.compile": "re.Pattern",
    **_all("io.TextIOWrapper", "open", "pathlib.Path.open"),
    "sqlite3.connect": "sqlite3.Connection",
    "sqlite3.Connection.cursor": "sqlite3.Cursor",
    **_all("datetime.datetime", "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.fromtimestamp"),
    "contextvars.copy_context": "contextvars.Context",
    "contextvars.ContextVar.set": "contextvars.Token",
    "uuid.uuid4": "uuid.UUID",
    "uuid.uuid1": "uuid.UUID",
}

# function or method: the class of its result; of the awaited one, where that is a coroutine
RETURNS: dict[str, str] = {**_CONTEXTS, **_ASYNC, **_DATA}

# attribute or module variable: what it holds
ATTRIBUTES: dict[str, Attribute] = {
    "queue.Queue.mutex": Attribute("threading.Lock"),
    "queue.Queue.not_empty": Attribute("threading.Condition", lock="mutex"),
    "queue.Queue.not_full": Attribute("threading.Condition", lock="mutex"),
    "queue.Queue.all_tasks_done": Attribute("threading.Condition", lock="mutex"),
    "queue.Queue.queue": Attribute("collections.deque"),
    "queue.LifoQueue.queue": Attribute("list"),
    "queue.PriorityQueue.queue": Attribute("list"),
    "logging.Handler.lock": Attribute("threading.RLock"),
    "logging._lock": Attribute("threading.RLock"),
    "logging.root": Attribute("logging.Logger"),
    "logging.Logger.root": Attribute("logging.Logger"),
    "logging.Logger.manager": Attribute("logging.Manager"),
    "logging.Logger.handlers": Attribute("list"),
    "logging.Logger.parent": Attribute("logging.Logger"),
    "logging.Manager.loggerDict": Attribute("dict"),
    "logging.handlers.QueueHandler.queue": Attribute("queue.Queue"),
    "logging.handlers.QueueListener.queue": Attribute("queue.Queue"),
    "logging.handlers.BufferingHandler.buffer": Attribute("list"),
    "socketserver.BaseRequestHandler.server": Attribute("socketserver.BaseServer"),
    "os.environ": Attribute("os._Environ"),
    "sys.modules": Attribute("dict"),
    "sys.path": Attribute("list"),
    "sys.argv": Attribute("list"),
    "sys.meta_path": Attribute("list"),
    "sys.path_hooks": Attribute("list"),
    "sys.stdout": Attribute("io.TextIOWrapper"),
    "sys.stderr": Attribute("io.TextIOWrapper"),
    "sys.stdin": Attribute("io.TextIOWrapper"),
    "gc.callbacks": Attribute("list"),
    "gc.garbage": Attribute("list"),
    "warnings.filters": Attribute("list"),
    "janus.Queue.sync_q": Attribute("queue.Queue"),
    "janus.Queue.async_q": Attribute("asyncio.Queue"),
    "collections.UserDict.data": Attribute("dict"),
    "collections.UserList.data": Attribute("list"),
    "collections.ChainMap.maps": Attribute("list"),
}
