"""What of the standard library starts threads, processes and callbacks."""

from __future__ import annotations

from .model import Slot
from .running import Form, Many, Passing, RunsOn, Spawn, Starts

_FIRST, _SECOND, _THIRD = Slot(0), Slot(1), Slot(2)
_ARGS, _KWARGS = Slot(3, "args"), Slot(4, "kwargs")


def _thread(callee: Slot, args: Slot, kwargs: Slot | None, runs_on: RunsOn = RunsOn.THREAD) -> Spawn:
    """An object whose `start()` runs the callee in a context of its own."""

    return Spawn(
        callee,
        runs_on,
        Many.PER_SITE,
        passing=Passing.ARGS_KWARGS,
        args=args,
        kwargs=kwargs,
        starts=Starts.ON_START,
        start_method="start",
    )


def _work(
    callee: Slot,
    runs_on: RunsOn,
    passing: Passing = Passing.REST,
    *,
    workers: Slot | None = None,
    args: Slot | None = None,
    kwargs: Slot | None = None,
) -> Spawn:
    """Work for a pool."""

    return Spawn(callee, runs_on, Many.WORKERS, passing=passing, args=args, kwargs=kwargs, workers=workers)


def _initializer(callee: Slot, args: Slot, runs_on: RunsOn, workers: Slot) -> Spawn:
    """What each worker of a pool runs first."""

    return Spawn(
        callee,
        runs_on,
        Many.WORKERS,
        passing=Passing.ARGS_KWARGS,
        args=args,
        starts=Starts.LATER,
        workers=workers,
    )


def _callback(
    callee: Slot,
    runs_on: RunsOn,
    many: Many = Many.NEVER,
    passing: Passing = Passing.RESULT,
    *,
    args: Slot | None = None,
    kwargs: Slot | None = None,
) -> Spawn:
    """A callable that is registered and called when something happens."""

    return Spawn(callee, runs_on, many, passing=passing, args=args, kwargs=kwargs, starts=Starts.LATER)


_MAX_WORKERS, _PROCESSES = Slot(0, "max_workers"), Slot(0, "processes")
_POOL_FUNCTION, _ITERABLE = Slot(0, "func"), Slot(1, "iterable")
_CALLBACKS = (Slot(3, "callback"), Slot(4, "error_callback"))


def _executor(name: str, runs_on: RunsOn, initializer: Slot, initargs: Slot) -> dict[str, tuple[Spawn, ...]]:
    return {
        name: (_initializer(initializer, initargs, runs_on, _MAX_WORKERS),),
        f"{name}.submit": (_work(_FIRST, runs_on, workers=_MAX_WORKERS),),
        f"{name}.map": (_work(_FIRST, runs_on, Passing.EACH, args=Slot(1, rest=True), workers=_MAX_WORKERS),),
    }


def _pool(name: str, runs_on: RunsOn) -> dict[str, tuple[Spawn, ...]]:
    def rows(passing: Passing, args: Slot, kwargs: Slot | None, *callbacks: Slot) -> tuple[Spawn, ...]:
        work = _work(_POOL_FUNCTION, runs_on, passing, args=args, kwargs=kwargs, workers=_PROCESSES)
        return (work, *(_callback(slot, RunsOn.HANDLER) for slot in callbacks))

    arguments = (Passing.ARGS_KWARGS, Slot(1, "args"), Slot(2, "kwds"))
    each, star_each = (Passing.EACH, _ITERABLE, None), (Passing.STAR_EACH, _ITERABLE, None)
    return {
        name: (_initializer(Slot(1, "initializer"), Slot(2, "initargs"), runs_on, _PROCESSES),),
        f"{name}.apply": rows(*arguments),
        f"{name}.apply_async": rows(*arguments, *_CALLBACKS),
        f"{name}.map": rows(*each),
        f"{name}.map_async": rows(*each, *_CALLBACKS),
        f"{name}.imap": rows(*each),
        f"{name}.imap_unordered": rows(*each),
        f"{name}.starmap": rows(*star_each),
        f"{name}.starmap_async": rows(*star_each, *_CALLBACKS),
    }


def _server(many: Many, runs_on: RunsOn = RunsOn.SERVER) -> tuple[Spawn, ...]:
    return (Spawn(Slot(1, "RequestHandlerClass"), runs_on, many, Form.CLASS, starts=Starts.LATER, keeper="server"),)


_START_NEW = Spawn(
    _FIRST, RunsOn.THREAD, Many.PER_SITE, passing=Passing.ARGS_KWARGS, args=Slot(1, "args"), kwargs=Slot(2, "kwargs")
)
_SCHEDULED = _callback(
    Slot(2, "action"),
    RunsOn.CALLER,
    passing=Passing.ARGS_KWARGS,
    args=Slot(3, "argument"),
    kwargs=Slot(4, "kwargs"),
)
_TRACE = (_callback(Slot(0), RunsOn.CALLER, Many.ALWAYS),)

