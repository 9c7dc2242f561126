"""What tests in several files start from."""

from __future__ import annotations

from pathlib import Path

import pytest
from flake8.main import cli
from flake8_runs import START, STATE, Flake8, Outcome, configure
from hypothesis import HealthCheck, settings

from racelint import engine
from racelint.findings import Report

# How busy a machine is says nothing about a program.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture
def flake8(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flake8:
    """Runs flake8 in a new project of two files, of which one starts threads and the other has the race."""
    monkeypatch.chdir(tmp_path)
    configure("")
    Path("state.py").write_text(STATE)
    Path("start.py").write_text(START)

    def run_flake8(*arguments: str) -> Outcome:
        return Outcome(cli.main(["-j1", *arguments]), *capfd.readouterr())

    return run_flake8


@pytest.fixture
def analyses(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One entry for each analysis that is made."""
    made: list[object] = []
    check = engine.check

    def counted(*arguments: object, **keywords: object) -> Report:
        made.append(arguments)
        return check(*arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "check", counted)
    return made
