"""The settings of a run: `[tool.racelint]` of pyproject.toml, read strictly."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from racelint.ignores import is_pattern
from racelint.knowledge import KnowledgeRows
from racelint.paths import absolute, display_path
from racelint.rule import ON_BY_DEFAULT, Selection, UnknownRuleError, load_rules, matching

CONFIG_FILE = "pyproject.toml"

Schema = TypeVar("Schema", bound=msgspec.Struct)


class ConfigError(ValueError):
    """A configuration that cannot be followed: names the file, the key and what is meant where that can be guessed."""

    def __init__(self, file: Path, message: str) -> None:
        super().__init__(f"{display_path(file)}: [tool.racelint] {message}")


Target = Literal["any", "gil", "free-threaded"]


@dataclass(frozen=True, slots=True)
class Config:
    """What a run is told. Patterns of files are relative to `root`, the project's folder."""

    root: Path
    is_project: bool = False
    file: Path | None = None
    selection: Selection = ON_BY_DEFAULT
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    src: tuple[Path, ...] = ()
    assume_shared: tuple[str, ...] = ()
    target: Target = "any"
    baseline: Path | None = None
    respect_noqa: bool = True
    rows: KnowledgeRows = field(default_factory=KnowledgeRows)

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the rules that are on in any file."""
        return frozenset(rule.code for rule in self.selection.chosen(load_rules()))

    def codes_for(self, path: Path) -> frozenset[str]:
        """The codes of the rules that are on in the file with this absolute path."""
        return self.codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What a command line says, which wins over files; None where it says nothing.

    `config` has the values of `--config` as they are given: files and inline TOML. `per_file_ignores` has values of
    the form `PATTERN:RULES`. Other lists come without commas.
    """

    config: tuple[str, ...] = ()
    isolated: bool = False
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    assume_shared: tuple[str, ...] | None = None
    target: str | None = None
    baseline: Path | None = None
    respect_noqa: bool = True


NO_FLAGS = Flags()


class _Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The keys of `[tool.racelint]` beside the rows of knowledge."""

    select: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: dict[str, tuple[str, ...]] = {}
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    src: tuple[str, ...] = ()
    assume_shared: tuple[str, ...] = ()
    target: Target = "any"
    baseline: str = ""


def load_config(path: Path, flags: Flags = NO_FLAGS) -> Config:
    """The configuration for a checked path: that of the nearest pyproject.toml at or above it with `[tool.racelint]`.

    Without one the project's folder is the nearest that holds a pyproject.toml or a repository, else `path` itself.
    """
    start = absolute(path) if path.is_dir() else absolute(path).parent
    folders = [start, *start.parents]
    for folder in folders:
        table = _table(folder / CONFIG_FILE)
        if table is not None:
            return _config(folder / CONFIG_FILE, table)
    marked = (folder for folder in folders if (folder / CONFIG_FILE).is_file() or (folder / ".git").exists())
    root = next(marked, None)
    return Config(root or start, is_project=root is not None)


def _table(file: Path) -> dict[str, object] | None:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        return None
    except ValueError as error:
        raise ConfigError(file, f"cannot be read: {error}") from error
    tool = document.get("tool")
    table = tool.get("racelint") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(file, "is no table")
    return table


def _config(file: Path, table: dict[str, object]) -> Config:
    row_keys = _keys(KnowledgeRows)
    unknown = sorted(table.keys() - row_keys - _keys(_Settings))
    if unknown:
        raise ConfigError(file, f"unknown key `{unknown[0]}`{_near_miss(unknown[0], row_keys | _keys(_Settings))}")
    settings = _converted(file, {key: value for key, value in table.items() if key not in row_keys}, _Settings)
    rows = _converted(file, {key: value for key, value in table.items() if key in row_keys}, KnowledgeRows)
    _require(file, "select", settings.select or (), _is_selector)
    _require(file, "extend-select", settings.extend_select, _is_selector)
    _require(file, "ignore", settings.ignore, _is_selector)
    _require(file, "exclude", settings.exclude or (), is_pattern)
    _require(file, "extend-exclude", settings.extend_exclude, is_pattern)
    return Config(
        root=file.parent,
        is_project=True,
        file=file,
        selection=Selection(
            None if settings.select is msgspec.UNSET else settings.select, settings.extend_select, settings.ignore
        ),
        per_file_ignores=tuple(settings.per_file_ignores.items()),
        exclude=settings.exclude,
        extend_exclude=settings.extend_exclude,
        src=tuple(Path(file.parent, folder) for folder in settings.src),
        assume_shared=settings.assume_shared,
        target=settings.target,
        baseline=file.parent / settings.baseline if settings.baseline else None,
        rows=rows,
    )


def _converted(file: Path, values: dict[str, object], schema: type[Schema]) -> Schema:
    try:
        return msgspec.convert(values, schema)
    except msgspec.ValidationError as error:
        raise ConfigError(file, _in_words(str(error), schema)) from error


def _in_words(message: str, schema: type[msgspec.Struct]) -> str:
    """The message of a failed conversion with the key first, and the near miss of an unknown one."""
    problem, _, where = message.replace("`", "").partition(" - at $.")
    unknown = re.search(r"contains unknown field (\S+)", problem)
    if unknown:
        problem = f"unknown key `{unknown[1]}`{_near_miss(unknown[1], _nested_keys(schema))}"
    return f"{where}: {problem}" if where else problem


def _require(file: Path, key: str, values: Iterable[str], is_valid: Callable[[str], bool]) -> None:
    for value in values:
        try:
            valid = is_valid(value)
        except UnknownRuleError as error:
            raise ConfigError(file, f"{key}: {error}") from error
        if not valid:
            raise ConfigError(file, f"{key}: {value!r} is no pattern")


def _is_selector(value: str) -> bool:
    matching(value, load_rules())
    return True


def _near_miss(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, sorted(known), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _keys(schema: type[msgspec.Struct]) -> set[str]:
    return set(schema.__struct_encode_fields__)


def _nested_keys(schema: type[msgspec.Struct]) -> set[str]:
    """The keys of a schema and of all tables in it."""
    _, components = msgspec.json.schema_components([schema])
    return {key for component in components.values() for key in component.get("properties", {})}
