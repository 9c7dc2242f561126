"""The flake8 door: the project is analysed once in a run of flake8, whichever of its files and processes ask.

flake8 asks file by file, in workers that may share no memory with the process that starts them. So the analysis is made
where options are read, before there are workers. Forked ones inherit the answer; others find it in a temporary file.
"""

from __future__ import annotations

import ast
import atexit
import io
import multiprocessing
import os
import sys
import tempfile
import tokenize
from argparse import Namespace
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from flake8.exceptions import ExecutionError
from flake8.style_guide import Decision, DecisionEngine
from flake8.utils import stdin_get_value

from racelint.paths import absolute, display_path

if TYPE_CHECKING:
    from flake8.options.manager import OptionManager

    from racelint.configuration.config import Config
    from racelint.findings import Report

FAMILY = "RL"
STANDARD_INPUT = "-"

OPTIONS: dict[str, dict[str, Any]] = {
    "--racelint-config": {
        "metavar": "FILE",
        "normalize_paths": True,
        "help": "The TOML file that configures racelint, in place of the nearest pyproject.toml with [tool.racelint].",
    },
    "--racelint-isolated": {
        "action": "store_true",
        "help": "Leave all files that configure racelint aside.",
    },
    "--racelint-force-exclude": {
        "action": "store_true",
        "help": "Leave out what racelint is configured to leave out even where flake8 is given its name.",
    },
    "--racelint-assume-shared": {
        "metavar": "PATTERNS",
        "comma_separated_list": True,
        "help": "Take what matches (pkg.module.Class, pkg.*) to be used from many threads.",
    },
    "--racelint-target": {
        "metavar": "BUILD",
        "help": "Only what can strike on this kind of build: any, gil or free-threaded.",
    },
    "--racelint-baseline": {
        "metavar": "FILE",
        "normalize_paths": True,
        "help": "Only findings that this file, written by `racelint baseline`, does not hold.",
    },
}
"""What can be said here. For all else there is `[tool.racelint]`."""

Violation = tuple[int, int, str]
"""A finding as flake8 takes it: line from 1, column from 0, code and message."""


class Answer(msgspec.Struct, frozen=True):
    """What racelint says to one call of flake8, the question: the violations, by the identity of their file."""

    question: str
    violations: dict[str, list[Violation]]


class Plugin:
    """What flake8 makes for each file that it visits."""

    _options: ClassVar[Namespace]
    _answer: ClassVar[Answer | None] = None

    def __init__(self, tree: ast.AST, filename: str) -> None:
        self._filename = filename

    @staticmethod
    def add_options(manager: OptionManager) -> None:
        """Add the options of racelint, which can stand in the configuration of flake8 as well."""
        for name, settings in OPTIONS.items():
            manager.add_option(name, parse_from_config=True, default=None, **settings)

    # flake8 gives up to three arguments, and fewer after a TypeError: with one argument there is nothing it can retry.
    @classmethod
    def parse_options(cls, options: Namespace) -> None:
        """Take the options and, where flake8 is started, make the analysis for all of its workers.

        A worker only looks for the answer. Nothing may fail there: flake8's pool starts a worker that fails at its
        start again and again.
        """
        cls._options = options
        if multiprocessing.parent_process():
            cls._answer = _handed_over()
        else:
            cls._answer = _answer(options)
            _hand_over(cls._answer)

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """The violations in the file. There is a new analysis if the one at hand answers another question."""
        answer = self._answer
        if not answer or answer.question != _question(self._options):
            answer = Plugin._answer = _answer(self._options)
        for line, column, text in answer.violations.get(_identity(Path(self._filename)), ()):
            yield line, column, text, Plugin


# --- question and answer -------------------------------------------------------------------------------------------


def _question(options: Namespace) -> str:
    """All that tells an answer from that to another call of flake8."""
    selectors = (options.select, options.extend_select, options.ignore, options.extend_ignore)
    own = sorted((name, value) for name, value in vars(options).items() if name.startswith("racelint_"))
    given = (options.filenames, options.stdin_display_name, options.disable_noqa)
    return repr((os.getcwd(), given, selectors, own))


def _answer(options: Namespace) -> Answer:
    """The answer to a call of flake8: nothing, for nothing, where flake8 would show no finding of racelint."""
    violations: defaultdict[str, list[Violation]] = defaultdict(list)
    if _is_heard(options):
        report = _report(options)
        for finding in report.findings:
            violation = (finding.span.line, finding.span.column - 1, f"{finding.code} {finding.message}")
            violations[_identity(report.files.get(finding.path, Path(finding.path)))].append(violation)
    return Answer(_question(options), violations)


