"""Switching: whether a race can strike with the GIL, where threads switch at a few points only."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from builders import program

START = """
import collections
import dataclasses
import threading


class Amount:
    def __add__(self, other):
        return self

    def __bool__(self):
        return True


class Key:
    def __hash__(self):
        return 7


class Row:
    def __init__(self):
        self.cells = {}

    def __setattr__(self, name, value):
        super().__setattr__(name, value)


class Lazy:
    def __getattr__(self, name):
        return 1


@dataclasses.dataclass(frozen=True)
class Point:
    x: int


def traced(function):
    return function


class A:
    def __init__(self):
        self.lock = threading.Lock()
        self.other = threading.Lock()
        self.row = Row()
        self.lazy = Lazy()
        self.amount = Amount()
        self.point = Point(1)
        self.n = 0
        self.x = None
        self.items = []
        self.table = {}
        self.counts = collections.Counter()
        self.plain = collections.defaultdict(int)
        self.made = collections.defaultdict(lambda: 0)

    @property
    def height(self):
        return 1

    @property
    def level(self):
        return self._level

    @level.setter
    def level(self, value):
        self._level = value

    def reset(self):
        with self.lock:
            self.n = 0

"""

END = """

a = A()
for _ in range(4):
    threading.Thread(target=a.m, args=(1,)).start()