# function, constructor or method: the callables that it hands to another context, the main one first
SPAWNS: dict[str, tuple[Spawn, ...]] = {
    "threading.Thread": (_thread(Slot(1, "target"), _ARGS, _KWARGS),),
    "threading.Timer": (_thread(Slot(1, "function"), Slot(2, "args"), Slot(3, "kwargs")),),
    "threading.Barrier": (_callback(Slot(1, "action"), RunsOn.CALLER, passing=Passing.NONE),),
    "_thread.start_new_thread": (_START_NEW,),
    "_thread.start_joinable_thread": (Spawn(Slot(0, "function"), RunsOn.THREAD, Many.PER_SITE),),
    "multiprocessing.Process": (_thread(Slot(1, "target"), _ARGS, _KWARGS, RunsOn.PROCESS),),
    # An executor of unknown class is taken for a pool of threads: that is the one that shares memory.
    "concurrent.futures.Executor.submit": (_work(_FIRST, RunsOn.POOL),),
    "concurrent.futures.Executor.map": (_work(_FIRST, RunsOn.POOL, Passing.EACH, args=Slot(1, rest=True)),),
    **_executor("concurrent.futures.ThreadPoolExecutor", RunsOn.POOL, Slot(2, "initializer"), Slot(3, "initargs")),
    **_executor("concurrent.futures.ProcessPoolExecutor", RunsOn.PROCESS, Slot(2, "initializer"), Slot(3, "initargs")),
    **_executor(
        "concurrent.futures.InterpreterPoolExecutor", RunsOn.PROCESS, Slot(2, "initializer"), Slot(3, "initargs")
    ),
    # It runs in the worker that finishes the future, or at once in the caller when that has happened already.
    "concurrent.futures.Future.add_done_callback": (_callback(Slot(0, "fn"), RunsOn.POOL, Many.ALWAYS),),
    **_pool("multiprocessing.pool.Pool", RunsOn.PROCESS),
    **_pool("multiprocessing.pool.ThreadPool", RunsOn.POOL),
    "multiprocessing.managers.BaseManager.start": (
        Spawn(
            Slot(0, "initializer"),
            RunsOn.PROCESS,
            Many.PER_SITE,
            passing=Passing.ARGS_KWARGS,
            args=Slot(1, "initargs"),
        ),
    ),
    "multiprocessing.managers.BaseManager.register": (_callback(Slot(1, "callable"), RunsOn.PROCESS, Many.ALWAYS),),
    "socketserver.ThreadingMixIn": _server(Many.ALWAYS),
    "socketserver.ForkingMixIn": _server(Many.ALWAYS, RunsOn.PROCESS),
    "socketserver.BaseServer": _server(Many.NEVER),
    "wsgiref.simple_server.make_server": (
        _callback(Slot(2, "app"), RunsOn.SERVER),
        Spawn(Slot(4, "handler_class"), RunsOn.SERVER, Many.NEVER, Form.CLASS, starts=Starts.LATER),
    ),
    "wsgiref.simple_server.WSGIServer.set_app": (_callback(Slot(0, "application"), RunsOn.SERVER),),
    "xmlrpc.server.SimpleXMLRPCDispatcher.register_function": (
        _callback(Slot(0, "function"), RunsOn.SERVER, Many.BY_SPAWNER),
    ),
    "xmlrpc.server.SimpleXMLRPCDispatcher.register_instance": (
        Spawn(Slot(0, "instance"), RunsOn.SERVER, Many.BY_SPAWNER, Form.OBJECT, starts=Starts.LATER),
    ),
    "sched.scheduler.enter": (_SCHEDULED,),
    "sched.scheduler.enterabs": (_SCHEDULED,),
    "signal.signal": (_callback(_SECOND, RunsOn.SIGNAL),),
    "atexit.register": (_callback(_FIRST, RunsOn.EXIT, passing=Passing.REST),),
    "threading._register_atexit": (_callback(Slot(0, "func"), RunsOn.EXIT, passing=Passing.REST),),
    "weakref.ref": (_callback(_SECOND, RunsOn.FINALIZER, Many.ALWAYS),),
    "weakref.proxy": (_callback(_SECOND, RunsOn.FINALIZER, Many.ALWAYS),),
    "weakref.WeakMethod": (_callback(_SECOND, RunsOn.FINALIZER, Many.ALWAYS),),
    "weakref.finalize": (_callback(_SECOND, RunsOn.FINALIZER, Many.ALWAYS, Passing.REST),),
    "gc.callbacks.append": (_callback(_FIRST, RunsOn.FINALIZER, Many.ALWAYS),),
    "sys.settrace": _TRACE,
    "sys.setprofile": _TRACE,
    "sys.addaudithook": _TRACE,
    "sys.monitoring.register_callback": (_callback(_THIRD, RunsOn.CALLER, Many.ALWAYS),),
    "threading.settrace": (_callback(Slot(0, "func"), RunsOn.CALLER, Many.ALWAYS),),
    "threading.setprofile": (_callback(Slot(0, "func"), RunsOn.CALLER, Many.ALWAYS),),
    "threading.settrace_all_threads": (_callback(Slot(0, "func"), RunsOn.CALLER, Many.ALWAYS),),
    "threading.setprofile_all_threads": (_callback(Slot(0, "func"), RunsOn.CALLER, Many.ALWAYS),),
    "os.register_at_fork": (
        _callback(Slot(None, "before"), RunsOn.CALLER, passing=Passing.NONE),
        _callback(Slot(None, "after_in_parent"), RunsOn.CALLER, passing=Passing.NONE),
        _callback(Slot(None, "after_in_child"), RunsOn.CALLER, passing=Passing.NONE),
    ),
    "subprocess.Popen": (_callback(Slot(6, "preexec_fn"), RunsOn.PROCESS, passing=Passing.NONE),),
    "logging.handlers.QueueListener": (
        Spawn(
            Slot(1, rest=True), RunsOn.HANDLER, Many.NEVER, Form.OBJECT, starts=Starts.ON_START, start_method="start"
        ),
    ),
    "tkinter.Misc.after": (_callback(Slot(1, "func"), RunsOn.LOOP, passing=Passing.REST),),
    "tkinter.Misc.after_idle": (_callback(Slot(0, "func"), RunsOn.LOOP, passing=Passing.REST),),
    "tkinter.Button": (_callback(Slot(None, "command"), RunsOn.LOOP, passing=Passing.NONE),),
    "tkinter.Misc.bind": (_callback(Slot(1, "func"), RunsOn.LOOP),),
}
