"""The cases: which fix, what was wrong before it, and where the sources before and after it are to be had."""

from __future__ import annotations

from pathlib import Path

import msgspec

from benchmarks.releases import checkout, release

HERE = Path(__file__).parent


class Case(msgspec.Struct, frozen=True):
    """A fix of a concurrency bug: facts only.

    `bad` is the last release with the bug and `fixed` the first without it; `lines` are those of the bug in `file` at
    the commit `before`; `lock` names the locks that were held, or fought over.
    """

    case: str
    repository: str
    fix: str
    before: str
    package: str | None
    bad: str | None
    fixed: str | None
    category: str
    file: str
    functions: list[str]
    lines: list[tuple[int, int]]
    state: str
    lock: str

    @property
    def releases(self) -> Sides | None:
        """The releases before and after the fix, if there are any."""
        if self.package and self.bad and self.fixed:
            return Source(self.package, self.bad), Source(self.package, self.fixed)
        return None

    @property
    def commits(self) -> Sides:
        """The fix, and the commit before it."""
        return Source(self.repository, self.before, True), Source(self.repository, self.fix, True)


class Source(msgspec.Struct, frozen=True):
    """A release of a package, or a commit of a repository."""

    name: str
    version: str
    is_commit: bool = False

    def tree(self, cache: Path, mirrors: Path | None) -> Path | None:
        """The folder with its files; None if they are not to be had."""
        if self.is_commit:
            return checkout(self.name, self.version, mirrors, cache) if mirrors else None
        return release(self.name, self.version, cache)


Sides = tuple[Source, Source]


class Target(msgspec.Struct, frozen=True):
    """What is to be checked: a file or folder, by its name in a folder."""

    folder: Path
    name: str


def cases(only: str) -> list[Case]:
    """All cases with this text in their name or category."""
    listed = msgspec.json.decode((HERE / "cases.json").read_bytes(), type=list[Case])
    return [case for case in listed if only in f"{case.case} {case.category}"]


def located(tree: Path, file: str) -> Path | None:
    """A file of the repository in a tree, where it may lie under other folders: the longest end of its path counts."""
    parts = Path(file).parts
    for start in range(len(parts)):
        tail = parts[start:]
        found = [each for each in tree.rglob(tail[-1]) if each.parts[-len(tail) :] == tail]
        if found:
            return min(found, key=lambda each: (len(each.parts), each))
    return None


def target_of(tree: Path, file: Path) -> Target:
    """All of a wheel, where names begin; else the package around the file; the file if it is alone."""
    if any(tree.glob("*.dist-info")):
        return Target(tree, ".")
    top = file.parent
    if not (top / "__init__.py").exists():
        return Target(file.parent, file.name) if top == tree else Target(top, ".")
    while (top.parent / "__init__.py").exists() and top != tree:
        top = top.parent
    return Target(top.parent, top.name)
