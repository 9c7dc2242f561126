"""Interleavings: which sequences of a coroutine others can come into, and why that is believed."""

from __future__ import annotations

from textwrap import indent

import pytest
from builders import program, short

from racelint.program.tasks.interleavings import Interleaving

HEADER = """
import asyncio, threading
class Thing:
    async def open(self): await asyncio.sleep(0)
class A:
    def __init__(self):
        self.lock, self.guard = asyncio.Lock(), threading.Lock()
        self.x = self.y = None
        self.n = 0
        self.busy = False
        self.names = set()
        self.things = {}
"""
FOOTER = """
async def main():
    a = A()
    await asyncio.gather(*(a.m(number) for number in range(3)))
asyncio.run(main())
"""
PAUSE = "await asyncio.sleep(0)"


def found(method: str, *others: str, footer: str = FOOTER, assumed: tuple[str, ...] = ()) -> list[Interleaving]:
    methods = "".join(indent(each, "    ") + "\n" for each in (method, *others))
    return program(f"{HEADER}{methods}{footer}", assume_shared=assumed).interleavings.found


def shapes(body: str, *others: str) -> list[str]:
    """The sequences of `m` that others can come into: shape, Place, and the lines of the body where it waits."""
    method = f"async def m(self, key):\n{indent(body, '    ')}"
    first = HEADER.count("\n") + 1
    return [
        f"{each.sequence.shape.name.lower()} {short(each.sequence.first.place.symbol)} {each.pause_span.line - first}"
        for each in found(method, *others)
    ]


UPDATES = {
    "self.n += await self.f()": ["update A.n 1"],
    f"n = self.n\n{PAUSE}\nself.n = n + 1": ["update A.n 2"],
    f"{PAUSE}\nself.n += 1": [],
    f"n = self.n\n{PAUSE}\nself.n = key": [],
    f"async with self.lock:\n    n = self.n\n    {PAUSE}\n    self.n = n + 1": [],
    f"n = self.n\n{PAUSE}\nif self.n == n:\n    self.n = n + 1": [],
}


@pytest.mark.parametrize(("body", "answer"), UPDATES.items())
def test_updates_that_wait_in_the_middle(body: str, answer: list[str]) -> None:
    assert shapes(body, f"async def f(self): {PAUSE}; return 1") == answer


MADE = "x = Thing()\nawait x.open()\nself.x = x"
TESTS = {
    f"if self.x is None:\n{indent(MADE, '    ')}": ["lazy A.x 3"],
    f"if self.x is not None: return\n{MADE}": ["lazy A.x 3"],
    "if self.x is None:\n    self.x = Thing()\n    await self.x.open()": [],
    f"if self.x is None:\n    {PAUSE}\n    if self.x is None: self.x = Thing()": [],
    f"if self.x is None and not self.busy:\n    self.busy = True\n{indent(MADE, '    ')}": [],
    f"if self.x is None:\n    async with self.lock:\n        if self.x is None:\n{indent(MADE, ' ' * 12)}": [],
    "if self.x is None:\n    await self.make()": ["lazy A.x 2"],
    "if self.x is None:\n    await self.make_once()": [],
    "if self.x is None:\n    self.make_at_once()": [],
    f"if len(self.names) > 3: return\n{PAUSE}\nself.names.add(key)": ["check A.names 2"],
    f"while len(self.names) > 3: {PAUSE}\nself.names.add(key)": [],
    f"while len(self.names) > 3: pass\n{PAUSE}\nself.names.add(key)": [],
    f"while len(self.names) > 3: {PAUSE}\n{PAUSE}\nself.names.add(key)": ["check A.names 2"],
    f"while self.full: {PAUSE}\n{PAUSE}\nself.names.add(key)": ["check A.names 2"],
    f"if key in self.things:\n    {PAUSE}\n    del self.things[key]": ["check A.things 2"],
    f"if key in self.things:\n    {PAUSE}\n    self.things.pop(key, None)": [],
    f"if key in self.names:\n    {PAUSE}\n    self.names.clear()": [],
    f"if await self.ask(self.x):\n    {PAUSE}\n    self.x = Thing()": [],
    f"if self.busy: return\n{PAUSE}\nself.busy = True": [],
    f"if self.busy: return\n{PAUSE}\nself.y = Thing()\nself.busy = True": ["lazy A.busy 2"],
    f"if self.x:\n    {PAUSE}\n    self.x = None": [],
}


