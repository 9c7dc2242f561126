"""The trees that are checked: Python files of releases and of the standard library, copied into one folder each."""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from benchmarks.noise.packages import packages
from benchmarks.releases import release

LIBRARY = "stdlib"
MIXED = (LIBRARY, "django", "sympy", "celery", "urllib3", "redis", "distributed")
THREADED = (
    *("celery", "kombu", "redis", "tornado", "distributed", "urllib3", "werkzeug"),
    *("rq", "huey", "dramatiq", "apscheduler", "watchdog", "paramiko", "kafka-python"),
)
ENOUGH = 0.98
"""A tree is as large as was asked for from this part of it on."""
LARGE = {"homeassistant": "2025.4.4"}
"""Releases that only this benchmark asks for, with their versions."""


def tree(names: tuple[str, ...], folder: Path, cache: Path, lines: int = 0) -> int:
    """Copy the files of some packages into a folder, up to so many lines if that is given; how many there are."""
    total = 0
    for name in names:
        total += _copy(name, folder / name, cache, lines - total if lines else 0)
        if lines and total > lines * ENOUGH:
            break
    # A project of its own, of which nothing is left out.
    (folder / "racelint.toml").write_text("exclude = []\ncheck-tests = true\n", encoding="utf-8")
    return total


def sampled(names: tuple[str, ...], folder: Path, cache: Path, lines: int) -> int:
    """The same with about as many lines of each package; all of them if `lines` is 0."""
    if not lines:
        return tree(names, folder, cache)
    return sum(tree((name,), folder, cache, lines // len(names)) for name in names)


def _copy(name: str, folder: Path, cache: Path, lines: int) -> int:
    total = 0
    for source, path in _files(name, cache):
        count = source.read_bytes().count(b"\n")
        if lines and total + count > lines:
            continue
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        total += count
    return total


def _files(name: str, cache: Path) -> Iterator[tuple[Path, Path]]:
    """The Python files of a package, each with its path below it."""
    top = _folder(name, cache)
    for path in sorted(top.rglob("*.py")):
        inner = path.relative_to(top)
        if "site-packages" not in inner.parts and not (name == LIBRARY and "test" in inner.parts):
            yield path, inner


def _folder(name: str, cache: Path) -> Path:
    if name == LIBRARY:
        return Path(sysconfig.get_path("stdlib"))
    versions = {package.name: package.version for package in packages()} | LARGE
    folder = release(name, versions[name], cache)
    if folder is None:
        raise SystemExit(f"{name} {versions[name]} is not to be had")
    return folder


def all_names() -> tuple[str, ...]:
    """All packages that are at hand for measuring how time and memory grow, the small ones among the large ones."""
    return (*THREADED, *(each for each in MIXED if each not in THREADED), *_others())


def _others() -> Iterator[str]:
    yield from (each.name for each in packages() if each.name not in {*THREADED, *MIXED})
