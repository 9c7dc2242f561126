"""Reading the files of a program: what each of them says, or why it cannot be read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from racelint.cache import Cache, Stamps, digest, encoded
from racelint.discovery import SourceFile
from racelint.facts import ModuleFacts, Unreadable
from racelint.findings import Progress, RunError, breakdown


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
    said: ModuleFacts | Unreadable | RunError


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


def read(sources: Sequence[Source], cache: Cache, progress: Progress) -> list[Reading]:
    """What all files say. A text that has changed since it was found is taken as it is now."""
    readings = []
    for index, source in enumerate(sources):
        progress("reading", index, len(sources))
        readings.append(Reading(source.file, _said(source, cache)))
    return readings


def _said(source: Source, cache: Cache) -> ModuleFacts | Unreadable | RunError:
    if isinstance(source.text, Unreadable):
        return source.text
    known = cache.facts(source.text)
    if known is not None:
        source.content = None
        return known
    if source.content is None:
        found = _found(source.file, Stamps())
        source.text, source.content = found.text, found.content
        return _said(source, cache)
    said = _extracted(source.file, source.content)
    source.content = None
    if not isinstance(said, RunError) and (content := encoded(said)) is not None:
        cache.keep_facts(source.text, content)
    return said


def _extracted(file: SourceFile, content: bytes) -> ModuleFacts | Unreadable | RunError:
    from racelint.extract import SourceError, extract

    try:
        return extract(content)
    except SourceError as error:
        return Unreadable(f"it is no valid Python, {error.message}", error.line, error.column)
    except Exception as error:
        return breakdown(file.display, error)
