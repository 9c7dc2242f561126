"""Library classes and their direct bases."""

from __future__ import annotations

from .locks import LOCKS


def _parse(table: str) -> dict[str, tuple[str, ...]]:
    """Rows of `name name: base base`; a first word that ends in a dot is the prefix of all names."""

    rows: dict[str, tuple[str, ...]] = {}
    for line in table.strip().splitlines():
        names, _, bases = line.partition(":")
        first, *rest = names.split()
        words = [f"{first}{word}" for word in rest] if first.endswith(".") else [first, *rest]
        rows.update(dict.fromkeys(words, tuple(bases.split())))
    return rows


_BUILTINS = """
dict_keys dict_values dict_items
list dict set frozenset str bytes bytearray tuple int float complex range slice memoryview object type property
bool: int
io. StringIO BytesIO FileIO TextIOWrapper BufferedReader BufferedWriter BufferedRandom
bz2.BZ2File lzma.LZMAFile
random.Random
sqlite3. Connection Cursor
select.poll
socket.socket
datetime. date time timedelta timezone
datetime. datetime: datetime.date
decimal.Decimal fractions.Fraction uuid.UUID
pathlib. PurePath
pathlib. Path: pathlib.PurePath
"""

_COLLECTIONS = """
collections. deque
collections. OrderedDict defaultdict Counter: dict
collections. UserDict ChainMap: collections.abc.MutableMapping
collections. UserList: collections.abc.MutableSequence
collections. UserString: collections.abc.Sequence
collections.abc. Mapping: collections.abc.Collection
collections.abc. MutableMapping: collections.abc.Mapping
collections.abc. Sequence: collections.abc.Reversible collections.abc.Collection
collections.abc. MutableSequence: collections.abc.Sequence
collections.abc. Set: collections.abc.Collection
collections.abc. MutableSet: collections.abc.Set
collections.abc. Collection: collections.abc.Sized collections.abc.Iterable collections.abc.Container
collections.abc. Sized Container Iterable AsyncIterable Hashable Callable Awaitable
collections.abc. Reversible Iterator: collections.abc.Iterable
collections.abc. Generator: collections.abc.Iterator
collections.abc. AsyncIterator: collections.abc.AsyncIterable
collections.abc. AsyncGenerator: collections.abc.AsyncIterator
weakref. ref finalize
weakref. WeakMethod: weakref.ref
weakref. WeakSet
weakref. WeakValueDictionary WeakKeyDictionary: collections.abc.MutableMapping
array.array
os._Environ: collections.abc.MutableMapping
shelve.Shelf: collections.abc.MutableMapping
types. MappingProxyType SimpleNamespace ModuleType
itertools. count cycle chain islice
contextvars. ContextVar Context Token
re. Pattern Match
"""

_THREADS = """
threading. Thread local
threading. Timer _DummyThread _MainThread: threading.Thread
threading. BoundedSemaphore: threading.Semaphore
queue. Queue SimpleQueue
queue. LifoQueue PriorityQueue: queue.Queue
sched.scheduler
contextlib. ExitStack AsyncExitStack nullcontext
concurrent.futures. Executor Future
concurrent.futures. ThreadPoolExecutor ProcessPoolExecutor: concurrent.futures.Executor
concurrent.futures. InterpreterPoolExecutor: concurrent.futures.ThreadPoolExecutor
"""

_PROCESSES = """
multiprocessing. Process Queue SimpleQueue RawValue RawArray
multiprocessing. JoinableQueue: multiprocessing.Queue
multiprocessing. BoundedSemaphore: multiprocessing.Semaphore
multiprocessing.context.BaseContext
multiprocessing.pool. Pool AsyncResult IMapIterator
multiprocessing.pool. ThreadPool: multiprocessing.pool.Pool
multiprocessing.pool. IMapUnorderedIterator: multiprocessing.pool.IMapIterator
multiprocessing.managers. BaseManager BaseProxy Namespace
multiprocessing.managers. SyncManager SharedMemoryManager: multiprocessing.managers.BaseManager
multiprocessing.managers. DictProxy ListProxy: multiprocessing.managers.BaseProxy
multiprocessing.managers.SyncManager. BoundedSemaphore: multiprocessing.managers.SyncManager.Semaphore
multiprocessing.shared_memory. SharedMemory ShareableList
multiprocessing.connection. Connection Listener Client
subprocess.Popen
"""

_TK = """
tkinter. Misc
tkinter. Tk BaseWidget: tkinter.Misc
tkinter. Toplevel Widget: tkinter.BaseWidget
tkinter. Frame Canvas Label Button Entry Text: tkinter.Widget
"""

