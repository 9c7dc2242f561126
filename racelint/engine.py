"""The run, from top to bottom: discover, extract, link, check, sort."""

from __future__ import annotations

import gc
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from typing import TypeVar

from racelint.config import Config
from racelint.discovery import Project, SourceFile, discover
from racelint.extract import SourceError, extract
from racelint.facts import ModuleFacts, Span
from racelint.findings import FILE_START, Finding, Location, Report, RunError, in_order
from racelint.knowledge import Knowledge
from racelint.program import Program, SourceModule, link
from racelint.rule import Rule, load_rules
from racelint.rules import unreadable_file

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how many steps of it are over, and how many there are."""

Result = TypeVar("Result")

DEEP_STACK = 512 * 1024 * 1024
DEEP_RECURSION = 100_000


def check(paths: Sequence[Path], config: Config, progress: Progress = lambda *_: None) -> Report:
    """Check the files at and below the paths. The same tree gives the same report, in whatever way it is named."""
    rules = config.selection.chosen(load_rules())
    project = Project(config.root, src=config.src, exclude=config.exclude, extend_exclude=config.extend_exclude)
    files, unlisted = discover(paths, project)
    unreadable = [_unreadable(folder.display, f"the folder cannot be listed ({folder.reason})") for folder in unlisted]
    errors: list[RunError] = []

    modules = list(_modules(files, unreadable, errors, progress))

    def link_and_check() -> list[Finding]:
        program = _linked(modules, config, errors, progress)
        return list(_findings(program, rules, errors, progress)) if program else []

    with _collector_off():
        findings = _on_deep_stack(link_and_check)
    if unreadable_file.check in rules:
        findings += unreadable
    return Report(in_order(findings), tuple(errors), {file.display: file.path for file in files})


@contextmanager
def _collector_off() -> Iterator[None]:
    """Linking makes millions of objects and hardly a cycle: to look for cycles would take half of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _modules(
    files: Sequence[SourceFile], unreadable: list[Finding], errors: list[RunError], progress: Progress
) -> Iterator[SourceModule]:
    for index, file in enumerate(files):
        progress("reading", index, len(files))
        try:
            facts = _facts(file, unreadable)
        except Exception as error:
            errors.append(RunError(file.display, _internal(error)))
            continue
        if facts:
            yield SourceModule(file.module, file.display, file.is_package, facts)


def _facts(file: SourceFile, unreadable: list[Finding]) -> ModuleFacts | None:
    """The facts of a file, or None and a finding that says why there are none."""
    try:
        if stat.S_ISREG(file.path.stat().st_mode):
            return extract(file.path.read_bytes())
        unreadable.append(_unreadable(file.display, "it is no regular file"))
    except SourceError as error:
        span = Span(error.line, error.column, error.line, error.column + 1)
        unreadable.append(_unreadable(file.display, f"it is no valid Python, {error.message}", span))
    except OSError as error:
        unreadable.append(_unreadable(file.display, f"it cannot be opened ({error.strerror or error})"))
    return None


def _linked(
    modules: Sequence[SourceModule], config: Config, errors: list[RunError], progress: Progress
) -> Program | None:
    progress("linking", 0, 1)
    try:
        return link(modules, Knowledge.standard().with_rows(config.rows), config.assume_shared)
    except Exception as error:
        errors.append(RunError("linking", _internal(error)))
        return None


def _findings(program: Program, rules: Sequence[Rule], errors: list[RunError], progress: Progress) -> Iterator[Finding]:
    """What the rules find; one that breaks down is an error, and does not keep the others from running."""
    for index, rule in enumerate(rules):
        progress("checking", index, len(rules))
        try:
            if rule.check:
                yield from rule.check(program)
        except Exception as error:
            errors.append(RunError(f"{rule.code} {rule.name}", _internal(error)))


def _unreadable(path: str, reason: str, span: Span = FILE_START) -> Finding:
    return unreadable_file.check.finding(Location(path, span), f"not checked: {reason}")


def _internal(error: Exception) -> str:
    """An error of racelint's own in one line: what, and where in the code."""
    frame = extract_tb(error.__traceback__)[-1]
    return (
        f"internal error: {type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno} in {frame.name})"
    )


def _on_deep_stack(run: Callable[[], Result]) -> Result:
    """What `run` returns, run with room for facts that are nested deeply: stages and rules recurse over them."""
    outcome: Future[Result] = Future()

    def settle() -> None:
        try:
            outcome.set_result(run())
        except BaseException as error:
            outcome.set_exception(error)

    former_stack, former_limit = threading.stack_size(DEEP_STACK), sys.getrecursionlimit()
    sys.setrecursionlimit(DEEP_RECURSION)
    try:
        threading.Thread(target=settle, name="racelint", daemon=True).start()
    finally:
        threading.stack_size(former_stack)
    try:
        return outcome.result()
    finally:
        sys.setrecursionlimit(former_limit)
