"""Captures: which variables of a loop does a function read that runs when the loop may have moved on?"""

from __future__ import annotations

import pytest
from builders import program

HEADER = """
import asyncio, functools, queue, threading, time
from concurrent.futures import ThreadPoolExecutor, as_completed, wait

pool = ThreadPoolExecutor()
"""


def captured(source: str) -> list[tuple[str, str]]:
    """The variables that are read too late, each with the function that reads it."""
    captures = program(HEADER + source).captures
    return [(each.place.name, each.reader.name) for capture in captures for each in capture.variables]


LOOP = """
def work(items, kept):
    for item in items:
        {}
"""

SPAWN = "started = pool.submit(lambda: print(item))"


@pytest.mark.parametrize(
    "start",
    [
        "pool.submit(lambda: print(item))",
        "threading.Thread(target=lambda: print(item)).start()",
        "threading.Timer(1, lambda: print(item)).start()",
        "kept.append(threading.Thread(target=lambda: print(item)))",
        "pool.submit(functools.partial(lambda given: print(item), 1))",
        "pool.submit(lambda: [item for _ in range(3)])",
        "pool.submit(lambda: (lambda: item)())",
        "kept.append(pool.map(lambda each: each + item, [1, 2]))",
        "asyncio.get_event_loop().call_soon(lambda: print(item))",
        f"{SPAWN}; kept.append(started)",
        f"{SPAWN}; time.sleep(1)",
        f"{SPAWN}; ', '.join(kept)",
    ],
)
def test_read_too_late(start: str) -> None:
    assert [name for name, _ in captured(LOOP.format(start))] == ["item"]


@pytest.mark.parametrize(
    "start",
    [
        "pool.submit(print, item)",
        "pool.submit(lambda item=item: print(item))",
        "pool.submit(lambda item: print(item), item)",
        "pool.submit(lambda: print(kept))",
        "print(lambda: item)",
        f"{SPAWN}; started.result()",
        f"{SPAWN}; wait([started])",
        f"{SPAWN}; kept.wait()",
        f"{SPAWN}; queue.Queue().get()",
        f"{SPAWN}; break",
        f"{SPAWN}; return started",
        f"{SPAWN}; item = None",
        "pool.submit(lambda: print(item)).result()",
        "list(pool.map(lambda each: each + item, [1, 2]))",
    ],
)
def test_read_in_time(start: str) -> None:
    assert captured(LOOP.format(start)) == []


def test_a_wait_that_not_every_turn_comes_to_does_not_count() -> None:
    source = f"{SPAWN}\n        if kept: started.result()"

    assert [name for name, _ in captured(LOOP.format(source))] == ["item"]


def test_a_wait_in_the_same_branch_counts() -> None:
    assert captured(LOOP.format(f"if kept:\n            {SPAWN}\n            started.result()")) == []


def test_a_wait_behind_a_try_counts() -> None:
    assert captured(LOOP.format(f"try:\n            {SPAWN}\n        finally:\n            started.result()")) == []


def test_an_inner_function_is_told_by_the_one_that_reads() -> None:
    source = """
def work(items):
    for item in items:
        def inner():
            print(item)
        def outer():
            inner()
        pool.submit(outer)
"""
    assert captured(source) == [("item", "inner")]


def test_a_function_that_is_made_in_each_turn_is_read_too_late_as_well() -> None:
    source = """
def work(items):
    for item in items:
        def inner(item=item):
            print(item)
        pool.submit(lambda: inner())
"""
    assert captured(source) == [("inner", "<lambda>")]


def test_variables_of_one_start_are_told_together() -> None:
    source = """
def work(pairs):
    for left, right in pairs:
        pool.submit(lambda: print(left, right))
"""
    assert len(program(HEADER + source).captures) == 1
    assert captured(source) == [("left", "<lambda>"), ("right", "<lambda>")]


def test_only_what_the_loop_sets_moves_on() -> None:
    source = """
def work(items):
    first = items[0]
    for item in items:
        second = item + 1
        pool.submit(lambda: print(first, second))
"""
    assert captured(source) == [("second", "<lambda>")]


def test_a_variable_that_functions_set_is_shared_on_purpose() -> None:
    source = """
def work(items):
    for item in items:
        done = False
        def finish():
            nonlocal done
            done = True
        def show():
            print(done)
        pool.submit(show)
        pool.submit(finish)
"""
    assert captured(source) == []


def test_a_loop_without_concurrency_is_nobodys_business() -> None:
    assert captured("def work(items, calls):\n    for item in items:\n        calls.append(lambda: item)\n") == []
