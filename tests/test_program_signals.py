"""Signals: waits with what is tested around them, notifies without the lock, and wake-ups that get lost."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from builders import program

from racelint.program import Program
from racelint.program.signals.waits import Limit

BOX = """
import asyncio, threading

class Box:
    def __init__(self, lock=None):
        self.lock = threading.Lock()
        self.filled = threading.Condition(self.lock)
        self.other = threading.Condition(self.lock)
        self.event = threading.Event()
        self.items = []
        self.open = True

    def put(self, item):
        with self.lock:
            self.items.append(item)
            self.filled.notify()
            self.other.notify()

    def close(self):
        with self.lock:
            self.open = False
            self.filled.notify_all()

    def begin(self):
        with self.lock:
            self.open = True

    def get(self, timeout=None):
"""


def linked(body: str) -> Program:
    """The program of a box whose method `get` has that body."""
    return program(BOX + indent(dedent(body), "        "))


def flaws(body: str) -> list[str]:
    return [bad.flaw.value for bad in linked(body).signals.waits]


# --- waits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "with self.filled:\n    while not self.items:\n        self.filled.wait()",
        "with self.lock:\n    while not self.items:\n        self.filled.wait()",
        "with self.filled:\n    while not self.items and self.open: self.filled.wait()",
        "with self.filled:\n    while True:\n        if self.items: break\n        self.filled.wait()",
        "with self.filled:\n    while True:\n        self.filled.wait()\n        if self.items: return self.items",
        "with self.filled:\n    self.filled.wait_for(lambda: self.items)",
        "self.filled.acquire()\nwhile not self.items: self.filled.wait()\nself.filled.release()",
        "while True:\n    with self.filled:\n        if self.items: return self.items\n        self.filled.wait()",
        "while True:\n    with self.filled:\n"
        "        if not self.items:\n            self.filled.wait()\n            continue\n        self.items.pop()",
        "with self.filled:\n    if not self.items: self.filled.wait()\n    if self.items: return self.items.pop()",
        "with self.filled:\n    if not self.items: self.filled.wait(timeout)\n    return bool(self.items)",
        "with self.filled:\n    if not self.items and not self.filled.wait(timeout): raise TimeoutError",
        "with self.filled: self.filled.wait(3)",
        "for n in timeout:\n    with self.filled:\n        while not self.open: self.filled.wait()\n    print(n)",
        "for n in timeout:\n    with self.filled:\n        if not self.open: self.filled.wait(1)\n    print(n)",
        "for n in timeout:\n    with self.filled:\n        if not self.open: self.filled.wait()",
        "for n in []:\n    with self.filled:\n        if not self.open: self.filled.wait()\n    if self.open: f(n)",
        "while timeout:\n    with self.filled:\n        if not self.open: self.filled.wait()\n    print(timeout)",
    ],
)
def test_a_wait_that_looks_again_is_right(body: str) -> None:
    assert flaws(body) == []


@pytest.mark.parametrize(
    "body",
    [
        "with self.filled:\n    if not self.items: self.filled.wait()\n    return self.items.pop()",
        "with self.filled:\n    if not self.items: self.filled.wait(None)\n    return self.items.pop()",
        "with self.filled:\n    if not self.open: self.filled.wait()",
        "with self.filled:\n    if self.items: return self.items\n    self.filled.wait()\n    return self.items.pop()",
        "while True:\n    with self.filled:\n        if not self.items: self.filled.wait()\n        self.items.pop()",
        "for n in timeout:\n    with self.filled:\n        if not self.open: self.filled.wait()\n    print(n)",
    ],
)
def test_one_look_before_the_wait_is_not_enough(body: str) -> None:
    assert flaws(body) == ["tested once"]


@pytest.mark.parametrize(
    "body",
    [
        "with self.filled: self.filled.wait()",
        "with self.filled: self.filled.wait(timeout)\nreturn self.items",
        "while True:\n    with self.filled: self.filled.wait()\n    print(self.items)",
    ],
)
def test_a_wait_without_a_look_misses_an_earlier_notify(body: str) -> None:
    assert flaws(body) == ["never tested"]


@pytest.mark.parametrize(
    "body",
    [
        "if not self.items:\n    with self.filled: self.filled.wait()",
        "while not self.items:\n    with self.filled: self.filled.wait()",
        "if self.items: return self.items\nwith self.filled: self.filled.wait()",
        "empty = not self.items\nwith self.filled:\n    if empty: self.filled.wait()",
    ],
)
def test_a_look_without_the_lock_is_too_early(body: str) -> None:
    assert flaws(body) == ["tested without the lock"]


def test_a_wait_that_nobody_ends_is_another_matter() -> None:
    assert not program(
        """
        import threading
        class Box:
            def __init__(self):
                self.filled = threading.Condition()
            def get(self):
                with self.filled: self.filled.wait()
        """
    ).signals.waits


@pytest.mark.parametrize(
    ("given", "limit"),
    [
        ("", Limit.NEVER),
        ("None", Limit.NEVER),
        ("timeout=None", Limit.NEVER),
        ("timeout", Limit.PERHAPS),
        ("timeout=timeout", Limit.PERHAPS),
        ("5", Limit.SURELY),
        ("self.patience", Limit.SOME_TIME),
    ],
)
def test_how_long_a_wait_can_take(given: str, limit: Limit) -> None:
    found = linked(f"with self.filled: self.filled.wait({given})").signals.found

    assert [each.limit for each in found if each.code.name == "get"] == [limit]


def test_two_conditions_of_one_lock_are_two() -> None:
    found = linked("with self.lock: self.other.wait()").signals.found
    wait = next(each for each in found if each.code.name == "get")

    assert [each.code.name for each in found if each is not wait and each.concerns(wait)] == ["put"]
    assert {each.use for each in found if each.kind is wait.kind} == {wait.use}


# --- locks ---------------------------------------------------------------------------------------------------------


def unheld(body: str) -> int:
    return len(linked(body).signals.unheld)


@pytest.mark.parametrize(
    "body",
    [
        "self.filled.notify()",
        "self.filled.wait_for(lambda: self.items)",
        "with self.lock: pass\nself.filled.notify()",
        "with threading.Lock(): self.filled.notify_all()",
        "self.lock.acquire()\nself.lock.release()\nself.filled.notify()",
    ],
)
def test_a_condition_that_is_not_held(body: str) -> None:
    assert unheld(body) == 1


@pytest.mark.parametrize(
    "body",
    [
        "with self.lock: self.filled.notify()",
        "with self.other: self.filled.notify()",
        "with self.guess(): self.filled.notify()",
        "if self.lock.acquire(timeout=1): self.filled.notify()",
        "self.event.wait()\nself.event.set()",
    ],
)
def test_a_condition_that_is_held_or_may_be(body: str) -> None:
    assert unheld(body) == 0


# --- wake-ups ------------------------------------------------------------------------------------------------------


def lost(body: str) -> list[str]:
    waiter = """
    def wait(self):
        with self.lock:
            while self.open: self.filled.wait()
    def shut(self):
        self.open = False
    def add(self):
        self.items.append(1)
        self.event.set()
    def look(self):
        self.event.wait()
    """
    source = BOX + indent(dedent(body), "        ") + "\n" + indent(dedent(waiter), "    ")
    return [each.loss.value for each in program(source).signals.lost]


@pytest.mark.parametrize(
    ("body", "loss"),
    [
        ("with self.lock: self.filled.notify()\nself.open = False", "notified before the change"),
        ("self.open = False\nwith self.lock: self.filled.notify()", ""),
        ("with self.lock:\n    self.filled.notify()\n    self.open = False", ""),
        ("with self.lock: self.filled.notify()\nself.open = False\nwith self.lock: self.filled.notify()", ""),
        ("with self.lock: self.filled.notify()\nself.items = []", ""),
        ("with self.lock: self.filled.notify()\nself.shut()", "notified before the change"),
        ("self.shut()\nwith self.lock: self.filled.notify()\nself.open = False", ""),
        ("with self.lock: self.filled.notify()\nself.close()", ""),
        ("self.event.set()\nself.event.clear()", "set and cleared at once"),
        ("self.event.set()\nprint()\nself.event.clear()", ""),
        ("self.event.clear()\nself.event.set()", ""),
        ("while True:\n    self.event.wait()\n    print(self.items)\n    self.event.clear()", "cleared after the look"),
        ("while True:\n    self.event.wait()\n    self.event.clear()\n    print(self.items)", ""),
        ("while True:\n    self.event.wait(1)\n    print(self.items)\n    self.event.clear()", ""),
        ("while self.items:\n    self.event.wait()\n    print(self.items)\n    self.event.clear()", ""),
        ("self.event.wait()\nprint(self.items)\nself.event.clear()", ""),
    ],
)
def test_wake_ups_that_get_lost(body: str, loss: str) -> None:
    assert lost(body) == ([loss] if loss else [])


# --- old answers ---------------------------------------------------------------------------------------------------


def answered(body: str, *, workers: int = 2, setup: str = "") -> list[tuple[str, str]]:
    source = (
        f"import queue, threading\njobs = queue.Queue()\nlock = threading.Lock()\nevent = threading.Event()\n{setup}\n"
    )
    source += f"def work():\n{indent(dedent(body), '    ')}\n"
    source += "threading.Thread(target=work).start()\n" * workers
    return [(each.asked.method, each.act.method) for each in program(source).signals.answers]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("while not jobs.empty(): jobs.get()", [("empty", "get")]),
        ("if not jobs.empty() and True: jobs.get()", [("empty", "get")]),
        ("if jobs.empty(): return\njobs.get_nowait()", [("empty", "get_nowait")]),
        ("if jobs.qsize() > 0: jobs.get(timeout=1)", [("qsize", "get")]),
        ("if jobs.qsize(): jobs.get(False)", [("qsize", "get")]),
        ("mine = jobs\nif not mine.empty(): mine.get()", [("empty", "get")]),
        ("if not jobs.full(): jobs.put_nowait(1)", [("full", "put_nowait")]),
        ("if not lock.locked():\n    with lock: pass", [("locked", "acquire")]),
        ("if lock.locked(): return\nlock.acquire()\nlock.release()", [("locked", "acquire")]),
        ("if not event.is_set():\n    event.set()\n    print()", [("is_set", "set")]),
        ("if jobs.empty() or event.is_set(): return\njobs.get()", [("empty", "get")]),
        ("if not (jobs.empty() and event.is_set()): jobs.get()", []),
        ("while not (event.is_set() and jobs.empty()): print()\nevent.set()", []),
        ("if jobs.empty(): jobs.get()", []),
        ("if not jobs.empty(): print()\njobs.get()", []),
        ("if jobs.empty(): print()\nelse: print()\njobs.get()", []),
        ("try:\n    if jobs.qsize(): jobs.get_nowait()\nexcept queue.Empty: pass", []),
        ("try:\n    if jobs.qsize(): jobs.get()\nexcept queue.Empty: pass", [("qsize", "get")]),
        ("with lock:\n    if jobs.qsize(): jobs.get()", []),
        ("if not lock.locked(): lock.acquire(blocking=False)", []),
        ("if event.is_set():\n    event.clear()\n    event.set()", []),
    ],
)
def test_what_is_asked_and_then_done(body: str, found: list[tuple[str, str]]) -> None:
    assert answered(body) == found
    assert answered(body, workers=1) == []


def test_another_who_takes_makes_the_answer_old() -> None:
    body = "while not jobs.empty(): jobs.get()"
    taker = "def take(): jobs.get()\nthreading.Thread(target=take).start()"
    filler = "def fill(): jobs.put(1)\nthreading.Thread(target=fill).start()"

    assert answered(body, workers=1, setup=taker) == [("empty", "get")]
    assert answered(body, workers=1, setup=filler) == []
