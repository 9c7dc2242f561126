"""Who meets whom in a finding: the words for both sides, their locks, and the steps that go wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import program

from racelint.findings import Finding
from racelint.rule import load_rules

CLOSING = """
import threading

class Store:
    def __init__(self):
        self._lock = threading.Lock()
        self._file = None

    def open(self):
        with self._lock:
            self._file = open("f")

    def size(self):
        with self._lock:
            return self._file.tell()

    def close(self):
        if self._file is not None:
            with self._lock:
                self._file.close()
                self._file = None
"""
FLUSHING = """
import threading

class Store:
    def __init__(self):
        self._lock = threading.Lock()
        self._file = open("f")
        threading.Thread(target=self._flush).start()

    def _flush(self):
        if self._file is not None:
            with self._lock:
                self._file.flush()

    def write(self, text):
        with self._lock:
            self._file.write(text)

    def close(self):
        with self._lock:
            self._file = None
"""
COUNTING = """
import threading

count = 0

def work():
    global count
    count += 1

def show():
    global count
    count = 0

threading.Thread(target=show).start()
for _ in range(3):
    threading.Thread(target=work).start()
"""
SEVERAL = """
import threading

class Hits:
    def __init__(self):
        self._lock = threading.Lock()
        self.count = 0

    def run(self):
        while True:
            with self._lock:
                self.count += 1

    def report(self):
        while True:
            print(self.count)

    def reset(self):
        while True:
            self.count = 0

hits = Hits()
for work in (hits.run, hits.run, hits.report, hits.reset):
    threading.Thread(target=work).start()
"""
TOGETHER = """
import threading

class Lookups:
    def __init__(self):
        self._lock = threading.Lock()
        self._hits = 0
        self._calls = 0

    def note(self, hit):
        with self._lock:
            self._calls += 1
            self._hits += hit

    def clear(self):
        with self._lock:
            self._calls = 0
            self._hits = 0

    def share(self):
        return self._calls / self._hits
"""

WOKEN = """
import threading

count = 0
ready = threading.Event()

def work():
    global count
    while True:
        ready.wait()
        ready.clear()
        count += 1

for _ in range(3):
    threading.Thread(target=work).start()
"""


def found(code: str, source: str) -> Finding:
    """The first finding of a rule in a program of one module."""
    [rule] = [each for each in load_rules() if each.code == code]
    assert rule.check is not None
    return next(iter(rule.check(program(source))))


def test_an_event_is_held_by_nobody() -> None:
    assert [side.holds for side in found("RL105", WOKEN).sides] == [(), ()]


def test_a_lock_that_is_taken_after_the_test_is_not_held_over_both() -> None:
    finding = found("RL201", CLOSING)

    assert [(side.runner, side.holds, side.lacks, side.partly) for side in finding.sides] == [
        ("a caller of `Store.close`", (), "`_lock`", ("`_lock`",)),
        ("a caller of `Store.open`", ("`_lock`",), "", ()),
    ]
    assert finding.sides[0].share == "`_lock` is held at 4 of 5 accesses to `self._file`"
    assert [turn.holds for turn in finding.turns] == [(), ("`_lock`",), ("`_lock`",)]


def test_the_steps_lead_from_one_side_to_the_other_and_back() -> None:
    finding = found("RL101", COUNTING)

    assert [(turn.side, turn.span.line) for turn in finding.turns] == [(0, 8), (1, 8), (0, 8)]
    assert finding.turns[2].effect == "stores a value made from the old `count`: what B did is lost"
    assert [side.runner for side in finding.sides] == ["one of several threads running `work`", "another of them"]


RESETTING = """
import threading

class Queue:
    def __init__(self):
        self._lock = threading.Lock()
        self._items = []

    def put(self, item):
        with self._lock:
            self._items.append(item)

    def put_two(self, item):
        with self._lock:
            self._items.append(item)
            self._items.append(item)

    def take(self):
        with self._lock:
            return self._items.pop()

    def flush(self):
        self._items = []
"""
TESTED_LATE = """
import threading

class Meter:
    def __init__(self):
        self.total = 0
        threading.Thread(target=self.poll).start()
        threading.Thread(target=self.poll).start()

    def poll(self):
        old = self.total
        wanted = old + 5
        if wanted < 10:
            self.total = wanted
