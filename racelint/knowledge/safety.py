"""What sharing objects of a class between threads means, and which calls change the state of the whole process."""

from __future__ import annotations

from .model import Safety, SafetyKind


def _all(kind: SafetyKind, reason: str, source: str, *names: str) -> dict[str, Safety]:
    return dict.fromkeys((name for group in names for name in group.split()), Safety(kind, reason, source))


_SYNCHRONIZED, _CONFINED, _IMMUTABLE = SafetyKind.SYNCHRONIZED, SafetyKind.CONFINED, SafetyKind.IMMUTABLE
_COUNTER, _PROCESS, _LOOP, _UNSAFE = SafetyKind.COUNTER, SafetyKind.PROCESS, SafetyKind.LOOP, SafetyKind.UNSAFE

_MANAGER = "multiprocessing.managers.SyncManager"

# class, or object of a library: what sharing it means
SAFETY: dict[str, Safety] = {
    **_all(
        _SYNCHRONIZED,
        "it is made for synchronising",
        "docs",
        "threading.Lock threading.RLock threading.Condition threading.Semaphore threading.Event threading.Barrier",
        "gevent.lock.RLock gevent.lock.Semaphore gevent.event.Event eventlet.semaphore.Semaphore",
        "eventlet.semaphore.CappedSemaphore fasteners.ReaderWriterLock readerwriterlock.rwlock.RWLockable",
        "readerwriterlock.rwlock.Lockable filelock.BaseFileLock filelock.ReadWriteLock redis.lock.Lock",
    ),
    **_all(
        _SYNCHRONIZED,
        "it synchronises its own methods",
        "docs",
        "queue.Queue queue.SimpleQueue threading.Thread concurrent.futures.Executor concurrent.futures.Future",
        "multiprocessing.pool.Pool multiprocessing.pool.AsyncResult sched.scheduler subprocess.Popen",
        "logging.Logger logging.Handler logging.handlers.QueueListener logging.LoggerAdapter random.Random",
        "gevent.queue.Queue gevent.threadpool.ThreadPool janus.Queue redis.Redis flask.Flask flask.Blueprint",
        "apscheduler.schedulers.base.BaseScheduler anyio.from_thread.BlockingPortal trio.lowlevel.TrioToken",
    ),
    **_all(
        _PROCESS,
        "processes share it, with its own synchronisation",
        "docs",
        "multiprocessing.Lock multiprocessing.RLock multiprocessing.Condition multiprocessing.Semaphore",
        "multiprocessing.Event multiprocessing.Barrier multiprocessing.Queue multiprocessing.SimpleQueue",
        "multiprocessing.Value multiprocessing.Array multiprocessing.managers.BaseProxy",
        "multiprocessing.managers.Namespace",
        f"{_MANAGER}.Lock {_MANAGER}.RLock {_MANAGER}.Condition {_MANAGER}.Semaphore {_MANAGER}.Event",
        f"{_MANAGER}.Barrier",
    ),
    **_all(
        _UNSAFE,
        "processes share it without any synchronisation",
        "docs",
        "multiprocessing.RawValue multiprocessing.RawArray multiprocessing.shared_memory.SharedMemory",
        "multiprocessing.shared_memory.ShareableList multiprocessing.connection.Connection",
    ),
    **_all(
        _CONFINED,
        "each thread, task or request has its own",
        "docs",
        "threading.local contextvars.ContextVar contextvars.Context gevent.local.local asgiref.local.Local",
        "werkzeug.local.Local werkzeug.local.LocalStack werkzeug.local.LocalProxy",
        "flask.g flask.request flask.session flask.current_app django.db.connection django.db.connections",
        "eventlet.corolocal.local",
    ),
    **_all(
        _IMMUTABLE,
        "it never changes",
        "docs",
        "str bytes int float complex bool tuple frozenset range slice type property",
        "re.Pattern re.Match types.MappingProxyType datetime.date datetime.time datetime.timedelta datetime.timezone",
        "decimal.Decimal fractions.Fraction uuid.UUID pathlib.PurePath contextvars.Token",
    ),
    **_all(_COUNTER, "each number is given once, in one call", "measured", "itertools.count"),
    **_all(
        _LOOP,
        "only its own event loop's thread may touch it",
        "docs",
        "asyncio.Lock asyncio.Condition asyncio.Semaphore asyncio.Event asyncio.Barrier asyncio.Queue asyncio.Future",
        "asyncio.TaskGroup asyncio.Handle asyncio.AbstractEventLoop asyncio.StreamReader asyncio.StreamWriter",
        "anyio.Lock anyio.Condition anyio.Semaphore anyio.CapacityLimiter anyio.Event anyio.abc.TaskGroup",
        "trio.Lock trio.Condition trio.Semaphore trio.CapacityLimiter trio.Event trio.Nursery",
        "tornado.locks.Lock tornado.locks.Condition tornado.locks.Semaphore tornado.locks.Event",
        "tornado.queues.Queue tornado.ioloop.IOLoop",
    ),
    **_all(
        _UNSAFE,
        "documented as not for sharing between threads",
        "docs",
        "io.TextIOWrapper bz2.BZ2File lzma.LZMAFile sqlite3.Connection sqlite3.Cursor collections.abc.Generator",
    ),
}

