"""`--assume-shared`: what a library author names is judged as if many threads used it, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from racelint import cli

LIBRARY = """\
total = 0


class Meter:
    def __init__(self):
        self.hits = 0
        self.last = None

    def hit(self):
        self.hits += 1

    def first(self, key):
        if self.last is None:
            self.last = Meter()


class Gauge:
    def __init__(self):
        self.level = 0

    def fill(self):
        self.level += 1


def count():
    global total
    total += 1
"""
HITS, LAST, LEVEL, TOTAL = (10, "RL101"), (13, "RL202"), (22, "RL101"), (27, "RL101")

Check = Callable[..., list[tuple[int, str]]]


@pytest.fixture
def check(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Checks the library with these options: the line and code of each finding, all of them assumed."""
    monkeypatch.chdir(tmp_path)
    Path("lib").mkdir()
    Path("lib/__init__.py").touch()
    Path("lib/meters.py").write_text(LIBRARY, encoding="utf-8")

    def run_check(*options: str) -> list[tuple[int, str]]:
        with pytest.raises(SystemExit) as caught:
            cli.main(["check", "--output-format", "json", *options])
        findings = json.loads(capfd.readouterr().out)["findings"]
        assert caught.value.code == bool(findings)
        assert {finding["evidence"] for finding in findings} <= {"assumed"}
        return [(finding["line"], finding["code"]) for finding in findings]

    return run_check


def test_without_the_option_a_library_without_threads_is_silent(check: Check) -> None:
    assert check() == []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("lib", [HITS, LAST, LEVEL, TOTAL]),
        ("lib.*", [HITS, LAST, LEVEL, TOTAL]),
        ("lib.meters", [HITS, LAST, LEVEL, TOTAL]),
        ("lib.meters.Meter", [HITS, LAST]),
        ("lib.meters.M*", [HITS, LAST]),
        ("*.Gauge", [LEVEL]),
        ("lib.meters.Meter.hits", [HITS]),
        ("lib.*.l*", [LAST, LEVEL]),
        ("lib.meters.total", [TOTAL]),
    ],
)
def test_a_pattern_names_a_package_module_class_attribute_or_variable(
    check: Check, pattern: str, expected: list[tuple[int, str]]
) -> None:
    assert check("--assume-shared", pattern) == expected


@pytest.mark.parametrize("pattern", ["other.*", "meters", "Meter", "lib.meters.Met", "lib.Meter"])
def test_a_pattern_that_matches_nothing_changes_nothing(check: Check, pattern: str) -> None:
    assert check("--assume-shared", pattern) == []


def test_several_patterns_add_up(check: Check) -> None:
    assert check("--assume-shared", "lib.meters.Gauge", "--assume-shared", "lib.meters.total") == [LEVEL, TOTAL]


def test_other_options_go_with_it(check: Check) -> None:
    assert check("--assume-shared", "lib.*", "--select", "RL2") == [LAST]
    assert check("--assume-shared", "lib.*", "--ignore", "RL101", "lib/meters.py") == [LAST]


def test_the_configuration_can_say_it_and_the_option_takes_its_place(check: Check) -> None:
    Path("pyproject.toml").write_text("[tool.racelint]\nassume-shared = ['lib.meters.Meter']\n", encoding="utf-8")

    assert check() == [HITS, LAST]
    assert check("--assume-shared", "lib.meters.Gauge") == [LEVEL]


def test_the_message_says_that_it_was_assumed(check: Check, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--assume-shared", "lib.*"])

    headlines = [line for line in capfd.readouterr().out.splitlines() if ": RL" in line]
    assert len(headlines) == 4
    assert all("(--assume-shared)" in line for line in headlines)
