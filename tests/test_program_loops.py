"""Loops: which locks of tasks do several event loops share?"""

from __future__ import annotations

import pytest
from builders import program

SHARED = """
import asyncio, threading
from concurrent.futures import ThreadPoolExecutor

lock = asyncio.Lock()

async def step():
    async with lock:
        await asyncio.sleep(1)

async def through():
    await step()

async def in_a_task():
    await asyncio.create_task(step())

def work(item=None):
    {run}

def main():
    {start}
"""

IN_A_LOOP = "for _ in range(3): threading.Thread(target=work).start()"


def shared(source: str) -> list[tuple[str, str, str]]:
    """Each lock that loops share: its name, and who runs the loops."""
    return [(each.acquisition.use.lock.name, each.one.label, each.other.label) for each in program(source).loops]


@pytest.mark.parametrize(
    "run",
    [
        "asyncio.run(step())",
        "asyncio.run(through())",
        "asyncio.run(in_a_task())",
        "loop = asyncio.new_event_loop(); loop.run_until_complete(step())",
        "loop = asyncio.new_event_loop(); loop.run_until_complete(asyncio.gather(step(), step()))",
    ],
)
def test_ways_to_run_a_loop_of_its_own(run: str) -> None:
    assert shared(SHARED.format(run=run, start=IN_A_LOOP)) == [("lock", "work", "work")]


@pytest.mark.parametrize(
    "run",
    [
        "asyncio.run(asyncio.sleep(1))",
        "asyncio.run_coroutine_threadsafe(step(), item)",
        "asyncio.run_coroutine_threadsafe(step(), item); asyncio.run(through())",
        "item.run_until_complete(step())",
        "asyncio.get_event_loop().run_until_complete(step())",
    ],
)
def test_loops_that_may_be_one(run: str) -> None:
    assert shared(SHARED.format(run=run, start=IN_A_LOOP)) == []


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("threading.Thread(target=work).start()", []),
        ("threading.Thread(target=work).start(); work()", [("lock", "the main context", "work")]),
        ("thread = threading.Thread(target=work); thread.start(); thread.join(); work()", []),
        ("with ThreadPoolExecutor() as pool: pool.map(work, range(3))", [("lock", "work", "work")]),
        ("for _ in range(3): work()", []),
    ],
)
def test_who_runs_beside_whom(start: str, expected: list[tuple[str, str, str]]) -> None:
    source = SHARED.format(run="asyncio.run(step())", start=start)

    assert shared(f"{source}\nif __name__ == '__main__':\n    main()\n") == expected
