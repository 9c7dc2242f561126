"""What other programs read: each format on a small report, word for word and through a reader of that format."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from junitparser import Error, Failure, JUnitXml
from reports import CYCLE, SOURCE, UNREADABLE, UPDATE, sample, shown

from racelint.facts import Span
from racelint.findings import Finding, Location, Report, RunError, note
from racelint.report import gitlab, rdjson, show_statistics
from racelint.report.severity import severity


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return sample(tmp_path)


EMPTY = Report(())

# --- JSON ----------------------------------------------------------------------------------------------------------

UPDATE_OBJECT = {
    "code": "RL101",
    "name": "unguarded-update",
    "message": "two threads add to `count`",
    "path": "m.py",
    "line": 3,
    "column": 9,
    "end_line": 3,
    "end_column": 24,
    "symbol": "m.Counter.count",
    "function": "m.Counter.increment",
    "evidence": "threads",
    "live_on": ["free-threaded"],
    "related": [
        {
            "path": "m.py",
            "line": 6,
            "column": 5,
            "end_line": 6,
            "end_column": 45,
            "message": "several threads running `work` start here",
            "side": None,
        }
    ],
    "sides": [],
    "interleaving": [],
    "fix": None,
    "severity": "warning",
    "url": "https://racelint.readthedocs.io/en/latest/rules/RL101/",
}


def test_json_is_what_other_tools_are_written_against(report: Report) -> None:
    document = json.loads(shown(replace(report, suppressed=2, baselined=1), "json"))

    assert list(document) == ["version", "findings", "errors", "summary"]
    assert document["version"] == 1
    assert document["errors"] == [{"where": "linking", "message": "it broke"}]
    assert document["summary"] == {"files": 2, "findings": 3, "suppressed": 2, "baselined": 1, "fixed": 0}
    assert document["findings"][1] == UPDATE_OBJECT


def test_json_of_nothing() -> None:
    assert json.loads(shown(EMPTY, "json")) == {
        "version": 1,
        "findings": [],
        "errors": [],
        "summary": {"files": 0, "findings": 0, "suppressed": 0, "baselined": 0, "fixed": 0},
    }


def test_json_counts_the_findings_of_each_rule(report: Report) -> None:
    stream = io.StringIO()

    show_statistics(report, "json", stream)

    document = json.loads(stream.getvalue())
    assert list(document) == ["version", "statistics", "errors", "summary"]
    assert document["statistics"][0] == {"code": "RL101", "name": "unguarded-update", "count": 1}
    assert document["summary"]["findings"] == 3


def test_json_lines_hold_a_finding_each(report: Report) -> None:
    lines = shown(report, "json-lines").splitlines()

    assert [json.loads(line)["code"] for line in lines] == ["RL901", "RL101", "RL301"]
    assert json.loads(lines[1]) == UPDATE_OBJECT
    assert shown(EMPTY, "json-lines") == ""


# --- how bad -------------------------------------------------------------------------------------------------------


def test_what_needs_an_assumption_or_a_build_is_a_warning() -> None:
    assert [severity(each) for each in (UPDATE, CYCLE, UNREADABLE)] == ["warning", "error", "error"]
    assert severity(replace(CYCLE, evidence="assumed")) == "warning"
    assert severity(replace(UNREADABLE, code="RL902")) == "warning"


# --- GitHub --------------------------------------------------------------------------------------------------------


def test_github_is_told_in_commands(report: Report) -> None:
    assert shown(report, "github") == (
        "::error title=racelint (RL901),file=gone.py,line=1::gone.py:1:1: RL901 [unreadable-file] not checked\n"
        "::warning title=racelint (RL101),file=m.py,line=3,endLine=3,col=9,endColumn=24"
        "::m.py:3:9: RL101 [unguarded-update] two threads add to `count`\n"
        "::error title=racelint (RL301),file=m.py,line=5,endLine=6"
        "::m.py:5:1: RL301 [lock-order-cycle] `a` is taken while `b` is held\n"
        "::error title=racelint::linking: it broke\n"
    )
    assert shown(EMPTY, "github") == ""


def test_github_is_told_what_would_end_a_command_in_escapes() -> None:
    finding = Finding("RL1", "x", "50%\r\n::error::no, not this", "a,b:c%.py", Span(1, 2, 1, 3))

    assert shown(Report((finding,)), "github") == (
        "::error title=racelint (RL1),file=a%2Cb%3Ac%25.py,line=1,endLine=1,col=2,endColumn=3"
        "::a,b:c%25.py:1:2: RL1 [x] 50%25%0D%0A::error::no, not this\n"
    )


# --- GitLab --------------------------------------------------------------------------------------------------------


def issues(report: Report) -> list[gitlab.Issue]:
    return msgspec.json.decode(shown(report, "gitlab"), type=list[gitlab.Issue])


def test_gitlab_gets_a_list_of_issues(report: Report) -> None:
    issue = json.loads(shown(report, "gitlab"))[1]

    assert len(issue.pop("fingerprint")) == 32
    assert issue == {
        "description": "RL101 [unguarded-update] two threads add to `count`",
        "check_name": "RL101",
        "severity": "minor",
        "location": {"path": "m.py", "lines": {"begin": 3, "end": 3}},
    }
    assert shown(EMPTY, "gitlab") == "[]\n"


def moved(finding: Finding, lines: int) -> Finding:
    span = finding.span
    return replace(finding, span=Span(span.line + lines, span.column, span.end_line + lines, span.end_column))


def fingerprints_of(folder: Path, source: str, *findings: Finding) -> list[str]:
    (folder / "m.py").write_text(source)
    return [issue.fingerprint for issue in issues(Report(findings, (), {"m.py": folder / "m.py"}))]


def test_fingerprints_stay_when_lines_are_added_above(tmp_path: Path) -> None:
    before = fingerprints_of(tmp_path, SOURCE, UPDATE, CYCLE)
    after = fingerprints_of(tmp_path, "# more\n\n" + SOURCE, moved(UPDATE, 2), moved(CYCLE, 2))
    reworded = fingerprints_of(tmp_path, SOURCE, replace(UPDATE, message="at line 9"), CYCLE)

    assert before == after == reworded
    assert len(set(before)) == 2


def test_fingerprints_tell_findings_apart_that_say_the_same(tmp_path: Path) -> None:
    again = moved(UPDATE, 1)
    source = SOURCE.replace("        self.count += 1\n", "        self.count += 1\n" * 2)

    one, other = fingerprints_of(tmp_path, source, UPDATE, again)
    assert one != other
    assert fingerprints_of(tmp_path, SOURCE, UPDATE) == [one]


def test_a_fingerprint_stays_when_another_statement_is_mended(tmp_path: Path) -> None:
    source = SOURCE.replace("        self.count += 1\n", "        self.count -= 1\n        self.count += 1\n")

    _, second = fingerprints_of(tmp_path, source, UPDATE, moved(UPDATE, 1))
    assert fingerprints_of(tmp_path, SOURCE, UPDATE) == [second]


# --- JUnit ---------------------------------------------------------------------------------------------------------


def test_junit_has_a_suite_for_each_file_and_a_case_for_each_finding(report: Report) -> None:
    assert (
        shown(replace(report, findings=(UPDATE,)), "junit")
        == """\
