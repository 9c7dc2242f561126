"""The settings of a run: `[tool.racelint]` of pyproject.toml, read strictly."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

import msgspec

from racelint.ignores import is_pattern
from racelint.knowledge import KnowledgeRows
from racelint.paths import absolute, display_path
from racelint.rule import UnknownRuleError, load_rules, matching

CONFIG_FILE = "pyproject.toml"

Schema = TypeVar("Schema", bound=msgspec.Struct)


class ConfigError(ValueError):
    """A configuration that cannot be followed: names the file, the key and what is meant where that can be guessed."""

    def __init__(self, file: Path, message: str) -> None:
        super().__init__(f"{display_path(file)}: [tool.racelint] {message}")


@dataclass(frozen=True, slots=True)
class Config:
    """What a run is told. Patterns of files and `src` are relative to `root`, the project's folder."""

    root: Path
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    src: tuple[Path, ...] = ()
    assume_shared: tuple[str, ...] = ()
    rows: KnowledgeRows = field(default_factory=KnowledgeRows)


class _Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The keys of `[tool.racelint]` beside the rows of knowledge."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    src: tuple[str, ...] = ()
    assume_shared: tuple[str, ...] = ()


def load_config(path: Path) -> Config:
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
    return Config(next(marked, start))


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
    _require(file, "select", settings.select, _is_selector)
    _require(file, "ignore", settings.ignore, _is_selector)
    _require(file, "exclude", settings.exclude or (), is_pattern)
    _require(file, "extend-exclude", settings.extend_exclude, is_pattern)
    return Config(
        root=file.parent,
        select=settings.select,
        ignore=settings.ignore,
        exclude=settings.exclude,
        extend_exclude=settings.extend_exclude,
        src=tuple(Path(file.parent, folder) for folder in settings.src),
        assume_shared=settings.assume_shared,
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
    return bool(matching(value, load_rules()))


def _near_miss(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, sorted(known), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _keys(schema: type[msgspec.Struct]) -> set[str]:
    return set(schema.__struct_encode_fields__)


def _nested_keys(schema: type[msgspec.Struct]) -> set[str]:
    """The keys of a schema and of all tables in it."""
    _, components = msgspec.json.schema_components([schema])
    return {key for component in components.values() for key in component.get("properties", {})}
