"""The flake8 door: the options of racelint, and what is told when it cannot do what it is asked to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flake8_runs import FOUND, Flake8, Outcome, configure

from racelint import __version__, baseline, engine
from racelint.configuration.config import load_config
from racelint.findings import Report, RunError

SHARED = """\
class Pool:
    def __init__(self) -> None:
        self.size = 0

    def grow(self) -> None:
        self.size += 1
"""


def test_options_are_shown_under_a_heading_and_the_version_beside_the_others(
    flake8: Flake8, capfd: pytest.CaptureFixture[str]
) -> None:
    for flag in ("--help", "--version"):
        with pytest.raises(SystemExit):
            flake8(flag)
    shown = capfd.readouterr().out

    assert "\nracelint:\n  --racelint-config FILE" in shown
    assert f"racelint: {__version__}" in shown


def test_what_is_shared_is_said_by_option_or_in_the_configuration_of_flake8(flake8: Flake8) -> None:
    Path("pool.py").write_text(SHARED)
    expected = ["pool.py:6:9: RL101"]

    assert flake8("pool.py").alarms == []
    assert flake8("pool.py", "--racelint-assume-shared", "nothing,pool.*").alarms == expected

    Path(".flake8").write_text("[flake8]\nracelint-assume-shared =\n    nothing\n    pool.*\n")

    assert flake8("pool.py").alarms == expected


def test_another_file_or_none_configures_racelint(flake8: Flake8) -> None:
    configure("ignore = ['RL101']")
    Path("other.toml").write_text("[tool.racelint]\n")

    assert flake8().alarms == []
    assert flake8("--racelint-isolated").alarms == FOUND
    assert flake8("--racelint-config", "./other.toml").alarms == FOUND


def test_a_target_leaves_out_what_cannot_strike_there(flake8: Flake8) -> None:
    assert flake8("--racelint-target", "free-threaded").alarms == FOUND
    assert flake8("--racelint-target", "gil").alarms == []


def test_what_the_baseline_holds_is_not_shown(flake8: Flake8) -> None:
    config = load_config(Path())
    analysis = engine.analyse([Path()], config)
    baseline.update(Path("known.json"), analysis.report, analysis.extent, config.codes_for)

    assert flake8("--racelint-baseline", "known.json").alarms == []

    Path("start.py").write_text("")

    assert flake8("--racelint-baseline", "./known.json").errors.startswith("racelint: 1 finding accepted in known.json")


# --- what goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "flags", "message"),
    [
        ("selct = []", [], "pyproject.toml: [tool.racelint] unknown key `selct`; did you mean `select`?"),
        ("", ["--racelint-target", "gill"], "--racelint-target: 'gill' is none of any, free-threaded, gil"),
        ("", ["--racelint-config", "nowhere.toml"], "--racelint-config: nowhere.toml"),
        ("", ["--racelint-baseline", "nowhere.json"], "nowhere.json"),
    ],
    ids=["key", "target", "file", "baseline"],
)
def test_a_wrong_configuration_stops_flake8_with_a_message(
    flake8: Flake8, table: str, flags: list[str], message: str
) -> None:
    configure(table)

    outcome = flake8(*flags)

    assert outcome.code == 1
    assert re.search(rf"^racelint: .*{re.escape(message)}", outcome.output, re.MULTILINE)
    assert "Traceback" not in outcome.output + outcome.errors


def test_what_racelint_could_not_do_stops_flake8(flake8: Flake8, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Report((), (RunError("linking", "it broke"), RunError("RL101 unguarded-update", "it too")))
    monkeypatch.setattr(engine, "check", lambda *_, **__: broken)

    outcome = flake8()

    assert outcome.code == 1
    assert outcome.output.endswith("racelint: linking: it broke\nracelint: RL101 unguarded-update: it too\n")


def test_notes_are_told_and_stop_nothing(flake8: Flake8, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "check", lambda *_, **__: Report((), notes=("the baseline is old",)))

    assert flake8("--select", "RL") == Outcome(0, "", "racelint: the baseline is old\n")
