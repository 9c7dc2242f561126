"""racelint check, flake8 and the hooks of pre-commit say the same of the same files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from expectations import FIXTURES
from flake8.main import cli as flake8

from racelint import cli

SCRIPT = Path(__file__).parent.parent / "scripts" / "parity.py"
SHOWN = re.compile(r"^(.+?):(\d+):(\d+): (RL\d{3}) (.+)$", re.MULTILINE)

Alarm = tuple[str, int, int, str, str]

RACY = "import threading\n\n\ndef hit() -> None:\n    global hits\n    hits += 1{comment}\n\n\n{more}"
STARTER = (
    "import threading\nfrom pkg import state\n\nfor _ in range(8):\n    threading.Thread(target=state.hit).start()\n"
)
STARTS = "hits = 0\nfor _ in range(8):\n    threading.Thread(target=hit).start()\n"
COMMENTS = [
    "# noqa",
    "# NoQA",
    "#noqa",
    "#  noqa",
    "# noqa: RL101",
    "# noqa:RL101",
    "# noqa:  RL101",
    "# noqa : RL101",
    "# noqa: rl101",
    "# noqa: RL1",
    "# noqa: RL",
    "# noqa: RL2",
    "# noqa: RL1011",
    "# noqa: E501,RL101",
    "# noqa: E501 RL101",
    "# noqa: E501, RL101 since it is so",
    "# noqa: since it is so, RL101",
    "# noqa - RL101",
    "# nobody minds  # noqa: RL101",
    "# noqa: E501  # noqa: RL101",
    "# racelint: ignore[RL101] -- it is so",
    "# racelint: ignore[RL2]  # noqa: E501",
    "# racelint: ignore[unguarded-update]",
    "# racelint: ignore[unguarded]",
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without files, as the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool.racelint]\n")
    return tmp_path


def by_racelint(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[Alarm]:
    with pytest.raises(SystemExit):
        cli.main(["check", "--output-format=json", *arguments])
    found = json.loads(capfd.readouterr().out)["findings"]
    return sorted((one["path"], one["line"], one["column"], one["code"], one["message"]) for one in found)


def by_flake8(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[Alarm]:
    flake8.main(["--select=RL", "-j1", *arguments])
    found = SHOWN.findall(capfd.readouterr().out)
    return sorted((Path(path).as_posix(), int(row), int(column), code, text) for path, row, column, code, text in found)


def test_all_doors_say_the_same_of_the_fixtures() -> None:
    run = subprocess.run([sys.executable, SCRIPT, FIXTURES], capture_output=True, text=True, check=False)

    assert (run.returncode, run.stderr) == (0, ""), run.stdout


@pytest.mark.parametrize("comment", COMMENTS)
@pytest.mark.usefixtures("project")
def test_a_comment_says_the_same_to_both(capfd: pytest.CaptureFixture[str], comment: str) -> None:
    Path("m.py").write_text(RACY.format(comment=f"  {comment}", more=STARTS))

    assert by_flake8(capfd) == by_racelint(capfd)


@pytest.mark.parametrize("comment", ["# flake8: noqa", "# racelint: file-ignore", "# racelint: file-ignore[RL2]"])
@pytest.mark.usefixtures("project")
def test_a_comment_on_the_file_says_the_same_to_both(capfd: pytest.CaptureFixture[str], comment: str) -> None:
    Path("m.py").write_text(f"{comment}\n" + RACY.format(comment="", more=STARTS))

    assert by_flake8(capfd) == by_racelint(capfd)


def test_both_say_the_same_of_a_file_of_a_project_and_of_all_of_it(
    capfd: pytest.CaptureFixture[str], project: Path
) -> None:
    (project / "src" / "pkg").mkdir(parents=True)
    Path("src/pkg/__init__.py").touch()
    Path("src/pkg/state.py").write_text(RACY.format(comment="", more="hits = 0\n"))
    Path("src/pkg/start.py").write_text(STARTER)

    (expected,) = by_racelint(capfd)

    assert expected[:4] == ("src/pkg/state.py", 6, 5, "RL101")
    for asked in ("src/pkg/state.py", "src", "src/pkg", "./src/pkg/state.py"):
        assert by_racelint(capfd, asked) == by_flake8(capfd, asked) == [expected]
    assert by_racelint(capfd, "src/pkg/start.py") == by_flake8(capfd, "src/pkg/start.py") == []
