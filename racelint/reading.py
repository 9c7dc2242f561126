"""Reading the files of a program: what each of them says, or why it cannot be read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from racelint.cache import Cache, Stamps, digest, encoded
from racelint.collector import collector_off
from racelint.discovery import SourceFile
from racelint.facts import Unreadable
from racelint.findings import Progress, RunError

if TYPE_CHECKING:
    from racelint.readers.single import Said

NOTEBOOK: Final = ".ipynb"
"""The end of the name of what is Python only for its cells: the JSON around them says nothing."""


@dataclass(slots=True)
class Source:
    """A file of a program with its text: the digest of it or, where there is none, why not.

    The `content` is there where it was read in this run, and not used yet.
    """

    file: SourceFile
    text: bytes | Unreadable
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A file and what it says."""

    file: SourceFile
    said: Said


def find(files: Iterable[SourceFile], buffers: Mapping[Path, bytes], cache: Cache) -> list[Source]:
    """The texts of all files, those for which there is a buffer from that. Few are read that were so before."""
    stamps = cache.stamps()
    sources = [
        Source(file, digest(buffers[file.path]), buffers[file.path]) if file.path in buffers else _found(file, stamps)
        for file in files
    ]
    cache.keep_stamps(stamps)
    return sources


def _found(file: SourceFile, stamps: Stamps) -> Source:
    path = os.fspath(file.path)
    if path.endswith(NOTEBOOK):
        return Source(file, Unreadable("it is a notebook, and its cells are no file of Python"))
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            return Source(file, Unreadable("it is no regular file"))
        known = stamps.digest(path, status)
        if known is not None:
            return Source(file, known)
        with open(path, "rb") as stream:
            status = os.fstat(stream.fileno())
            content = stream.read()
    except OSError as error:
        return Source(file, Unreadable(f"it cannot be opened ({error.strerror or error})"))
    text = digest(content)
    stamps.learn(path, status, text)
    return Source(file, text, content)


def read(sources: Sequence[Source], cache: Cache, jobs: int, progress: Progress) -> list[Reading]:
    """What all files say. A text that has changed since it was found is taken as it is now."""
    with collector_off():
        return _read(sources, cache, jobs, progress)


def _read(sources: Sequence[Source], cache: Cache, jobs: int, progress: Progress) -> list[Reading]:
    said: dict[int, Said] = {}
    texts: dict[int, bytes] = {}
    for number, source in enumerate(sources):
        known = _known(source, cache)
        if known is not None:
            progress("reading", len(said), len(sources))
            said[number] = known
        elif source.content is not None:
            texts[number] = source.content
        source.content = None
    progress("reading", len(said), len(sources))
    for number, result, content in _extracted(sources, texts, jobs) if texts else ():
        said[number] = result
        progress("reading", len(said), len(sources))
        _keep(sources[number], result, content, cache)
    return [Reading(source.file, said[number]) for number, source in enumerate(sources)]


def _extracted(
    sources: Sequence[Source], texts: Mapping[int, bytes], jobs: int
) -> Iterator[tuple[int, Said, bytes | None]]:
    """What the texts of some sources, by their number, say."""
    from racelint.readers.pool import read_all

    numbers = [*texts]
    named = [(sources[number].file.display, texts[number]) for number in numbers]
    return ((numbers[index], said, content) for index, said, content in read_all(named, jobs))


def _known(source: Source, cache: Cache) -> Said | None:
    """What is known of a text without reading it as Python; if that is nothing, its content is there afterwards."""
    known = source.text if isinstance(source.text, Unreadable) else cache.facts(source.text)
    if known is not None or source.content is not None:
        return known
    found = _found(source.file, Stamps())
    source.text, source.content = found.text, found.content
    return _known(source, cache)


def _keep(source: Source, said: Said, content: bytes | None, cache: Cache) -> None:
    if not isinstance(said, RunError) and isinstance(source.text, bytes):
        content = content or encoded(said)
        if content is not None:
            cache.keep_facts(source.text, content)
