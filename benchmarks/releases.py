"""Releases of packages, downloaded with pip once and unpacked, and commits from mirrors of repositories."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "racelint-benchmarks" / "releases"
"""Where releases are kept, unless somebody says otherwise."""

WHEEL = ("--only-binary", ":all:")
CHOICES = (
    WHEEL,
    (*WHEEL, "--python-version", "3.14"),
    (*WHEEL, "--python-version", "3.8"),
    (*WHEEL, "--python-version", "2.7"),
    ("--no-binary", ":all:"),
)
"""A wheel for this Python or any other if there is one, else the source."""


def release(package: str, version: str, cache: Path = CACHE) -> Path | None:
    """The folder with the files of a release; None if it is not to be had."""
    folder = cache / f"{package}-{version}"
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=cache) as draft:
        for choice in CHOICES:
            archive = _downloaded(f"{package}=={version}", choice, Path(draft))
            if archive is not None:
                _unpack(archive, Path(draft, "unpacked"))
                with contextlib.suppress(OSError):  # somebody else was faster
                    Path(draft, "unpacked").rename(folder)
                return folder
    return None


def _downloaded(requirement: str, choice: tuple[str, ...], folder: Path) -> Path | None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), *choice]
    done = subprocess.run([*command, requirement], capture_output=True, check=False)
    return next((each for each in folder.iterdir() if each.is_file()), None) if done.returncode == 0 else None


def _unpack(archive: Path, folder: Path) -> None:
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
    else:
        with tarfile.open(archive) as packed_files:
            packed_files.extractall(folder, filter="data")


def checkout(repository: str, commit: str, mirrors: Path, cache: Path = CACHE) -> Path | None:
    """The folder with the sources of a commit, from `mirrors`: repositories named owner+name, or in such a folder."""
    name = repository.replace("/", "+")
    folder = cache / f"{name}-{commit[:12]}"
    if folder.exists():
        return folder
    git = next((each for each in (mirrors / name, *mirrors.glob(f"{name}/*")) if (each / "HEAD").exists()), None)
    if git is None:
        return None
    packed = subprocess.run(["git", "--git-dir", git, "archive", commit, "*.py"], capture_output=True, check=False)
    if packed.returncode:
        return None
    cache.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=cache))
    try:
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
            files.extractall(draft, filter="data")
        with contextlib.suppress(OSError):  # somebody else was faster
            draft.rename(folder)
        return folder
    finally:
        shutil.rmtree(draft, ignore_errors=True)