threading.Thread(target=a.others).start()
"""


def needs_no_gil(body: str, others: str = "pass") -> set[bool]:
    """What is said of the races in the method `m`, while others run `others`."""
    method = indent("def m(self, k):\n" + indent(dedent(body).strip("\n"), "    "), "    ")
    beside = indent("\n\ndef others(self):\n" + indent(dedent(others).strip("\n"), "    "), "    ")
    linked = program(START + method + beside + END)
    return {race.needs_no_gil for race in linked.races.found if race.code.name == "m"}


# --- what stands in between ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "update",
    [
        "self.n += 1",
        "self.n = self.n + k * 2",
        "self.n = -self.n if k else 3",
        "self.n = (self.n or 0) + 1",
        "self.items = self.items + [k]",
        "self.table = {**self.table, k: 1}",
        "self.table[k] += 1",
        "self.table[len(self.table)] += 1",
        "self.counts = [*self.items, k]; self.n += 1",
        "self.n += self.row.cells",
        "self.plain[k] += 1",
        "self.n += self.point.x",
    ],
)
def test_nobody_comes_into_a_plain_update(update: str) -> None:
    assert needs_no_gil(update) == {True}


@pytest.mark.parametrize(
    "update",
    [
        "self.n += len(self.items)",
        "self.n += self.height",
        "self.n += self.lazy.anything",
        "self.n += self.amount + 1",
        "self.n += 1 if self.amount else 2",
        "self.n += (yield)",
        "self.n += sum(each for each in self.items)",
        "self.n += [each for each in self.items][0]",
        "self.n = max(self.n, k)",
        "self.table[k] = self.table.get(k, 0) + 1",
        "self.table[Key()] = 1; self.table[k] = self.table[k] + self.height",
        "self.counts[k] += 1",
        "self.made[k] += 1",
        "self.level += 1",
        "setattr(self, 'n', getattr(self, 'n') + 1)",
    ],
)
def test_calls_and_what_is_written_in_python_let_others_in(update: str) -> None:
    assert needs_no_gil(update) == {False}


@pytest.mark.parametrize(
    ("step", "plain"),
    [
        ("k = k + 1", True),
        ("k = self.items[0]", True),
        ("k = self.table[k]", True),
        ("k = f'{k} of {k}'", True),
        ("k = lambda: compute(k)", True),
        ("if k: k = 2", True),
        ("if k: compute(k)", False),
        ("compute(k)", False),
        ("import json", False),
        ("for each in k: pass", False),
        ("while k: k = k - 1", False),
        ("with self.other: pass", False),
        ("class Local: pass", False),
        ("k = self.table[Key()]", False),
        ("k = self.table[self.point]", False),
        ("k = {self.point}", False),
        ("k, = self.made.keys()", False),
        ("self.row.cells = k", False),
        ("k = f'{self.amount + k}'", False),
        ("if k:\n    compute(k)\n    return", True),
        ("if k:\n    compute(k)\n    raise ValueError", True),
        ("if k:\n    return compute(k)\nelse:\n    k = 3", True),
        ("try:\n    k = k + 1\nexcept ValueError:\n    compute(k)", False),
        ("try:\n    k = k + 1\nexcept ValueError:\n    compute(k)\n    raise", True),
        ("try:\n    k = k + 1\nfinally:\n    compute(k)", False),
        ("@traced\ndef inner(): pass", False),
        ("def inner(): compute(k)", True),
    ],
)
def test_a_step_between_the_read_and_the_store(step: str, plain: bool) -> None:
    assert needs_no_gil(f"old = self.n\n{step}\nself.n = old + 1") == {plain}


def test_a_step_before_or_after_does_not_matter() -> None:
    assert needs_no_gil("compute(k)\nself.n += 1\ncompute(k)") == {True}
    assert needs_no_gil("for each in k:\n    with open(each) as file:\n        self.n += 1") == {True}


# --- all sequences -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("test", "plain"),
    [
        ("if self.n > 0:\n    self.n -= 1", True),
        ("if not self.n:\n    return\nself.n -= 1", True),
        ("if self.n > 0:\n    compute(k)\n    self.n -= 1", False),
        ("if k not in self.table:\n    self.table[k] = self.n", True),
        ("if k not in self.table:\n    self.table[k] = compute(k)", False),
        ("if k in self.table:\n    del self.table[k]", True),
        ("if self.table.get(k):\n    del self.table[k]", False),
        ("if self.items:\n    self.items.pop()", True),
        ("if self.items:\n    self.items.append(compute(k))", False),
        ("while self.items:\n    self.items.pop()", False),
        ("if self.x is None:\n    self.x = []", True),
        ("if self.x is None:\n    self.x = A()", False),
        ("self.x = self.x or []", True),
        ("self.x = self.x or A()", False),
        ("if not hasattr(self, 'late'):\n    self.late = []", False),
        ("if self.n and self.amount:\n    self.n -= 1", False),
    ],
)
def test_a_test_and_what_is_done_about_it(test: str, plain: bool) -> None:
    others = "self.items = []\nself.table = {}\nself.x = None\nself.n = 3\nself.x.append(4)\nself.late.append(4)"

    assert plain in needs_no_gil(test, others)
    assert not plain or needs_no_gil(test) <= {True}


@pytest.mark.parametrize(
    ("use", "plain"),
    [
        ("if self.x is not None:\n    self.x.close()", True),
        ("return self.x and self.x.name", True),
        ("if self.x is not None:\n    compute(k)\n    self.x.close()", False),
        ("while self.x is not None:\n    self.x.close()", False),
    ],
)
def test_a_test_and_a_second_read(use: str, plain: bool) -> None:
    assert needs_no_gil(use, "self.x = None") == {plain}


def test_what_lies_behind_a_call_lets_others_in() -> None:
    assert needs_no_gil("if self.n > 3:\n    self.reset()", "self.n += 4") == {False}


@pytest.mark.parametrize(
    ("write", "plain"),
    [
        ("self.x = k\nreturn self.x.name", True),
        ("self.x = k\ncompute(k)\nreturn self.x.name", False),
        ("self.x = k\nreturn self.x.name(self.x)", True),
        ("self.x = k\nreturn compute(k) + self.x", False),
    ],
)
def test_a_write_that_is_wanted_back(write: str, plain: bool) -> None:
    assert needs_no_gil(write) == {plain}


def test_a_write_that_others_read_strikes_everywhere() -> None:
    assert needs_no_gil("self.x = k\nreturn self.x.name", "return self.x") == {False}


# --- the other side ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("others", "plain"),
    [
        ("self.n += 2", True),
        ("self.n += compute()", False),
        ("with self.lock:\n    self.n += 2", True),
        ("with self.lock:\n    self.n += compute()", False),
        ("with self.lock:\n    first = self.n\n    compute(first)\n    return self.n - first", False),
        ("with self.lock:\n    first = self.n\n    return self.n - first", True),
        ("if self.n > 3:\n    compute()\n    self.n = 0", False),
    ],
)
def test_a_plain_update_comes_into_what_others_do_in_several_steps(others: str, plain: bool) -> None:
    assert needs_no_gil("self.n += 1", others) == {plain}


def test_under_a_common_lock_it_does_not() -> None:
    assert needs_no_gil("with self.lock:\n    self.n += 1", "with self.lock:\n    self.n += compute()") == set()
