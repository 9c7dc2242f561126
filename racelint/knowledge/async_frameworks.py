"""What asynchronous web frameworks, servers and bots run on the event loop: their handlers are tasks, many at once."""

from __future__ import annotations

from .model import Slot
from .running import EntryDecorator, EntryMethod, Form, Many, Passing, RunsOn, Spawn, Starts

_METHODS = "get post put patch delete head options"
_HANDLED = EntryDecorator(RunsOn.LOOP, Many.ALWAYS)


def _handler(slot: Slot) -> tuple[Spawn, ...]:
    """A coroutine function that answers requests, connections or events."""

    return (Spawn(slot, RunsOn.LOOP, Many.ALWAYS, Form.COROUTINE_FUNCTION, Passing.RESULT, starts=Starts.LATER),)


def _decorators(owners: str, names: str) -> dict[str, EntryDecorator]:
    return {f"{owner}.{name}": _HANDLED for owner in owners.split() for name in names.split()}


_ENDPOINT = Slot(1, "endpoint")

# function, constructor or method: the callables that it hands to the loop
SPAWNS: dict[str, tuple[Spawn, ...]] = {
    **{f"aiohttp.web.{name}": _handler(Slot(1, "handler")) for name in (*_METHODS.split(), "view")},
    "aiohttp.web.route": _handler(Slot(2, "handler")),
    **{f"aiohttp.web.Application.router.add_{name}": _handler(Slot(1, "handler")) for name in _METHODS.split()},
    "aiohttp.web.Application.router.add_route": _handler(Slot(2, "handler")),
    "aiohttp.web.Server": _handler(Slot(0, "handler")),
    "starlette.routing.WebSocketRoute": _handler(_ENDPOINT),
    "starlette.applications.Starlette.add_websocket_route": _handler(_ENDPOINT),
    "fastapi.FastAPI.add_api_websocket_route": _handler(_ENDPOINT),
    "websockets.serve": _handler(Slot(0, "handler")),
}

# class: the methods of it and of its subclasses that the library calls
ENTRY_METHODS: dict[str, tuple[EntryMethod, ...]] = {
    "aiohttp.web.View": tuple(
        EntryMethod(name, RunsOn.LOOP, Many.ALWAYS, instance_per_call=True) for name in _METHODS.split()
    ),
}

# decorator: where the function is run
ENTRY_DECORATORS: dict[str, EntryDecorator] = {
    **_decorators("aiohttp.web.RouteTableDef", f"{_METHODS} view route"),
    "aiohttp.web.middleware": _HANDLED,
    **_decorators("fastapi.FastAPI fastapi.APIRouter", "websocket websocket_route"),
    **_decorators("starlette.applications.Starlette", "middleware websocket_route"),
    **_decorators("sanic.Sanic sanic.Blueprint", f"{_METHODS} route websocket middleware on_request on_response"),
    **_decorators("discord.Client", "event"),
    **_decorators("discord.ext.commands.Bot", "command event listen"),
}
