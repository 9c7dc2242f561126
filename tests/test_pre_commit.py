"""The pre-commit door: a commit that brings a race is stopped, by either hook, until it is mended."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PUBLISHED = ("racelint", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
HOOKS = ("racelint", "racelint-flake8")

RACE = """\
import threading

hits = 0


def hit() -> None:
    global hits
    hits += 1


for _ in range(8):
    threading.Thread(target=hit).start()
"""
MENDED = RACE.replace("hits = 0", "hits = 0\nlock = threading.Lock()").replace(
    "    hits += 1", "    with lock:\n        hits += 1"
)
FINDING = "counter.py:8:5: RL101 "

STARTER = "import threading\n\nimport state\n\nfor _ in range(8):\n    threading.Thread(target=state.hit).start()\n"
STATE = "hits = 0\n\n\ndef hit() -> None:\n    global hits\n    hits += 1\n"


@dataclass(frozen=True, slots=True)
class Hooks:
    """This working tree as a repository of hooks, and the environment in which pre-commit and git run."""

    url: str
    revision: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Repository:
    """A user's repository, in which hooks are installed."""

    folder: Path
    environment: Mapping[str, str]

    def stage(self, **sources: str) -> None:
        """Write the modules and stage them."""
        for module, source in sources.items():
            (self.folder / f"{module}.py").write_text(source, encoding="utf-8")
        _run(self.environment, self.folder, "git", "add", "--all")

    def commit(self, *arguments: str) -> tuple[bool, str]:
        """Whether a commit of what is staged goes through, and what is printed."""
        run = _run(self.environment, self.folder, "git", "commit", "--message", "change", *arguments, check=False)
        return run.returncode == 0, run.stdout


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Hooks:
    """The hooks, with one home for the environments that pre-commit makes of them."""
    folder = tmp_path_factory.mktemp("hooks")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON"))},
        **{f"GIT_{who}_{what}": "tester" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("home")),
        "PRE_COMMIT_COLOR": "never",
    }
    for name in PUBLISHED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    _run(environment, folder, "git", "init", "--quiet")
    _run(environment, folder, "git", "add", "--all")
    _run(environment, folder, "git", "commit", "--quiet", "--message", "hooks")
    revision = _run(environment, folder, "git", "rev-parse", "HEAD").stdout.strip()
    return Hooks(folder.as_uri(), revision, environment)


def repository(hooks: Hooks, folder: Path, hook: str) -> Repository:
    """A new repository in which `hook` stands before each commit."""
    configuration = {"repos": [{"repo": hooks.url, "rev": hooks.revision, "hooks": [{"id": hook}]}]}
    (folder / ".pre-commit-config.yaml").write_text(json.dumps(configuration), encoding="utf-8")
    _run(hooks.environment, folder, "git", "init", "--quiet")
    _run(hooks.environment, folder, sys.executable, "-m", "pre_commit", "install")
    return Repository(folder, hooks.environment)


def _run(
    environment: Mapping[str, str], folder: Path, *command: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=check
    )


@pytest.mark.parametrize("hook", HOOKS)
def test_a_race_stops_the_commit_until_it_is_mended(hooks: Hooks, tmp_path: Path, hook: str) -> None:
    users = repository(hooks, tmp_path, hook)

    users.stage(counter=RACE)
    stopped, shown = users.commit()

    assert not stopped
    assert FINDING in shown

    users.stage(counter=MENDED)
    passed, shown = users.commit()

    assert passed
    assert "Passed" in shown


@pytest.mark.parametrize(("hook", "passes"), [("racelint", False), ("racelint-flake8", True)])
def test_only_the_hook_of_the_whole_project_tells_of_files_that_are_not_staged(
    hooks: Hooks, tmp_path: Path, hook: str, passes: bool
) -> None:
    users = repository(hooks, tmp_path, hook)
    users.stage(state=STATE)
    assert users.commit()[0]

    users.stage(start=STARTER)
    passed, shown = users.commit()

    assert passed == passes
    assert ("state.py:6:5: RL101 " in shown) is not passes


@pytest.mark.parametrize("hook", HOOKS)
def test_what_is_not_staged_is_not_seen(hooks: Hooks, tmp_path: Path, hook: str) -> None:
    users = repository(hooks, tmp_path, hook)
    users.stage(counter=MENDED)
    (tmp_path / "counter.py").write_text(RACE, encoding="utf-8")

    assert users.commit()[0]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_commit_without_python_does_not_wait(hooks: Hooks, tmp_path: Path, hook: str) -> None:
    users = repository(hooks, tmp_path, hook)
    (tmp_path / "notes.md").touch()
    users.stage()

    passed, shown = users.commit()

    assert passed
    assert "Skipped" in shown


def test_the_hook_runs_for_all_that_decides_what_is_found() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    [hook] = [hook for hook in hooks if hook["id"] == "racelint"]
    changed = ["a.py", "pkg/a.pyw", "pyproject.toml", "pkg/racelint.toml", "notes.md", "other.toml", "a.pyi"]

    assert [name for name in changed if re.search(hook["files"], name)] == changed[:4]
