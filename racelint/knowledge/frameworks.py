"""What web frameworks, task queues, schedulers and other libraries call, and where."""

from __future__ import annotations

from .model import Slot
from .running import EntryDecorator, EntryMethod, Form, Many, Passing, RunsOn, Spawn, Starts

_METHODS = "get post put patch delete head options trace"


def _endpoint(callee: Slot, runs_on: RunsOn = RunsOn.SERVER) -> tuple[Spawn, ...]:
    """A function that answers requests, many at a time. Frameworks with a pool run only `def` functions there."""

    only_sync = runs_on is RunsOn.POOL
    return (Spawn(callee, runs_on, Many.ALWAYS, passing=Passing.RESULT, starts=Starts.LATER, only_sync=only_sync),)


def _handler(callee: Slot, runs_on: RunsOn = RunsOn.HANDLER, form: Form = Form.FUNCTION) -> tuple[Spawn, ...]:
    """A callback that one library thread calls."""

    return (Spawn(callee, runs_on, Many.NEVER, form, Passing.RESULT, starts=Starts.LATER),)


def _background(name: str, callee: Slot) -> dict[str, tuple[Spawn, ...]]:
    spawn = Spawn(callee, RunsOn.POOL, Many.ALWAYS, passing=Passing.REST, starts=Starts.LATER, only_sync=True)
    return {name: (spawn,)}


def _job(callee: Slot, args: Slot, kwargs: Slot) -> tuple[Spawn, ...]:
    # Other jobs may overlap, but one job runs once at a time unless `max_instances` says otherwise.
    return (
        Spawn(
            callee,
            RunsOn.POOL,
            Many.PER_SITE,
            passing=Passing.ARGS_KWARGS,
            args=args,
            kwargs=kwargs,
            starts=Starts.LATER,
        ),
    )


_VIEW = Slot(2, "view_func")
_URL_VIEW = Slot(1, "view")
_FUNC = Slot(0, "func")
_LISTENER = Slot(0, "callback")

