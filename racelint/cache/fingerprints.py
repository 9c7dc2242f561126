"""What makes an answer: digests of the code that gives it, by which answers of other versions are told apart."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from racelint import __version__
from racelint.cache.store import digest

PACKAGE: Final = Path(__file__).parent.parent
READING: Final = ("extract", "facts.py")
"""The parts of racelint of which depends what a text says."""


@cache
def of_reading() -> bytes:
    """The digest of what decides what a text says."""
    return digest(*_python(), _of_library("libcst", "_version.py"), *_sources(READING))


@cache
def of_everything() -> bytes:
    """The digest of what decides what comes of a program."""
    return digest(of_reading(), _of_library("networkx", "__init__.py"), *_sources(("",)))


def _python() -> Iterator[bytes]:
    yield repr((__version__, sys.implementation.name, *sys.version_info)).encode()


def _of_library(name: str, file: str) -> bytes:
    """The file of a library that tells its version. The library itself is not loaded."""
    spec = importlib.util.find_spec(name)
    for folder in (spec and spec.submodule_search_locations) or ():
        try:
            return Path(folder, file).read_bytes()
        except OSError:
            continue
    return b""


def _sources(names: tuple[str, ...]) -> Iterator[bytes]:
    """The names and contents of the sources of racelint below these files and folders, in a fixed order."""
    for name in names:
        top = os.path.join(PACKAGE, name)
        for path in sorted([top] if os.path.isfile(top) else _python_files(top)):
            yield os.path.relpath(path, PACKAGE).encode()
            with open(path, "rb") as stream:
                yield stream.read()


def _python_files(folder: str) -> Iterator[str]:
    for entry in os.scandir(folder) if os.path.isdir(folder) else ():
        if entry.name.endswith(".py"):
            yield entry.path
        elif entry.is_dir() and entry.name != "__pycache__":
            yield from _python_files(entry.path)