"""


def test_what_a_critical_section_does_to_a_container_that_was_replaced_meanwhile_is_lost() -> None:
    finding = found("RL102", RESETTING)

    assert [(turn.side, turn.span.line, turn.holds, turn.effect) for turn in finding.turns] == [
        (1, 11, ("`_lock`",), "has fetched `self._items`"),
        (0, 23, (), "sets `self._items`: nothing keeps it out"),
        (1, 11, ("`_lock`",), "changes the old one, which A has replaced: that is lost"),
    ]
    assert finding.sides[1].runner == "a caller of `Queue.put`"


def test_what_is_used_under_the_lock_is_to_be_tested_under_it() -> None:
    assert found("RL205", FLUSHING).message.endswith("Test it with `_lock` held as well.")


def test_a_step_says_where_that_was_read_which_a_test_asks_about() -> None:
    finding = found("RL201", TESTED_LATE)

    assert finding.turns[0].effect == "tests what it has read of `self.total` at line 11"
    assert finding.turns[2].effect == "updates `self.total`, though the test no longer holds"


def test_a_lock_of_another_class_goes_by_the_name_of_that_class() -> None:
    source = """
import threading

class Pool:
    def __init__(self):
        self.lock = threading.Lock()
        self.job = Job(self)

class Job:
    def __init__(self, pool: Pool):
        self.pool = pool
        self.lock = threading.Lock()
        self.steps = 0

    def step(self):
        with self.lock:
            self.steps += 1

    def skip(self):
        with self.lock:
            self.steps += 2

    def reset(self):
        with self.pool.lock:
            self.steps = 0
"""
    finding = found("RL103", source)

    assert finding.sides[0].holds == ("`Pool.lock`",)
    assert finding.sides[0].lacks == "`lock`"


def test_who_starts_with_one_of_several_functions_goes_by_the_one_that_leads_here() -> None:
    finding = found("RL102", SEVERAL)

    assert [(side.runner, side.holds) for side in finding.sides] == [
        ("one of several threads running `Hits.reset`", ()),
        ("one of several threads running `Hits.run`", ("`_lock`",)),
    ]
    assert "several threads running `Hits.run` with `_lock` held" in finding.related[0].message


def test_what_is_stored_together_is_named_by_both_of_its_parts() -> None:
    finding = found("RL102", TOGETHER)

    assert [turn.effect for turn in finding.turns] == [
        "reads `self._calls`",
        "updates `self._hits`, and `self._calls` with it",
        "reads `self._hits`: it is newer than what it goes with",
    ]


@pytest.mark.parametrize(
    ("fixture", "sides", "steps"),
    [
        (
            "RL306_lock_across_await/bad",
            [("a task in `Cache.get`", ("`self._lock`",)), ("another of them", ())],
            [
                (0, 13, "takes `self._lock`"),
                (0, 15, "waits with the lock held: other tasks run"),
                (1, 13, "waits for `self._lock`, and with it the whole loop: A never goes on"),
            ],
        ),
        (
            "RL603_loop_object_from_thread/bad",
            [("the thread running `Reader.read`", ()), ("the thread of the event loop", ())],
            [
                (1, 19, "makes or uses it in the loop, which then sleeps until something wakes it"),
                (0, 14, "changes it from outside: nothing wakes the loop"),
            ],
        ),
        (
            "RL307_lock_in_finalizer/bad",
            [("`Handle.__del__` in the same thread", ("`_lock`",)), ("a thread in `Handle.__init__`", ("`_lock`",))],
            [(1, 12, "takes `_lock`"), (0, 16, "runs amid that, in the same thread, and waits for `_lock` for ever")],
        ),
        (
            "RL309_listener_under_lock/bad",
            [("a thread in `Thermometer.measured`", ("`self._lock`",))],
            [
                (0, 22, "calls what it was given"),
                (0, 12, "comes back here from there, and waits for `self._lock`, which it holds itself, for ever"),
            ],
        ),
        (
            "RL406_rebound_lock/bad",
            [("the main thread", ()), ("one of several threads running `vote`", ())],
            [
                (1, 12, "takes `self._lock`"),
                (0, 16, "puts a new lock in its place: who takes that is not kept out by B"),
            ],
        ),
        (
            "RL304_blocking_under_lock/nothing_may_ever_come",
            [("a thread in `Observer.dispatch`", ("`self._lock`",)), ("a caller of `Observer.schedule`", ())],
            [
                (0, 25, "takes `self._lock`"),
                (0, 26, "waits with the lock held, for what may never come"),
                (1, 14, "waits for `self._lock` as long"),
            ],
        ),
        (
            "RL305_foreign_code_under_lock/bad",
            [("a thread in `Connection._set`", ("`self._lock`",)), ("a caller of `Connection.open`", ())],
            [
                (1, 19, "waits for `self._lock`"),
                (0, 16, "calls what it was given: if that waits for B, neither goes on"),
            ],
        ),
        (
            "RL305_foreign_code_under_lock/argument_called_at_once",
            [("a thread in `Ledger.each`", ("`self._lock`",))],
            [
                (0, 19, "calls what it was given"),
                (0, 13, "comes back here from there, and waits for `self._lock`, which it holds itself, for ever"),
            ],
        ),
        (
            "RL308_slow_call_under_lock/bad",
            [("a thread in `Scoreboard.add`", ("`self._lock`",)), ("a caller of `Scoreboard.score`", ())],
            [
                (0, 15, "takes `self._lock`"),
                (0, 18, "waits with the lock held, for as long as that takes"),
                (1, 22, "waits for `self._lock` as long"),
            ],
        ),
        (
            "RL308_slow_call_under_lock/waits_in_vain",
            [("a thread in `Workers.close`", ("`self._lock`",)), ("the thread running `Workers._work`", ())],
            [
                (0, 21, "takes `self._lock`"),
                (0, 22, "waits for B with the lock held"),
                (1, 14, "waits for `self._lock`, until A gives up"),
            ],
        ),
        (
            "RL604_lock_of_another_loop/bad",
            [
                ("a task in the loop of one of several pool tasks running `work`", ()),
                ("a task in the loop of another of them", ("`_saving`",)),
            ],
            [
                (1, 10, "takes `_saving`"),
                (0, 10, "has to wait for `_saving` in its own loop: RuntimeError, or nothing wakes it"),
            ],
        ),
        (
            "RL604_lock_of_another_loop/main_thread_beside",
            [
                ("a task in the loop of the thread running `in_the_background`", ()),
                ("a task in the loop of the main thread", ("`_lock`",)),
            ],
            [
                (1, 10, "takes `_lock`"),
                (0, 10, "has to wait for `_lock` in its own loop: RuntimeError, or nothing wakes it"),
            ],
        ),
    ],
)
def test_a_lock_that_is_waited_for_or_replaced_has_its_steps(
    fixture: str, sides: list[tuple[str, tuple[str, ...]]], steps: list[tuple[int, int, str]]
) -> None:
    source = Path(__file__).parent.parent / "fixtures" / "rules" / f"{fixture}.py"
    finding = found(fixture[:5], source.read_text(encoding="utf-8"))

    assert [(side.runner, side.holds) for side in finding.sides] == sides
    assert [(turn.side, turn.span.line, turn.effect) for turn in finding.turns] == steps


@pytest.mark.parametrize(
    ("fixture", "last"),
    [
        ("RL601_update_across_await", "stores a value made from the old `self.received`: what B did is lost"),
        ("RL605_limit_across_await", "changes `self.occupied`, though the test no longer holds"),
    ],
)
def test_the_last_step_of_tasks_says_what_is_wrong_by_then(fixture: str, last: str) -> None:
    source = Path(__file__).parent.parent / "fixtures" / "rules" / fixture / "bad.py"

    assert found(fixture[:5], source.read_text(encoding="utf-8")).turns[-1].effect == last


def test_a_task_that_waits_with_a_lock_of_tasks_in_hand_has_its_steps() -> None:
    source = Path(__file__).parent.parent / "fixtures/rules/RL308_slow_call_under_lock/task_waits_with_the_lock.py"
    finding = found("RL308", source.read_text(encoding="utf-8"))

    assert [(side.runner, side.holds) for side in finding.sides] == [
        ("a task in `Pool.trim`", ("`self._lock`",)),
        ("a task in `Pool.trim_outside`", ()),
    ]
    assert [(turn.side, turn.span.line, turn.effect) for turn in finding.turns] == [
        (0, 16, "takes `self._lock`"),
        (0, 19, "waits with the lock held, for as long as that takes"),
        (1, 22, "waits for `self._lock` as long"),
    ]


LEDGER = """
import threading

