"""Measures where racelint says that findings are live: each program under stress, on all interpreters that there are.

`python benchmarks/live/run.py` prints a table and what it contradicts. It fails if a program breaks on a build for
which racelint calls it harmless, or if one never breaks on a build for which racelint calls it live.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
PAGE = HERE.parent.parent / "docs" / "live.md"
MEASURED = re.compile(r"(?<=<!-- written by benchmarks/live/run.py -->\n).*?(?=<!-- end -->)", re.DOTALL)
OPTIONS = re.compile(r"^# options:(.*)$", re.MULTILINE)
PROBE = """
import json, sys
gil = getattr(sys, "_is_gil_enabled", lambda: True)()
print(json.dumps([sys.implementation.name, sys.version_info[:3], gil]))
"""
ENOUGH = 5
"""A program that broke in so many rounds is known to break."""


@dataclass(frozen=True, order=True, slots=True)
class Interpreter:
    """A CPython: `build` is the name under which racelint speaks of it."""

    version: tuple[int, ...]
    gil: bool
    path: str

    @property
    def name(self) -> str:
        return ".".join(map(str, self.version)) + ("" if self.gil else "t")

    @property
    def build(self) -> str:
        return "gil" if self.gil and self.version >= (3, 11) else "free-threaded"


@dataclass(frozen=True, slots=True)
class Said:
    """What racelint says of a program: the rules, and on which builds it is live."""

    codes: tuple[str, ...]
    live_on: frozenset[str]

    def __str__(self) -> str:
        return f"{', '.join(self.codes)}: {'every build' if 'gil' in self.live_on else 'free-threaded'}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many rounds of a program broke on an interpreter."""

    rounds: int
    broken: int


Outcomes = Mapping[tuple[str, Interpreter], Outcome]


def programs() -> list[Path]:
    """All programs, in the order of their names."""
    return sorted(PROGRAMS.glob("*.py"))


def say(files: Sequence[Path]) -> dict[str, Said]:
    """What racelint says of the programs, by their names; each may ask for options of `racelint check`."""
    options = [option for file in files for option in OPTIONS.findall(file.read_text(encoding="utf-8"))]
    given = [word for option in dict.fromkeys(options) for word in shlex.split(option)]
    command = [sys.executable, "-m", "racelint", "check", "--isolated", "--output-format", "json", *given]
    run = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    codes: dict[str, set[str]] = {file.stem: set() for file in files}
    live_on: dict[str, set[str]] = {file.stem: set() for file in files}
    for finding in json.loads(run.stdout)["findings"]:
        name = Path(finding["path"]).stem
        codes[name].add(finding["code"])
        live_on[name].update(finding["live_on"])
    return {name: Said(tuple(sorted(codes[name])), frozenset(live_on[name])) for name in codes}


# --- interpreters --------------------------------------------------------------------------------------------------


def discover(more: Sequence[str]) -> list[Interpreter]:
    """The interpreters that run this, that are on the path, that pyenv has, and `more`; each version once."""
    names = [f"python3.{minor}{suffix}" for minor in range(6, 30) for suffix in ("", "t")]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    paths = [sys.executable, *(path for name in names if (path := shutil.which(name)))]
    paths += map(str, sorted(pyenv.glob("versions/*/bin/python")))
    named = [_probe(path) for path in more]
    if None in named:
        raise SystemExit(f"{more[named.index(None)]} is no CPython from 3.6 on")
    found = [each for each in (*named, *map(_probe, paths)) if each is not None]
    return sorted({(each.version, each.gil): each for each in reversed(found)}.values())


def _probe(path: str) -> Interpreter | None:
    try:
        run = subprocess.run([path, "-c", PROBE], capture_output=True, text=True, check=False)
        name, version, gil = json.loads(run.stdout)
    except (OSError, ValueError):
        return None
    return Interpreter(tuple(version), gil, path) if name == "cpython" and tuple(version) >= (3, 6) else None


# --- measuring -----------------------------------------------------------------------------------------------------


def measure(
    files: Sequence[Path], interpreters: Sequence[Interpreter], seconds: float
) -> Iterator[tuple[str, Interpreter, Outcome]]:
    """Each program on each interpreter, for at most so many seconds."""
    for file in files:
        for interpreter in interpreters:
            command = [interpreter.path, str(HERE / "stress.py"), str(file), str(seconds), str(ENOUGH)]
            run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60 + seconds)
            yield file.stem, interpreter, Outcome(**json.loads(run.stdout))


def contradictions(said: Mapping[str, Said], outcomes: Outcomes) -> list[str]:
    """Where the outcomes are not what racelint says: what is harmless broke, or what is live broke nowhere."""
    found = []
    for name, each in said.items():
        if not each.codes:
            found.append(f"{name}: racelint finds nothing")
        for build in ("gil", "free-threaded"):
            here = {at: outcome for (program, at), outcome in outcomes.items() if program == name and at.build == build}
            broke = [at.name for at, outcome in here.items() if outcome.broken]
            if broke and build not in each.live_on:
                found.append(f"{name}: it is said not to strike on {build}, and broke on {', '.join(broke)}")
            elif here and not broke and build in each.live_on:
                found.append(f"{name}: it is said to strike on {build}, and never broke")
    return found


def table(said: Mapping[str, Said], outcomes: Outcomes) -> str:
    """The outcomes as a table: in how many rounds each program broke, and of how many."""
    interpreters = sorted({at for _, at in outcomes})
    head = ["program", "racelint says", *(at.name for at in interpreters)]
    rows = [head, ["---"] * 2 + ["---:"] * len(interpreters)]
    for name, each in sorted(said.items(), key=lambda item: ("gil" in item[1].live_on, item[0])):
        cells = [outcomes[name, at] for at in interpreters]
        rows.append([name, str(each), *(f"{cell.broken} of {cell.rounds}" for cell in cells)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def main() -> int:
    """Measure, print, and tell by the exit code whether racelint is right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", action="append", default=[], metavar="PATH", help="one more interpreter")
    parser.add_argument("--seconds", type=float, default=0.6, help="how long a program runs on an interpreter")
    parser.add_argument("--write", action="store_true", help="put the table on the page as well")
    parser.add_argument("names", nargs="*", help="the programs to run; all, if none is named")
    given = parser.parse_args()
    files = [file for file in programs() if not given.names or file.stem in given.names]
    said = say(files)
    outcomes = {}
    for name, interpreter, outcome in measure(files, discover(given.python), given.seconds):
        print(f"{name} on {interpreter.name}: {outcome.broken} of {outcome.rounds}", file=sys.stderr, flush=True)
        outcomes[name, interpreter] = outcome
    shown, wrong = table(said, outcomes), contradictions(said, outcomes)
    print(shown, *wrong, sep="\n")
    if given.write:
        where = f"{date.today().isoformat()}, {platform.system()} on {platform.machine()}, {os.cpu_count()} cores\n\n"
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(MEASURED.sub(lambda _: f"\n{where}{shown}\n", page), encoding="utf-8")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
