"""What comes of the whole program, whatever is asked about: what is known of it, or read, linked and checked anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from racelint.cache import Cache, Outcome, packed
from racelint.configuration.config import Config
from racelint.discovery import SourceFile
from racelint.facts import ModuleFacts, Span, Unreadable
from racelint.findings import FILE_START, Finding, Location, Progress, RunError
from racelint.readers.processors import usable_processors
from racelint.reading import Reading, find, read
from racelint.recall import frame_of, recalled, texts_of
from racelint.rules import unreadable_file

if TYPE_CHECKING:
    from racelint.checking import Checked


def outcome_of(
    files: Sequence[SourceFile], buffers: Mapping[Path, bytes], config: Config, progress: Progress
) -> Outcome:
    """What comes of a program: what came of it before, if nothing has changed since on which that depends.

    A run that fails is made again without what is known: that may be what it stumbles over.
    """
    outcome = _with_cache(Cache(config.cache_dir), files, buffers, config, progress)
    if outcome.errors and config.cache_dir:
        outcome = _with_cache(Cache(config.cache_dir, forgets=True), files, buffers, config, progress)
    return outcome


def _with_cache(
    store: Cache, files: Sequence[SourceFile], buffers: Mapping[Path, bytes], config: Config, progress: Progress
) -> Outcome:
    sources, frame = find(files, buffers, store), frame_of(files, config)
    known = store.outcome(frame, texts_of(sources))
    if known is not None:
        return known
    outcome = recalled(store, frame, sources, progress)
    if outcome is None:
        outcome = _worked_out(read(sources, store, jobs_of(config), progress), config, progress)
    if not outcome.errors:
        store.keep_outcome(frame, texts_of(sources), outcome)
    store.tidy()
    return outcome


def jobs_of(config: Config) -> int:
    """How many processes read the files."""
    return config.jobs or usable_processors()


def _worked_out(readings: Sequence[Reading], config: Config, progress: Progress) -> Outcome:
    from racelint import checking

    return came_of(readings, checking.check(modules_of(readings), config, progress))


def came_of(readings: Sequence[Reading], checked: Checked) -> Outcome:
    """What comes of a program that was read and checked."""
    missed = [unread(each.file, each.said) for each in readings if isinstance(each.said, Unreadable)]
    return Outcome(
        (*missed, *checked.findings),
        (*(each.said for each in readings if isinstance(each.said, RunError)), *checked.errors),
        frozenset(checked.broken),
        tuple(checked.notes),
        {file.display: facts.comments for file, facts in modules_of(readings) if facts.comments},
        packed(checked.extent),
    )


def modules_of(readings: Sequence[Reading]) -> list[tuple[SourceFile, ModuleFacts]]:
    """The files that could be read, with what they say."""
    return [(each.file, each.said) for each in readings if isinstance(each.said, ModuleFacts)]


def unread(file: SourceFile, said: Unreadable) -> Finding:
    """The finding on a file that is no Python."""
    span = Span(said.line, said.column, said.line, said.column + 1) if said.line else FILE_START
    return unreadable(file.display, said.reason, span)


def unreadable(path: str, reason: str, span: Span = FILE_START) -> Finding:
    """The finding on what cannot be checked."""
    return unreadable_file.check.finding(Location(path, span), f"not checked: {reason}")
