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
        "eventlet.corolocal.local bottle.request bottle.response cherrypy.request cherrypy.response cherrypy.session",
        "flask_login.current_user quart.g quart.request quart.session quart.websocket",
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
        "select.poll contextlib.ExitStack",
    ),
    **_all(
        _UNSAFE,
        "one user reads it, writes it or goes over it",
        "docs",
        "io.IOBase io.RawIOBase io.BufferedIOBase io.TextIOBase http.client.HTTPConnection http.client.HTTPResponse",
        "collections.abc.Iterator collections.abc.AsyncIterator html.parser.HTMLParser ast.NodeVisitor",
        "xml.sax.handler.ContentHandler pickle.Pickler pickle.Unpickler argparse.Action cmd.Cmd",
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
