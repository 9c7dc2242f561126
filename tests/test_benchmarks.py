"""The benchmarks on real bugs and popular packages: what counts as a report, what is compared, what is stored."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import page
from benchmarks.checking import Finding, Related, check
from benchmarks.mutants import results as mutants
from benchmarks.noise import packages, verdicts
from benchmarks.noise import results as noise
from benchmarks.noise.__main__ import section as noise_section
from benchmarks.realbugs import results as realbugs
from benchmarks.realbugs.cases import Case, Target, located, target_of
from benchmarks.realbugs.matching import near, repeated

SOURCE = """\
class Base:
    def __init__(self):
        self.lock = Lock()
        self.count = 0

class Child(Base):
    def add(self):
        def inner():
            self.count += 1
        inner()

    def other(self):
        self.count += 1
"""
CASE = Case("c", "o/n", "2", "1", "n", "1", "2", "rmw", "n/m.py", ["Child.add"], [(13, 13)], "Child.count", "Base.lock")


def _finding(
    line: int, code: str = "RL101", symbol: str = "n.m.Base.count", related: int = 0, side: int = 1
) -> Finding:
    others = [Related("n/m.py", related, side)] if related else []
    return Finding(code, "n/m.py", line, symbol, "", "`self.count` is changed", others)


def _is_near(finding: Finding, case: Case = CASE, *, at_lines: bool = False) -> bool:
    return near(case, [finding], "n/m.py", SOURCE, at_lines=at_lines) == [finding]


# --- what counts as a report of a real bug ---


def test_a_finding_in_a_function_of_the_case_counts_also_nested_and_on_a_base_class() -> None:
    assert _is_near(_finding(9))
    assert not _is_near(_finding(13))


def test_after_the_fix_only_what_says_the_same_of_the_same_state_is_the_report_of_before() -> None:
    before = [_finding(9)]
    assert repeated(before, [_finding(10, "RL201")])
    assert not repeated(before, [_finding(9, "RL301"), _finding(9, symbol="n.m.Base.size")])


def test_a_finding_counts_where_its_other_side_is_in_the_function_but_not_where_its_lock_is_made_there() -> None:
    assert _is_near(_finding(13, related=9))
    assert not _is_near(msgspec.structs.replace(_finding(13), related=[Related("n/m.py", 9, None)]))


def test_a_finding_has_to_be_of_a_fitting_rule_and_to_name_the_state() -> None:
    assert not _is_near(_finding(9, "RL301"))
    assert not _is_near(_finding(9, symbol="n.m.Base.counts"))
    assert not _is_near(_finding(9, symbol="n.m.Base.lock"))
    assert _is_near(_finding(9, symbol=""))


def test_a_deadlock_names_the_lock() -> None:
    case = msgspec.structs.replace(CASE, category="self-deadlock")

    assert _is_near(_finding(9, "RL302", "n.m.Base.lock"), case)


def test_the_lines_of_the_bug_count_at_its_commit_only() -> None:
    assert _is_near(_finding(13), at_lines=True)


def test_a_function_may_have_moved_to_another_class() -> None:
    assert _is_near(_finding(13), msgspec.structs.replace(CASE, functions=["Elsewhere.other"]))


def test_what_cannot_be_read_has_no_report() -> None:
    assert near(CASE, [_finding(9)], "n/m.py", "print 1", at_lines=False) == []


@pytest.mark.parametrize(
    ("files", "target"),
    [
        (["n-1.dist-info/RECORD", "top/n/m.py"], ("", ".")),
        (["n-1/src/n/__init__.py", "n-1/src/n/sub/__init__.py", "n-1/src/n/sub/m.py"], ("n-1/src", "n")),
        (["m.py"], ("", "m.py")),
    ],
)
def test_what_is_checked_is_the_package_around_the_file(
    files: list[str], target: tuple[str, str], tmp_path: Path
) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    found = located(tmp_path, "lib/" + files[-1])

    assert found == tmp_path / files[-1]
    assert target_of(tmp_path, found) == Target(tmp_path / target[0], target[1])


def test_what_is_not_reached_needs_a_cause_and_what_is_reached_has_none() -> None:
    reached = realbugs.Outcome("a", "rmw", "releases", [realbugs.Report("RL101", 1, "f", "s")])
    missed = realbugs.Outcome("b", "rmw", "releases")
    unseen = realbugs.Outcome("c", "rmw")

    assert list(realbugs.unexplained([reached, missed, unseen], {})) == ["b is not reached, and nothing says why"]
    assert list(realbugs.unexplained([reached, missed], {"a": "x", "b": "y"})) == [
        "a is reached, but a cause is given: x"
    ]


def test_the_table_of_bugs_may_have_others_only() -> None:
    assert realbugs.table([realbugs.Outcome("c", "other")]).splitlines()[2:] == [
        "| **all of these** | 0 | 0 | 0 | 0 |",
        "| other | 1 | 0 | 0 | 0 |",
    ]


def test_the_table_of_bugs_counts_others_apart() -> None:
    report = [realbugs.Report("RL101", 1, "f", "s")]
    outcomes = [
        realbugs.Outcome("a", "rmw", "releases", report, report),
        realbugs.Outcome("b", "rmw", "commits", report),
        realbugs.Outcome("c", "other"),
    ]

    assert realbugs.table(outcomes).splitlines()[2:] == [
        "| rmw | 2 | 2 | 2 | 1 |",
        "| **all of these** | 2 | 2 | 2 | 1 |",
        "| other | 1 | 0 | 0 | 0 |",
    ]


# --- what is said of packages ---

FOUND = noise.Found("RL101", "n/m.py", 9, "n.m.f", "n.m.x")


def test_packages_are_pinned_and_there_are_enough() -> None:
    listed = packages.packages()

    assert len(listed) >= 45
    assert len({each.name for each in listed}) == len(listed)
    assert {each.concurrency for each in listed} == {"threads", "tasks", "none"}


def test_changes_are_told_finding_by_finding() -> None:
    other = msgspec.structs.replace(FOUND, line=10)
    before = [noise.Noise("n", "1", "threads", findings=[FOUND, FOUND])]
    after = [noise.Noise("n", "1", "threads", findings=[FOUND, other]), noise.Noise("new", "1", "threads")]

    assert noise.changes(before, before) == []
    assert noise.changes(before, after) == [
        "- n: RL101 n/m.py:9 n.m.f n.m.x",
        "+ n: RL101 n/m.py:10 n.m.f n.m.x",
        "new 1 is not what is stored",
    ]


def test_failures_and_findings_without_concurrency_are_complaints() -> None:
    unreadable = msgspec.structs.replace(FOUND, code="RL901")
    results = [
        noise.Noise("quiet", "1", "none", findings=[FOUND, unreadable]),
        noise.Noise("slow", "1", "threads", failure="not done after 9 s", findings=[FOUND]),
    ]

    assert list(noise.complaints(results)) == [
        "quiet has no concurrency: RL101 n/m.py:9 n.m.f n.m.x",
        "slow: not done after 9 s",
    ]


def test_a_sample_is_the_same_for_a_seed_and_of_many_packages() -> None:
    many = [msgspec.structs.replace(FOUND, line=line) for line in range(100)]
    results = [noise.Noise("large", "1", "threads", findings=many)]
    results += [noise.Noise(f"small{number}", "1", "threads", findings=[FOUND]) for number in range(14)]
    drawn = noise.sample(results, 20, "1")

    assert drawn == noise.sample(results, 20, "1") != noise.sample(results, 20, "2")
    assert len(drawn) == len({*drawn}) == 20
    assert len({each.split()[0] for each in drawn}) == 15


def test_results_are_stored_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "FILE", tmp_path / "result.json")
    results = [noise.Noise("n", "1", "threads", 5, 1.5, 30, findings=[FOUND]), noise.Noise("m", "2", "none")]
    noise.write(results)

    assert noise.read() == results


def test_verdicts_are_counted_by_rule_and_what_nobody_has_judged_is_open() -> None:
    other = msgspec.structs.replace(FOUND, code="RL201")
    results = [noise.Noise("n", "1", "threads", findings=[FOUND, other])]
    judged = verdicts.Verdict("n", "1", FOUND.code, FOUND.path, FOUND.line, "benign", "two equal values")

    assert verdicts.judge(results, [judged]) == {
        "RL101": {"benign": 1},
        "RL201": {"open": 1},
        "all": {"benign": 1, "open": 1},
    }
    assert verdicts.table(results, [judged]).splitlines()[-1] == "| **all** | 2 | 0 | 1 | 0 | 1 |"


def test_every_verdict_is_of_a_package_of_the_list_and_says_why() -> None:
    listed = {(each.name, each.version) for each in packages.packages()}

    for each in verdicts.read():
        assert (each.package, each.version) in listed
        assert len(each.reason) > 3


# --- runs and pages ---


def test_a_page_without_a_place_for_the_text_is_an_error() -> None:
    with pytest.raises(LookupError, match="noise"):
        page.put("noise", "text", "# A page\n")


def test_a_run_tells_what_is_found_and_what_went_wrong(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("def f(:\n")

    checked = check(tmp_path, "m.py")
    hurried = check(tmp_path, "m.py", limit=0.01)
    refused = check(tmp_path, "m.py", "--no-such-option")

    assert [each.code for each in checked.findings] == ["RL901"]
    assert (checked.errors, checked.failure) == ([], "")
    assert hurried.failure == "not done after 0 s"
    assert "--no-such-option" in refused.failure


@pytest.mark.parametrize(
    ("name", "section"),
    [("realbugs", realbugs.section), ("noise", noise_section), ("mutants", lambda: mutants.table(mutants.read()))],
)
def test_the_page_shows_what_is_stored(name: str, section: Callable[[], str]) -> None:
    shown = page.PAGE.read_text(encoding="utf-8")

    assert page.put(name, section(), shown) == shown
