"""Where a report goes: bytes to standard output, or a file that is there whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TextIO


class OutputError(OSError):
    """A file that the report cannot be written to."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path}: the report cannot be written there ({error.strerror or error})")


def put(stream: TextIO, text: str) -> None:
    """Write what programs read: in UTF-8 and with plain line ends, whatever the terminal or the locale is set to."""
    put_bytes(stream, text.encode("utf-8"))


def put_bytes(stream: TextIO, content: bytes) -> None:
    """Write bytes as they are; to a stream that knows of texts only, the text that they are in UTF-8."""
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(content.decode("utf-8", "surrogateescape"))
        return
    stream.flush()
    buffer.write(content)
    buffer.flush()


@contextmanager
def output_file(path: Path) -> Iterator[TextIO]:
    """A stream to a file, which is replaced when all is written, and kept as it was when anything fails.

    Folders are made where they are missing, links are followed, devices and pipes are written to directly. Raises
    `OutputError` if the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            with _opened(target, "w") as stream:
                yield stream
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name[:200]}.{os.getpid()}")
        try:
            with _opened(draft, "x") as stream:
                yield stream
            if target.exists():
                draft.chmod(stat.S_IMODE(target.stat().st_mode))
            draft.replace(target)
        except BaseException:
            with suppress(OSError):
                draft.unlink()
            raise
    except OSError as error:
        raise OutputError(path, error) from error


def _opened(path: Path, mode: Literal["w", "x"]) -> TextIO:
    return open(path, mode, encoding="utf-8", errors="backslashreplace", newline="\n")
