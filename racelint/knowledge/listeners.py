"""What libraries call that have threads of their own, or are called by many: brokers, devices, tracing, metrics."""

from __future__ import annotations

from .model import Slot
from .running import EntryDecorator, EntryMethod, Form, Many, Passing, RunsOn, Spawn, Starts


def _called_back(*callees: Slot, form: Form = Form.FUNCTION) -> tuple[Spawn, ...]:
    """Callbacks that one thread of the library calls in turn."""

    return tuple(Spawn(each, RunsOn.HANDLER, Many.NEVER, form, Passing.RESULT, starts=Starts.LATER) for each in callees)


def _in_turn(names: str) -> tuple[EntryMethod, ...]:
    """Methods that one thread of the library calls in turn."""

    return tuple(EntryMethod(name, RunsOn.HANDLER, Many.NEVER) for name in names.split())


def _by_all(names: str) -> tuple[EntryMethod, ...]:
    """Methods of one object that many threads call at once, those of the library or of all who use it."""

    return tuple(EntryMethod(name, RunsOn.POOL, Many.ALWAYS) for name in names.split())


_WATCH = _called_back(Slot(1, "watch"))
_CONNECTED = (
    Spawn(Slot(0, "handler"), RunsOn.SERVER, Many.ALWAYS, passing=Passing.RESULT, starts=Starts.LATER, only_sync=True),
)
_IN_THREAD = (Spawn(Slot(0), RunsOn.POOL, Many.PER_SITE, passing=Passing.REST),)

# function, constructor or method: the callables that it hands to another context
SPAWNS: dict[str, tuple[Spawn, ...]] = {
    "zeroconf.ServiceBrowser": (
        *_called_back(Slot(2, "handlers")),
        *_called_back(Slot(3, "listener"), form=Form.OBJECT),
    ),
    "kazoo.client.KazooClient.add_listener": _called_back(Slot(0, "listener")),
    "kazoo.client.KazooClient.DataWatch": _called_back(Slot(1, "func")),
    "kazoo.client.KazooClient.ChildrenWatch": _called_back(Slot(1, "func")),
    "kazoo.client.KazooClient.get": _WATCH,
    "kazoo.client.KazooClient.get_children": _WATCH,
    "kazoo.client.KazooClient.exists": _WATCH,
    # The threading server of websockets has a thread for each connection, and runs the handler in it.
    "websockets.sync.server.serve": _CONNECTED,
    "websockets.sync.server.unix_serve": _CONNECTED,
    # The reactor has one thread, and a pool for what it is told to call in another.
    "twisted.internet.reactor.callInThread": _IN_THREAD,
    "pynput.keyboard.Listener": _called_back(Slot(0, "on_press"), Slot(1, "on_release")),
    "pynput.mouse.Listener": _called_back(Slot(0, "on_move"), Slot(1, "on_click"), Slot(2, "on_scroll")),
    "paramiko.Transport.start_server": _called_back(Slot(1, "server"), form=Form.OBJECT),
    "opentelemetry.sdk.trace.export.BatchSpanProcessor": _called_back(Slot(0, "span_exporter"), form=Form.OBJECT),
    "opentelemetry.sdk.metrics.export.PeriodicExportingMetricReader": _called_back(
        Slot(0, "exporter"), form=Form.OBJECT
    ),
    "prometheus_client.Gauge.set_function": (
        Spawn(Slot(0, "f"), RunsOn.SERVER, Many.ALWAYS, passing=Passing.RESULT, starts=Starts.LATER),
    ),
}

_INTERCEPTORS = "UnaryUnary UnaryStream StreamUnary StreamStream"

# class: the methods of it and of its subclasses that the library calls
ENTRY_METHODS: dict[str, tuple[EntryMethod, ...]] = {
    "zeroconf.ServiceListener": _in_turn("add_service remove_service update_service"),
    "stomp.ConnectionListener": _in_turn("on_*"),
    "paramiko.ServerInterface": _in_turn("check_* cancel_port_forward_request get_allowed_auths"),
    "socketio.ClientNamespace": _in_turn("on_*"),
    "socketio.Namespace": _by_all("on_*"),
    "prometheus_client.registry.Collector": _by_all("collect"),
    # Spans begin and end in whatever thread does the work: all this has to be safe there, as the specification says.
    "opentelemetry.sdk.trace.SpanProcessor": _by_all("on_start on_end"),
    "opentelemetry.sdk.trace.sampling.Sampler": _by_all("should_sample"),
    "opentelemetry.sdk.trace.id_generator.IdGenerator": _by_all("generate_*"),
    "opentelemetry.sdk._logs.LogRecordProcessor": _by_all("on_emit emit"),
    "opentelemetry.sdk.trace.export.SpanExporter": _in_turn("export"),
    "opentelemetry.sdk.metrics.export.MetricExporter": _in_turn("export"),
    "grpc.ServerInterceptor": _by_all("intercept_service"),
    **{f"grpc.{each}ClientInterceptor": _by_all("intercept_*") for each in _INTERCEPTORS.split()},
    "pymongo.monitoring.CommandListener": _by_all("started succeeded failed"),
    "pymongo.monitoring.ConnectionPoolListener": _by_all("connection_* pool_*"),
    "s3transfer.subscribers.BaseSubscriber": _by_all("on_progress"),
}


def _decorators(runs_on: RunsOn, owner: str, names: str) -> dict[str, EntryDecorator]:
    return {f"{owner}.{name}": EntryDecorator(runs_on, Many.ALWAYS, only_sync=True) for name in names.split()}


_SLACK = "event command action shortcut global_shortcut view options message block_action error"

# decorator: where the function is run
ENTRY_DECORATORS: dict[str, EntryDecorator] = {
    **_decorators(RunsOn.POOL, "slack_bolt.App", _SLACK),
    **_decorators(RunsOn.POOL, "socketio.Server", "on event"),
    **_decorators(RunsOn.SERVER, "flask_socketio.SocketIO", "on event"),
    **_decorators(RunsOn.SERVER, "dash", "callback"),
    **_decorators(RunsOn.SERVER, "dash.Dash", "callback"),
}
