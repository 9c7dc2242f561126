"""Calls that may stop their thread, and calls that practically never raise."""

from __future__ import annotations

from .lock_methods import LOCK_METHODS
from .locks import LOCKS
from .model import Failure, LockKind, LockMethod, LockRole, Slot
from .running import Blocking, BlockingOn, WaitFor
from .waits import WAITS

_TIMEOUT, _SECOND_TIMEOUT = Slot(0, "timeout"), Slot(1, "timeout")

_WAITED_ON = {
    WaitFor.THREAD: BlockingOn.THREAD,
    WaitFor.RESULT: BlockingOn.RESULT,
    WaitFor.WORKERS: BlockingOn.THREAD,
    WaitFor.CALLBACKS: BlockingOn.THREAD,
    WaitFor.ITEMS: BlockingOn.QUEUE,
    WaitFor.CALL: BlockingOn.RESULT,
}
_ANSWERS = {
    LockKind.EVENT: ("set",),
    LockKind.CONDITION: ("notify", "notify_all", "notifyAll"),
    LockKind.BARRIER: ("wait",),
}


def _lock_methods() -> dict[str, Blocking]:
    """Acquiring a lock and waiting for a condition, event or barrier, as far as they stop a thread."""

    rows: dict[str, Blocking] = {}
    for name, method in LOCK_METHODS.items():
        kind = LOCKS[name.rpartition(".")[0]].kind if name.rpartition(".")[0] in LOCKS else LockKind.MUTEX
        never_waits = (
            method.blocking is not None and method.failure is Failure.EXCEPTION and not method.blocking.keyword
        )
        if method.awaited or kind is LockKind.NONE or never_waits:
            continue
        if method.role is LockRole.ACQUIRE:
            rows[name] = Blocking(BlockingOn.LOCK, method.timeout, method.blocking)
        elif method.role is LockRole.WAIT:
            what = BlockingOn.CONDITION if kind is LockKind.CONDITION else BlockingOn.EVENT
            rows[name] = Blocking(what, method.timeout, answers=_ANSWERS.get(kind, ()))
    return rows


def _waits() -> dict[str, Blocking]:
    """Waiting for other contexts to end, where no `await` is needed."""

    return {
        name: Blocking(
            _WAITED_ON[wait.what],
            wait.timeout,
            wait.only_if,
            ("task_done",) if wait.what is WaitFor.ITEMS else (),
        )
        for name, wait in WAITS.items()
        if not wait.awaited and not wait.lazy
    }


def _all(row: Blocking, *names: str) -> dict[str, Blocking]:
    return dict.fromkeys((name for group in names for name in group.split()), row)


_GET = Blocking(BlockingOn.QUEUE, _SECOND_TIMEOUT, Slot(0, "block", True), ("put", "put_nowait"))
_PUT = Blocking(BlockingOn.QUEUE, Slot(2, "timeout"), Slot(1, "block", True), ("get", "get_nowait"))
_IO, _SLEEP, _PROCESS = Blocking(BlockingOn.IO), Blocking(BlockingOn.SLEEP), Blocking(BlockingOn.PROCESS)
_RUN = Blocking(BlockingOn.PROCESS, Slot(None, "timeout"))
_REQUEST = Blocking(BlockingOn.IO, Slot(None, "timeout"))
_HTTP = "get post put patch delete head options request"

# function or method: what it may stop its thread for
BLOCKING: dict[str, Blocking] = {
    **_lock_methods(),
    **_waits(),
    **_all(_GET, "queue.Queue.get queue.SimpleQueue.get multiprocessing.Queue.get gevent.queue.Queue.get"),
    **_all(_PUT, "queue.Queue.put multiprocessing.Queue.put gevent.queue.Queue.put"),
    **_all(Blocking(BlockingOn.QUEUE), "multiprocessing.SimpleQueue.get multiprocessing.connection.Connection.recv"),
    **_all(Blocking(BlockingOn.RESULT), "multiprocessing.pool.IMapIterator.__next__"),
    **_all(_SLEEP, "time.sleep gevent.sleep eventlet.sleep signal.pause signal.sigwait"),
    **_all(_RUN, "subprocess.run subprocess.call subprocess.check_call subprocess.check_output"),
    **_all(_PROCESS, "subprocess.getoutput os.system os.wait os.waitpid os.wait3 os.wait4"),
    **_all(_IO, "input select.select select.poll.poll select.epoll.poll selectors.BaseSelector.select"),
    **_all(
        _IO,
        "socket.socket.accept socket.socket.connect socket.socket.recv socket.socket.recvfrom socket.socket.recv_into",
        "socket.socket.send socket.socket.sendall socket.socket.sendto socket.create_connection socket.getaddrinfo",
        "socket.gethostbyname ssl.SSLSocket.do_handshake",
    ),
    **_all(_REQUEST, "urllib.request.urlopen", *(f"requests.{name} requests.Session.{name}" for name in _HTTP.split())),
    **_all(_REQUEST, *(f"httpx.{name} httpx.Client.{name}" for name in _HTTP.split())),
    **_all(_IO, "http.client.HTTPConnection.request http.client.HTTPConnection.getresponse smtplib.SMTP.sendmail"),
    **_all(_IO, "socketserver.BaseServer.serve_forever socketserver.BaseServer.handle_request"),
    **_all(Blocking(BlockingOn.THREAD), "socketserver.BaseServer.shutdown logging.handlers.QueueListener.stop"),
    **_all(_IO, "sqlite3.connect sqlite3.Connection.execute sqlite3.Connection.commit sqlite3.Cursor.execute"),
    **_all(_IO, "asyncio.AbstractEventLoop.run_forever sched.scheduler.run shutil.rmtree shutil.copytree os.fsync"),
}