@pytest.mark.parametrize(("body", "answer"), TESTS.items())
def test_tests_that_are_old_when_it_is_acted(body: str, answer: list[str]) -> None:
    others = [
        f"async def make(self):\n{indent(MADE, '    ')}",
        f"async def make_once(self):\n    if self.x is None: {PAUSE}; self.x = Thing()",
        "def make_at_once(self): self.x = Thing()",
        f"async def ask(self, what): {PAUSE}; return what",
        "@property\ndef full(self): return len(self.names) > 3",
    ]
    own = [each for each in shapes(body, *others) if not each.endswith("0")]

    assert [each for each in own if int(each.rpartition(" ")[2]) <= body.count("\n") + 1] == answer


WAYS = {
    f"if key:\n        {PAUSE}\n        return": [],
    f"if key:\n        {PAUSE}": ["lazy A.x 3"],
    f"try:\n        print()\n    except OSError:\n        {PAUSE}\n        raise": [],
    f"try:\n        print()\n    except OSError:\n        {PAUSE}": ["lazy A.x 5"],
    f"try:\n        print()\n    finally:\n        {PAUSE}": ["lazy A.x 5"],
    f"for _ in key:\n        {PAUSE}": ["lazy A.x 3"],
    f"if key:\n        {PAUSE}\n        raise OSError": [],
}


@pytest.mark.parametrize(("way", "answer"), WAYS.items())
def test_only_pauses_on_the_way_count(way: str, answer: list[str]) -> None:
    assert shapes(f"if self.x is None:\n    {way}\n    self.x = Thing()") == answer


LATE = f"async def m(self, key=None):\n    if self.x is None:\n{indent(MADE, '        ')}"
GUARDED = f"async def locked(self):\n    async with self.lock:\n        {PAUSE}\n        self.x = Thing()"
AGAIN = GUARDED.replace("locked", "again")


def test_the_evidence_is_a_task_a_lock_or_an_assumption() -> None:
    assert [each.evidence for each in found(LATE)] == ["threads"]
    assert [each.evidence for each in found(LATE, GUARDED, AGAIN, footer="")] == ["lock"]
    assert [each.evidence for each in found(LATE, footer="", assumed=("*.A",))] == ["assumed"]
    assert found(LATE, footer="") == []


def test_a_lock_of_threads_is_no_evidence_for_tasks() -> None:
    others = (each.replace("async with self.lock", "with self.guard") for each in (GUARDED, AGAIN))

    assert found(LATE, *others, footer="") == []


def test_an_object_for_each_task_is_shared_by_none() -> None:
    footer = FOOTER.replace("a.m(number)", "A().m(number)")

    assert found(LATE, footer=footer) == []


# --- locks of threads that are held at a pause ---------------------------------------------------------------------

HELD = {
    f"with self.guard: {PAUSE}": 1,
    f"self.guard.acquire()\n{PAUSE}\nself.guard.release()": 1,
    f"with self.guard: pass\n{PAUSE}": 0,
    f"with self.guard:\n    {PAUSE}\n    {PAUSE}": 1,
    f"async with self.lock: {PAUSE}": 0,
    f"lock = threading.Lock()\nwith lock: {PAUSE}": 0,
    "with self.guard: await self.quick()": 0,
}


@pytest.mark.parametrize(("body", "count"), HELD.items())
def test_locks_of_threads_that_are_held_while_the_task_waits(body: str, count: int) -> None:
    method = f"    async def quick(self): return 1\n    async def m(self):\n{indent(body, ' ' * 8)}\n"

    assert len(program(HEADER + method).interleavings.holdups) == count


# --- what threads do to a loop -------------------------------------------------------------------------------------

CALLS = {
    "self.event.set()": 1,
    "self.loop.call_soon(print)": 1,
    "self.loop.create_task(None)": 1,
    "self.loop.call_soon_threadsafe(self.event.set)": 0,
    "self.loop.call_soon_threadsafe(print)": 0,
    "self.event.is_set()": 0,
    "asyncio.run(self.wait())\n        self.event.set()": 0,
}


@pytest.mark.parametrize(("call", "count"), CALLS.items())
def test_calls_of_a_thread_that_belong_to_the_loop(call: str, count: int) -> None:
    source = f"""
import asyncio, threading
class A:
    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.event = asyncio.Event()
    async def wait(self):
        await self.event.wait()
    def work(self):
        {call}
    def start(self):
        threading.Thread(target=self.work).start()
        self.loop.run_until_complete(self.wait())
"""
    assert len(program(source).interleavings.trespasses) == count
