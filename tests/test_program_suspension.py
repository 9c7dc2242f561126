"""Suspension: at which operations a coroutine may let others run."""

from __future__ import annotations

import pytest
from builders import code_of, program

from racelint.program.sources.source import span_of
from racelint.program.tasks.suspension import link_suspension

HEADER = """
import asyncio, async_timeout, contextlib
async def at_once(): return 1
async def two_deep(): return await at_once()
async def waits(): await asyncio.sleep(0)
async def waits_two_deep(): return await waits()
async def one(): return await other()
async def other(): return await one()
class Quick:
    async def __aenter__(self): return self
    async def __aexit__(self, *error): pass
class Slow:
    async def __aenter__(self): await asyncio.sleep(0)
    async def __aexit__(self, *error): pass
class A:
    async def m(self, x):
"""


def pauses(body: str) -> list[int]:
    """The lines of the body at which the coroutine may be suspended, the first one is 1."""
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    linked = program(HEADER + lines)
    code = code_of(linked, "A.m")
    first = HEADER.count("\n")
    return sorted({span_of(code, id).line - first for id in link_suspension(linked.types).points.get(code.key, ())})


@pytest.mark.parametrize(
    "waiting",
    [
        "await asyncio.sleep(0)",
        "await x",
        "await x.read()",
        "await waits()",
        "await waits_two_deep()",
        "await asyncio.wait_for(at_once(), 1)",
        "async for each in x: pass",
        "async with x: pass",
        "async with asyncio.Lock(): pass",
        "async with Slow(): pass",
        "return [each async for each in x]",
        "return await x",
    ],
)
def test_what_waits_is_a_pause(waiting: str) -> None:
    assert pauses(waiting) == [1]


@pytest.mark.parametrize(
    "running",
    [
        "x.read()",
        "at_once()",
        "await at_once()",
        "await two_deep()",
        "await one()",
        "async with Quick(): pass",
        "async with asyncio.timeout(1): pass",
        "async with async_timeout.timeout(1): pass",
        "async with contextlib.nullcontext(): pass",
        "with x: pass",
    ],
)
def test_what_runs_through_is_none(running: str) -> None:
    assert pauses(running) == []


def test_each_pause_counts_by_itself() -> None:
    assert pauses("await x\nawait at_once()\nif x:\n    await waits()") == [1, 4]


def test_a_function_that_is_not_asynchronous_has_none() -> None:
    linked = program("def f(x): x.wait()")

    assert link_suspension(linked.types).points == {}
