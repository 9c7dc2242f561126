"""Nothing is loaded in vain: not what reads Python, nor the stages and the rules, where the answer is known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from flake8_runs import START, STATE

HEAVY = ("libcst", "racelint.extract", "racelint.checking", "racelint.program")
LOADED = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
from racelint.cli import main
main()
"""


@pytest.fixture(autouse=True)
def _in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RACELINT_CACHE_DIR", raising=False)
    Path("pyproject.toml").touch()
    Path("state.py").write_text(STATE)
    Path("start.py").write_text(START)


def loaded(*arguments: str) -> tuple[str, set[str]]:
    """What a run says, and the modules that it loads."""
    run = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    return run.stdout, set(run.stderr.split())


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("--help",), ("check", "--help"), ("rules",), ("explain", "RL101"), ("check", "--show-settings")],
    ids=" ".join,
)
def test_a_question_about_racelint_loads_little(arguments: tuple[str, ...]) -> None:
    said, modules = loaded(*arguments)

    assert said
    assert modules.isdisjoint(HEAVY)
    assert not any(name.startswith("racelint.rules.") for name in modules - {*OF_THE_ENGINE})


OF_THE_ENGINE = ("racelint.rules.unreadable_file", "racelint.rules.unused_suppression")
"""The rules that the engine itself makes findings of."""


@pytest.mark.parametrize("paths", [(), ("start.py", "state.py")], ids=" ".join)
def test_a_run_that_knows_the_answer_loads_little(paths: tuple[str, ...]) -> None:
    first, modules = loaded("check", "--output-format", "concise")
    assert modules.issuperset(HEAVY)

    second, modules = loaded("check", "--output-format", "concise", *paths)

    assert second == first
    assert "state.py:6:5" in second
    assert modules.isdisjoint(HEAVY)
    assert {name for name in modules if name.startswith("racelint.rules.")} == {*OF_THE_ENGINE}


def test_what_each_file_says_is_known_without_what_reads_python() -> None:
    loaded("check")
    Path("state.py").unlink()

    _, modules = loaded("check")

    assert "racelint.program" in modules
    assert "libcst" not in modules
