"""`racelint check --watch`, as a user runs it: in another process, while files change."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from racelint import cli

RACY = """\
import threading

hits = 0

def hit():
    global hits
    hits += len(input())

for _ in range(4):
    threading.Thread(target=hit).start()
"""
WATCH = """\
import signal
# Whoever runs in the background of a shell ignores interrupts, and so would all that he starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
from racelint.cli import main
main(["check", "--watch", "--output-format", "concise"])
"""
PATIENCE = 120
"""How many seconds a run may take, on a machine that does much else."""


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "pyproject.toml").write_text("[tool.racelint]\n")
    (tmp_path / "m.py").write_text(RACY)
    with subprocess.Popen(
        [sys.executable, "-c", WATCH], cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as running:
        killer = Timer(PATIENCE, running.kill)
        killer.start()
        yield running
        killer.cancel()
        running.kill()


def said(running: subprocess.Popen[str]) -> str:
    """All that is told up to the next wait for changes."""
    assert running.stdout is not None
    lines: list[str] = []
    for line in running.stdout:
        if "watching for changes" in line:
            return "".join(lines)
        lines.append(line)
    raise AssertionError(f"it ended: {lines}")


def test_files_are_checked_again_when_they_change(watching: subprocess.Popen[str], tmp_path: Path) -> None:
    assert "m.py:7:5: RL101" in said(watching)
    (tmp_path / "m.py").write_text(RACY.replace("hits += ", "found = "))
    assert "No findings; 1 file checked." in said(watching)
    (tmp_path / "pyproject.toml").write_text("[tool.racelint]\nselct = []\n")
    assert "selct" in said(watching)
    (tmp_path / "pyproject.toml").write_text("[tool.racelint]\n")
    assert "No findings; 1 file checked." in said(watching)
    watching.send_signal(signal.SIGINT)
    assert watching.wait(PATIENCE) == 0
    assert watching.stdout is not None
    assert watching.stdout.read() == ""


@pytest.mark.parametrize("other", [["--fix"], ["--diff"], ["--add-noqa"], ["-"]])
def test_it_goes_with_nothing_that_writes(other: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        cli.main(["check", "--watch", *other])

    assert done.value.code == 2
    assert "--watch goes neither with fixes" in capsys.readouterr().err


def test_without_its_library_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(SystemExit) as done:
        cli.main(["check", "--watch", str(tmp_path)])

    assert done.value.code == 2
    assert "pip install 'racelint[watch]'" in capsys.readouterr().err
