"""Bytes by name in files of one folder: each is written as a whole, and what else is found there is ignored."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

TAG_FILE: Final = "CACHEDIR.TAG"
TAG: Final = b"Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of racelint. It can be removed.\n"
IGNORE_FILE: Final = ".gitignore"
CONTENT_FOLDER: Final = "v1"

DIGEST_SIZE: Final = 20
LARGEST_FILE: Final = 256 * 1024 * 1024

DAY: Final = 24 * 60 * 60
KEPT_SECONDS: Final = 30 * DAY
KEPT_BYTES: Final = 1024 * 1024 * 1024
UNFINISHED: Final = "~"
"""How the names of files begin that are being written."""

FLAGS: Final = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
READING: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | FLAGS
WRITING: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | FLAGS


def digest(*parts: bytes) -> bytes:
    """What tells these bytes from any others."""
    hashed = blake2b(digest_size=DIGEST_SIZE)
    for part in parts:
        hashed.update(len(part).to_bytes(8, "little"))
        hashed.update(part)
    return hashed.digest()


class Store:
    """A folder with contents by kind and name. It comes into being with the first content that is put there."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._content = "" if folder is None else os.path.join(folder, CONTENT_FOLDER)
        self._folders: set[str] = set()
        self._is_full = False

    def get(self, kind: str, name: bytes) -> bytes | None:
        """What was put there; None if that is nothing, or is not what was put there any more."""
        path = self._path(kind, name)
        try:
            written = _read(path)
        except OSError:
            return None
        seal, content = written[:DIGEST_SIZE], written[DIGEST_SIZE:]
        return content if seal == digest(kind.encode(), name, content) else None

    def put(self, kind: str, name: bytes, content: bytes) -> None:
        """Put something there; after a failure nothing more is tried."""
        if self._is_full:
            return
        path = self._path(kind, name)
        try:
            self._make_folder(os.path.dirname(path))
            _write(path, digest(kind.encode(), name, content) + content)
        except OSError:
            self._is_full = True

    def trim(self, kind: str, count: int) -> None:
        """Keep no more of a kind than so many, those that were used last."""
        with suppress(OSError):
            for _, _, path in sorted(_files(os.path.join(self._content, kind)), reverse=True)[count:]:
                os.unlink(path)

    def tidy(self) -> None:
        """Remove what was not used for long, then the oldest until the rest is small enough; at most once a day."""
        mark = os.path.join(self._content, "tidied")
        with suppress(OSError):
            if not self._folders or (os.path.exists(mark) and os.stat(mark).st_mtime > time.time() - DAY):
                return
            files = sorted(_files(self._content))
            size = sum(size for _, size, _ in files)
            for used, own, path in files:
                is_unfinished = os.path.basename(path).startswith(UNFINISHED)
                limit = DAY if is_unfinished else KEPT_SECONDS
                if used < time.time() - limit or size > KEPT_BYTES:
                    size -= own
                    with suppress(OSError):
                        os.unlink(path)
            with open(mark, "wb"):
                os.utime(mark)

    def _path(self, kind: str, name: bytes) -> str:
        shown = name.hex()
        return os.path.join(self._content, kind, *((shown[:2], shown[2:]) if shown else ("all",)))

    def _make_folder(self, folder: str) -> None:
        assert self.folder is not None
        if folder in self._folders:
            return
        if not os.path.isdir(self._content):
            is_new = not os.path.exists(self.folder)
            os.makedirs(self._content, exist_ok=True)
            for name, content in ((TAG_FILE, TAG), (IGNORE_FILE, b"*\n")) if is_new else ():
                _write(os.path.join(self.folder, name), content)
        os.makedirs(folder, exist_ok=True)
        self._folders.add(folder)


def clean(folder: Path) -> bool:
    """Remove a cache, and nothing else that may be in its folder; whether there was one."""
    content = os.path.join(folder, CONTENT_FOLDER)
    if not os.path.isdir(content) or os.path.islink(content):
        return False
    from shutil import rmtree

    rmtree(content)
    tag = folder / TAG_FILE
    with suppress(OSError):
        if tag.read_bytes() == TAG:
            tag.unlink()
            (folder / IGNORE_FILE).unlink()
            folder.rmdir()
    return True


def _read(path: str) -> bytes:
    """The bytes of a regular file, which is marked as used; anything else that has its name is an `OSError`."""
    descriptor = os.open(path, READING)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
            raise OSError("no file of a cache")
        content = os.read(descriptor, status.st_size + 1)
        while len(content) < status.st_size and (more := os.read(descriptor, status.st_size)):
            content += more
    finally:
        os.close(descriptor)
    if status.st_mtime < time.time() - DAY:
        with suppress(OSError):
            os.utime(path)
    return content


def _write(path: str, content: bytes) -> None:
    """Put a file in its place at once: whoever reads it meets the former one, or the new one as a whole."""
    folder, name = os.path.split(path)
    unfinished = os.path.join(folder, f"{UNFINISHED}{os.getpid()}-{os.urandom(4).hex()}-{name}")
    try:
        with open(os.open(unfinished, WRITING, 0o666), "wb") as stream:
            stream.write(content)
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise


def _files(folder: str) -> Iterator[tuple[float, int, str]]:
    """When each file below a folder was last used, its size, and its path."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path)
            elif entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                yield status.st_mtime, status.st_size, entry.path