# function, constructor or method: the callables that it hands to another context
SPAWNS: dict[str, tuple[Spawn, ...]] = {
    "flask.Flask.add_url_rule": _endpoint(_VIEW),
    "flask.Blueprint.add_url_rule": _endpoint(_VIEW),
    "flask.Flask.before_request": _endpoint(Slot(0, "f")),
    "flask.Flask.after_request": _endpoint(Slot(0, "f")),
    "flask.Flask.teardown_request": _endpoint(Slot(0, "f")),
    "flask.Flask.teardown_appcontext": _endpoint(Slot(0, "f")),
    "flask.Flask.register_error_handler": _endpoint(Slot(1, "f")),
    "werkzeug.serving.run_simple": (
        Spawn(Slot(2, "application"), RunsOn.SERVER, Many.BY_SPAWNER, passing=Passing.RESULT),
    ),
    "django.urls.path": _endpoint(_URL_VIEW),
    "django.urls.re_path": _endpoint(_URL_VIEW),
    "django.conf.urls.url": _endpoint(_URL_VIEW),
    "django.dispatch.Signal.connect": _endpoint(Slot(0, "receiver"), RunsOn.CALLER),
    "django.db.transaction.on_commit": _endpoint(_FUNC, RunsOn.CALLER),
    "starlette.routing.Route": _endpoint(Slot(1, "endpoint"), RunsOn.POOL),
    "starlette.applications.Starlette.add_route": _endpoint(Slot(1, "route"), RunsOn.POOL),
    "starlette.routing.Router.add_route": _endpoint(Slot(1, "endpoint"), RunsOn.POOL),
    "fastapi.FastAPI.add_api_route": _endpoint(Slot(1, "endpoint"), RunsOn.POOL),
    "fastapi.APIRouter.add_api_route": _endpoint(Slot(1, "endpoint"), RunsOn.POOL),
    "fastapi.Depends": _endpoint(Slot(0, "dependency"), RunsOn.POOL),
    "fastapi.Security": _endpoint(Slot(0, "dependency"), RunsOn.POOL),
    **_background("starlette.background.BackgroundTask", _FUNC),
    **_background("starlette.background.BackgroundTasks.add_task", _FUNC),
    "starlette.concurrency.run_in_threadpool": (Spawn(_FUNC, RunsOn.POOL, Many.ALWAYS, passing=Passing.REST),),
    "starlette.concurrency.iterate_in_threadpool": (Spawn(Slot(0, "iterator"), RunsOn.POOL, Many.NEVER, Form.OBJECT),),
    "apscheduler.schedulers.base.BaseScheduler.add_job": _job(_FUNC, Slot(2, "args"), Slot(3, "kwargs")),
    "apscheduler.schedulers.base.BaseScheduler.add_listener": _endpoint(_LISTENER, RunsOn.CALLER),
    # Nothing runs before someone calls `run_pending`, and it runs there.
    "schedule.Job.do": (
        Spawn(Slot(0, "job_func"), RunsOn.CALLER, Many.NEVER, passing=Passing.REST, starts=Starts.LATER),
    ),
    "watchdog.observers.api.BaseObserver.schedule": _handler(Slot(0, "event_handler"), form=Form.OBJECT),
    "watchdog.observers.api.BaseObserver.add_handler_for_watch": _handler(Slot(0, "event_handler"), form=Form.OBJECT),
    "google.cloud.pubsub_v1.SubscriberClient.subscribe": (
        Spawn(Slot(1, "callback"), RunsOn.POOL, Many.ALWAYS, passing=Passing.RESULT),
    ),
    "paho.mqtt.client.Client.message_callback_add": _handler(Slot(1, "callback")),
    "PySide6.QtCore.QThreadPool.start": (
        Spawn(Slot(0, "runnable"), RunsOn.POOL, Many.ALWAYS, Form.OBJECT),
        Spawn(Slot(0, "functionToRun"), RunsOn.POOL, Many.ALWAYS),
    ),
    "PySide6.QtCore.QTimer.singleShot": _handler(Slot(1), RunsOn.LOOP),
}


def _request(names: str, runs_on: RunsOn = RunsOn.SERVER, *, only_sync: bool = False) -> tuple[EntryMethod, ...]:
    """Methods of an object that is made for one request."""

    return tuple(
        EntryMethod(name, runs_on, Many.ALWAYS, instance_per_call=True, only_sync=only_sync) for name in names.split()
    )


def _shared(names: str, runs_on: RunsOn, many: Many = Many.ALWAYS) -> tuple[EntryMethod, ...]:
    """Methods of one object that serves all calls."""

    return tuple(EntryMethod(name, runs_on, many) for name in names.split())


_REQUEST = f"dispatch setup {_METHODS}"

# class: the methods of it and of its subclasses that the library calls
ENTRY_METHODS: dict[str, tuple[EntryMethod, ...]] = {
    "flask.views.View": _request("dispatch_request"),
    "flask.views.MethodView": _request(_METHODS),
    "django.views.View": _request(_REQUEST, only_sync=True),
    "rest_framework.views.APIView": _request("initial perform_authentication check_permissions list create retrieve"),
    "django.utils.deprecation.MiddlewareMixin": _shared(
        "__call__ process_request process_response process_view process_exception", RunsOn.SERVER
    ),
    "starlette.endpoints.HTTPEndpoint": _request(_METHODS, RunsOn.POOL, only_sync=True),
    "tornado.web.RequestHandler": _request(f"prepare on_finish initialize {_METHODS}", RunsOn.LOOP),
    "tornado.websocket.WebSocketHandler": _request("open on_message on_close on_pong", RunsOn.LOOP),
    # Workers are processes unless they are told otherwise; a worker has one object of each task.
    "celery.Task": _shared("run on_success on_failure on_retry", RunsOn.PROCESS),
    "watchdog.events.FileSystemEventHandler": _shared("dispatch on_*", RunsOn.HANDLER, Many.NEVER),
    "paho.mqtt.client.Client": _shared("on_*", RunsOn.HANDLER, Many.NEVER),
    "PySide6.QtCore.QThread": (EntryMethod("run", RunsOn.THREAD, Many.PER_SITE, started_by="start"),),
    "PySide6.QtCore.QRunnable": _shared("run", RunsOn.POOL, Many.BY_SPAWNER),
    "gevent.Greenlet": (
        EntryMethod("_run", RunsOn.GREENLET, Many.PER_SITE, started_by="start"),
        EntryMethod("run", RunsOn.GREENLET, Many.PER_SITE, started_by="start"),
    ),
}