def _identity(file: Path) -> str:
    """What is the same for all names of a file: racelint uses one of them, flake8 each that leads it to the file."""
    return display_path(Path(os.path.realpath(file)))


def _is_heard(options: Namespace) -> bool:
    """Whether flake8 would show any code of racelint. It is asked about all codes that there could be: to know those
    that there are means to load the rules, and they are what is not to be loaded in vain."""
    decisions = DecisionEngine(options)
    return any(decisions.decision_for(f"{FAMILY}{number:03}") is Decision.Selected for number in range(1000))


def _report(options: Namespace) -> Report:
    """The report on the files that flake8 is given; an `ExecutionError` where there is none or not a whole one."""
    from racelint import engine
    from racelint.baseline import BaselineError
    from racelint.configuration.config import ConfigError

    files = [Path(name) for name in options.filenames or ["."] if name != STANDARD_INPUT]
    buffers = {}
    if STANDARD_INPUT in options.filenames:
        buffers[Path(options.stdin_display_name)] = _standard_input()
    try:
        config = _config([*files, *buffers][0], options)
        report = engine.check(_asked(files, config, options), config, buffers=buffers)
    except (ConfigError, BaselineError, OSError) as error:
        # What is wrong with an option is told by the name that it has in flake8.
        problem = str(error)
        named = f"--racelint-{problem.removeprefix('--')}" if problem.startswith("--") else problem
        raise ExecutionError(f"racelint: {named}") from error
    for note in report.notes:
        print(f"racelint: {note}", file=sys.stderr)
    if report.errors:
        raise ExecutionError("\n".join(f"racelint: {error.where}: {error.message}" for error in report.errors))
    return report


def _config(path: Path, options: Namespace) -> Config:
    """The configuration for `path`, and over it what the options of flake8 say.

    A selector of flake8 that is longer than that of all of racelint turns on what it names, be it off by default.
    """
    from racelint.configuration.config import Flags, load_config
    from racelint.rule import load_rules

    selectors = (*(options.select or ()), *(options.extend_select or ()))
    named = tuple(selector for selector in selectors if selector != FAMILY and selector.startswith(FAMILY))
    shared = options.racelint_assume_shared
    return load_config(
        path,
        Flags(
            config=(options.racelint_config,) if options.racelint_config else (),
            isolated=bool(options.racelint_isolated),
            extend_select=tuple(rule.code for rule in load_rules() if rule.code.startswith(named)),
            assume_shared=None if shared is None else tuple(shared),
            target=options.racelint_target,
            baseline=Path(options.racelint_baseline) if options.racelint_baseline else None,
            respect_noqa=not options.disable_noqa,
        ),
    )


def _asked(files: list[Path], config: Config, options: Namespace) -> list[Path]:
    """What racelint is asked about. A name means its file, be it left out otherwise, unless names are not meant so."""
    if not (files and config.is_project and options.racelint_force_exclude):
        return files
    return [config.root, *(file for file in files if not absolute(file).is_relative_to(config.root))]


def _standard_input() -> bytes:
    """What flake8 was given there. It keeps the text alone, which is encoded again in the way that it declares."""
    text: str = stdin_get_value()
    with suppress(SyntaxError, LookupError, UnicodeError):
        encoding, _ = tokenize.detect_encoding(io.BytesIO(text.encode()).readline)
        return text.encode(encoding)
    return text.encode()


# --- from the process that starts flake8 to its workers ------------------------------------------------------------


def _hand_over(answer: Answer) -> None:
    """Leave the answer to workers that inherit no memory. Where that fails they make the analysis again."""
    method = multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_all_start_methods()[0]
    if method == "fork":
        return
    with suppress(OSError, UnicodeError):
        encoded = msgspec.json.encode(answer)
        file = _meeting_point()
        file.unlink(missing_ok=True)
        atexit.register(file.unlink, missing_ok=True)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(encoded)


def _handed_over() -> Answer | None:
    """The answer that the process left which started this one, if there is one."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(_meeting_point().read_bytes(), type=Answer)
    return None


def _meeting_point() -> Path:
    """A file that a process and its workers know, and nobody else: it is named for the secret that they share."""
    secret = multiprocessing.current_process().authkey
    return Path(tempfile.gettempdir(), f"racelint-{blake2b(secret, digest_size=16).hexdigest()}.json")
