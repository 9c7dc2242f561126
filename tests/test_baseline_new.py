"""Accepted findings hide no other one: what differs in rule, state or function is new."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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

from racelint.baseline import Entry, Extent, Update, load, without_known, write
from racelint.facts import Span
from racelint.findings import FILE_START, FREE_THREADED_ONLY, Finding, Report


@pytest.fixture(autouse=True)
def _in_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


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


def test_the_same_race_in_a_function_of_the_same_name_is_new_while_the_first_one_is_there() -> None:
    source("state.py", STATE)
    source("user.py", USER)
    accept()

    source("other.py", USER.replace("from state import Stock", "from user import stock").replace("stock = Stock()", ""))
    edit("user.py", "stock.left -= 1", "pass")

    assert new(check()) == ["RL101 state.Stock.left in take"]
    assert gone(check()) == ["user.py: RL101 state.Stock.left in take"]


def test_another_attribute_is_new_although_all_else_is_the_same() -> None:
    source("counter.py", COUNTER)
    accept()

    edit("counter.py", "self.count", "self.number")

    assert new(check()) == ["RL101 counter.Counter.number in increment"]
    assert gone(check()) == ["counter.py: RL101 counter.Counter.count in Counter.increment"]


def test_another_rule_is_new_on_the_same_line() -> None:
    source("counter.py", COUNTER)
    accept()

    edit("counter.py", "self.count += 1", "if self.count < 9:\n            self.count = print(self.total)")

    assert new(check()) == ["RL201 counter.Counter.count in increment"]


def test_a_function_that_is_still_there_keeps_its_race_when_the_state_moves() -> None:
    source("state.py", STATE)
    source("user.py", USER + "    threading.Thread(target=give).start()\n")
    edit("user.py", "for _", "def give():\n    pass\n\nfor _")
    accept()

    move("state.py", "depot.py")
    edit("user.py", "from state", "from depot")
    edit("user.py", "stock.left -= 1", "pass")
    edit("user.py", "def give():\n    pass", "def give():\n    stock.left -= 1")

    assert new(check()) == ["RL101 depot.Stock.left in give"]
    assert gone(check()) == ["user.py: RL101 state.Stock.left in take"]


@pytest.mark.parametrize("file", ["user.py", "buyer.py"])
def test_state_that_is_still_there_keeps_its_race_when_the_function_moves(file: str) -> None:
    source("state.py", STATE + "    def __len__(self):\n        return self.left\n")
    source("user.py", USER)
    accept()

    source("depot.py", STATE)
    move("user.py", file)
    edit(file, "from state", "from depot")
    edit(file, "take", "take" if file == "buyer.py" else "grab")

    assert new(check()) == [f"RL101 depot.Stock.left in {'take' if file == 'buyer.py' else 'grab'}"]
    assert gone(check()) == ["user.py: RL101 state.Stock.left in take"]


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


def test_the_locks_of_a_table_are_there_as_long_as_the_table() -> None:
    finding = Finding("RL302", "self-deadlock", "...", "a.py", FILE_START, "a.Other.locks[]", "a.f")
    report = Report((finding,), files={"a.py": Path("a.py").absolute()}, buffers={"a.py": b""})
    write(FILE, [Entry("a.py", "f", "RL302", "a.Table.locks[]", "")])

    for symbols, left in ((frozenset({"a.Table.locks"}), (finding,)), (frozenset({"a.Other.locks"}), ())):
        extent = Extent({"a.py": "a"}, frozenset({("a.py", "f")}), symbols)
        assert without_known(report, load(FILE), extent, all_rules).findings == left


def test_of_two_entries_the_one_for_fewer_builds_chooses_first() -> None:
    write(FILE, [Entry("a.py", "f", "RL101", "a.x", ""), Entry("a.py", "f", "RL101", "a.x", "", FREE_THREADED_ONLY)])
    everywhere = Finding("RL101", "unguarded-update", "...", "a.py", Span(2, 1, 2, 1), "a.x", "a.f")
    somewhere = replace(everywhere, span=FILE_START, live_on=FREE_THREADED_ONLY)
    report = Report((somewhere, everywhere), files={"a.py": Path("a.py").absolute()}, buffers={"a.py": b""})

    after = without_known(report, load(FILE), Extent({"a.py": "a"}), all_rules)

    assert (after.findings, after.notes) == ((), ())


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
