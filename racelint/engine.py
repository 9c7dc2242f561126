"""The run, from top to bottom: discover, extract, link, check, suppress, leave out what is accepted, sort."""

from __future__ import annotations

import gc
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from traceback import extract_tb
from types import MappingProxyType
from typing import TypeVar

from racelint.baseline import Extent, extent_of, load, without_known
from racelint.config import Config, notes
from racelint.discovery import Project, SourceFile, discover
from racelint.extract import SourceError, extract
from racelint.facts import Comment, ModuleFacts, Span
from racelint.findings import EVERY_BUILD, FILE_START, Finding, Location, Report, RunError, in_order
from racelint.knowledge import Knowledge
from racelint.paths import absolute, display_path
from racelint.program import Program, SourceModule, link
from racelint.program.suggestions import Suggestion, suggestions
from racelint.rule import load_rules
from racelint.rules import unreadable_file
from racelint.suppress import suppress

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how many steps of it are over, and how many there are."""


def silent(_activity: str, _done: int, _total: int) -> None:
    """The progress that nobody is told."""


NO_BUFFERS: Mapping[Path, bytes] = MappingProxyType({})

NO_FILE = "no Python file was found (test code is left out unless it is named)"

Result = TypeVar("Result")

DEEP_STACK = 512 * 1024 * 1024
DEEP_RECURSION = 100_000


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that was found, be it accepted or not, and what there is in the program: what a baseline is made from."""

    report: Report
    extent: Extent


def check(
    paths: Sequence[Path], config: Config, progress: Progress = silent, buffers: Mapping[Path, bytes] = NO_BUFFERS
) -> Report:
    """Check the files at and below the paths, and the buffers: texts that stand for files, by their paths.

    The same tree gives the same report, in whatever way it is named. Raises `BaselineError` if the baseline that is
    configured cannot be used.
    """
    baseline = load(config.baseline) if config.baseline else None
    analysis = analyse(paths, config, progress, buffers)
    report = (
        without_known(analysis.report, baseline, analysis.extent, config.codes_for) if baseline else analysis.report
    )
    targets = EVERY_BUILD if config.target == "any" else (config.target,)
    return replace(report, findings=tuple(each for each in report.findings if {*each.live_on} & {*targets}))


def analyse(
    paths: Sequence[Path], config: Config, progress: Progress = silent, buffers: Mapping[Path, bytes] = NO_BUFFERS
) -> Analysis:
    """The same without a baseline, and for every build."""
    texts = {absolute(path): text for path, text in buffers.items()}
    files, unlisted = discover(paths, project(config), texts)
    run = _Run(config, {file.display: file.path for file in files if file.asked}, progress)
    run.findings += [_unreadable(each.display, f"the folder cannot be listed ({each.reason})") for each in unlisted]
    modules = list(_modules(files, texts, run))
    with _collector_off():
        extent = _on_deep_stack(lambda: _link_and_check(modules, run))
    comments = {module.path: module.facts.comments for module in modules if module.path in run.asked}
    return Analysis(_report(run, comments, {display_path(path): text for path, text in texts.items()}), extent)


def suggest(
    paths: Sequence[Path], config: Config, progress: Progress = silent
) -> tuple[list[Suggestion], tuple[RunError, ...]]:
    """The claims that the files at and below the paths keep already, and what went wrong on the way to them."""
    files, _ = discover(paths, project(config), NO_BUFFERS)
    run = _Run(config, {file.display: file.path for file in files if file.asked}, progress)
    modules = list(_modules(files, NO_BUFFERS, run))

    def found() -> list[Suggestion]:
        program = link(modules, Knowledge.standard().with_rows(config.rows), config.assume_shared)
        return suggestions(program.sharing, program.locksets)

    try:
        with _collector_off():
            return [each for each in _on_deep_stack(found) if each.path in run.asked], tuple(run.errors)
    except Exception as error:
        return [], (*run.errors, RunError("linking", _internal(error)))


