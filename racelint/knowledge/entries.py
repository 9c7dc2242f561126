"""Methods and decorated functions that the standard library calls, and where."""

from __future__ import annotations

from .running import EntryDecorator, EntryMethod, Many, RunsOn

_CALLER, _SERVER = RunsOn.CALLER, RunsOn.SERVER


def _started(name: str, runs_on: RunsOn) -> EntryMethod:
    """What `start()` runs, in a context of its own."""

    return EntryMethod(name, runs_on, Many.PER_SITE, started_by="start")


def _held(names: str, holding: str) -> tuple[EntryMethod, ...]:
    """Methods that callers reach through another method, which takes the lock."""

    return tuple(EntryMethod(name, _CALLER, Many.NEVER, holding=holding) for name in names.split())


def _request(names: str) -> tuple[EntryMethod, ...]:
    """Methods of an object that is made for one request; the server says how many requests run at a time."""

    return tuple(EntryMethod(name, _SERVER, Many.BY_SPAWNER, instance_per_call=True) for name in names.split())


def _on_loop(names: str) -> tuple[EntryMethod, ...]:
    return tuple(EntryMethod(name, RunsOn.LOOP, Many.NEVER) for name in names.split())


_THREADED_SERVER = tuple(
    EntryMethod(name, _SERVER, Many.ALWAYS)
    for name in ("process_request_thread", "finish_request", "handle_error", "shutdown_request", "close_request")
)

# class: the methods of it and of its subclasses that the library calls
ENTRY_METHODS: dict[str, tuple[EntryMethod, ...]] = {
    "object": (EntryMethod("__del__", RunsOn.FINALIZER, Many.ALWAYS),),
    "threading.Thread": (_started("run", RunsOn.THREAD),),
    "multiprocessing.Process": (_started("run", RunsOn.PROCESS),),
    "socketserver.BaseRequestHandler": _request("setup handle finish"),
    "http.server.BaseHTTPRequestHandler": _request("do_* handle_one_request log_message log_request log_error"),
    "xmlrpc.server.SimpleXMLRPCRequestHandler": _request("decode_request_content report_404"),
    "socketserver.BaseServer": tuple(
        EntryMethod(name, _SERVER, Many.NEVER)
        for name in ("get_request", "verify_request", "process_request", "service_actions", "handle_timeout")
    ),
    "socketserver.ThreadingMixIn": _THREADED_SERVER,
    # `handle` takes the handler's own lock around these.
    "logging.Handler": _held("emit format", "lock"),
    "logging.Filterer": (EntryMethod("filter", _CALLER, Many.ALWAYS),),
    "logging.Filter": (EntryMethod("filter", _CALLER, Many.ALWAYS),),
    "logging.Formatter": (
        EntryMethod("format", _CALLER, Many.ALWAYS),
        EntryMethod("formatTime", _CALLER, Many.ALWAYS),
        EntryMethod("formatException", _CALLER, Many.ALWAYS),
    ),
    "logging.handlers.QueueListener": (
        EntryMethod("handle", RunsOn.HANDLER, Many.NEVER, started_by="start"),
        EntryMethod("prepare", RunsOn.HANDLER, Many.NEVER, started_by="start"),
    ),
    "queue.Queue": _held("_init _qsize _put _get", "mutex"),
    "asyncio.BaseProtocol": _on_loop("connection_made connection_lost pause_writing resume_writing"),
    "asyncio.Protocol": _on_loop("data_received eof_received"),
    "asyncio.BufferedProtocol": _on_loop("get_buffer buffer_updated eof_received"),
    "asyncio.DatagramProtocol": _on_loop("datagram_received error_received"),
    "asyncio.SubprocessProtocol": _on_loop("pipe_data_received pipe_connection_lost process_exited"),
    # Attributes that are set to a function of one's own.
    "sys": tuple(EntryMethod(name, _CALLER, Many.ALWAYS) for name in ("excepthook", "unraisablehook", "displayhook")),
    "threading": (EntryMethod("excepthook", _CALLER, Many.ALWAYS),),
}

# decorator: where the function is run
ENTRY_DECORATORS: dict[str, EntryDecorator] = {
    "atexit.register": EntryDecorator(RunsOn.EXIT, Many.NEVER),
}
