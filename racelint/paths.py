"""Paths in the one spelling that a run uses, and the one that the user sees."""

from __future__ import annotations

import os
from pathlib import Path


def absolute(path: Path) -> Path:
    """The path from the root, links kept; but one that only a link leads away from the working directory comes home."""
    spelled = Path(os.path.abspath(path))
    home = Path.cwd()
    if spelled.is_relative_to(home):
        return spelled
    resolved = Path(os.path.realpath(spelled.parent), spelled.name)
    return resolved if resolved.is_relative_to(home) else spelled


def display_path(path: Path) -> str:
    """How an absolute path is shown: relative to the working directory if below it, with `/`, always printable."""
    home, shown = os.path.join(os.getcwd(), ""), path.as_posix()
    inside = shown.removeprefix(home.replace(os.sep, "/"))
    if inside == shown and shown == home[:-1]:
        inside = "."
    if inside.isprintable():
        return inside
    return "".join(char if char.isprintable() else _escaped(char) for char in inside)


def _escaped(char: str) -> str:
    is_undecoded_byte = "\udc80" <= char <= "\udcff"
    return f"\\x{ord(char) - 0xDC00:02x}" if is_undecoded_byte else char.encode("unicode_escape").decode("ascii")