_SERVERS = """
socketserver. BaseServer ThreadingMixIn ForkingMixIn BaseRequestHandler
socketserver. TCPServer: socketserver.BaseServer
socketserver. UDPServer UnixStreamServer: socketserver.TCPServer
socketserver. UnixDatagramServer: socketserver.UDPServer
socketserver. ThreadingTCPServer: socketserver.ThreadingMixIn socketserver.TCPServer
socketserver. ThreadingUDPServer: socketserver.ThreadingMixIn socketserver.UDPServer
socketserver. ThreadingUnixStreamServer: socketserver.ThreadingMixIn socketserver.UnixStreamServer
socketserver. ThreadingUnixDatagramServer: socketserver.ThreadingMixIn socketserver.UnixDatagramServer
socketserver. ForkingTCPServer: socketserver.ForkingMixIn socketserver.TCPServer
socketserver. ForkingUDPServer: socketserver.ForkingMixIn socketserver.UDPServer
socketserver. StreamRequestHandler DatagramRequestHandler: socketserver.BaseRequestHandler
http.server. HTTPServer: socketserver.TCPServer
http.server. HTTPSServer: http.server.HTTPServer
http.server. ThreadingHTTPServer: socketserver.ThreadingMixIn http.server.HTTPServer
http.server. ThreadingHTTPSServer: socketserver.ThreadingMixIn http.server.HTTPSServer
http.server. BaseHTTPRequestHandler: socketserver.StreamRequestHandler
http.server. SimpleHTTPRequestHandler: http.server.BaseHTTPRequestHandler
http.server. CGIHTTPRequestHandler: http.server.SimpleHTTPRequestHandler
wsgiref.simple_server. WSGIServer: http.server.HTTPServer
wsgiref.simple_server. WSGIRequestHandler: http.server.BaseHTTPRequestHandler
xmlrpc.server. SimpleXMLRPCDispatcher
xmlrpc.server. SimpleXMLRPCServer: socketserver.TCPServer xmlrpc.server.SimpleXMLRPCDispatcher
xmlrpc.server. SimpleXMLRPCRequestHandler: http.server.BaseHTTPRequestHandler
xmlrpc.server. MultiPathXMLRPCServer: xmlrpc.server.SimpleXMLRPCServer
xmlrpc.server. DocXMLRPCServer: xmlrpc.server.SimpleXMLRPCServer
"""

_LOGGING = """
logging. Filterer Formatter Filter LogRecord LoggerAdapter Manager
logging. Logger Handler: logging.Filterer
logging. RootLogger: logging.Logger
logging. StreamHandler NullHandler: logging.Handler
logging. FileHandler: logging.StreamHandler
logging.handlers. QueueListener
logging.handlers. BaseRotatingHandler WatchedFileHandler: logging.FileHandler
logging.handlers. RotatingFileHandler TimedRotatingFileHandler: logging.handlers.BaseRotatingHandler
logging.handlers. SocketHandler SysLogHandler SMTPHandler NTEventLogHandler: logging.Handler
logging.handlers. HTTPHandler BufferingHandler QueueHandler: logging.Handler
logging.handlers. DatagramHandler: logging.handlers.SocketHandler
logging.handlers. MemoryHandler: logging.handlers.BufferingHandler
"""

_LOOPS = """
asyncio. Queue TaskGroup Runner AbstractEventLoop Handle StreamReader StreamWriter
asyncio. Future Server
asyncio. Task: asyncio.Future
asyncio. BoundedSemaphore: asyncio.Semaphore
asyncio. PriorityQueue LifoQueue: asyncio.Queue
asyncio. BaseEventLoop: asyncio.AbstractEventLoop
asyncio. SelectorEventLoop ProactorEventLoop: asyncio.BaseEventLoop
asyncio. BaseProtocol
asyncio. Protocol DatagramProtocol SubprocessProtocol BufferedProtocol: asyncio.BaseProtocol
asyncio. TimerHandle: asyncio.Handle
anyio.abc.TaskGroup
anyio.from_thread.BlockingPortal
trio. Nursery
trio. StrictFIFOLock: trio.Lock
trio.lowlevel. TrioToken
tornado.locks. BoundedSemaphore: tornado.locks.Semaphore
tornado.ioloop. IOLoop PeriodicCallback
tornado.queues.Queue
tornado.web. RequestHandler Application
tornado.websocket. WebSocketHandler: tornado.web.RequestHandler
gevent. Greenlet
gevent.lock. BoundedSemaphore: gevent.lock.Semaphore
gevent.local.local
gevent.pool. Group
gevent.pool. Pool: gevent.pool.Group
gevent.queue. Queue
gevent.threadpool. ThreadPool
gevent.threadpool. ThreadPoolExecutor: concurrent.futures.ThreadPoolExecutor
eventlet.semaphore. BoundedSemaphore: eventlet.semaphore.Semaphore
eventlet.semaphore. CappedSemaphore
eventlet. GreenPool
eventlet.queue. Queue LightQueue
"""