book, audit = threading.Lock(), threading.Lock()

def post():
    with book:
        with audit:
            pass

def check():
    with audit:
        count()

def count():
    with book:
        pass

"""
POSTING = "for _ in range(4):\n    threading.Thread(target=post).start()\n"
CHECKING = "threading.Thread(target=check).start()\n"
BOTH = "def both():\n    post()\n    check()\n\n"


@pytest.mark.parametrize(
    ("started", "runners"),
    [
        ("", ["a thread in `check`", "a thread in `post`"]),
        (CHECKING, ["the thread running `check`", "a thread in `post`"]),
        (POSTING + CHECKING, ["the thread running `check`", "one of several threads running `post`"]),
        (
            f"{BOTH}for _ in range(4):\n    threading.Thread(target=both).start()\n",
            ["one of several threads running `both`, in `check`", "another of them, in `post`"],
        ),
        (
            f"{BOTH}threading.Thread(target=both).start()\nthreading.Thread(target=both).start()\n",
            ["the thread running `both`, in `check`", "another thread running `both`, in `post`"],
        ),
    ],
)
def test_the_sides_of_a_circle_are_the_threads_that_are_traced_to_it(started: str, runners: list[str]) -> None:
    finding = found("RL301", LEDGER + started)

    assert sorted(side.runner for side in finding.sides) == sorted(runners)
    assert [side.holds for side in finding.sides] in ([("`audit`",), ("`book`",)], [("`book`",), ("`audit`",)])
