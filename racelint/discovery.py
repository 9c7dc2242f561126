"""Which files make up the program, which of them are asked about, and by which path and module name each is known.

Findings must not depend on which part of a project somebody looks at: whoever names a file of a project gets the
program of the whole project, and the findings of that file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from racelint.ignores import (
    DEFAULT_EXCLUDES,
    GIT_FILES,
    TEST_FOLDERS,
    Ignore,
    excludes,
    git_ignores_above,
    git_ignores_in,
    is_ignored,
    is_test_code,
    is_test_file,
    is_test_folder,
)
from racelint.paths import absolute, display_path

SOURCE_SUFFIXES = (".py", ".pyw")
VIRTUAL_ENVIRONMENT = ("pyvenv.cfg", "conda-meta")
"""What folders have in them that are left out by default."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the program: where it is, the path shown for it, its module name, and whether it is asked about."""

    path: Path
    display: str
    module: str
    is_package: bool
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Project:
    """What surrounds the checked paths: the project's folder, its source folders, and the files to leave out.

    A project `is_whole` if something marks its folder as one; else `root` is only where the checked paths are. Patterns
    are those of gitignore, relative to `root`; `exclude` is None where the default ones hold. Without `check_tests`
    test code is left out that is not named: of 34 findings in the tests of 24 packages 2 were worth a change, and of
    the 49 that only the threads of tests brought up about their packages 6.
    """

    root: Path
    is_whole: bool = False
    check_tests: bool = False
    src: tuple[Path, ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A folder that could not be looked into."""

    display: str
    reason: str

    @property
    def problem(self) -> str:
        """What is wrong, as a part of a sentence."""
        return f"the folder cannot be listed ({self.reason})"


def discover(
    arguments: Sequence[Path], project: Project, buffers: Iterable[Path] = ()
) -> tuple[list[SourceFile], list[Unlisted]]:
    """The source files of the program, each once, in an order that only their paths decide.

    Asked about are those at and below the arguments, and the buffers: files whose text does not come from the disk. If
    any of them belongs to the project, all of it is in the program; of what does not, the whole package around it is.
    """
    unlisted: list[Unlisted] = []
    arguments, buffers = [absolute(argument) for argument in arguments], {absolute(buffer) for buffer in buffers}
    asked = buffers | {path for argument in arguments for path in _asked(argument, project, unlisted)}
    around = dict(_sources(absolute(project.root), project, [])) if project.is_whole else {}
    folders = {path.parent for path in around}
    at_home = {path for path in asked if path in around or (path in buffers and _would_be_source(path, folders))}
    rest = (path for path, is_test in around.items() if project.check_tests or not is_test)
    members = {*at_home, *rest} if at_home else set()
    named = [*filter(os.path.isdir, arguments)]
    strays = {argument for argument in {*arguments, *buffers} if argument not in at_home and argument not in folders}
    beside = {path for package in _packages_around(strays, named) for path in _asked(package, project, [])}
    roots = [*named, project.root, Path.cwd()]
    files = _real_paths(members | asked | beside)
    found = _without_second_names(files)
    names = _module_names([(path, [project.root] if path in members else roots) for path in found], project)
    meant = {files[path] for path in asked}
    return (
        [_source_file(path, name, asked=files[path] in meant) for path, name in names],
        sorted(set(unlisted), key=lambda folder: folder.display),
    )


def _source_file(path: Path, module: str, *, asked: bool) -> SourceFile:
    return SourceFile(path, display_path(path), module, path.stem == "__init__", asked)


# --- files ---------------------------------------------------------------------------------------------------------


def _asked(argument: Path, project: Project, unlisted: list[Unlisted]) -> Iterator[Path]:
    """The argument itself if it is no folder, else what is found below it: test code only if the folder is such."""
    if not os.path.isdir(argument):
        yield argument
        return
    top = project.root if argument.is_relative_to(project.root) else argument
    with_tests = project.check_tests or is_test_code(argument, top)
    yield from (path for path, is_test in _sources(argument, project, unlisted) if with_tests or not is_test)


def _packages_around(strays: Iterable[Path], named: Sequence[Path]) -> list[Path]:
    """The outermost regular packages around what is of no project, but for those that are named as a whole."""
    folders = {path if path in named else path.parent for path in strays}
    packages = {top for folder in folders if (top := _outermost_package(folder)) is not None}
    return [package for package in packages if not any(package.is_relative_to(folder) for folder in named)]


def _sources(top: Path, project: Project, unlisted: list[Unlisted]) -> Iterator[tuple[Path, bool]]:
    """The source files below a folder, and whether each is test code.

    The folder itself is meant: whatever would leave it out is set aside.
    """
    defaults = DEFAULT_EXCLUDES if project.exclude is None else frozenset()
    own = [excludes(project.root, project.exclude or ()), excludes(project.root, project.extend_exclude)]
    above = [ignore for ignore in [*own, *git_ignores_above(top)] if not ignore.decides(top, is_folder=True)]
    folders: list[tuple[str, Sequence[Ignore], bool]] = [(os.fspath(top), above, False)]
    while folders:
        folder, ignores, in_tests = folders.pop()
        try:
            entries = {entry.name: entry for entry in os.scandir(folder)}
        except OSError as error:
            unlisted.append(Unlisted(display_path(Path(folder)), error.strerror or str(error)))
            continue
        if folder != os.fspath(top) and defaults and not entries.keys().isdisjoint(VIRTUAL_ENVIRONMENT):
            continue
        if not entries.keys().isdisjoint(GIT_FILES):
            ignores = [*ignores, *git_ignores_in(Path(folder))]
        ignores = [ignore for ignore in ignores if ignore.spec.patterns]
        for name, entry in entries.items():
            if entry.is_dir(follow_symlinks=False):
                if not _is_left_out(entry, defaults) and not _is_ignored(entry, ignores, is_folder=True):
                    is_test = in_tests or (name in TEST_FOLDERS and is_test_folder(Path(entry.path)))
                    folders.append((entry.path, ignores, is_test))
            elif (
                name.endswith(SOURCE_SUFFIXES)
                and _is_source(entry)
                and not _is_ignored(entry, ignores, is_folder=False)
            ):
                yield Path(entry.path), in_tests or is_test_file(name)


def _is_ignored(entry: os.DirEntry[str], ignores: Sequence[Ignore], *, is_folder: bool) -> bool:
    return bool(ignores) and is_ignored(Path(entry.path), ignores, is_folder=is_folder)


def _would_be_source(buffer: Path, folders: Set[Path]) -> bool:
    """Whether a buffer, which need not be on the disk, belongs to the project whose folders with source are given."""
    return buffer.suffix in SOURCE_SUFFIXES and buffer.parent in folders


def _is_left_out(folder: os.DirEntry[str], names: Set[str]) -> bool:
    """Whether a folder is left out by default for its name, unless it is a package."""
    return folder.name in names and not os.path.exists(os.path.join(folder.path, "__init__.py"))


def _is_source(entry: os.DirEntry[str]) -> bool:
    """Whether a folder's entry is Python source; a broken link is, so that it is reported, an editor's lock is not."""
    if entry.name.startswith(".#"):
        return False
    return _is_file(entry) or (entry.is_symlink() and not os.path.exists(entry))


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _real_paths(paths: Iterable[Path]) -> dict[Path, str]:
    """Each path with the one to which links lead from there."""
    real_folder = cache(os.path.realpath)
    found = {}
    for path in paths:
        folder, name = os.path.split(path)
        found[path] = os.path.realpath(path) if os.path.islink(path) else os.path.join(real_folder(folder), name)
    return found


def _without_second_names(files: Mapping[Path, str]) -> list[Path]:
    """The paths in order, without those that only lead by a link to a file (the value) that another one leads to."""
    first_names: dict[str, Path] = {}
    in_order = sorted(files)
    for path in (*(path for path in in_order if not os.path.islink(path)), *in_order):
        first_names.setdefault(files[path], path)
    return sorted(first_names.values())


# --- module names --------------------------------------------------------------------------------------------------


def _module_names(paths: Iterable[tuple[Path, Sequence[Path]]], project: Project) -> list[tuple[Path, str]]:
    """The paths, each given with the folders from which it may be imported, with their module names, all different.

    Where two source folders have a module of one name, the later folder's packages that clash go by longer names.
    """
    packages: dict[tuple[Path, str], dict[Path, tuple[str, ...]]] = {}
    root_of = cache(lambda folder, roots: _source_root(_import_folder(folder), roots, project))
    inside = cache(lambda folder, root: folder.relative_to(root).parts)
    for path, roots in paths:
        folder = path.parent
        root = root_of(folder, tuple(roots))
        parts = (*inside(folder, root), *(() if path.stem == "__init__" else (path.stem,))) or (path.stem,)
        packages.setdefault((root, parts[0]), {})[path] = parts
    taken: set[str] = set()
    names: list[tuple[Path, str]] = []
    for (root, _), members in packages.items():
        prefix = _distinguishing_prefix(root, members.values(), taken)
        for path in sorted(members, key=lambda path: (path.stem != "__init__", path)):
            name = _unused(".".join((*prefix, *members[path])), taken)
            taken.add(name)
            names.append((path, name))
    return sorted(names)


def _import_folder(folder: Path) -> Path:
    """The folder to which the outermost regular package around `folder` belongs."""
    package = _outermost_package(folder)
    return folder if package is None else package.parent


def _outermost_package(folder: Path) -> Path | None:
    """The outermost regular package around `folder`, which may be itself."""
    package = None
    while os.path.isfile(folder / "__init__.py") and folder != folder.parent:
        package, folder = folder, folder.parent
    return package


def _source_root(folder: Path, roots: Sequence[Path], project: Project) -> Path:
    """The folder from which modules in `folder` are imported.

    That is a configured source folder; else one named `src` inside the project or an argument; else the innermost of
    `roots` (the arguments, the project, the working directory), or around the package that this is; else the folder.
    """
    around = [folder, *folder.parents]
    inner_root = next((parent for parent in around if parent in roots), None)
    outer_root = project.root if project.root in around else inner_root
    configured = next((parent for parent in around if parent in project.src), None)
    if configured or not outer_root:
        return configured or folder
    inside = around[: around.index(outer_root)]
    root = _import_folder(inner_root) if inner_root else folder
    return next((parent for parent in inside if parent.name == "src"), root)


def _distinguishing_prefix(root: Path, members: Iterable[tuple[str, ...]], taken: set[str]) -> tuple[str, ...]:
    """The shortest trailing part of `root` under which none of the dotted names is taken; nothing if none is."""
    folders = root.parts[1:]
    for length in range(len(folders) + 1):
        prefix = folders[len(folders) - length :]
        if not any(".".join((*prefix, *parts)) in taken for parts in members):
            return prefix
    return folders


def _unused(name: str, taken: set[str]) -> str:
    """The name, numbered if another file of the same folder (`x.py` beside `x/__init__.py`) has it already."""
    number = 2
    unused = name
    while unused in taken:
        unused = f"{name}#{number}"
        number += 1
    return unused
