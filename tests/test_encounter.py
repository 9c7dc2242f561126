"""Who meets whom in a finding: the words for both sides, their locks, and the steps that go wrong."""

from __future__ import annotations

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


def found(code: str, source: str) -> Finding:
    """The first finding of a rule in a program of one module."""
    [rule] = [each for each in load_rules() if each.code == code]
    assert rule.check is not None
    return next(iter(rule.check(program(source))))


def test_a_lock_that_is_taken_after_the_test_is_not_held_over_both() -> None:
    finding = found("RL201", CLOSING)

    assert [(side.runner, side.holds, side.lacks) for side in finding.sides] == [
        ("whoever runs `Store.close`", (), "`_lock`"),
        ("whoever runs `Store.open`", ("`_lock`",), ""),
    ]


def test_the_steps_lead_from_one_side_to_the_other_and_back() -> None:
    finding = found("RL101", COUNTING)

    assert [(turn.side, turn.span.line) for turn in finding.turns] == [(0, 8), (1, 8), (0, 8)]
    assert finding.turns[2].effect == "stores what it has made of the old `count`: the change of B is lost"
    assert [side.runner for side in finding.sides] == ["one of several threads running `work`", "another of them"]
