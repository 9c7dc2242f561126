"""Rebinding: which locks are replaced while others may hold the old one."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent, indent

import pytest
from builders import program

CLASS = """
import multiprocessing, os, threading

class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.votes = []

    def add(self):
        with self.lock:
            self.votes.append(1)

    def NAME(self, lock=None):
BODY

tally = Tally()
def work():
    tally.add()
def main():
    threading.Thread(target=work).start()
    tally.NAME()
main()
"""


def rebound(
    body: str, name: str = "reset", *, replaced: Mapping[str, str] | None = None, shared: tuple[str, ...] = ()
) -> list[str]:
    source = CLASS.replace("BODY", indent(dedent(body), "        ")).replace("NAME", name)
    for old, new in (replaced or {}).items():
        source = source.replace(old, new)
    return [each.store.place.name for each in program(source, assume_shared=shared).rebinding]


@pytest.mark.parametrize(
    "body",
    [
        "self.lock = threading.Lock()",
        "self.lock = threading.RLock()",
        "self.lock = threading.Condition()",
        "self.lock = multiprocessing.Lock()",
        "with self.lock: self.lock = threading.Lock()",
        "if self.votes: self.lock = threading.Lock()",
    ],
)
def test_a_new_lock_in_the_place_of_one_that_others_take(body: str) -> None:
    assert rebound(body) == ["lock"]


@pytest.mark.parametrize(
    "body",
    [
        "self.votes = []",
        "self.lock = lock",
        "self.other = threading.Lock()",
        "if self.lock is None: self.lock = threading.Lock()",
        "if self.pid != os.getpid(): self.lock = threading.Lock()",
        "other = Tally()\nother.lock = threading.Lock()",
    ],
)
def test_what_replaces_no_lock_of_others(body: str) -> None:
    assert rebound(body) == []


@pytest.mark.parametrize("name", ["__setstate__", "__copy__"])
def test_who_has_the_object_alone_may_replace_its_lock(name: str) -> None:
    assert rebound("self.lock = threading.Lock()", name) == []


@pytest.mark.parametrize("name", ["after_fork", "_in_child"])
def test_what_runs_after_a_fork_may_replace_a_lock_unless_the_program_itself_calls_it(name: str) -> None:
    assert rebound("self.lock = threading.Lock()", name) == ["lock"]
    assert rebound("self.lock = threading.Lock()", name, replaced={f"    tally.{name}()\n": ""}) == []


def test_a_lock_that_is_made_later_only_is_not_replaced() -> None:
    made = "        self.lock = threading.Lock()\n        self.votes"

    assert rebound("self.lock = threading.Lock()", replaced={made: "        self.votes"}) == []


def test_before_the_start_and_after_the_end_nobody_holds_it() -> None:
    start, reset = "    threading.Thread(target=work).start()\n", "    tally.reset()\n"

    assert rebound("self.lock = threading.Lock()", replaced={start + reset: reset + start}) == []
    joined = "    thread = threading.Thread(target=work)\n    thread.start()\n    thread.join()\n"
    assert rebound("self.lock = threading.Lock()", replaced={start: joined}) == []


def test_what_is_taken_to_be_shared() -> None:
    start = "    threading.Thread(target=work).start()\n"

    assert rebound("self.lock = threading.Lock()", replaced={start: ""}) == []
    assert rebound("self.lock = threading.Lock()", replaced={start: ""}, shared=("main.Tally",)) == ["lock"]
