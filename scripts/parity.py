"""Compare what the doors say of the same files: `python scripts/parity.py FOLDER_OR_REQUIREMENT...`.

Each folder is copied, each requirement (`urllib3==2.8.0`) is fetched by pip; then the hook of the whole project, flake8
on the folder, and the hook of staged files, given each file, have to find the same. Exits with 1 if they do not.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENTRY = re.compile(r"^- id: (\S+)$.*?^  entry: (.+?)$", re.MULTILINE | re.DOTALL)
HOOKS = {name: entry.split() for name, entry in ENTRY.findall((ROOT / ".pre-commit-hooks.yaml").read_text())}

SHOWN = re.compile(r"^(.+?):(\d+):(\d+): ([A-Z]+\d+) (.+)$", re.MULTILINE)
UNPARSED = ("E902", "E999")
"""What flake8 says of files that it cannot parse. It asks no plugin about them."""


@dataclass(frozen=True, slots=True, order=True)
class Alarm:
    """A finding, as every door shows it."""

    path: str
    line: int
    column: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door says, how long it took, and the files of which it says nothing because flake8 cannot parse them."""

    door: str
    alarms: frozenset[Alarm]
    seconds: float
    unparsed: frozenset[str] = frozenset()


def main(arguments: Sequence[str]) -> int:
    """Compare the doors on each of the arguments; the exit code."""
    same = [compared(argument) for argument in arguments]
    return 0 if same and all(same) else 1


def compared(argument: str) -> bool:
    """Whether the doors say the same of a folder or a requirement; the figures and the differences are printed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "project")
        fetch(argument, folder)
        (folder / "pyproject.toml").write_text("[tool.racelint]\n", encoding="utf-8")
        staged = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.py"))]
        expected = asked_for_all(folder)
        on_all = [sys.executable, "-m", "flake8", "--select=RL,E9"]
        on_staged = [*command("racelint-flake8"), "--extend-select=E9", *staged]
        answers = [
            asked_by_flake8("flake8", on_all, folder),
            asked_by_flake8("hook racelint-flake8", on_staged, folder),
        ]
    print(f"{argument}: {len(staged)} files, {len(expected.alarms)} findings, {expected.seconds:.1f} s")
    verdicts = [agrees(answer, expected) for answer in answers]
    return all(verdicts)


def fetch(argument: str, folder: Path) -> None:
    """Make `folder` a copy of a folder or the place of a requirement's files."""
    if Path(argument).is_dir():
        shutil.copytree(argument, folder, ignore=shutil.ignore_patterns("__pycache__"))
        return
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "--target", folder, argument], check=True)


def command(hook: str) -> list[str]:
    """What pre-commit runs for the hook, by this interpreter."""
    return [sys.executable, "-m", *HOOKS[hook]]


def asked_for_all(folder: Path) -> Answer:
    """What the hook of the whole project says."""
    shown, seconds = timed([*command("racelint"), "--output-format=json"], folder)
    found = json.loads(shown)["findings"]
    alarms = (Alarm(one["path"], one["line"], one["column"], one["code"], one["message"]) for one in found)
    return Answer("hook racelint", frozenset(alarms), seconds)


def asked_by_flake8(door: str, arguments: Sequence[str], folder: Path) -> Answer:
    """What flake8 says."""
    shown, seconds = timed(arguments, folder)
    alarms = {
        Alarm(Path(path).as_posix(), int(line), int(column), code, message)
        for path, line, column, code, message in SHOWN.findall(shown)
    }
    unparsed = {alarm for alarm in alarms if alarm.code in UNPARSED}
    return Answer(door, frozenset(alarms - unparsed), seconds, frozenset(alarm.path for alarm in unparsed))


def timed(arguments: Sequence[str], folder: Path) -> tuple[str, float]:
    """What a command prints, which has to do what is asked, and how long that takes."""
    start = time.perf_counter()
    run = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    if run.returncode > 1 or run.stderr:
        raise RuntimeError(f"{arguments}: {run.returncode}, {run.stderr}")
    return run.stdout, time.perf_counter() - start


def agrees(answer: Answer, expected: Answer) -> bool:
    """Whether an answer is the expected one."""
    parsed = {alarm for alarm in expected.alarms if alarm.path not in answer.unparsed}
    print(f"  {answer.door}: {len(answer.alarms)} findings, {answer.seconds:.1f} s", end="")
    print(f"; {len(answer.unparsed)} files it cannot parse" if answer.unparsed else "")
    tell("only there", answer.alarms - parsed)
    tell("only with racelint check", parsed - answer.alarms)
    return answer.alarms == parsed


def tell(where: str, alarms: Iterable[Alarm]) -> None:
    """Print findings that only one door has."""
    for alarm in sorted(alarms):
        print(f"    {where}: {alarm.path}:{alarm.line}:{alarm.column}: {alarm.code} {alarm.message}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
