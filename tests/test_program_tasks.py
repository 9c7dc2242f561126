"""Tasks: what starts one, how many there may be, and until when they live."""

from __future__ import annotations

import pytest
from builders import label, program

from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads

HEADER = """
import anyio, asyncio, trio
class Client:
    def __init__(self):
        self.n = None
    async def fetch(self, *given):
        if self.n is None:
            await asyncio.sleep(0)
            self.n = given
client = Client()
async def fetch(*given):
    await client.fetch()
"""


def tasks_of(source: str) -> Threads:
    return program(f"{HEADER}{source}").interleavings.tasks


def started(source: str) -> list[str]:
    """The tasks in short, the first one left out."""
    return [label(context) for context in tasks_of(source).contexts[1:]]


STARTS = {
    "create_task": ("asyncio.create_task(fetch())", ["fetch"]),
    "ensure_future": ("asyncio.ensure_future(client.fetch())", ["Client.fetch"]),
    "of a loop": ("asyncio.get_running_loop().create_task(fetch())", ["fetch"]),
    "from a thread": ("asyncio.run_coroutine_threadsafe(fetch(), None)", ["fetch"]),
    "in a loop": ("for _ in range(3): asyncio.create_task(fetch())", ["many fetch"]),
    "gather": ("await asyncio.gather(fetch(), client.fetch())", ["fetch", "Client.fetch"]),
    "gather a list": ("await asyncio.gather(*[fetch(), fetch()])", ["fetch", "fetch"]),
    "gather a comprehension": ("await asyncio.gather(*[fetch() for _ in range(3)])", ["many fetch"]),
    "gather a generator": ("await asyncio.gather(*(fetch() for _ in range(3)))", ["many fetch"]),
    "gather what was listed before": (
        "coros = [fetch() for _ in range(3)]\n    await asyncio.gather(*coros)",
        ["many fetch"],
    ),
    "wait": ("await asyncio.wait([fetch() for _ in range(3)])", ["many fetch"]),
    "task group": ("async with asyncio.TaskGroup() as group: group.create_task(fetch())", ["fetch"]),
    "anyio": ("async with anyio.create_task_group() as group: group.start_soon(fetch, 1)", ["fetch"]),
    "trio": ("async with trio.open_nursery() as nursery: nursery.start_soon(client.fetch, 1)", ["Client.fetch"]),
    "server": ("await asyncio.start_server(client.fetch)", ["many Client.fetch"]),
    "awaited": ("await fetch()", []),
    "awaited with a timeout": ("await asyncio.wait_for(fetch(), 1)", []),
    "awaited behind a shield": ("for _ in range(3): await asyncio.shield(fetch())", []),
    "awaited task": ("for _ in range(3):\n        task = asyncio.create_task(fetch())\n        await task", []),
    "awaited before the next": (
        "for _ in range(3):\n        task = asyncio.create_task(fetch())\n        print()\n        await task",
        ["fetch"],
    ),
    "only made": ("fetch()", []),
}


@pytest.mark.parametrize(("start", "contexts"), STARTS.values(), ids=STARTS.keys())
def test_each_way_to_start_a_task(start: str, contexts: list[str]) -> None:
    assert started(f"async def main():\n    {start}\nasyncio.run(main())\n") == contexts


HELPERS = """
def spawn(coro, *, name=""):
    task = asyncio.create_task(coro, name=name)
    return task
def spawn_named(coro):
    return spawn(coro, name="")
async def spawn_soon(coro):
    await asyncio.sleep(0)
    asyncio.create_task(coro)
async def in_time(coro):
    return await asyncio.wait_for(coro, 1)
def for_a_second(coro):
    return asyncio.wait_for(coro, 1)
async def all_of(coros):
    return await asyncio.gather(*coros)
async def just(coro):
    return await coro
def spawn_call(function):
    spawn(function())
def given_back(coro):
    return coro
"""

THROUGH_HELPERS = {
    "a helper": ("spawn(fetch())", ["fetch"]),
    "by its keyword": ("spawn(name='', coro=client.fetch())", ["Client.fetch"]),
    "a helper of a helper": ("spawn_named(fetch())", ["fetch"]),
    "in a loop": ("for _ in range(3): spawn_named(fetch())", ["many fetch"]),
    "a helper that is awaited itself": ("await spawn_soon(fetch())", ["fetch"]),
    "awaited behind a helper": ("await spawn(fetch())", []),
    "awaited in a helper": ("await in_time(fetch())", []),
    "awaited with a helper's timeout": ("for _ in range(3): await for_a_second(fetch())", []),
    "awaited later": ("task = spawn(fetch())\n    print()\n    await task", ["fetch"]),
    "a list for a helper": ("await all_of([fetch() for _ in range(3)])", ["many fetch"]),
    "a list that grows": (
        "coros = []\n    for _ in range(3): coros.append(fetch())\n    await asyncio.gather(*coros)",
        ["many fetch"],
    ),
    "one of two": ("coro = fetch() if client.n else client.fetch()\n    spawn(coro)", ["fetch", "Client.fetch"]),
    "called on behalf of others": ("spawn_call(fetch)", []),
    "a function inside": ("async def inner(): await fetch()\n    spawn(inner())", ["main.inner"]),
    "only awaited": ("await just(fetch())", []),
    "awaited here and started elsewhere": ("spawn(given_back(1))\n    await given_back(fetch())", []),
    "what has been awaited": ("spawn(await fetch())", []),
}


