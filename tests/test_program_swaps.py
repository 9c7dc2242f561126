"""Swaps: what is read as a whole and then emptied or replaced, and what is something else."""

from __future__ import annotations

from textwrap import dedent

import pytest
from builders import program

CLASS = """
import logging
import queue
import threading
log = logging.getLogger(__name__)
class A:
    def __init__(self):
        self.items = [1]
        self.table = {}
        self.count = 0
        self.text = ""
        self.full = queue.Queue()
    def add(self, item):
        self.items.append(item)
        self.table[item] = item
        self.count += 1
        self.text += item
"""


def swaps(body: str) -> list[str]:
    """The swaps of a method of `A` with that body: what becomes of which attribute, and whether both ends count."""
    lines = "\n".join(f"        {line}" for line in dedent(body).strip().splitlines())
    linked = program(f"{CLASS}    def m(self, use):\n{lines}\n")
    return [f"{each.shape.name.lower()} {each.first.place.name} {len(each.between)}" for each in linked.sequences.swaps]


@pytest.mark.parametrize(
    "read",
    [
        "x = list(self.items)",
        "x = self.items[:]",
        "x = self.items.copy()",
        "x = sorted(self.items)",
        "use(self.items)",
        "x = [each for each in self.items]",
        "x = ','.join(self.items)",
    ],
)
@pytest.mark.parametrize("end", ["self.items.clear()", "del self.items[:]", "self.items[:] = []", "self.items = []"])
def test_what_is_copied_or_used_and_then_emptied(read: str, end: str) -> None:
    assert swaps(f"{read}\n{end}") == ["emptied items 2"]


@pytest.mark.parametrize("read", ["dict(self.table)", "self.table.items()", "list(self.table.values())"])
@pytest.mark.parametrize("end", ["self.table.clear()", "self.table = {}", "self.table = dict()"])
def test_mappings(read: str, end: str) -> None:
    assert swaps(f"x = {read}\n{end}") == ["emptied table 2"]


def test_the_last_read_counts() -> None:
    linked = program(
        f"{CLASS}    def m(self):\n        a = list(self.items)\n        b = list(self.items)\n"
        "        self.items.clear()\n        return a, b\n"
    )

    assert [each.first.span.line - each.last.span.line for each in linked.sequences.swaps] == [-1]


@pytest.mark.parametrize(
    "body",
    [
        "x, self.items = self.items, []\nfor each in x: use(each)",
        "x = self.items\nself.items = []\nuse(x)",
        "x = self.items\nself.items = list()\nreturn x",
        "self.full.put(self.items)\nself.items = []",
        "self.old = self.items\nself.items = []",
    ],
)
def test_what_is_fetched_and_then_replaced(body: str) -> None:
    assert swaps(body) == ["replaced items 1"]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("x = self.count\nself.count = 0\nreturn x", "count"),
        ("use(self.count)\nself.count = 0", "count"),
        ("x = self.text\nself.text = ''\nself.old = x", "text"),
        ("x = self.count / 2\nself.count = 0\nreturn x", "count"),
    ],
)
def test_sums_that_begin_anew(body: str, name: str) -> None:
    assert swaps(body) == [f"emptied {name} 2"]


@pytest.mark.parametrize(
    "body",
    [
        "self.items.clear()",
        "self.items = []\nreturn list(self.items)",
        "x = len(self.items)\nself.items.clear()",
        "if self.items: self.items.clear()",
        "log.info('%s', self.items)\nself.items.clear()",
        "x = self.items[0]\nself.items.clear()",
        "x = self.table.get(use)\nself.table.clear()",
        "del self.items[0]",
        "x = list(self.items)\ndel self.items[1:]",
        "x = list(self.items)\nself.items = None",
        "x = list(self.items)\nself.items = use()",
        "x = self.items\nself.items = []",
        "x = isinstance(self.items, list)\nself.items = []",
        "if use: x = list(self.items)\nelse: self.items.clear()",
        "if self.count > 3: self.count = 0",
        "log.info('%s', self.count)\nself.count = 0",
        "x = self.items[self.count]\nself.count += 1\nself.count = 0",
        "x = self.count\nself.count = 7\nreturn x",
    ],
)
def test_no_swap(body: str) -> None:
    assert swaps(body) == []


def test_what_a_constructor_does_is_no_swap() -> None:
    assert swaps("pass") == []
    linked = program(
        f"{CLASS}class B(A):\n    def __init__(self):\n        super().__init__()\n"
        "        self.old = list(self.items)\n        self.items.clear()\n"
    )

    assert linked.sequences.swaps == []
