"""Whatever messages, names and paths hold, each format can be read again and says the same."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml
from reports import shown
from sarif_schema import validator

from racelint.facts import Span
from racelint.findings import (
    EVERY_BUILD,
    FILE_START,
    FREE_THREADED_ONLY,
    Finding,
    Related,
    Report,
    RunError,
    Side,
    Turn,
    in_order,
)
from racelint.report import gitlab, rdjson

NASTY = ["]]>", "::", "%", "%0A", "\r\n", "\n", "\x1b[31m", "\x00", "\x85", "\u2028", "\u202e", '"', "'", "&", "<"]
NASTY += [",", "{0}", "[a](b)", "\\", "\U0001f600", "\ufffe", "\ud800", "[", "]", ": [RL1(x), ] "]

TEXTS = st.lists(st.sampled_from(NASTY) | st.text(max_size=5), max_size=5).map("".join)
NUMBERS = st.integers(1, 10**6)
SPANS = st.just(FILE_START) | st.builds(
    lambda line, column, lines, columns: Span(line, column, line + lines, column + columns),
    NUMBERS,
    NUMBERS,
    st.integers(0, 3),
    st.integers(0, 9),
)
PATHS = TEXTS.map(lambda text: f"m{text}.py") | TEXTS.map(lambda text: f"/m{text}.py")
FINDINGS = st.builds(
    Finding,
    st.sampled_from(["RL101", "RL301", "RL901", "RL999"]),
    st.just("a-name"),
    TEXTS,
    PATHS,
    SPANS,
    symbol=TEXTS,
    function=TEXTS,
    evidence=st.sampled_from([None, "threads", "lock", "claim", "assumed"]),
    live_on=st.sampled_from([EVERY_BUILD, FREE_THREADED_ONLY]),
    sides=st.lists(st.builds(Side, TEXTS, st.lists(TEXTS, max_size=2).map(tuple), TEXTS, TEXTS), max_size=3).map(tuple),
    turns=st.lists(st.builds(Turn, st.integers(0, 30), PATHS, SPANS, TEXTS), max_size=3).map(tuple),
    related=st.lists(st.builds(Related, PATHS, SPANS, TEXTS, st.none() | st.integers(0, 3)), max_size=3).map(tuple),
)
REPORTS = st.builds(
    Report,
    st.lists(FINDINGS, max_size=4).map(in_order),
    st.lists(st.builds(RunError, TEXTS, TEXTS), max_size=2).map(tuple),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
)

COMMAND = re.compile(r"::(?:error|warning) (?P<properties>[^:\r\n]*)::(?P<text>[^\r\n]*)")
ADDRESS = re.compile(r"(file://)?([\w.~/!$&'()*+,;=:@-]|%[0-9A-F]{2})+", re.ASCII)
PYLINT = re.compile(r"(.*):(\d+): \[(RL\d+).*\] (.*)")


def written(text: str) -> str:
    """A text as it stands where only what has no encoding is escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def unescaped(text: str) -> str:
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, char)
    return text


@given(REPORTS)
def test_json(report: Report) -> None:
    document = json.loads(shown(report, "json"))

    assert [each["message"] for each in document["findings"]] == [written(each.message) for each in report.findings]
    assert [each["message"] for each in document["errors"]] == [written(each.message) for each in report.errors]
    assert [json.loads(line) for line in shown(report, "json-lines").split("\n")[:-1]] == document["findings"]


@settings(max_examples=40)
@given(REPORTS)
def test_sarif(report: Report) -> None:
    log = json.loads(shown(report, "sarif"))

    validator().validate(log)
    (run,) = log["runs"]
    assert len(run["results"]) == len(report.findings)
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == len(report.errors) + len(report.notes)
    addresses = {location["physicalLocation"]["artifactLocation"]["uri"] for location in _locations(run)}
    assert [
        uri for uri in addresses if not re.fullmatch(r"(file://)?([\w.~/!$&'()*+,;=:@-]|%[0-9A-F]{2})+", uri, re.A)
    ] == []


def _locations(node: object) -> list[dict[str, dict[str, dict[str, str]]]]:
    if isinstance(node, dict):
        own = [node] if "physicalLocation" in node else []
        return own + [each for value in node.values() for each in _locations(value)]
    return [each for value in node for each in _locations(value)] if isinstance(node, list) else []


@given(REPORTS)
def test_github(report: Report) -> None:
    commands = [COMMAND.fullmatch(line) for line in shown(report, "github").split("\n")[:-1]]
    texts = [unescaped(command["text"]) for command in commands if command]

    assert len(texts) == len(commands) == len(report.findings) + len(report.errors)
    for finding, command, text in zip(report.findings, commands, texts, strict=False):
        assert command
        properties = dict(each.split("=", 1) for each in command["properties"].split(","))
        assert unescaped(properties["file"]) == written(finding.path)
        assert text.endswith(written(finding.message))


@given(REPORTS)
def test_gitlab(report: Report) -> None:
    issues = msgspec.json.decode(shown(report, "gitlab"), type=list[gitlab.Issue])

    assert [issue.location.path for issue in issues] == [written(each.path) for each in report.findings]
    assert len({issue.fingerprint for issue in issues}) == len(issues)


@given(REPORTS)
def test_junit(report: Report) -> None:
    read = JUnitXml.fromstring(shown(report, "junit").encode())
    cases = [case for suite in read for case in suite]

    assert (read.failures, read.errors) == (len(report.findings), len(report.errors))
    assert len(cases) == (len(report.findings) + len(report.errors) or 1)


@given(REPORTS)
def test_lines(report: Report) -> None:
    lines = shown(report, "pylint").splitlines()

    assert len(lines) == len(report.findings)
    assert [line for line in lines if not PYLINT.fullmatch(line)] == []
    assert len(shown(report, "concise").splitlines()) == len(report.findings) + 1


@given(REPORTS)
def test_rdjson(report: Report) -> None:
    result = msgspec.json.decode(shown(report, "rdjson"), type=rdjson.DiagnosticResult)

    assert [each.location.path for each in result.diagnostics] == [written(each.path) for each in report.findings]


@pytest.mark.parametrize("output_format", ["full", "concise", "pylint"])
@given(report=REPORTS)
def test_people_see_nothing_that_moves_the_cursor(output_format: str, report: Report) -> None:
    output = shown(report, output_format)

    assert output.replace("\n", "").isprintable()