@pytest.mark.parametrize(("start", "contexts"), THROUGH_HELPERS.values(), ids=THROUGH_HELPERS.keys())
def test_a_coroutine_is_followed_to_where_it_is_started(start: str, contexts: list[str]) -> None:
    assert started(f"{HELPERS}async def main():\n    {start}\nasyncio.run(main())\n") == contexts


def test_a_task_that_a_helper_starts_ends_where_its_starter_awaits_it() -> None:
    lines = ["task = spawn(fetch())", "print()", "await task", "client.n = 2"]
    source = f"{HELPERS}async def main():\n    " + "\n    ".join(lines) + "\nasyncio.run(main())\n"
    assert [context.ends is not None for context in tasks_of(source).contexts[1:]] == [True]


def test_a_task_that_an_object_keeps_ends_where_a_method_awaits_it() -> None:
    methods = ["def start(self): self.task = spawn(fetch())", "async def stop(self):\n        await self.task"]
    source = f"{HELPERS}class Keeper:\n    " + "\n    ".join(methods) + "\nKeeper().start()\n"
    tasks = tasks_of(source)
    assert [[tasks.calls.types.names.sources.codes[key].name for key in each.joins] for each in tasks.contexts[1:]] == [
        ["stop"]
    ]


HANDLERS = {
    "aiohttp": "from aiohttp import web\nr = web.RouteTableDef()\n@r.get('/')\nasync def answer(request): pass",
    "a route of aiohttp": "from aiohttp import web\nasync def answer(request): pass\nweb.get('/', answer)",
    "fastapi": "import fastapi\napp = fastapi.FastAPI()\n@app.get('/')\nasync def answer(): pass",
    "a router of fastapi": "import fastapi\nr = fastapi.APIRouter()\n@r.post('/')\nasync def answer(): pass",
    "a websocket": "import fastapi\napp = fastapi.FastAPI()\n@app.websocket('/')\nasync def answer(socket): pass",
    "starlette": "from starlette.routing import Route\nasync def answer(request): pass\nRoute('/', answer)",
    "websockets": "import websockets\nasync def answer(socket): pass\nwebsockets.serve(answer, 'localhost', 1)",
    "discord": "import discord\nbot = discord.Client()\n@bot.event\nasync def answer(message): pass",
}


@pytest.mark.parametrize("source", HANDLERS.values(), ids=HANDLERS.keys())
def test_a_framework_runs_its_handlers_as_tasks_many_at_once(source: str) -> None:
    assert started(source) == ["many answer"]


def test_plain_handlers_of_asynchronous_frameworks_run_in_threads_and_are_no_tasks() -> None:
    assert started("import fastapi\napp = fastapi.FastAPI()\n@app.get('/')\ndef answer(): pass") == []


def test_methods_of_an_endpoint_run_on_an_object_of_their_own() -> None:
    tasks = tasks_of("from aiohttp import web\nclass Page(web.View):\n    async def get(self): pass\n")

    assert [(label(each), each.own_instance) for each in tasks.contexts[1:]] == [("many Page.get", True)]


def test_what_a_finalizer_starts_is_no_task_beside_others() -> None:
    source = "class A:\n    async def close(self): pass\n    def __del__(self): asyncio.create_task(self.close())"

    assert started(source) == []


ENDS = {
    "awaited": ("task = asyncio.create_task(fetch())\n    print()\n    await task", True),
    "gathered": ("task = asyncio.create_task(fetch())\n    await asyncio.gather(task)", True),
    "appended and gathered": (
        "tasks = []\n    tasks.append(asyncio.create_task(fetch()))\n    await asyncio.gather(*tasks)",
        True,
    ),
    "group": ("async with asyncio.TaskGroup() as group:\n        group.create_task(fetch())", True),
    "nobody waits": ("asyncio.create_task(fetch())", False),
    "perhaps awaited": ("task = asyncio.create_task(fetch())\n    if client:\n        await task", False),
    "the first one": ("task = asyncio.create_task(fetch())\n    await asyncio.wait([task], return_when=1)", False),
    "handed to somebody": ("task = asyncio.create_task(fetch())\n    await client.fetch(task)", False),
    "a server goes on": ("await asyncio.start_server(fetch)", False),
}


@pytest.mark.parametrize(("start", "ends"), ENDS.values(), ids=ENDS.keys())
def test_a_task_ends_where_its_starter_surely_waits_for_it(start: str, ends: bool) -> None:
    context: Context = tasks_of(f"async def main():\n    {start}\nasyncio.run(main())\n").contexts[1]

    assert (context.ends is not None) == ends
