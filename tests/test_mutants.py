"""The benchmark that takes locks away: which critical sections, what is left of the file, and what counts as told."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.mutants import results
from benchmarks.mutants.__main__ import new, tells
from benchmarks.mutants.making import Mutant, mutants, without_lock
from benchmarks.mutants.results import Outcome
from racelint.facts import Span
from racelint.findings import Finding, Related, Report

STOCK = """\
from threading import Lock

class Stock:
    def __init__(self):
        self._lock = Lock()
        self.count = 0
        self._settle()

    def add(self):
        # one more
        with self._lock:  # now
            # really
            self.count += 1

    def take(self):
        with self._lock:
            if self.count:
                self.count = self.count - 1

    def clear(self):
        with self._lock: self.count = 0

    def __len__(self):
        with self._lock:
            return self.count

    def _settle(self):
        with self._lock:
            self.count += 1
"""


def test_what_reads_and_writes_under_the_lock_is_mutated_and_nothing_else() -> None:
    assert mutants(STOCK) == [
        Mutant("Stock.add", "_lock", ("count",), "update", 11, 9, 13),
        Mutant("Stock.take", "_lock", ("count",), "sequence", 16, 15, 18),
    ]


def test_what_few_methods_guard_is_left_alone() -> None:
    assert mutants(STOCK.replace("with self._lock", "with self.other")) == []
    assert mutants(STOCK[: STOCK.index("    def clear")]) == []


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("        with self._lock:  # now", "        with self.other, self._lock:"),
        ("            self.count += 1", "            self.count += 1; self._lock.notify()"),
        ("    def add(self):", "    @guarded\n    def add(self):"),
    ],
)
def test_what_another_lock_guards_or_what_needs_the_lock_is_left_alone(line: str, instead: str) -> None:
    assert "Stock.add" not in [each.method for each in mutants(STOCK.replace(line, instead, 1))]


def test_what_is_called_under_the_lock_only_is_left_alone() -> None:
    private = STOCK.replace("def take", "def _take")
    called = private.replace("            return self.count", "            return self._take()")

    assert "Stock._take" in [each.method for each in mutants(private)]
    assert "Stock._take" not in [each.method for each in mutants(called)]


def test_items_and_methods_that_change_are_writes() -> None:
    items = STOCK.replace("if self.count:", "if 1 in self.count:")

    for act in ("self.count[1] = 0", "del self.count[1][2]", "self.count.pop(1)"):
        assert "Stock.take" in [each.method for each in mutants(items.replace("self.count = self.count - 1", act))]
    assert "Stock.take" not in [each.method for each in mutants(items.replace("self.count = self.count - 1", "pass"))]


@pytest.mark.parametrize("line", [11, 16, 21])
def test_a_lock_is_taken_away_and_no_other_line_moves(line: int) -> None:
    mutant = without_lock(STOCK, line)
    before, after = STOCK.splitlines(), mutant.splitlines()

    ast.parse(mutant)
    assert len(before) == len(after)
    assert before[: line - 1] == after[: line - 1]
    assert before[line - 1] != after[line - 1]
    assert mutant.count("with self._lock") == STOCK.count("with self._lock") - 1
    assert before[18:20] + before[22:] == after[18:20] + after[22:]


def _finding(line: int, symbol: str = "n.m.Stock.count", other: int = 0) -> Finding:
    related = (Related("n/m.py", Span(other, 1, other, 2), "", 1),) if other else ()
    return Finding("RL101", "", "", "n/m.py", Span(line, 1, line, 2), symbol, "n.m.Stock.f", related=related)


def test_a_mutant_is_told_by_what_names_its_state_in_its_method_or_beside_it() -> None:
    mutant = mutants(STOCK)[0]
    report = Report((), (), {"n/m.py": Path("/n/m.py")})

    def is_told(finding: Finding) -> bool:
        return tells(finding, mutant, report, Path("/n/m.py"))

    assert is_told(_finding(13))
    assert is_told(_finding(18, "n.m.Base.count[]", other=13))
    assert not is_told(_finding(18))
    assert not is_told(_finding(13, "n.m.Stock.size"))
    assert not tells(_finding(13), mutant, report, Path("/n/other.py"))


def test_what_was_found_before_is_not_new_where_it_has_moved() -> None:
    assert [*new(Report((_finding(13),)), Report((_finding(12), _finding(18))))] == [_finding(18)]


def test_mutants_are_counted_by_package_kind_and_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FILE", tmp_path / "result.json")
    told = Outcome("n 1", "n/m.py", 11, "Stock.add", "_lock", ("count",), "update", ("RL101", "RL201"))
    missed = Outcome("n 1", "n/m.py", 16, "Stock.take", "_lock", ("count",), "sequence")
    results.write([told, missed])

    assert results.read() == [told, missed]
    assert results.table([told, missed]).splitlines()[2:] == [
        "| n 1 | 2 | 1 |",
        "| **all**, sequence | 1 | 0 |",
        "| **all**, update | 1 | 1 |",
        "| **all** | 2 | 1 |",
        "",
        "A mutant may be told by several rules: [RL101](rules/RL101.md) of 1, [RL201](rules/RL201.md) of 1.",
    ]
