"""Accepted findings stay silent while they stay what they are, and never hide another one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from accepting import COUNTER, FILE, accept, all_rules, check, edit, gone, looked_at, move, new, source

from racelint.baseline import Update, load, without_known
from racelint.findings import FREE_THREADED_ONLY, Report

LOCAL_LOCKS = """
import threading

def write(line):
    with threading.Lock():
        print(line)
"""


@pytest.fixture(autouse=True)
def _in_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# --- what stays known ----------------------------------------------------------------------------------------------


def test_without_a_change_nothing_is_new_and_nothing_gone() -> None:
    source("counter.py", COUNTER)

    assert accept() == Update(new=2, gone=0, entries=2)
    assert (check().findings, check().notes, check().baselined) == ((), (), 2)


def test_what_was_kept_silent_before_is_counted_too() -> None:
    source("counter.py", COUNTER)
    accept()
    report, extent = looked_at()
    before = Report(report.findings, files=report.files, notes=("told before",), suppressed=5, baselined=1)

    after = without_known(before, load(FILE), extent, all_rules)

    assert (after.notes, after.suppressed, after.baselined) == (("told before",), 5, 3)


def rename_into_a_package() -> None:
    source("pkg/__init__.py", "")
    move("counter.py", "pkg/tally.py")


def rename_everything() -> None:
    for old, new_name in (
        ("Counter", "Gauge"),
        ("increment", "step"),
        ("def add", "def plus"),
        ("counter.add", "counter.plus"),
    ):
        edit("counter.py", old, new_name)


def turn_functions_round() -> None:
    head, increment = dedent(COUNTER).split("    def increment")
    increment, add = increment.split("    def add")
    add, tail = add.split("\ncounter =")
    source("counter.py", f"{head}    def add{add}\n    def increment{increment}\ncounter ={tail}")


CHANGES: dict[str, Callable[[], None]] = {
    "lines above": lambda: edit("counter.py", "import threading", "\n# a comment\n\nimport os, threading\n"),
    "edits elsewhere": lambda: edit("counter.py", "range(4)", "range(5)"),
    "an edited line": lambda: edit("counter.py", "+= size", "+= 2 * size"),
    "reformatted code": lambda: edit("counter.py", "self.count += 1", "self.count += (\n            1\n        )"),
    "a function around": lambda: edit("counter.py", "class Counter:", "def first():\n    pass\n\nclass Counter:"),
    "a function beside": lambda: edit("counter.py", "def add", "def get(self):\n        return 1\n\n    def add"),
    "order of functions": turn_functions_round,
    "windows line ends": lambda: source("counter.py", COUNTER.replace("\n", "\r\n")),
    "a byte order mark": lambda: source("counter.py", "\ufeff" + COUNTER),
    "a renamed file": lambda: move("counter.py", "tally.py"),
    "another package": lambda: move("counter.py", "pkg/inner/counter.py"),
    "another package, with a name": rename_into_a_package,
    "a module that became a package": lambda: move("counter.py", "counter/__init__.py"),
    "a new source folder": lambda: move("counter.py", "src/counter.py"),
    "a renamed function": lambda: edit("counter.py", "increment", "step"),
    "a renamed class": lambda: edit("counter.py", "Counter", "Gauge"),
    "a renamed class and its functions": rename_everything,
    "renamed locals": lambda: edit("counter.py", "for _ in", "for turn in"),
    "an unrelated file": lambda: source(
        "another.py", COUNTER.replace("self.count += 1", "pass").replace("+= size", "")
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_accepted_finding_survives(change: Callable[[], None]) -> None:
    source("counter.py", COUNTER)
    accept()

    change()

    assert len(looked_at()[0].findings) == 2
    assert (new(check()), check().notes) == ([], ())


def test_an_update_after_a_rename_takes_the_new_names() -> None:
    source("counter.py", COUNTER)
    accept()
    move("counter.py", "tally.py")

    assert accept() == Update(new=0, gone=0, entries=2)
    assert {entry.path for entry in load(FILE).entries} == {"tally.py"}
    assert {entry.symbol for entry in load(FILE).entries} == {"tally.Counter.count", "tally.Counter.total"}


STATE = "class Stock:\n    def __init__(self):\n        self.left = 9\n"
USER = """
import threading
from state import Stock

stock = Stock()

def take():
    stock.left -= 1

for _ in range(4):
    threading.Thread(target=take).start()
