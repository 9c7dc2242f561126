"""Accepted findings stay silent while they stay what they are: lines move, names change, files go elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from accepting import (
    COUNTER,
    FILE,
    LOCAL_LOCKS,
    STATE,
    USER,
    accept,
    all_rules,
    check,
    edit,
    gone,
    looked_at,
    move,
    new,
    source,
)
from expectations import name_of, programs, sources

from racelint.baseline import Update, load, without_known
from racelint.findings import Report

SAMPLE = [program for program in programs() if "RL9" not in str(program)][::9]


@pytest.fixture(autouse=True)
def _in_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


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


def turn_into_other_style() -> None:
    move("counter.py", "tally.py")
    edit("tally.py", "self.count += 1", "self.count += (\n            1\n        )")
    edit("tally.py", "self.total += size", "self.total+=size")


def rename_into_a_package() -> None:
    source("pkg/__init__.py", "")
    move("counter.py", "pkg/tally.py")


def rename_everything() -> None:
    names = {"Counter": "Gauge", "increment": "step", "def add": "def plus", "counter.add": "counter.plus"}
    for before, after in names.items():
        edit("counter.py", before, after)


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
    "a renamed file that was reformatted": turn_into_other_style,
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


def test_code_in_no_function_is_known_by_its_file() -> None:
    source("counter.py", COUNTER + "counter.count += 1\n")
    edit("counter.py", "self.count += 1", "self.count = len(str(self.count))")
    accept()

    assert {entry.function for entry in load(FILE).entries} >= {""}

    move("counter.py", "tally.py")

    assert (new(check()), check().notes) == ([], ())


def test_the_text_is_read_as_the_file_says() -> None:
    text = dedent(COUNTER).replace("count", "größe").replace("größer", "counter")
    Path("counter.py").write_bytes(f"# coding: latin-1\n{text}".encode("latin-1"))
    accept()

    assert {entry.text for entry in load(FILE).entries} == {"self.größe += 1", "self.total += size"}

    before = [entry.text for entry in load(FILE).entries]
    source("counter.py", text)
    accept()

    assert [entry.text for entry in load(FILE).entries] == before


def test_locks_without_a_name_are_known_by_what_makes_them() -> None:
    source("locks.py", LOCAL_LOCKS)
    accept()

    edit("locks.py", "def write", "# one\n# two\ndef write")

    assert "line" not in FILE.read_text()
    assert (new(check()), check().notes) == ([], ())


@pytest.mark.parametrize("program", SAMPLE, ids=name_of)
def test_what_is_accepted_in_a_program_survives_a_move_of_all_its_files(program: Path) -> None:
    root = program if program.is_dir() else program.parent
    names = {file.relative_to(root).as_posix(): file for file in sources(program)}
    for name, file in names.items():
        source(name, file.read_text(encoding="utf-8"))
    accept()

    for name in names:
        source(name, "# a comment\n\n" + Path(name).read_text(encoding="utf-8"))
        move(name, f"elsewhere/{name}")

    assert (new(check()), gone(check())) == ([], [])
