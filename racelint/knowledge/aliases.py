"""One spelling per name: re-exports, moved and private modules, typing's names, and the names of Python 2."""

from __future__ import annotations


def _same(target: str, *spellings: str) -> dict[str, str]:
    """All these spellings mean `target`."""

    return dict.fromkeys(spellings, target)


def _members(target: str, spelling: str, names: str) -> dict[str, str]:
    """`spelling.name` means `target.name`, for each of the names."""

    return {f"{spelling}.{name}": f"{target}.{name}" for name in names.split()}


def _submodules(package: str, names: str) -> dict[str, str]:
    """What is defined in `package.name` is offered by `package`, for each of the names."""

    return {f"{package}.{name}": package for name in names.split()}


_LOCKS = "Lock RLock Condition Semaphore BoundedSemaphore Event Barrier"
_CONTEXT = f"{_LOCKS} Process Pool Queue SimpleQueue JoinableQueue Manager Pipe Value Array RawValue RawArray"
_ABSTRACT = (
    "Mapping MutableMapping Sequence MutableSequence MutableSet Iterable Iterator Generator Callable Hashable Sized "
    "Container Collection KeysView ValuesView ItemsView MappingView ByteString Awaitable Coroutine AsyncIterator "
    "AsyncIterable AsyncGenerator Reversible"
)

_THREADS = {
    **_same("_thread", "thread", "_dummy_thread"),
    **_same("threading", "dummy_threading", "_dummy_threading"),
    **_same("threading.Lock", "_thread.allocate_lock", "_thread.allocate", "_thread.lock", "_thread.LockType"),
    **_same("threading.Lock", "threading._allocate_lock", "threading.LockType"),
    **_same("threading.RLock", "_thread.RLock", "threading._RLock", "threading._CRLock", "threading._PyRLock"),
    **_same("threading.local", "_thread._local", "_threading_local.local"),
    **_same("threading.get_ident", "_thread.get_ident", "threading._get_ident"),
    **_same("_thread.start_new_thread", "_thread.start_new", "threading._start_new_thread"),
    **_same("_thread.start_joinable_thread", "threading._start_joinable_thread"),
    **_same("threading.current_thread", "threading.currentThread"),
    **_same("threading.active_count", "threading.activeCount"),
    **{f"threading._{name}": f"threading.{name}" for name in f"{_LOCKS} Timer".split() if name != "RLock"},
    **_same("queue", "_queue"),
    **_submodules("concurrent.futures", "_base thread process interpreter"),
}

_PROCESSES = {
    **_same("multiprocessing", "multiprocess", "billiard", "torch.multiprocessing"),
    **_submodules("multiprocessing", "synchronize queues process"),
    **_same("multiprocessing.Process", "multiprocessing.BaseProcess", "multiprocessing.context.Process"),
    **_members("multiprocessing.context", "multiprocessing", "BaseContext"),
    **{f"multiprocessing.context.{kind}Process": "multiprocessing.Process" for kind in ("Fork", "Spawn", "ForkServer")},
    **{
        f"multiprocessing.context.{kind}Context": "multiprocessing.context.BaseContext"
        for kind in ("Fork", "Spawn", "ForkServer", "Default")
    },
    **_members("multiprocessing", "multiprocessing.context.BaseContext", _CONTEXT),
    **_same("multiprocessing.pool.Pool", "multiprocessing.Pool"),
    **_same("multiprocessing.pool.AsyncResult", "multiprocessing.pool.ApplyResult", "multiprocessing.pool.MapResult"),
    **_members("multiprocessing", "multiprocessing.sharedctypes", "Value Array RawValue RawArray"),
    **_same("multiprocessing.Value", "multiprocessing.sharedctypes.Synchronized"),
    **_same("multiprocessing.Value", "multiprocessing.sharedctypes.SynchronizedBase"),
    **_same("multiprocessing.Array", "multiprocessing.sharedctypes.SynchronizedArray"),
    **_same("multiprocessing.Array", "multiprocessing.sharedctypes.SynchronizedString"),
    # multiprocessing.dummy has the interface of processes, made of threads.
    **_members("threading", "multiprocessing.dummy", _LOCKS),
    **_members("queue", "multiprocessing.dummy", "Queue"),
    **_same("queue.Queue", "multiprocessing.dummy.JoinableQueue"),
    **_same("threading.Thread", "multiprocessing.dummy.Process", "multiprocessing.dummy.DummyProcess"),
    **_same("threading.current_thread", "multiprocessing.dummy.current_process"),
    **_same("multiprocessing.pool.ThreadPool", "multiprocessing.dummy.Pool"),
    **_members("builtins", "multiprocessing.dummy", "dict list"),
}

_CONTAINERS = {
    **_same("", "builtins", "__builtin__"),
    **_members("collections.abc", "collections", _ABSTRACT),
    **_members("collections.abc", "_collections_abc", _ABSTRACT),
    **_members("collections.abc", "typing", _ABSTRACT),
    **_same("collections.abc.Set", "collections.Set", "typing.AbstractSet"),
    **_same("typing", "typing_extensions"),
    **{f"typing.{name.title()}": name for name in ("list", "dict", "set", "tuple", "type")},
    **_same("frozenset", "typing.FrozenSet"),
    **_same("str", "typing.Text", "unicode", "basestring"),
    **_same("int", "long"),
    **_same("range", "xrange"),
    **_same("collections.defaultdict", "typing.DefaultDict"),
    **_same("collections.deque", "typing.Deque", "_collections.deque"),
    **_members("collections", "typing", "OrderedDict Counter ChainMap"),
    **_same("pathlib", "pathlib._local"),
    **_same("re.Pattern", "typing.Pattern"),
    **_same("weakref.WeakSet", "_weakrefset.WeakSet"),
    **_same("weakref.ref", "weakref.ReferenceType", "_weakref.ref"),
    **_same("logging.Logger.warning", "logging.Logger.warn"),
    **_same("logging.warning", "logging.warn"),
}

