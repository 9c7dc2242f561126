"""Patterns that leave paths out: those of .gitignore files, and those of the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

DEFAULT_EXCLUDES = frozenset(
    (
        *(".bzr", ".git", ".hg", ".svn"),
        *("__pycache__", ".hypothesis", ".mypy_cache", ".pytest_cache", ".pytype", ".ruff_cache", ".ipynb_checkpoints"),
        *(".direnv", ".nox", ".pyenv", ".tox", ".venv", "venv", "site-packages"),
        *(".eggs", "__pypackages__", "_build", "buck-out", "build", "dist", "node_modules"),
    )
)
"""Names of folders that hold no source of the project, unless they are packages."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Patterns relative to a folder."""

    root: Path
    spec: GitIgnoreSpec
    from_git: bool

    def decides(self, path: Path, *, is_folder: bool) -> bool | None:
        """True: leaves the path out; False: takes it back in; None: says nothing."""
        if not self.spec.patterns or not path.is_relative_to(self.root) or path == self.root:
            return None
        relative = path.relative_to(self.root).as_posix()
        return self.spec.check_file(f"{relative}/" if is_folder else relative).include


def is_ignored(path: Path, ignores: Sequence[Ignore], *, is_folder: bool) -> bool:
    """Whether the path is left out: by the configuration, or by the last word of the .gitignore files, outer first."""
    decisions = [(ignore.from_git, ignore.decides(path, is_folder=is_folder)) for ignore in ignores]
    by_git = [decision for from_git, decision in decisions if from_git and decision is not None]
    return by_git[-1:] == [True] or (False, True) in decisions


def excludes(root: Path, patterns: Iterable[str]) -> Ignore:
    """The configuration's patterns, relative to the folder of its file."""
    return Ignore(root, GitIgnoreSpec.from_lines(patterns), from_git=False)


def git_ignores_above(folder: Path) -> list[Ignore]:
    """The ignore files between the root of the repository around `folder` and the folder above it, outer first."""
    parents = list(folder.parents)
    repository = next((index for index, parent in enumerate(parents) if (parent / ".git").exists()), None)
    if repository is None or (folder / ".git").exists():
        return []
    return [ignore for parent in reversed(parents[: repository + 1]) for ignore in git_ignores_in(parent)]


def git_ignores_in(folder: Path) -> list[Ignore]:
    """The ignore files of one folder: `.git/info/exclude` where it is the root of a repository, and `.gitignore`."""
    found = []
    for file in (folder / ".git" / "info" / "exclude", folder / ".gitignore"):
        try:
            lines = file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        except OSError:
            continue
        found.append(
            Ignore(folder, GitIgnoreSpec.from_lines(line for line in lines if is_pattern(line)), from_git=True)
        )
    return found


def is_pattern(line: str) -> bool:
    """Whether a line is a pattern of gitignore (or empty, or a comment)."""
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
