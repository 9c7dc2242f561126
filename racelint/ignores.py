"""What leaves paths out: .gitignore files, the patterns of the configuration, and being test code."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pathspec import GitIgnoreSpec

DEFAULT_EXCLUDES = frozenset(
    (
        *(".bzr", ".git", ".hg", ".svn"),
        *("__pycache__", ".hypothesis", ".mypy_cache", ".pytest_cache", ".pytype", ".racelint_cache", ".ruff_cache"),
        ".ipynb_checkpoints",
        *(".direnv", ".nox", ".pyenv", ".tox", ".venv", "venv", "site-packages"),
        *(".eggs", "__pypackages__", "_build", "buck-out", "build", "dist", "node_modules"),
    )
)
"""Names of folders that hold no source of the project, unless they are packages."""


GIT_FILES = frozenset((".git", ".gitignore"))
"""What a folder has in it that has ignore files."""

NAMED_GROUP = re.compile(r"\(\?P<\w+>")

TEST_FOLDERS = frozenset(("test", "tests"))
TEST_FILES = ("test_*.py", "*_test.py")
MORE_TEST_FILES = ("conftest.py", "tests.py")
"""Names of test code. A folder of such a name is one only if there are test files in it: `django/test` is a library."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Patterns relative to a folder. What `hint` does not match, none of them speaks of."""

    root: Path
    spec: GitIgnoreSpec
    from_git: bool
    hint: re.Pattern[str]

    def decides(self, path: Path, *, is_folder: bool) -> bool | None:
        """True: leaves the path out; False: takes it back in; None: says nothing."""
        if not self.spec.patterns or not path.is_relative_to(self.root) or path == self.root:
            return None
        relative = f"{path.relative_to(self.root).as_posix()}{'/' if is_folder else ''}"
        return self.spec.check_file(relative).include if self.hint.search(relative) else None


def _ignore(root: Path, lines: Iterable[str], *, from_git: bool) -> Ignore:
    spec = GitIgnoreSpec.from_lines(lines)
    each = (pattern.regex.pattern for pattern in spec.patterns if pattern.regex)
    hint = re.compile("|".join(f"(?:{NAMED_GROUP.sub('(?:', regex)})" for regex in each) or "(?!)", re.DOTALL)
    return Ignore(root, spec, from_git, hint)


def is_ignored(path: Path, ignores: Sequence[Ignore], *, is_folder: bool) -> bool:
    """Whether the path is left out: by the configuration, or by the last word of the .gitignore files, outer first."""
    decisions = [(ignore.from_git, ignore.decides(path, is_folder=is_folder)) for ignore in ignores]
    by_git = [decision for from_git, decision in decisions if from_git and decision is not None]
    return by_git[-1:] == [True] or (False, True) in decisions


def excludes(root: Path, patterns: Iterable[str]) -> Ignore:
    """The configuration's patterns, relative to the folder of its file."""
    return _ignore(root, patterns, from_git=False)


def git_ignores_above(folder: Path) -> list[Ignore]:
    """The ignore files between the root of the repository around `folder` and the folder above it, outer first."""
    parents = list(folder.parents)
    repository = next((index for index, parent in enumerate(parents) if os.path.exists(parent / ".git")), None)
    if repository is None or os.path.exists(folder / ".git"):
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
        found.append(_ignore(folder, (line for line in lines if is_pattern(line)), from_git=True))
    return found


def is_test_code(path: Path, top: Path) -> bool:
    """Whether a file or folder below `top` is test code: by its own name, or as part of a folder with tests."""
    inside = path.parents[: len(path.parents) - len(top.parents)] if path.is_relative_to(top) else ()
    return is_test_file(path.name) or any(is_test_folder(folder) for folder in (path, *inside))


def is_test_file(name: str) -> bool:
    """Whether a file is called as test runners expect it of test code."""
    return any(fnmatchcase(name, pattern) for pattern in (*TEST_FILES, *MORE_TEST_FILES))


def is_test_folder(folder: Path) -> bool:
    """Whether a folder is called as folders of tests are, and holds any."""
    return folder.name in TEST_FOLDERS and any(
        fnmatchcase(name, pattern) for _, _, names in os.walk(folder) for name in names for pattern in TEST_FILES
    )


def is_pattern(line: str) -> bool:
    """Whether a line is a pattern of gitignore (or empty, or a comment)."""
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