# What may be called on a LOOP object from any thread.
CALLABLE_FROM_ANY_THREAD: frozenset[str] = frozenset(
    {
        "asyncio.AbstractEventLoop.call_soon_threadsafe",
        "asyncio.AbstractEventLoop.is_running",
        "asyncio.AbstractEventLoop.is_closed",
        "asyncio.AbstractEventLoop.get_debug",
        "asyncio.AbstractEventLoop.time",
        "tornado.ioloop.IOLoop.add_callback",
        "tornado.ioloop.IOLoop.add_callback_from_signal",
    }
)

_ENVIRONMENT, _DIRECTORY = "the environment variables", "the working directory"
_IDENTITY, _LOCALE, _STREAMS = "the user and group of the process", "the locale", "the standard streams"
_WARNINGS, _SIGNALS, _MASK = "the filters of warnings", "the signal handlers", "the file mode mask"

# function, class or method: the state of the whole process that it changes
PROCESS_STATE: dict[str, str] = {
    "os.chdir": _DIRECTORY,
    "os.fchdir": _DIRECTORY,
    "os.chroot": _DIRECTORY,
    "contextlib.chdir": _DIRECTORY,
    "os.umask": _MASK,
    "os.putenv": _ENVIRONMENT,
    "os.unsetenv": _ENVIRONMENT,
    "os.reload_environ": _ENVIRONMENT,
    "os._Environ.__setitem__": _ENVIRONMENT,
    "os._Environ.__delitem__": _ENVIRONMENT,
    "os._Environ.update": _ENVIRONMENT,
    "os._Environ.pop": _ENVIRONMENT,
    "os._Environ.setdefault": _ENVIRONMENT,
    "os._Environ.clear": _ENVIRONMENT,
    "time.tzset": "the time zone",
    "os.setuid": _IDENTITY,
    "os.setgid": _IDENTITY,
    "os.seteuid": _IDENTITY,
    "os.setegid": _IDENTITY,
    "os.setgroups": _IDENTITY,
    "os.nice": "the priority of the process",
    "resource.setrlimit": "the limits of the process",
    "locale.setlocale": _LOCALE,
    "signal.signal": _SIGNALS,
    "signal.setitimer": "the interval timer",
    "signal.alarm": "the interval timer",
    "signal.set_wakeup_fd": _SIGNALS,
    "signal.siginterrupt": _SIGNALS,
    "socket.setdefaulttimeout": "the default timeout of sockets",
    "urllib.request.install_opener": "the default opener of urllib",
    "contextlib.redirect_stdout": _STREAMS,
    "contextlib.redirect_stderr": _STREAMS,
    "warnings.catch_warnings": _WARNINGS,
    "warnings.simplefilter": _WARNINGS,
    "warnings.filterwarnings": _WARNINGS,
    "warnings.resetwarnings": _WARNINGS,
    "sys.setrecursionlimit": "the recursion limit",
    "sys.setswitchinterval": "the switch interval",
    "gc.disable": "the garbage collector",
    "gc.enable": "the garbage collector",
    "gc.freeze": "the garbage collector",
    "tracemalloc.start": "the tracing of memory",
    "tracemalloc.stop": "the tracing of memory",
    "random.seed": "the shared random generator",
    "numpy.random.seed": "the shared random generator",
    "logging.disable": "the threshold of all loggers",
    "logging.setLoggerClass": "the class of new loggers",
    "importlib.reload": "a module that others use",
}
