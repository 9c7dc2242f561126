"""SARIF: valid by the schema of the standard, with the rules, the places and the ways of the threads."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from expectations import checked, programs
from reports import CYCLE, UNREADABLE, UPDATE, sample, shown
from sarif_schema import validator

from racelint import __version__
from racelint.facts import Span
from racelint.findings import Finding, Location, Moment, Related, Report, note
from racelint.report.documentation import weaknesses
from racelint.report.flows import flows
from racelint.rule import load_rules


def log_of(report: Report) -> dict[str, Any]:
    """The run of the log of a report, which is checked to be valid."""
    log = json.loads(shown(report, "sarif"))
    validator().validate(log)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.chdir(tmp_path)
    return sample(tmp_path)


# --- the run -------------------------------------------------------------------------------------------------------


def test_a_run_says_how_it_went(report: Report) -> None:
    broken, clean = log_of(replace(report, notes=("a note",))), log_of(Report(()))

    assert broken["invocations"] == [
        {
            "executionSuccessful": False,
            "toolExecutionNotifications": [
                {"level": "error", "message": {"text": "linking: it broke"}},
                {"level": "note", "message": {"text": "a note"}},
            ],
        }
    ]
    assert clean["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    assert clean["results"] == []
    assert clean["columnKind"] == "unicodeCodePoints"


def test_the_rules_are_described() -> None:
    driver = log_of(Report(()))["tool"]["driver"]
    described = {rule["id"]: rule for rule in driver["rules"]}

    assert (driver["name"], driver["version"]) == ("racelint", __version__)
    assert list(described) == [rule.code for rule in load_rules()]
    assert described["RL101"]["helpUri"] == "https://racelint.readthedocs.io/en/latest/rules/RL101/"
    assert described["RL101"]["help"]["markdown"].startswith(described["RL101"]["shortDescription"]["text"])
    assert described["RL301"]["fullDescription"]["text"].startswith("Collects for the whole program ")
    assert described["RL301"]["properties"]["tags"] == ["concurrency", "external/cwe/cwe-833", "external/cwe/cwe-667"]
    assert "](" not in described["RL301"]["help"]["text"]
    assert [code for code, rule in described.items() if ".md" in str(rule)] == []


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.code)
def test_every_rule_about_concurrency_refers_to_a_weakness(rule: Any) -> None:
    assert weaknesses(rule.documentation) or rule.code.startswith("RL9")


# --- results -------------------------------------------------------------------------------------------------------


def test_a_race_is_told_with_its_places_and_both_sides(report: Report) -> None:
    update = log_of(report)["results"][1]
    place = {
        "artifactLocation": {"uri": "m.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 9, "endLine": 3, "endColumn": 24},
    }
    start = {
        "artifactLocation": {"uri": "m.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 6, "startColumn": 5, "endLine": 6, "endColumn": 45},
    }
    started, added = {"text": "several threads running `work` start here"}, {"text": "two threads add to `count`"}
    way = [
        {"location": {"physicalLocation": start, "message": started}, "kinds": ["call", "function"]},
        {
            "location": {"physicalLocation": place, "message": added},
            "kinds": ["danger"],
            "importance": "essential",
        },
    ]

    assert len(update.pop("partialFingerprints")["racelintFinding/v1"]) == 32
    assert update == {
        "ruleId": "RL101",
        "ruleIndex": 0,
        "level": "warning",
        "message": added,
        "locations": [
            {
                "physicalLocation": place,
                "logicalLocations": [{"fullyQualifiedName": "m.Counter.increment", "kind": "function"}],
            }
        ],
        "relatedLocations": [{"physicalLocation": start, "id": 1, "message": started}],
        "codeFlows": [
            {
                "threadFlows": [
                    {"id": "0", "message": {"text": "the side of the finding"}, "locations": way},
                    {"id": "1", "message": {"text": "another side, at the same time"}, "locations": way},
                ]
            }
        ],
        "properties": {"symbol": "m.Counter.count", "evidence": "threads", "liveOn": ["free-threaded"]},
    }


def test_a_finding_about_a_whole_file_names_its_first_line_and_no_threads(report: Report) -> None:
    unreadable = log_of(report)["results"][0]

    assert unreadable["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}
    assert "codeFlows" not in unreadable
    assert "relatedLocations" not in unreadable


def test_a_rule_that_is_unknown_has_no_index() -> None:
    assert "ruleIndex" not in log_of(Report((replace(UPDATE, code="RL999"),)))["results"][0]


def test_braces_are_no_arguments() -> None:
    (result,) = log_of(Report((replace(UPDATE, message="`{0}` is set"),)))["results"]

    assert result["message"] == {"text": "`{{0}}` is set"}


# --- files ---------------------------------------------------------------------------------------------------------


def artifact(path: str, file: Path | None = None) -> Mapping[str, str]:
    finding = replace(UNREADABLE, path=path)
    run = log_of(Report((finding,), (), {path: file} if file else {}))
    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert isinstance(location, dict)
    return location


def test_paths_are_relative_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (base,) = log_of(Report(()))["originalUriBaseIds"].items()

    assert base[0] == "%SRCROOT%"
    assert base[1]["uri"] == f"{tmp_path.as_uri()}/"
    assert artifact("src/m.py") == {"uri": "src/m.py", "uriBaseId": "%SRCROOT%"}


def test_paths_elsewhere_are_absolute(tmp_path: Path) -> None:
    assert artifact(f"{tmp_path}/a b.py") == {"uri": f"{tmp_path.as_uri()}/a%20b.py"}


@pytest.mark.parametrize(
    ("shown_as", "name", "uri"),
    [
        ("100% #1?.py", b"100% #1?.py", "100%25%20%231%3F.py"),
        ("ä/:b.py", "ä/:b.py".encode(), "%C3%A4/%3Ab.py"),
        ("a\\nb.py", b"a\nb.py", "a%0Ab.py"),
        ("\\xff.py", b"\xff.py", "%FF.py"),
    ],
)
def test_odd_names_make_valid_addresses_of_the_file_itself(shown_as: str, name: bytes, uri: str) -> None:
    file = Path("/tmp", os.fsdecode(name))

    assert artifact(shown_as, file) == {"uri": uri, "uriBaseId": "%SRCROOT%"}
    assert artifact("/tmp/" + shown_as, file) == {"uri": file.as_uri()}


# --- sides ---------------------------------------------------------------------------------------------------------


def lines(finding: Finding) -> list[list[int]]:
    return [[step.span.line for step in steps] for steps in flows(finding)]


def at(line: int, message: str, side: int | None, moment: Moment = "after") -> Related:
    return note(Location("m.py", Span(line, 1, line, 2)), message, side, moment)


def test_a_side_starts_passes_what_comes_before_and_ends_with_what_comes_after() -> None:
    related = (
        at(9, "`x` is read here first", 0, "before"),
        at(4, "`x` is set here", 0),
        at(5, "`x` is deleted here", 1),
        at(7, "the thread running `f` starts here", 0, "start"),
        at(8, "the thread running `g` starts here: `g` → `h`", 1, "start"),
        at(1, "`lock` is created here", None),
    )

    assert lines(replace(UPDATE, related=related)) == [[7, 9, 3, 4], [8, 5]]


def test_a_side_of_which_only_the_start_is_told_runs_the_same_code() -> None:
    starts = (
        at(7, "the thread running `f` starts here", 0, "start"),
        at(8, "the thread running `f` starts here", 1, "start"),
    )

    assert lines(replace(UPDATE, related=starts)) == [[7, 3], [8, 3]]
    assert lines(replace(UPDATE, related=())) == [[3], [3]]


def test_each_edge_of_a_cycle_is_a_side() -> None:
    longer = (*CYCLE.related, at(9, "`c` is taken here while `a` is held", 2))

    assert lines(CYCLE) == [[2, 5], [3]]
    assert lines(replace(CYCLE, related=longer)) == [[2, 5], [3], [9]]


def test_a_thread_that_waits_for_itself_is_alone() -> None:
    assert lines(replace(CYCLE, code="RL302", related=CYCLE.related[:1])) == [[2, 5]]
    assert lines(replace(CYCLE, code="RL302", related=())) == []


RACES = ("RL1", "RL2", "RL301", "RL303")


@cache
def fixture_reports() -> Sequence[Report]:
    return [checked(program) for program in programs()]


def fixture_findings() -> Iterator[Finding]:
    return (finding for report in fixture_reports() for finding in report.findings)


def test_the_fixtures_are_told_validly() -> None:
    for report in fixture_reports():
        log_of(report)


def test_every_race_of_the_fixtures_has_two_sides() -> None:
    races = [finding for finding in fixture_findings() if finding.code.startswith(RACES)]
    told = {finding: flows(finding) for finding in races}
    wrong = [
        (finding.path, finding.span.line, finding.code)
        for finding, ways in told.items()
        if not all(ways) or len(ways) < 2 or (len(ways) > 2 and finding.code != "RL301")
    ]

    assert len(races) > 100
    assert wrong == []


def test_every_place_of_a_side_is_told_once_and_the_finding_stands_in_side_0() -> None:
    for finding in fixture_findings():
        ways = flows(finding)
        for side, steps in enumerate(ways):
            told = [
                each for each in finding.related if each.side in (side, None) and not each.message.endswith(NO_SIDE)
            ]
            assert {(each.path, each.span, each.message) for each in told} <= {
                (step.path, step.span, step.message) for step in steps
            }
        assert not ways or (finding.path, finding.span) in [(step.path, step.span) for step in ways[0]]


def test_locks_are_made_on_no_side() -> None:
    made = [
        each for finding in fixture_findings() for each in finding.related if each.message.endswith("is created here")
    ]

    assert made
    assert {each.side for each in made} == {None}


NO_SIDE = ("is created here", "is claimed here", "as others come at the same time", "here is the next")
"""The ends of notes about locks, claims and other races, which belong to no side."""


def test_every_other_note_of_the_fixtures_has_a_side_or_is_a_start_of_both() -> None:
    without = [
        each.message
        for finding in fixture_findings()
        for each in finding.related
        if each.side is None and not each.message.endswith(NO_SIDE) and " start here" not in each.message
    ]

    assert without == []