def project(config: Config) -> Project:
    """The project that a configuration is for."""
    return Project(
        config.root,
        is_whole=config.is_project,
        check_tests=config.check_tests,
        src=config.src,
        exclude=config.exclude,
        extend_exclude=config.extend_exclude,
    )


@dataclass(slots=True)
class _Run:
    """What a run is about, and what has come of it so far; `asked` are the files to report on, by the path shown."""

    config: Config
    asked: Mapping[str, Path]
    progress: Progress
    findings: list[Finding] = field(default_factory=list)
    errors: list[RunError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def codes_for(self, path: str) -> frozenset[str]:
        """The codes of the rules that are on in a file, or for a folder that is none."""
        return self.config.codes_for(self.asked[path]) if path in self.asked else self.config.codes


def _report(run: _Run, comments: Mapping[str, Sequence[Comment]], buffers: Mapping[str, bytes]) -> Report:
    """What is left of the findings for the files that were asked about and the comments in them."""
    codes_for = cache(run.codes_for)
    findings = in_order(each for each in run.findings if each.code in codes_for(each.path))
    kept, silenced, unused = suppress(
        findings, comments, lambda path: codes_for(path) - run.broken, run.config.respect_noqa
    )
    found_nothing = () if run.asked else (NO_FILE,)
    return Report(
        in_order([*kept, *unused]),
        tuple(run.errors),
        run.asked,
        buffers=buffers,
        notes=(*notes(run.config), *run.notes, *found_nothing),
        suppressed=silenced,
    )


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


def _modules(files: Sequence[SourceFile], texts: Mapping[Path, bytes], run: _Run) -> Iterator[SourceModule]:
    for index, file in enumerate(files):
        run.progress("reading", index, len(files))
        try:
            read = _facts(file, texts)
        except Exception as error:
            run.errors.append(RunError(file.display, _internal(error)))
            continue
        if isinstance(read, ModuleFacts):
            yield SourceModule(file.module, file.display, file.is_package, read)
        elif file.asked:
            run.findings.append(read)


def _facts(file: SourceFile, texts: Mapping[Path, bytes]) -> ModuleFacts | Finding:
    """The facts of a file, or a finding that says why there are none."""
    try:
        if file.path in texts:
            return extract(texts[file.path])
        if stat.S_ISREG(file.path.stat().st_mode):
            return extract(file.path.read_bytes())
        return _unreadable(file.display, "it is no regular file")
    except SourceError as error:
        span = Span(error.line, error.column, error.line, error.column + 1)
        return _unreadable(file.display, f"it is no valid Python, {error.message}", span)
    except OSError as error:
        return _unreadable(file.display, f"it cannot be opened ({error.strerror or error})")


def _link_and_check(modules: Sequence[SourceModule], run: _Run) -> Extent:
    """Run the rules on the program of these modules, and tell what there is in it."""
    run.progress("linking", 0, 1)
    try:
        knowledge = Knowledge.standard().with_rows(run.config.rows)
        program = link(modules, knowledge, run.config.assume_shared)
        extent = extent_of(program)
    except Exception as error:
        run.errors.append(RunError("linking", _internal(error)))
        run.broken |= run.config.codes
        return Extent()
    _apply_rules(program, run)
    run.notes += [f"nothing is named like {pattern!r}, which is assumed shared" for pattern in program.sharing.idle()]
    return extent


def _apply_rules(program: Program, run: _Run) -> None:
    """Gather what the rules find; one that breaks down is an error, and does not keep the others from running."""
    rules = [rule for rule in load_rules() if rule.code in run.config.codes]
    for index, rule in enumerate(rules):
        run.progress("checking", index, len(rules))
        try:
            for finding in rule.check(program) if rule.check else ():
                if finding.path in run.asked:
                    run.findings.append(finding)
        except Exception as error:
            run.errors.append(RunError(f"{rule.code} {rule.name}", _internal(error)))
            run.broken.add(rule.code)


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
