"""What the comments of a fixture promise, and what racelint says about it.

`# expect: RL101` at the end of the line where a finding starts; several codes with commas between them. Known wrong
answers stand there too: `# false alarm: RL101` is raised and should not be, `# missed: RL101` should be and is not.
`RL101 (free-threaded)` says that it strikes on free-threaded builds only, `RL101 (every build)` that it does on all.
`# options: --assume-shared 'pattern'` on a line of its own gives the program options of `racelint check`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from racelint import engine
from racelint.cli.check import check
from racelint.cli.options import flags
from racelint.configuration.config import Flags, load_config
from racelint.findings import EVERY_BUILD, FREE_THREADED_ONLY, Build, Report

FIXTURES = Path(__file__).parent.parent / "fixtures"
ABOUT_SEQUENCES = ("RL101", "RL103", "RL105", "RL107", "RL108", "RL201", "RL202", "RL203", "RL205")
BUILDS = {"": None, "free-threaded": FREE_THREADED_ONLY, "every build": EVERY_BUILD}
ALARM = re.compile(r"(RL\d{3})(?: \((free-threaded|every build)\))?")
MARKER = re.compile(rf"#\s*(expect|false alarm|missed):\s*({ALARM.pattern}(?:\s*,\s*{ALARM.pattern})*)")
OPTIONS = re.compile(r"^#\s*options:(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class Alarm:
    """A finding as a fixture promises it."""

    file: str
    line: int
    code: str


def programs() -> list[Path]:
    """Every program under fixtures/rules: a file in a rule's folder, or a folder in it, which is one program."""
    found = (path for path in (FIXTURES / "rules").glob("*/*") if path.name != "__pycache__")
    return sorted(path for path in found if path.suffix == ".py" or path.is_dir())


def name_of(program: Path) -> str:
    """The program as the test report names it."""
    return program.relative_to(FIXTURES).as_posix()


def sources(program: Path) -> list[Path]:
    """The files of a program."""
    return sorted(program.rglob("*.py")) if program.is_dir() else [program]


def promised(program: Path) -> list[Alarm]:
    """The findings that racelint shall have: the expected ones and the known false alarms."""
    return sorted(alarm for kind, alarm, _ in _marked(program) if kind != "missed")


def promised_builds(program: Path) -> dict[Alarm, tuple[Build, ...]]:
    """On which builds the promised findings shall strike, as far as the fixture says.

    In the folders of rules about sequences it always does: what has no word for it strikes on all.
    """
    silent = EVERY_BUILD if program.parent.name.startswith(ABOUT_SEQUENCES) else None
    found = {alarm: builds or silent for kind, alarm, builds in _marked(program) if kind != "missed"}
    return {alarm: builds for alarm, builds in found.items() if builds is not None}


def missed(program: Path) -> list[Alarm]:
    """The findings that racelint should have and is known not to have."""
    return sorted(alarm for kind, alarm, _ in _marked(program) if kind == "missed")


def _marked(program: Path) -> Iterator[tuple[str, Alarm, tuple[Build, ...] | None]]:
    for source in sources(program):
        for number, line in enumerate(_text(source).split("\n"), 1):
            for marker in MARKER.finditer(line):
                for code, builds in ALARM.findall(marker[2]):
                    yield marker[1], Alarm(_relative(source), number, code), BUILDS[builds]


def checked(program: Path) -> Report:
    """The report on a program by itself, with the options that it asks for and no other configuration."""
    options = [option for source in sources(program) for option in OPTIONS.findall(_text(source))]
    arguments = ["--isolated", *shlex.split(" ".join(options)), str(program)]
    values = check.make_context("check", arguments).params
    config = load_config(program, flags({key: values[key] for key in values.keys() & Flags.__dataclass_fields__}))
    folder = program if program.is_dir() else program.parent
    return engine.check([program], replace(config, root=folder, is_project=False))


def raised(report: Report) -> list[Alarm]:
    """The findings of a report in the form of the promises."""
    return sorted(
        Alarm(_relative(report.files[finding.path]), finding.span.line, finding.code) for finding in report.findings
    )


def raised_builds(report: Report) -> dict[Alarm, tuple[Build, ...]]:
    """On which builds the findings of a report strike."""
    return {
        Alarm(_relative(report.files[finding.path]), finding.span.line, finding.code): finding.live_on
        for finding in report.findings
    }


def _relative(source: Path) -> str:
    return source.relative_to(FIXTURES).as_posix()


def _text(source: Path) -> str:
    return source.read_bytes().decode("utf-8", errors="replace")