_PYTHON_2 = {
    **_same("", "six.moves", "django.utils.six.moves", "future.moves", "eventlet.green"),
    **_same("queue", "Queue"),
    **_same("socketserver", "SocketServer"),
    **_same("http.server", "BaseHTTPServer", "SimpleHTTPServer"),
    **_same("xmlrpc.server", "SimpleXMLRPCServer", "xmlrpc_server"),
    **_same("pickle", "cPickle"),
    **_same("collections.UserDict", "UserDict.UserDict", "UserDict.IterableUserDict"),
    **_same("set", "sets.Set"),
    **_same("io.StringIO", "StringIO.StringIO", "cStringIO.StringIO"),
    **_same("zip", "itertools.izip"),
    **_same("map", "itertools.imap"),
    **_same("filter", "itertools.ifilter"),
    **_same("input", "raw_input"),
}

_ASYNC = {
    **_submodules(
        "asyncio", "locks tasks queues events futures threads taskgroups runners base_events streams timeouts protocols"
    ),
    **_same("asyncio.ensure_future", "asyncio.async"),
    **_same("asyncio.Future", "_asyncio.Future"),
    **_same("asyncio.Task", "_asyncio.Task"),
    **_same("asyncio.AbstractEventLoop", "uvloop.Loop"),
    **_same("asyncio.run", "uvloop.run"),
    **_same("anyio.CapacityLimiter", "anyio.abc.CapacityLimiter"),
    **_members("anyio", "anyio._core._synchronization", "Lock Condition Semaphore CapacityLimiter Event ResourceGuard"),
    **_members("trio", "trio._sync", "Lock StrictFIFOLock Condition Semaphore CapacityLimiter"),
    **_same("tornado.ioloop.IOLoop", "tornado.platform.asyncio.AsyncIOLoop", "zmq.eventloop.ioloop.ZMQIOLoop"),
    **_members("tornado.ioloop", "zmq.eventloop.ioloop", "IOLoop PeriodicCallback"),
    **_same("gevent.lock", "gevent.coros", "gevent._semaphore"),
    **_same("gevent.Greenlet", "gevent.greenlet.Greenlet"),
    **_same("eventlet.semaphore", "eventlet.coros"),
    **_members("eventlet", "eventlet.greenthread", "spawn spawn_n spawn_after"),
    **_members("eventlet", "eventlet.greenpool", "GreenPool GreenPile"),
}

_LIBRARIES = {
    **_members("filelock", "filelock._api", "BaseFileLock"),
    **_members("fasteners", "fasteners.lock", "ReaderWriterLock locked read_locked write_locked"),
    **_members("fasteners", "fasteners.process_lock", "InterProcessLock interprocess_locked"),
    **_members("portalocker", "portalocker.utils", "Lock RLock TemporaryFileLock"),
    **_same("wrapt.synchronized", "wrapt.decorators.synchronized", "wrapt.synchronization.synchronized"),
    **_members("cachetools", "cachetools.decorators", "cached cachedmethod"),
    **_same("asgiref.sync.sync_to_async", "asgiref.sync.SyncToAsync"),
    **_same("asgiref.sync.async_to_sync", "asgiref.sync.AsyncToSync"),
    **_same("starlette.concurrency", "fastapi.concurrency"),
    **_same("starlette.background.BackgroundTasks", "fastapi.BackgroundTasks", "fastapi.background.BackgroundTasks"),
    **_same("fastapi.FastAPI", "fastapi.applications.FastAPI"),
    **_same("fastapi.APIRouter", "fastapi.routing.APIRouter"),
    **_same("websockets.serve", "websockets.asyncio.server.serve", "websockets.server.serve"),
    **_same("discord.ext.commands.Bot", "discord.ext.commands.AutoShardedBot", "discord.ext.commands.bot.Bot"),
    **_same("flask.Flask", "flask.app.Flask", "quart.Quart"),
    **_same("flask.Blueprint", "flask.blueprints.Blueprint"),
    **_members("flask", "flask.globals", "g request session current_app"),
    **_same("celery.Task", "celery.app.task.Task", "celery.task.Task"),
    **_same("celery.Celery", "celery.app.base.Celery"),
    **_same("celery.shared_task", "celery.app.shared_task", "celery.task.task", "celery.decorators.task"),
    **_same("django.dispatch.Signal", "django.dispatch.dispatcher.Signal", "django.db.models.signals.ModelSignal"),
    **_same("django.views.View", "django.views.generic.View", "django.views.generic.base.View"),
    **_same("redis.lock.Lock", "redis.client.Lock"),
    **_same("redis.Redis", "redis.StrictRedis", "redis.client.Redis"),
    **_same("watchdog.observers.api.BaseObserver", "watchdog.observers.Observer"),
    **_same("watchdog.observers.api.BaseObserver", "watchdog.observers.polling.PollingObserver"),
    **_same("opentelemetry.sdk.trace.id_generator.IdGenerator", "opentelemetry.sdk.trace.IdGenerator"),
    **_same("prometheus_client.Gauge", "prometheus_client.metrics.Gauge"),
    **_same("PySide6", "PyQt5", "PyQt6", "PySide2"),
    **_members("PySide6.QtCore", "qtpy.QtCore", "QMutex QMutexLocker QThread QRunnable QThreadPool QTimer"),
}

# Spelling: the one that the tables use. A row also holds for everything below its name, unless a longer one matches.
ALIASES: dict[str, str] = {**_THREADS, **_PROCESSES, **_CONTAINERS, **_PYTHON_2, **_ASYNC, **_LIBRARIES}
