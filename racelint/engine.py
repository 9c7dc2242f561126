"""The run, from top to bottom: discover, extract, link, check, suppress, leave out what is accepted, sort."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from racelint.baseline import Baseline, Extent, load, without_known
from racelint.cache import Cache, Outcome
from racelint.configuration.config import Config, notes
from racelint.discovery import Project, SourceFile, discover
from racelint.facts import ModuleFacts, Unreadable
from racelint.findings import EVERY_BUILD, Finding, Progress, Report, RunError, in_order
from racelint.outcomes import came_of, jobs_of, modules_of, outcome_of, unread, unreadable
from racelint.paths import absolute, display_path
from racelint.reading import Source, find, read
from racelint.recall import frame_of, recalled, texts_of
from racelint.suppressing.suppress import suppress

if TYPE_CHECKING:
    from racelint.graph import Picture
    from racelint.program import Program
    from racelint.program.races.breaches.suggestions import Suggestion
    from racelint.show import Entry


def silent(_activity: str, _done: int, _total: int) -> None:
    """The progress that nobody is told."""


NO_BUFFERS: Mapping[Path, bytes] = MappingProxyType({})

NO_FILE = "no Python file was found (test code is left out unless it is named)"


@dataclass(frozen=True, slots=True)
class Glance:
    """What can be told without linking: the report if it is known, and which of the buffers are no Python."""

    report: Report | None
    unreadable: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that was found, be it accepted or not, and what came of the program: what a baseline is made from."""

    report: Report
    outcome: Outcome

    @property
    def extent(self) -> Extent:
        """What there is in the program."""
        return self.outcome.extent()


def check(
    paths: Sequence[Path], config: Config, progress: Progress = silent, buffers: Mapping[Path, bytes] = NO_BUFFERS
) -> Report:
    """Check the files at and below the paths, and the buffers: texts that stand for files, by their paths.

    The same tree gives the same report, in whatever way it is named. Raises `BaselineError` if the baseline that is
    configured cannot be used.
    """
    baseline = load(config.baseline) if config.baseline else None
    analysis = analyse(paths, config, progress, buffers)
    return _asked_for(analysis.report, analysis.extent, config, baseline)


def _asked_for(report: Report, extent: Extent, config: Config, baseline: Baseline | None) -> Report:
    """What is left of a report without what is accepted, and for the builds that count."""
    report = without_known(report, baseline, extent, config.codes_for) if baseline else report
    targets = EVERY_BUILD if config.target == "any" else (config.target,)
    return replace(report, findings=tuple(each for each in report.findings if {*each.live_on} & {*targets}))


def analyse(
    paths: Sequence[Path], config: Config, progress: Progress = silent, buffers: Mapping[Path, bytes] = NO_BUFFERS
) -> Analysis:
    """The same without a baseline, and for every build."""
    texts = {absolute(path): text for path, text in buffers.items()}
    files, unlisted = discover(paths, project(config), texts)
    outcome = outcome_of(files, texts, config, progress)
    run = _Run(config, {file.display: file.path for file in files if file.asked}, outcome)
    run.findings += [unreadable(each.display, each.problem) for each in unlisted]
    report = _report(run, {display_path(path): text for path, text in texts.items()})
    return Analysis(report, outcome)


def suggest(
    paths: Sequence[Path], config: Config, progress: Progress = silent
) -> tuple[list[Suggestion], tuple[RunError, ...]]:
    """The claims that the files at and below the paths keep already, and what went wrong on the way to them."""
    from racelint import checking

    files, modules, errors = read_all(paths, config, progress)
    found = checking.suggest(modules, config)
    if isinstance(found, RunError):
        return [], (*errors, found)
    asked = {file.display for file in files if file.asked}
    return [each for each in found if each.path in asked], errors


def show(
    stage: str, paths: Sequence[Path], config: Config, progress: Progress = silent, line: int = 0
) -> tuple[list[Entry], tuple[RunError, ...]]:
    """What a stage knows of the files at and below the paths, and what went wrong on the way to that.

    The stages are those of `show.VIEWS`; `why-not` tells of one line of the file that the first path names.
    """
    from racelint import checking
    from racelint.show import VIEWS, why_not

    files, modules, errors = read_all(paths, config, progress)
    asked = frozenset(file.display for file in files if file.asked)

    def view(program: Program) -> list[Entry]:
        return VIEWS[stage](program, asked) if stage in VIEWS else why_not(program, _named(files, paths[0]), line)

    found = checking.ask(modules, config, view)
    return ([], (*errors, found)) if isinstance(found, RunError) else (found, errors)


def _named(files: Iterable[SourceFile], path: Path) -> str:
    """How the file is shown that a path names, by whatever way."""
    real = os.path.realpath(path)
    return next((file.display for file in files if file.asked and os.path.realpath(file.path) == real), "")


