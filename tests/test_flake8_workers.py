"""One analysis in a run of flake8, however many workers it starts and in whatever way; and none that is lost."""

from __future__ import annotations

import ast
import multiprocessing
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from flake8.exceptions import ExecutionError
from flake8.options.parse_args import parse_args
from flake8_runs import START, STATE

from racelint import flake8_plugin
from racelint.flake8_plugin import Plugin

FOUND = [(6, 4, "RL101")]

WITNESS = '''\
"""Sets the way in which processes are started, and notes down in which of them racelint makes an analysis."""

import multiprocessing
import os
import sys
from importlib.abc import MetaPathFinder
from importlib.util import find_spec


class Witness(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "racelint.engine":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        execute = spec.loader.exec_module

        def execute_and_watch(module):
            execute(module)
            check = module.check

            def watched(*arguments, **keywords):
                with open(os.environ["ANALYSES"], "a") as stream:
                    print(multiprocessing.current_process().name, file=stream)
                return check(*arguments, **keywords)

            module.check = watched

        spec.loader.exec_module = execute_and_watch
        return spec


sys.meta_path.insert(0, Witness())
multiprocessing.set_start_method(os.environ["START_METHOD"])
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of several files, as the working directory."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("pyproject.toml").touch()
    for number in range(6):
        Path(f"other{number}.py").touch()
    Path("state.py").write_text(STATE)
    Path("start.py").write_text(START)
    return folder


# --- whole runs ----------------------------------------------------------------------------------------------------


def run_flake8(folder: Path, method: str, *arguments: str) -> tuple[str, Sequence[str]]:
    """What flake8 prints, and the processes in which an analysis was made."""
    witness, analyses = folder / "witness", folder / "analyses"
    witness.mkdir(exist_ok=True)
    (witness / "sitecustomize.py").write_text(WITNESS)
    analyses.write_text("")
    environment = os.environ | {"ANALYSES": str(analyses), "START_METHOD": method}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(witness), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "flake8", "--select=RL", *arguments]
    # the name of a socket, which the server of forks makes in there, must be short
    with TemporaryDirectory(prefix="rl") as temporary:
        environment["TMPDIR"] = temporary
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert run.stderr == ""
        assert list(Path(temporary).glob("racelint-*")) == []
    return run.stdout, analyses.read_text().splitlines()


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
@pytest.mark.parametrize("jobs", ["1", "4", "auto"])
def test_there_is_one_analysis_in_the_process_that_is_started(project: Path, method: str, jobs: str) -> None:
    shown, analyses = run_flake8(project.parent, method, "--jobs", jobs)

    assert shown.startswith("./state.py:6:5: RL101 ")
    assert shown.count("\n") == 1
    assert analyses == ["MainProcess"]


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_wrong_configuration_stops_flake8_before_there_are_workers(project: Path, method: str) -> None:
    Path("pyproject.toml").write_text("[tool.racelint]\nselct = []\n")

    shown, analyses = run_flake8(project.parent, method, "--jobs", "4")

    assert "racelint: pyproject.toml: [tool.racelint] unknown key `selct`" in shown
    assert analyses == []


# --- one worker ----------------------------------------------------------------------------------------------------


@pytest.fixture
def meeting_point(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file by which processes meet, where workers do not inherit memory."""
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda allow_none: "spawn")
    monkeypatch.setattr("tempfile.tempdir", str(project.parent))
    return flake8_plugin._meeting_point()


def in_worker(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[tuple[int, int, str]]:
    """What a worker that starts now has to say of the file with the race."""
    with monkeypatch.context() as patch:
        patch.setattr(multiprocessing, "parent_process", object)
        options(*arguments)
    return violations()


def options(*arguments: str) -> Namespace:
    return parse_args(list(arguments))[1]


def violations() -> list[tuple[int, int, str]]:
    return [(line, column, text.split()[0]) for line, column, text, _ in Plugin(ast.parse(""), "./state.py").run()]


@pytest.mark.usefixtures("meeting_point")
def test_a_worker_finds_what_its_parent_left(monkeypatch: pytest.MonkeyPatch, analyses: list[object]) -> None:
    options()

    assert in_worker(monkeypatch) == FOUND
    assert len(analyses) == 1


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff", b'{"question": 1}', b'{"question": "?"}'])
def test_a_worker_that_finds_nothing_of_use_makes_the_analysis(
    monkeypatch: pytest.MonkeyPatch, analyses: list[object], meeting_point: Path, content: bytes | None
) -> None:
    options()
    meeting_point.unlink()
    if content is not None:
        meeting_point.write_bytes(content)

    assert in_worker(monkeypatch) == FOUND
    assert violations() == FOUND
    assert len(analyses) == 2


@pytest.mark.usefixtures("meeting_point")
def test_the_answer_to_another_call_is_none(monkeypatch: pytest.MonkeyPatch, analyses: list[object]) -> None:
    options("--select", "RL2")

    assert in_worker(monkeypatch, "--select", "RL1") == FOUND
    assert len(analyses) == 2


@pytest.mark.usefixtures("project")
def test_another_process_has_another_meeting_point(monkeypatch: pytest.MonkeyPatch) -> None:
    here = flake8_plugin._meeting_point()
    monkeypatch.setattr(multiprocessing.current_process(), "authkey", b"another")

    assert flake8_plugin._meeting_point() != here


def test_only_the_user_can_read_what_is_left(meeting_point: Path) -> None:
    options()
    options()

    assert meeting_point.stat().st_mode & 0o077 == 0


def test_an_answer_that_cannot_be_left_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, analyses: list[object], meeting_point: Path
) -> None:
    meeting_point.mkdir()

    options()

    assert violations() == FOUND
    assert in_worker(monkeypatch) == FOUND
    assert len(analyses) == 2


@pytest.mark.usefixtures("meeting_point")
def test_a_worker_that_fails_does_so_at_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("pyproject.toml").write_text("[tool.racelint]\nselct = []\n")

    with pytest.raises(ExecutionError, match="unknown key `selct`"):
        in_worker(monkeypatch)