_SERVED = EntryDecorator(RunsOn.SERVER, Many.ALWAYS)
_POOLED = EntryDecorator(RunsOn.POOL, Many.ALWAYS, only_sync=True)
_TASK = EntryDecorator(RunsOn.PROCESS, Many.ALWAYS)


def _decorators(row: EntryDecorator, owners: str, names: str) -> dict[str, EntryDecorator]:
    return {f"{owner}.{name}": row for owner in owners.split() for name in names.split()}


_FLASK_HOOKS = (
    "route get post put patch delete before_request after_request teardown_request errorhandler endpoint "
    "context_processor url_value_preprocessor"
)

# decorator: where the function is run
ENTRY_DECORATORS: dict[str, EntryDecorator] = {
    **_decorators(_SERVED, "flask.Flask flask.Blueprint", _FLASK_HOOKS),
    **_decorators(_SERVED, "flask.Flask", "teardown_appcontext"),
    **_decorators(
        _SERVED, "flask.Blueprint", "before_app_request after_app_request teardown_app_request app_errorhandler"
    ),
    **_decorators(_SERVED, "bottle", "route get post put delete hook error"),
    **_decorators(_SERVED, "bottle.Bottle", "route get post put delete hook error"),
    **_decorators(_POOLED, "fastapi.FastAPI fastapi.APIRouter", f"{_METHODS} api_route"),
    **_decorators(_POOLED, "fastapi.FastAPI", "exception_handler"),
    **_decorators(_POOLED, "starlette.applications.Starlette", "route exception_handler"),
    **_decorators(
        _SERVED,
        "django.views.decorators.http",
        "require_http_methods require_GET require_POST require_safe",
    ),
    **_decorators(_SERVED, "rest_framework.decorators", "api_view action"),
    # One tree of objects for all requests, ten threads if nothing else is configured.
    "cherrypy.expose": EntryDecorator(RunsOn.SERVER, Many.ALWAYS, one_object=True),
    "django.views.decorators.csrf.csrf_exempt": _SERVED,
    "django.contrib.auth.decorators.login_required": _SERVED,
    "django.dispatch.receiver": EntryDecorator(RunsOn.CALLER, Many.ALWAYS),
    "celery.Celery.task": _TASK,
    "celery.shared_task": _TASK,
    "dramatiq.actor": EntryDecorator(RunsOn.POOL, Many.ALWAYS),
    "huey.Huey.task": EntryDecorator(RunsOn.POOL, Many.ALWAYS),
    "apscheduler.schedulers.base.BaseScheduler.scheduled_job": EntryDecorator(RunsOn.POOL, Many.PER_SITE),
    "asgiref.sync.sync_to_async": EntryDecorator(RunsOn.HANDLER, Many.NEVER, only_sync=True),
    "tornado.concurrent.run_on_executor": EntryDecorator(RunsOn.POOL, Many.ALWAYS),
    "paho.mqtt.client.Client.topic_callback": EntryDecorator(RunsOn.HANDLER, Many.NEVER),
    **_decorators(
        EntryDecorator(RunsOn.HANDLER, Many.NEVER),
        "paho.mqtt.client.Client",
        "connect_callback message_callback disconnect_callback publish_callback subscribe_callback",
    ),
    "PySide6.QtCore.Slot": EntryDecorator(RunsOn.LOOP, Many.NEVER),
}