<?xml version="1.0" encoding="utf-8"?>
<testsuites name="racelint" tests="2" failures="1" errors="1">
  <testsuite name="m.py" tests="1" failures="1" errors="0" skipped="0" time="0">
    <testcase name="RL101 unguarded-update at 3:9" classname="m.py" time="0" file="m.py" line="3">
      <failure message="two threads add to `count`" type="RL101">\
m.py:3:9: RL101 [unguarded-update] two threads add to `count`
m.py:6:5: several threads running `work` start here</failure>
    </testcase>
  </testsuite>
  <testsuite name="racelint" tests="1" failures="0" errors="1" skipped="0" time="0">
    <testcase name="linking" classname="racelint" time="0">
      <error message="it broke" type="error">it broke</error>
    </testcase>
  </testsuite>
</testsuites>
"""
    )


def test_junit_is_read_by_a_reader(report: Report) -> None:
    read = JUnitXml.fromstring(shown(report, "junit").encode())

    results = [result for suite in read for case in suite for result in case.result]
    assert (read.tests, read.failures, read.errors) == (4, 3, 1)
    assert [type(result) for result in results] == [Failure, Failure, Failure, Error]
    assert [suite.name for suite in read] == ["gone.py", "m.py", "racelint"]


def test_junit_of_nothing_is_a_case_that_passed() -> None:
    (suite,) = JUnitXml.fromstring(shown(EMPTY, "junit").encode())

    assert [(case.name, case.is_passed) for case in suite] == [("no findings", True)]


def test_junit_keeps_what_xml_cannot_hold_readable() -> None:
    finding = Finding("RL1", "x", "a\x00b\x1b]]><\ufffe\U0001f600", "m.py", Span(1, 1, 1, 2))

    ((case,),) = JUnitXml.fromstring(shown(Report((finding,)), "junit").encode())
    assert case.result[0].message == "a\\x00b\\x1b]]><\\ufffe\U0001f600"


# --- pylint --------------------------------------------------------------------------------------------------------


def test_pylint_lines(report: Report) -> None:
    assert shown(report, "pylint") == (
        "gone.py:1: [RL901(unreadable-file), ] not checked\n"
        "m.py:3: [RL101(unguarded-update), m.Counter.increment] two threads add to `count`\n"
        "m.py:5: [RL301(lock-order-cycle), m.start] `a` is taken while `b` is held\n"
    )
    assert shown(EMPTY, "pylint") == ""


# --- reviewdog -----------------------------------------------------------------------------------------------------


def test_rdjson_is_what_reviewdog_reads(report: Report) -> None:
    document = json.loads(shown(report, "rdjson"))

    assert document["source"] == {"name": "racelint", "url": "https://racelint.readthedocs.io/"}
    assert document["diagnostics"][1] == {
        "message": "[unguarded-update] two threads add to `count`",
        "location": place("m.py", (3, 9), (3, 24)),
        "severity": "WARNING",
        "code": {"value": "RL101", "url": "https://racelint.readthedocs.io/en/latest/rules/RL101/"},
        "related_locations": [
            {"message": "several threads running `work` start here", "location": place("m.py", (6, 5), (6, 45))}
        ],
    }
    assert msgspec.json.decode(shown(report, "rdjson"), type=rdjson.DiagnosticResult).diagnostics[2].severity == "ERROR"
    assert json.loads(shown(EMPTY, "rdjson"))["diagnostics"] == []


def place(path: str, start: tuple[int, int], end: tuple[int, int]) -> Mapping[str, object]:
    positions = {"start": dict(zip(("line", "column"), start, strict=True))}
    positions["end"] = dict(zip(("line", "column"), end, strict=True))
    return {"path": path, "range": positions}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_rdjson_counts_bytes(tmp_path: Path, encoding: str) -> None:
    name = "ä𐐀" if encoding.startswith("utf") else "äää"
    (tmp_path / "m.py").write_bytes(f"# coding: {encoding.removesuffix('-sig')}\n{name} = b\n".encode(encoding))
    start = len(name) + 4
    finding = Finding("RL1", "x", "no", "m.py", Span(2, start, 2, start + 1))

    document = json.loads(shown(Report((finding,), (), {"m.py": tmp_path / "m.py"}), "rdjson"))

    assert document["diagnostics"][0]["location"] == place("m.py", (2, 10), (2, 11))


def test_rdjson_counts_characters_where_there_is_no_source() -> None:
    finding = replace(UPDATE, path="nowhere.py", related=(note(Location("gone.py", Span(1, 2, 1, 3)), "there"),))

    document = json.loads(shown(Report((finding,)), "rdjson"))
    assert document["diagnostics"][0]["location"] == place("nowhere.py", (3, 9), (3, 24))


# --- names that are no text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "output_format", ["json", "json-lines", "sarif", "github", "gitlab", "junit", "rdjson", "full"]
)
def test_names_that_are_no_text_are_escaped(output_format: str) -> None:
    finding = replace(UPDATE, message="in \udcff", related=())

    output = shown(Report((finding,), (RunError("linking", "\udcff"),)), output_format)

    assert "\\udcff" in output
    assert output.encode("utf-8")
