"""The patterns of files in a configuration: from which folder they count, and which files they name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pathspec import GitIgnoreSpec

NEGATION = "!"


def is_file_pattern(pattern: str) -> bool:
    """Whether a text is a pattern of gitignore that names any files."""
    try:
        return any(part.include is not None for part in _spec(pattern).patterns)
    except ValueError:
        return False


def rebased(pattern: str, folder: Path, root: Path) -> str:
    """A pattern that counts from `folder` as one that counts from `root`, and as it is if that is not around `folder`.

    As in gitignore only a pattern with a `/` before its end is bound to a folder; others name files anywhere.
    """
    body = pattern.removeprefix(NEGATION)
    if folder == root or not folder.is_relative_to(root) or "/" not in body.rstrip("/"):
        return pattern
    steps = (_literally(step) for step in folder.relative_to(root).parts)
    return f"{NEGATION if body != pattern else ''}/{'/'.join(steps)}/{body.removeprefix('/')}"


def names_file(pattern: str, root: Path, path: Path) -> bool:
    """Whether a pattern that counts from `root` names the file; with `!` before it it names all others."""
    shown = path.relative_to(root if path.is_relative_to(root) else path.anchor).as_posix()
    body = pattern.removeprefix(NEGATION)
    return _spec(body).match_file(shown) == (body == pattern)


@cache
def _spec(pattern: str) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines([pattern])


def _literally(name: str) -> str:
    """A name as a pattern that means it alone."""
    return "".join(f"\\{char}" if char in "\\*?[" else char for char in name)
