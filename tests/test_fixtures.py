"""Every fixture raises exactly what its comments promise, whichever rule it was written for."""

from __future__ import annotations

from pathlib import Path

import pytest
from expectations import FIXTURES, checked, missed, name_of, programs, promised, promised_builds, raised, raised_builds


@pytest.mark.parametrize("program", programs(), ids=name_of)
def test_a_fixture_raises_what_its_comments_promise(program: Path) -> None:
    report = checked(program)

    assert report.errors == ()
    assert raised(report) == promised(program)
    builds = raised_builds(report)
    assert {alarm: builds[alarm] for alarm in promised_builds(program)} == promised_builds(program)


def test_a_missed_alarm_is_not_promised_as_well() -> None:
    for program in programs():
        assert not set(missed(program)) & set(promised(program))


def test_the_showcase_shows_one_finding_of_each_kind() -> None:
    report = checked(FIXTURES / "showcase")

    assert report.errors == ()
    assert raised(report) == promised(FIXTURES / "showcase")
    assert sorted(alarm.code for alarm in raised(report)) == ["RL101", "RL102", "RL201", "RL202", "RL301", "RL402"]
