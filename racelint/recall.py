"""What is known of a program from an earlier run although some of its texts have changed since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from racelint.cache import Cache, Outcome, digest
from racelint.configuration.config import Config
from racelint.discovery import SourceFile
from racelint.facts import ModuleFacts
from racelint.findings import Progress
from racelint.reading import Source, read

FEW_FILES: Final = 20
"""Where more have changed, it is not likely that all of them say what they said."""


def frame_of(files: Sequence[SourceFile], config: Config) -> bytes:
    """The digest of all but the texts that decides what comes of a program: its files, some of the configuration."""
    named = [(each.module, each.display, each.is_package) for each in files]
    settings = (sorted(config.codes), config.assume_shared, config.rows)
    return digest(repr((named, settings)).encode(errors="backslashreplace"))


def texts_of(sources: Sequence[Source]) -> list[bytes]:
    """What tells the texts of a program from any others."""
    return [each.text if isinstance(each.text, bytes) else repr(each.text).encode() for each in sources]


def recalled(store: Cache, frame: bytes, sources: Sequence[Source], progress: Progress) -> Outcome | None:
    """What comes of a program that only was written otherwise when something came of it; None for any other."""
    former = store.former_texts(frame)
    texts = texts_of(sources)
    changed = [number for number, (now, before) in enumerate(zip(texts, former, strict=False)) if now != before]
    if len(former) != len(texts) or len(changed) > FEW_FILES:
        return None
    known = store.outcome(frame, former)
    if known is None:
        return None
    from racelint.cache.shifts import shifted

    changes: dict[str, tuple[ModuleFacts, ModuleFacts]] = {}
    for number, reading in zip(changed, read([sources[each] for each in changed], store, 1, progress), strict=True):
        before = store.facts(former[number])
        if not isinstance(before, ModuleFacts) or not isinstance(reading.said, ModuleFacts):
            return None
        changes[reading.file.display] = before, reading.said
    return shifted(known, changes)