def survey(
    paths: Sequence[Path], config: Config, progress: Progress = silent, buffers: Mapping[Path, bytes] = NO_BUFFERS
) -> tuple[Report, Program | None]:
    """What `check` says, and the program for whoever asks on; None if it could not be linked."""
    from racelint import checking

    baseline = load(config.baseline) if config.baseline else None
    files, texts, store, sources = _found(paths, config, buffers)
    readings = read(sources, store, jobs_of(config), progress)
    checked = checking.check(modules_of(readings), config, progress)
    outcome = came_of(readings, checked)
    if not outcome.errors:
        store.keep_outcome(frame_of(files, config), texts_of(sources), outcome)
    return _told(files, texts, config, outcome, baseline), checked.program


def glance(paths: Sequence[Path], config: Config, buffers: Mapping[Path, bytes]) -> Glance:
    """What `check` says, if the program was only written otherwise when somebody has checked it."""
    baseline = load(config.baseline) if config.baseline else None
    files, texts, store, sources = _found(paths, config, buffers)
    frame = frame_of(files, config)
    outcome = store.outcome(frame, texts_of(sources)) or recalled(store, frame, sources, silent)
    if outcome is not None:
        return Glance(_told(files, texts, config, outcome, baseline))
    readings = read([each for each in sources if each.file.path in texts], store, 1, silent)
    missed = (unread(each.file, each.said) for each in readings if isinstance(each.said, Unreadable))
    return Glance(None, tuple(each for each in missed if each.code in config.codes))


def _found(
    paths: Sequence[Path], config: Config, buffers: Mapping[Path, bytes]
) -> tuple[list[SourceFile], dict[Path, bytes], Cache, list[Source]]:
    texts, store = {absolute(path): text for path, text in buffers.items()}, Cache(config.cache_dir)
    files, _ = discover(paths, project(config), texts)
    return files, texts, store, find(files, texts, store)


def _told(
    files: Sequence[SourceFile],
    texts: Mapping[Path, bytes],
    config: Config,
    outcome: Outcome,
    baseline: Baseline | None,
) -> Report:
    """What is reported of a program, some files of which are buffers."""
    run = _Run(config, {file.display: file.path for file in files if file.asked}, outcome)
    report = _report(run, {display_path(path): text for path, text in texts.items()})
    return _asked_for(report, outcome.extent(), config, baseline)


def draw(
    kind: str, paths: Sequence[Path], config: Config, progress: Progress = silent
) -> tuple[Picture | None, tuple[RunError, ...]]:
    """A picture of the files at and below the paths, of a kind in `graph.PICTURES`, and what went wrong on the way."""
    from racelint import checking
    from racelint.graph import PICTURES

    files, modules, errors = read_all(paths, config, progress)
    asked = frozenset(file.display for file in files if file.asked)
    drawn = checking.ask(modules, config, lambda program: PICTURES[kind](program, asked))
    return (None, (*errors, drawn)) if isinstance(drawn, RunError) else (drawn, errors)


def read_all(
    paths: Sequence[Path], config: Config, progress: Progress
) -> tuple[list[SourceFile], list[tuple[SourceFile, ModuleFacts]], tuple[RunError, ...]]:
    """The files of the program around the paths, what those say that could be read, and what went wrong."""
    files, unlisted = discover(paths, project(config), NO_BUFFERS)
    store = Cache(config.cache_dir)
    readings = read(find(files, NO_BUFFERS, store), store, jobs_of(config), progress)
    unread_folders = (RunError(each.display, f"not read: {each.problem}") for each in unlisted)
    unread_files = (
        said if isinstance(said, RunError) else RunError(reading.file.display, f"not read: {said.reason}")
        for reading in readings
        if isinstance(said := reading.said, RunError) or (isinstance(said, Unreadable) and reading.file.asked)
    )
    return files, modules_of(readings), (*unread_folders, *unread_files)


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


# --- what of it is reported ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Run:
    """What a run is about, and what came of it; `asked` are the files to report on, by the path shown."""

    config: Config
    asked: Mapping[str, Path]
    outcome: Outcome
    findings: list[Finding] = field(default_factory=list)

    def codes_for(self, path: str) -> frozenset[str]:
        """The codes of the rules that are on in a file, or for a folder that is none."""
        return self.config.codes_for(self.asked[path]) if path in self.asked else self.config.codes


def _report(run: _Run, buffers: Mapping[str, bytes]) -> Report:
    """What is left of the findings for the files that were asked about and the comments in them."""
    codes_for, outcome = cache(run.codes_for), run.outcome
    found = [*run.findings, *(each for each in outcome.findings if each.path in run.asked)]
    comments = {path: said for path, said in outcome.comments.items() if path in run.asked}
    kept, silenced, unused = suppress(
        in_order(each for each in found if each.code in codes_for(each.path)),
        comments,
        lambda path: codes_for(path) - outcome.broken,
        run.config.respect_noqa,
    )
    found_nothing = () if run.asked else (NO_FILE,)
    return Report(
        in_order([*kept, *unused]),
        outcome.errors,
        run.asked,
        buffers=buffers,
        notes=(*notes(run.config), *outcome.notes, *found_nothing),
        suppressed=silenced,
    )
