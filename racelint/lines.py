"""The lines of source that the findings of a report point to."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from racelint.findings import Report

Lines = Callable[[str], Sequence[str]]
"""The lines of a file by the path that is shown for it; none if it cannot be read."""

LINE_END = re.compile(r"\r\n|\r|\n")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def with_ends(text: str) -> list[str]:
    """The lines of a text as Python and editors count them, with their ends: a form feed is none."""
    return _LINE.findall(text)


def lines_of(report: Report) -> Lines:
    """The lines of the files of a report: from the buffers that it was made from, else from the disk."""

    @cache
    def lines(path: str) -> Sequence[str]:
        if path in report.buffers:
            return decoded(report.buffers[path])
        return source_lines(report.files.get(path, Path(path)))

    return lines


def source_lines(path: Path) -> Sequence[str]:
    """The lines of a file as Python counts them; none if it cannot be read."""
    try:
        return decoded(path.read_bytes()) if path.is_file() else ()
    except (OSError, ValueError):
        return ()


def decoded(content: bytes) -> Sequence[str]:
    """The lines of a source in its own encoding, or somehow if that is unknown."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    except SyntaxError:
        encoding = "utf-8"
    return LINE_END.split(content.decode(encoding, errors="replace").rstrip("\r\n"))
