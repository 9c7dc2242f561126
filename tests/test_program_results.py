"""Results: what does a starter read before it has waited for who makes it?"""

from __future__ import annotations

import pytest
from builders import program

from racelint.program.sources.source import span_of


def early(source: str) -> list[tuple[int, str, int]]:
    """Each early read: its line, what is read, and the line that waits."""
    return [
        (
            each.span.line,
            each.written.base.removeprefix("self") or each.written.place.name,
            span_of(each.code, each.wait).line,
        )
        for each in program(source).results
    ]


OBJECT = """
import queue, subprocess, threading, time

class Job:
    def __init__(self):
        self.value = None
        self.told = threading.Event()
        self.items = queue.Queue()
        self.lock = threading.Lock()

    def work(self):
        {work}

    def run(self):
        thread = threading.Thread(target=self.work)
        thread.start()
        {read}
        thread.join()
"""


@pytest.mark.parametrize(
    "read",
    [
        "print(self.value)",
        "self.value.close()",
        "x = self.value + 1",
        "for each in self.value: print(each)",
        "subprocess.run([]); print(self.value)",
        "other = threading.Thread(target=print); other.start(); other.join(); print(self.value)",
        "print(getattr(self, 'value'))",
    ],
)
def test_reads_between_the_start_and_the_end(read: str) -> None:
    assert early(OBJECT.format(work="self.value = open('x')", read=read)) == [(17, "value", 18)]


@pytest.mark.parametrize(
    "read",
    [
        "thread.join(); print(self.value)",
        "thread.join(); print(self.value); thread.join()",
        "self.told.wait(); print(self.value)",
        "self.items.get(); print(self.value)",
        "time.sleep(1); print(self.value)",
        "while self.value is None: pass",
        "if self.value: print(self.value)",
        "print(self.value or 0)",
        "self.value = 1; print(self.value)",
        "self.helper(); print(self.value)",
        "with self.lock: print(self.value)",
        "self.work(); print(self.value)",
        "self.value",
    ],
)
def test_the_starter_may_know(read: str) -> None:
    helper = "\n    def helper(self):\n        self.told.wait()\n"

    assert early(OBJECT.format(work="self.value = open('x')", read=read) + helper) == []


@pytest.mark.parametrize(
    "work",
    [
        "self.value = True",
        "for each in range(9): self.value = open(str(each))",
        "self.value += 1",
        "print(self.value)",
    ],
)
def test_flags_and_progress_are_no_results(work: str) -> None:
    assert early(OBJECT.format(work=work, read="print(self.value)")) == []


def test_what_others_set_as_well_is_no_result() -> None:
    other = "\n    def reset(self):\n        self.value = open('y')\n"

    assert early(OBJECT.format(work="self.value = open('x')", read="print(self.value)") + other) == []


def test_what_is_read_again_behind_the_end_may_be_shown_before() -> None:
    again = "        return self.value\n"

    assert early(OBJECT.format(work="self.value = open('x')", read="print(self.value)") + again) == []


HANDED = """
import threading

def work(box):
    box.append(1)

def run():
    box = {made}
    thread = threading.Thread(target=work, args=(box,))
    thread.start()
    thread.join({timeout})
    {read}
"""


@pytest.mark.parametrize(
    ("made", "timeout", "read", "expected"),
    [
        ("[]", "5", "return box[0]", [(12, "box", 11)]),
        ("list()", "timeout=5", "return box[0]", [(12, "box", 11)]),
        ("[0]", "5", "return box[0]", []),
        ("[]", "", "return box[0]", []),
        ("[]", "None", "return box[0]", []),
        ("[]", "5", "return sum(box)", []),
        ("[]", "5", "return box[0] if box else None", []),
        ("[]", "5", "return None if thread.is_alive() else box[0]", []),
    ],
)
def test_a_join_that_may_give_up(made: str, timeout: str, read: str, expected: list[tuple[int, str, int]]) -> None:
    assert early(HANDED.format(made=made, timeout=timeout, read=read)) == expected
