"""The file of a baseline: JSON with one entry on each line, read as data that anybody may have written."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from racelint.baseline.entries import Entry
from racelint.paths import absolute, display_path

BASELINE_FILE = "racelint-baseline.json"
FORMAT_VERSION = 1
LARGEST_FILE = 64 * 1024 * 1024

CONFLICT = re.compile(rb"^(?:<{7}|={7}|>{7})", re.MULTILINE)
POSITION = re.compile(r" \(byte (\d+)\)$")


class BaselineError(ValueError):
    """A baseline that cannot be used or written: names the file and what is wrong."""

    def __init__(self, file: Path, message: str) -> None:
        super().__init__(f"{display_path(absolute(file))}: {message}")


@dataclass(frozen=True, slots=True)
class Baseline:
    """The entries in a file; none if there is no such file yet."""

    file: Path
    entries: tuple[Entry, ...] = ()

    @property
    def folder(self) -> Path:
        """From where the paths of the entries lead."""
        return absolute(self.file).parent


class _Version(msgspec.Struct):
    version: int


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    accepted: tuple[Entry, ...]


def load(file: Path) -> Baseline:
    """Read a baseline; `BaselineError` if there is none, or the file is something else."""
    content = _content(file)
    try:
        # the version first: another one may have other keys
        version = msgspec.json.decode(content, type=_Version).version
        if version != FORMAT_VERSION:
            raise BaselineError(file, f"is of version {version}, but this racelint reads version {FORMAT_VERSION}")
        return Baseline(file, msgspec.json.decode(content, type=_Document).accepted)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).replace("`", "").partition(" - at $.")
        raise BaselineError(file, f"is no baseline: {where}{': ' if where else ''}{problem}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BaselineError(file, _malformed(content, str(error))) from error


def _content(file: Path) -> bytes:
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise BaselineError(file, "is no regular file")
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise BaselineError(file, "there is no such baseline; `racelint baseline` makes one") from error
    except OSError as error:
        raise BaselineError(file, f"cannot be read ({error.strerror or error})") from error
    if len(content) > LARGEST_FILE:
        raise BaselineError(file, f"is no baseline: it is larger than {LARGEST_FILE // 1024 // 1024} MB")
    return content


def _malformed(content: bytes, problem: str) -> str:
    """Where a file is no JSON, and why."""
    conflict, position = CONFLICT.search(content), POSITION.search(problem)
    if conflict:
        line = _line(content, conflict.start())
        return f"line {line} is left from a merge: resolve the conflict, or delete the file and make it anew"
    where = f"line {_line(content, int(position[1]))} " if position else ""
    return f"{where}is no JSON: {POSITION.sub('', problem)}"


def _line(content: bytes, offset: int) -> int:
    return content.count(b"\n", 0, offset) + 1


def dump(entries: Iterable[Entry]) -> bytes:
    """The content of the file: sorted, so that it reads well in a diff and merges."""
    rows = ",\n".join(f"    {_row(entry)}" for entry in sorted(entries))
    accepted = f"[\n{rows}\n  ]" if rows else "[]"
    return f'{{\n  "version": {FORMAT_VERSION},\n  "accepted": {accepted}\n}}\n'.encode()


def _row(entry: Entry) -> str:
    return msgspec.json.format(msgspec.json.encode(entry), indent=0).decode()


def write(file: Path, entries: Iterable[Entry]) -> None:
    """Write the entries to a file: wholly or not at all, and not if it says the same already."""
    content = dump(entries)
    target = Path(os.path.realpath(file))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        if target.is_file() and target.read_bytes() == content:
            return
        try:
            temporary.write_bytes(content)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise BaselineError(file, f"cannot be written ({error.strerror or error})") from error
