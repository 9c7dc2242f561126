"""The places where settings are said (files, inline TOML, flags), each read into a layer."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from racelint.configuration.section import ConfigError, Section, read_section
from racelint.paths import absolute, display_path

PROJECT_FILE = "pyproject.toml"
CONFIG_FILES = ("racelint.toml", PROJECT_FILE)
"""The files that may have settings; of two in one folder the first counts."""

CACHE_VARIABLE = "RACELINT_CACHE_DIR"
"""Names the folder for what runs find out; empty for none."""

TABLE = "[tool.racelint]"

Table = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What a command line says, which wins over files; None (or an empty tuple where that adds nothing) if nothing.

    `config` has the values of `--config` as they are given: files and inline TOML. `per_file_ignores` has values of
    the form `PATTERN:RULES`, where RULES after a comma may also be a value of their own. Other lists come without
    commas. Paths are relative to the working directory; the empty one as `baseline` or `cache_dir` means none.
    """

    config: tuple[str, ...] = ()
    isolated: bool = False
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    check_tests: bool | None = None
    assume_shared: tuple[str, ...] | None = None
    target: str | None = None
    baseline: Path | None = None
    cache_dir: Path | None = None
    jobs: int | None = None
    fix: bool | None = None
    unsafe_fixes: bool | None = None
    respect_noqa: bool = True


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says: its name by key, and the folder from which its patterns and paths count."""

    section: Section
    origins: dict[str, str]
    folder: Path
    file: Path | None = None


# --- files ---------------------------------------------------------------------------------------------------------


def file_with_settings(folders: Iterable[Path], *, skip_broken: bool) -> Path | None:
    """The first file with settings in the folders, in order; one that cannot be read is an error or passed over."""
    for file in (folder / name for folder in folders for name in CONFIG_FILES):
        try:
            if _settings(file):
                return file
        except OSError as error:
            if not skip_broken and os.path.isfile(file):
                raise ConfigError(f"{display_path(file)}: cannot be read ({error.strerror or error})") from error
        except ConfigError:
            if not skip_broken:
                raise
    return None


def file_layer(file: Path, folder: Path) -> Layer:
    """The settings of a file, counted from `folder`; a `ConfigError` if it has none."""
    try:
        settings = _settings(file)
    except OSError as error:
        raise ConfigError(f"--config: {display_path(file)}: {error.strerror or error}") from error
    if not settings:
        raise ConfigError(f"--config: {display_path(file)}: has no {TABLE}")
    table, where = settings
    return Layer(read_section(table, where), dict.fromkeys(table, display_path(file)), folder, file)


def _settings(file: Path) -> tuple[Table, str] | None:
    """The table with the settings in a file and what errors about it begin with; None if there is none.

    That is `[tool.racelint]`, but of a file that is no pyproject.toml and has none the whole document.
    """
    shown = display_path(file)
    document = _parsed(file.read_bytes(), f"{shown}:")
    tool = document.get("tool")
    if isinstance(tool, dict) and "racelint" in tool:
        table = tool["racelint"]
        if not isinstance(table, dict):
            raise ConfigError(f"{shown}: {TABLE} is no table")
        return table, f"{shown}: {TABLE} "
    return None if file.name == PROJECT_FILE else (document, f"{shown}: ")


def _parsed(text: bytes, where: str) -> Table:
    try:
        return tomllib.loads(text.decode())
    except ValueError as error:
        raise ConfigError(f"{where} cannot be read as TOML: {error}") from error


# --- the environment -----------------------------------------------------------------------------------------------


def environment_layer() -> Layer | None:
    """What variables of the environment say, if they say anything."""
    folder = os.environ.get(CACHE_VARIABLE)
    if folder is None:
        return None
    section = read_section({"cache-dir": folder}, f"{CACHE_VARIABLE}: ")
    return Layer(section, {"cache-dir": CACHE_VARIABLE}, Path.cwd())


# --- flags ---------------------------------------------------------------------------------------------------------


def config_flags(flags: Flags) -> tuple[Path | None, Layer | None]:
    """The file that `--config` names, if any, and the settings that it gives as TOML."""
    files = [value for value in flags.config if "=" not in value or os.path.isfile(value)]
    if len(files) > 1:
        raise ConfigError(f"--config: only one file can be named, not both {files[0]} and {files[1]}")
    if files and flags.isolated:
        raise ConfigError(f"--config: {files[0]} cannot be read where --isolated wants no file")
    table: Table = {}
    for value in flags.config:
        if value not in files:
            table |= _parsed(value.encode(), f"--config: {value!r} is no file and")
    inline = Layer(read_section(table, "--config: "), dict.fromkeys(table, "--config"), Path.cwd())
    return absolute(Path(files[0])) if files else None, inline if table else None


def flag_layer(flags: Flags) -> Layer:
    """What the flags say beside `--config`."""
    given = {
        "select": flags.select,
        "extend-select": flags.extend_select or None,
        "ignore": flags.ignore or None,
        "per-file-ignores": None if flags.per_file_ignores is None else _by_pattern(flags.per_file_ignores),
        "exclude": flags.exclude,
        "extend-exclude": flags.extend_exclude or None,
        "check-tests": flags.check_tests,
        "assume-shared": flags.assume_shared,
        "target": flags.target,
        "baseline": _location(flags.baseline),
        "cache-dir": _location(flags.cache_dir),
        "jobs": flags.jobs,
        "fix": flags.fix,
        "unsafe-fixes": flags.unsafe_fixes,
    }
    table: Table = {key: value for key, value in given.items() if value is not None}
    return Layer(read_section(table, "--"), {key: f"--{key}" for key in table}, Path.cwd())


def _location(path: Path | None) -> str | None:
    return None if path is None else str(path) if path.parts else ""


def _by_pattern(values: Iterable[str]) -> dict[str, list[str]]:
    """The rules of each pattern in values of the form `PATTERN:RULES`; one without a pattern goes on with the last."""
    found: dict[str, list[str]] = {}
    pattern = ""
    for part in filter(None, (part.strip() for value in values for part in value.split(","))):
        before, _, rule = part.rpartition(":")
        pattern = before or pattern
        if not pattern or not rule:
            raise ConfigError(f"--per-file-ignores: {part!r} is not of the form PATTERN:RULES")
        found.setdefault(pattern, []).append(rule)
    return found