"""


def test_state_of_another_file_may_move() -> None:
    source("state.py", STATE)
    source("user.py", USER)
    accept()

    move("state.py", "depot.py")
    edit("user.py", "from state", "from depot")

    assert (new(check()), check().notes) == ([], ())

    move("user.py", "buyer.py")

    assert (new(check()), check().notes) == ([], ())


def test_a_whole_package_may_move() -> None:
    source("shop/__init__.py", "")
    source("shop/state.py", STATE)
    source("shop/user.py", USER.replace("state", "shop.state"))
    accept()

    move("shop", "store")
    edit("store/user.py", "shop", "store")

    assert len(looked_at()[0].findings) == 1
    assert (new(check()), check().notes) == ([], ())


def test_locks_without_a_name_are_known_by_what_makes_them() -> None:
    source("locks.py", LOCAL_LOCKS)
    accept()

    edit("locks.py", "def write", "# one\n# two\ndef write")

    assert "line" not in FILE.read_text()
    assert (new(check()), check().notes) == ([], ())


# --- what is new ---------------------------------------------------------------------------------------------------


def test_other_state_in_the_same_function_is_new() -> None:
    source("counter.py", COUNTER)
    edit("counter.py", "        self.total += size", "        pass")
    accept()

    edit("counter.py", "self.count += 1", "self.count += 1\n        self.total += 1")

    assert new(check()) == ["RL101 counter.Counter.total in increment"]
    assert gone(check()) == []


def test_the_same_state_in_another_function_is_new_although_the_old_race_is_gone() -> None:
    source("counter.py", COUNTER)
    accept()

    edit("counter.py", "self.count += 1", "pass")
    edit("counter.py", "self.total += size", "self.total += size\n        self.count += 1")

    assert new(check()) == ["RL101 counter.Counter.count in add"]
    assert gone(check()) == ["counter.py: RL101 counter.Counter.count in Counter.increment"]


def test_the_same_race_in_another_class_or_file_is_new_although_the_old_one_is_gone() -> None:
    source("counter.py", COUNTER)
    accept()

    source("other.py", COUNTER)
    edit("counter.py", "self.count += 1", "pass")
    edit("counter.py", "self.total += size", "pass")

    assert new(check()) == ["RL101 other.Counter.count in increment", "RL101 other.Counter.total in add"]
    assert len(gone(check())) == 2


def test_another_attribute_is_new_although_all_else_is_the_same() -> None:
    source("counter.py", COUNTER)
    accept()

    edit("counter.py", "self.count", "self.number")

    assert new(check()) == ["RL101 counter.Counter.number in increment"]
    assert gone(check()) == ["counter.py: RL101 counter.Counter.count in Counter.increment"]


def test_another_rule_is_new_on_the_same_line() -> None:
    source("counter.py", COUNTER)
    accept()

    edit("counter.py", "self.count += 1", "if self.count < 9:\n            self.count = self.total")

    assert new(check()) == ["RL201 counter.Counter.count in increment"]


def test_a_moved_function_whose_line_was_edited_as_well_is_new() -> None:
    source("counter.py", COUNTER)
    accept()

    move("counter.py", "tally.py")
    edit("tally.py", "+= size", "+= 2 * size")

    assert new(check()) == ["RL101 tally.Counter.total in add"]
    assert gone(check()) == ["counter.py: RL101 counter.Counter.total in Counter.add"]


def test_a_copy_of_a_file_is_new_and_the_original_known() -> None:
    source("b.py", COUNTER)
    accept()

    source("a.py", COUNTER)

    assert {finding.path for finding in check().findings} == {"a.py"}
    assert gone(check()) == []


def test_a_race_that_comes_to_strike_on_every_build_is_new() -> None:
    source("counter.py", COUNTER)
    accept()
    assert {finding.live_on for finding in looked_at()[0].findings} == {FREE_THREADED_ONLY}

    edit("counter.py", "self.count += 1", "self.count += len(open('x').read())")

    assert new(check()) == ["RL101 counter.Counter.count in increment"]


def test_a_race_that_comes_to_strike_on_fewer_builds_stays_known() -> None:
    source("counter.py", COUNTER)
    edit("counter.py", "self.count += 1", "self.count += len(open('x').read())")
    accept()

    edit("counter.py", "self.count += len(open('x').read())", "self.count += 1")

    assert (new(check()), check().notes) == ([], ())


def test_two_equal_findings_are_two_entries_and_a_third_one_is_new() -> None:
    again = "    with threading.Lock():\n        print(line)\n"
    source("locks.py", LOCAL_LOCKS + again)

    assert accept() == Update(new=2, gone=0, entries=2)

    source("locks.py", LOCAL_LOCKS + again + again)

    assert [finding.span.line for finding in check().findings] == [9]
    assert check().baselined == 2

    source("locks.py", LOCAL_LOCKS)

    assert new(check()) == []
    assert gone(check()) == ["locks.py: RL405 locks.write.<lock> in write"]


def test_of_several_findings_the_one_with_another_text_is_new() -> None:
    source("locks.py", LOCAL_LOCKS)
    accept()

    edit("locks.py", "    with", "    with threading.RLock():\n        pass\n    with")

    assert [finding.span.line for finding in check().findings] == [5]