_LIBRARIES = """
filelock. UnixFileLock WindowsFileLock SoftFileLock FileLock: filelock.BaseFileLock
filelock. AsyncFileLock AsyncUnixFileLock AsyncWindowsFileLock AsyncSoftFileLock: filelock.BaseAsyncFileLock
readerwriterlock.rwlock. RWLockRead RWLockWrite RWLockFair: readerwriterlock.rwlock.RWLockable
readerwriterlock.rwlock. RWLockReadD RWLockWriteD RWLockFairD: readerwriterlock.rwlock.RWLockable
readerwriterlock.rwlock. Lockable
portalocker. RLock TemporaryFileLock: portalocker.Lock
redis. Redis
flask. Flask Blueprint
flask.views. View
flask.views. MethodView: flask.views.View
werkzeug.local. Local LocalStack LocalProxy
asgiref.local. Local
starlette.applications. Starlette
starlette.routing. Router Route
starlette.background. BackgroundTask
starlette.background. BackgroundTasks: starlette.background.BackgroundTask
starlette.endpoints. HTTPEndpoint WebSocketEndpoint
fastapi. FastAPI: starlette.applications.Starlette
fastapi. APIRouter: starlette.routing.Router
aiohttp.web. Application RouteTableDef Server View
sanic. Sanic Blueprint
discord. Client
discord.ext.commands. Bot: discord.Client
django.views. View
django.dispatch. Signal
django.utils.deprecation. MiddlewareMixin
django.contrib.admin. ModelAdmin
rest_framework.views. APIView: django.views.View
typer. Typer
cyclopts. App
celery. Celery Task
bottle.Bottle huey.Huey
huey. RedisHuey SqliteHuey MemoryHuey: huey.Huey
apscheduler.schedulers.base. BaseScheduler
apscheduler.schedulers.blocking. BlockingScheduler: apscheduler.schedulers.base.BaseScheduler
apscheduler.schedulers.background. BackgroundScheduler: apscheduler.schedulers.blocking.BlockingScheduler
apscheduler.schedulers.asyncio. AsyncIOScheduler: apscheduler.schedulers.base.BaseScheduler
schedule. Scheduler Job
watchdog.observers.api. BaseObserver: threading.Thread
watchdog.events. FileSystemEventHandler
watchdog.events. PatternMatchingEventHandler RegexMatchingEventHandler: watchdog.events.FileSystemEventHandler
watchdog.events. LoggingEventHandler: watchdog.events.FileSystemEventHandler
paho.mqtt.client. Client
google.cloud.pubsub_v1. SubscriberClient
janus. Queue
zeroconf. Zeroconf ServiceBrowser ServiceListener
kazoo.client. KazooClient
pynput.keyboard. Listener: threading.Thread
pynput.mouse. Listener: threading.Thread
stomp. ConnectionListener
paramiko. ServerInterface Transport
slack_bolt. App
socketio. Server Namespace ClientNamespace
flask_socketio. SocketIO
dash. Dash
prometheus_client. Gauge
prometheus_client.registry. Collector
opentelemetry.sdk.trace. SpanProcessor
opentelemetry.sdk.trace.sampling. Sampler
opentelemetry.sdk.trace.id_generator. IdGenerator
opentelemetry.sdk._logs. LogRecordProcessor
opentelemetry.sdk.trace.export. SpanExporter
opentelemetry.sdk.trace.export. BatchSpanProcessor: opentelemetry.sdk.trace.SpanProcessor
opentelemetry.sdk.metrics.export. MetricExporter PeriodicExportingMetricReader
grpc. ServerInterceptor UnaryUnaryClientInterceptor UnaryStreamClientInterceptor
grpc. StreamUnaryClientInterceptor StreamStreamClientInterceptor
pymongo.monitoring. CommandListener ConnectionPoolListener
s3transfer.subscribers. BaseSubscriber
PySide6.QtCore. QThread QRunnable QThreadPool QTimer QObject
"""

# class: its direct bases without `object`
BASES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(LOCKS, ()),
    **_parse(_BUILTINS),
    **_parse(_COLLECTIONS),
    **_parse(_THREADS),
    **_parse(_PROCESSES),
    **_parse(_TK),
    **_parse(_SERVERS),
    **_parse(_LOGGING),
    **_parse(_LOOPS),
    **_parse(_LIBRARIES),
}
