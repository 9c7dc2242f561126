"""What earlier runs found out, kept in a folder: what each text says, and what came of each program.

Entries are data, named for all that they depend on, so that none is ever wrong, only missing. Whatever goes amiss
around them (a folder that cannot be written, a full disk, a file that somebody else made) means no more than that an
answer is worked out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from racelint.cache.entries import decoded, encoded
from racelint.cache.fingerprints import of_everything, of_reading
from racelint.cache.outcome import Outcome, packed
from racelint.cache.stamps import Stamps
from racelint.cache.store import Store, clean, digest
from racelint.facts import ModuleFacts, Unreadable

__all__ = ["Cache", "Outcome", "Stamps", "clean", "decoded", "digest", "encoded", "packed"]

FACTS: Final = "facts"
OUTCOMES: Final = "outcomes"
FORMER: Final = "former"
STAMPS: Final = "stamps"
KEPT_OUTCOMES: Final = 16
"""More of them would be of no use: each change of a program leads to another one."""


class Cache:
    """The cache in a folder; without one nothing is known, and nothing is kept. One that `forgets` only keeps."""

    def __init__(self, folder: Path | None, *, forgets: bool = False) -> None:
        self._store = Store(folder)
        self._is_read = folder is not None and not forgets

    def facts(self, text: bytes) -> ModuleFacts | Unreadable | None:
        """What the text with this digest says, if that is known."""
        content = self._store.get(FACTS, digest(of_reading(), text)) if self._is_read else None
        return None if content is None else decoded(content)

    def keep_facts(self, text: bytes, content: bytes) -> None:
        """Keep what the text with this digest says, as `encoded` writes it."""
        if self._store.folder:
            self._store.put(FACTS, digest(of_reading(), text), content)

    def outcome(self, frame: bytes, texts: Sequence[bytes]) -> Outcome | None:
        """What came of a program: of files and settings, which `frame` tells from others, with texts in this order."""
        content = self._store.get(OUTCOMES, digest(of_everything(), frame, *texts)) if self._is_read else None
        try:
            return None if content is None else msgspec.msgpack.decode(content, type=Outcome)
        except (msgspec.MsgspecError, RecursionError):
            return None

    def keep_outcome(self, frame: bytes, texts: Sequence[bytes], outcome: Outcome) -> None:
        """Keep what came of a program, unless there is a name in it that is no text."""
        if self._store.folder:
            try:
                content = msgspec.msgpack.encode(outcome)
            except (UnicodeEncodeError, RecursionError):
                return
            self._store.put(OUTCOMES, digest(of_everything(), frame, *texts), content)
            self._store.put(FORMER, digest(of_everything(), frame), msgspec.msgpack.encode(texts))
            for kind in (OUTCOMES, FORMER):
                self._store.trim(kind, KEPT_OUTCOMES)

    def former_texts(self, frame: bytes) -> list[bytes]:
        """The texts with which the files were last a program of which something is kept; none if they never were."""
        content = self._store.get(FORMER, digest(of_everything(), frame)) if self._is_read else None
        try:
            return [] if content is None else msgspec.msgpack.decode(content, type=list[bytes])
        except (msgspec.MsgspecError, RecursionError):
            return []

    def stamps(self) -> Stamps:
        """The digests of files that were read before."""
        return Stamps.loaded(self._store.get(STAMPS, b"") if self._is_read else None)

    def keep_stamps(self, stamps: Stamps) -> None:
        """Keep the digests of the files of this run, if any of them is new."""
        if self._store.folder and stamps.changed:
            self._store.put(STAMPS, b"", stamps.dumped())

    def tidy(self) -> None:
        """Remove what has not been used for long, and the oldest of what is too much."""
        self._store.tidy()