_LOGGER = "debug info warning error exception critical log isEnabledFor"


def _members(owner: str, names: str) -> set[str]:
    return {f"{owner}.{name}" for name in names.split()}


def _surely_acquires(method: LockMethod) -> bool:
    return method.role is LockRole.ACQUIRE and method.failure is not Failure.EXCEPTION


# Calls that practically never raise where they are used as meant.
CANNOT_RAISE: frozenset[str] = frozenset(
    {name for name, method in LOCK_METHODS.items() if method.role in (LockRole.RELEASE, LockRole.QUERY)}
    | {name for name, method in LOCK_METHODS.items() if method.role is LockRole.NOTIFY}
    | {name for name, method in LOCK_METHODS.items() if _surely_acquires(method)}
    | {"len", "id", "isinstance", "callable", "print", "bool", "repr", "str", "super", "type", "hasattr"}
    | {"enumerate", "range", "reversed", "zip", "sys.exc_info"}
    | _members("list", "append clear copy reverse")
    | _members("dict", "get clear copy keys values items setdefault")
    | _members("set", "add discard clear copy")
    | _members("collections.deque", "append appendleft clear copy")
    | _members("str", "strip lstrip rstrip lower upper title split splitlines startswith endswith format")
    | _members("time", "time monotonic perf_counter process_time time_ns monotonic_ns sleep")
    | _members("time", "localtime gmtime ctime strftime")
    | _members("datetime.datetime", "now utcnow today")
    | {"object", "uuid.uuid1", "uuid.uuid4", "random.random", "traceback.print_exc", "traceback.format_exc"}
    | _members("threading", "Lock RLock Condition Event local Thread")
    | _members("queue", "Queue LifoQueue PriorityQueue SimpleQueue")
    | _members("threading", "current_thread get_ident get_native_id main_thread active_count")
    | _members("threading.Thread", "is_alive")
    | _members("threading.Event", "clear set is_set wait")
    | {"threading.Condition.wait"}
    | {"threading.Timer.cancel", "opentelemetry.context.detach", "socketserver.BaseServer.handle_request"}
    | _members("asyncio", "new_event_loop set_event_loop get_event_loop get_running_loop current_task create_task")
    | _members("asyncio", "Lock Event Condition Semaphore BoundedSemaphore Queue LifoQueue PriorityQueue sleep")
    | {"asyncio.Event.wait", "asyncio.Lock.acquire"}
    | _members("asyncio.Queue", "put get join qsize empty full")
    | _members("asyncio.AbstractEventLoop", "create_task create_future is_running is_closed time")
    | _members("logging", f"{_LOGGER.replace(' isEnabledFor', '')} getLogger")
    | _members("logging.Logger", _LOGGER)
    | _members("logging.LoggerAdapter", _LOGGER)
    | _members("queue.Queue", "qsize empty full join")
    | {"os.getpid", "concurrent.futures.Future.done", "concurrent.futures.Future.cancel", "weakref.ref.__call__"}
)

# The same if they have several arguments to choose from: a single one may be empty, or its key not there.
CHOOSES: frozenset[str] = frozenset({"max", "min", "dict.pop"})

# The same if they have so many arguments at most: what they are to be filled with may be no iterable.
EMPTY: dict[str, int] = {
    **dict.fromkeys(("list", "dict", "set", "tuple", "frozenset", "bytearray"), 0),
    **dict.fromkeys(("collections.deque", "collections.OrderedDict"), 0),
    "collections.defaultdict": 1,
}
