"""The configuration of a run: what the nearest file says, over it inline TOML, and over that the other flags."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import msgspec
from msgspec import UNSET

from racelint.configuration.layers import (
    PROJECT_FILE,
    Flags,
    Layer,
    config_flags,
    environment_layer,
    file_layer,
    file_with_settings,
    flag_layer,
)
from racelint.configuration.section import ConfigError, Target
from racelint.knowledge import KnowledgeRows
from racelint.paths import absolute, display_path
from racelint.patterns import names_file, rebased
from racelint.rule import ON_BY_DEFAULT, Rule, Selection, load_rules, matching

__all__ = ["NO_FLAGS", "Config", "ConfigError", "Flags", "load_config", "notes"]

NO_FLAGS = Flags()

PerFileIgnores = tuple[tuple[str, tuple[str, ...]], ...]
"""Patterns and the selectors of the rules that are off in the files that they name."""

SELECTING = ("select", "extend-select", "ignore")

CACHE_FOLDER = ".racelint_cache"
"""The folder in that of the project for what runs find out; what is no project has none."""

Origins = Mapping[str, tuple[str, ...]]

ADDING = {"extend-select", "ignore", "extend-exclude"}
"""The keys that add to what earlier layers say."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a run is told. Patterns of files are relative to `root`, the project's folder; other paths are absolute.

    The `root` of what is no project is only the folder of the checked path. `origins` tells where each key that is
    said anywhere is said, `passed_over` which files with settings are those of further paths, and not read.
    """

    root: Path
    is_project: bool = False
    file: Path | None = None
    selection: Selection = ON_BY_DEFAULT
    per_file_ignores: PerFileIgnores = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    check_tests: bool = False
    src: tuple[Path, ...] = ()
    assume_shared: tuple[str, ...] = ()
    target: Target = "any"
    baseline: Path | None = None
    cache_dir: Path | None = field(default=None, compare=False)
    jobs: int = 0
    fix: bool = False
    unsafe_fixes: bool = False
    respect_noqa: bool = True
    rows: KnowledgeRows = field(default_factory=KnowledgeRows)
    origins: Origins = field(default_factory=dict, compare=False)
    passed_over: tuple[Path, ...] = field(default=(), compare=False)

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the rules that are on in any file, be it only for what is assumed shared."""
        return _codes(self.selection, _with_assumed(load_rules())) if self.assume_shared else self.codes_for_all_state

    @property
    def codes_for_all_state(self) -> frozenset[str]:
        """The codes of those that are on for whatever is shared."""
        return _codes(self.selection, load_rules())

    def codes_for(self, path: Path) -> frozenset[str]:
        """The codes of the rules that are on in the file with this absolute path."""
        return self.codes - self.ignored_in(path)

    def ignored_in(self, path: Path) -> frozenset[str]:
        """The codes of the rules that `per-file-ignores` turns off in the file with this absolute path."""
        selectors = (
            selector
            for pattern, selectors in self.per_file_ignores
            if names_file(pattern, self.root, path)
            for selector in selectors
        )
        return frozenset(rule.code for selector in selectors for rule in matching(selector, load_rules()))


@cache
def _with_assumed(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(replace(rule, default=rule.default or rule.assumed) for rule in rules)


@cache
def _codes(selection: Selection, rules: tuple[Rule, ...]) -> frozenset[str]:
    return frozenset(rule.code for rule in selection.chosen(rules))


def load_config(path: Path, flags: Flags = NO_FLAGS, others: Sequence[Path] = ()) -> Config:
    """The configuration for a checked path and what the command line says; a `ConfigError` where it is wrong.

    `others` are further paths to check: what their own settings would be is only told.

    Its file is the nearest one with settings at or above the path, unless a flag names another one or wants none. The
    project is the folder of that nearest file, else the nearest one with a pyproject.toml or a repository, if any.
    """
    start = _folder(path)
    folders = [start, *start.parents]
    named, inline = config_flags(flags)
    is_read = named is None and not flags.isolated
    nearest = file_with_settings(folders, skip_broken=not is_read)
    marked = (folder for folder in folders if os.path.isfile(folder / PROJECT_FILE) or os.path.exists(folder / ".git"))
    root = nearest.parent if nearest else next(marked, None)

    config = Config(
        root or start,
        is_project=root is not None,
        cache_dir=root and root / CACHE_FOLDER,
        respect_noqa=flags.respect_noqa,
        passed_over=_passed_over(others, nearest) if is_read and len(others) > 1 else (),
    )
    if named:
        config = _over(config, file_layer(named, Path.cwd()))
    elif nearest and is_read:
        config = _over(config, file_layer(nearest, nearest.parent))
    for layer in (environment_layer(), inline):
        config = _over(config, layer) if layer else config
    return _over(config, flag_layer(flags))


def notes(config: Config) -> tuple[str, ...]:
    """What is to be told about a configuration that can be followed and hardly is meant."""
    read = f"those of {display_path(config.file)}" if config.file is not None else "which has none"
    passed = [
        f"{display_path(file)} is not read: a run has the settings of its first path, {read}"
        for file in config.passed_over
    ]
    places = dict.fromkeys(place for key in SELECTING for place in config.origins.get(key, ()))
    return (*passed, *(() if config.codes else (f"no rule is on ({', '.join(places)})",)))


def _folder(path: Path) -> Path:
    return absolute(path) if os.path.isdir(path) else absolute(path).parent


def _passed_over(paths: Sequence[Path], read: Path | None) -> tuple[Path, ...]:
    """The nearest files with settings of paths, without the one that is `read`."""

    @cache
    def nearest(folder: Path) -> Path | None:
        if read is not None and folder == read.parent:
            return read
        found = file_with_settings([folder], skip_broken=True)
        return found if found is not None or folder == folder.parent else nearest(folder.parent)

    files = map(nearest, map(_folder, paths))
    return tuple(dict.fromkeys(file for file in files if file is not None and file != read))


def _over(config: Config, layer: Layer) -> Config:
    """A configuration, and over it what a layer says."""
    said = layer.section

    def patterns(lines: Iterable[str]) -> tuple[str, ...]:
        return tuple(rebased(line, layer.folder, config.root) for line in lines)

    def by_file(table: Mapping[str, tuple[str, ...]]) -> PerFileIgnores:
        return tuple(zip(patterns(table), table.values(), strict=True))

    def located(path: str) -> Path | None:
        return absolute(layer.folder / path) if path else None

    return replace(
        config,
        file=layer.file or config.file,
        selection=config.selection.then(
            Selection(None if said.select is UNSET else said.select, said.extend_select, said.ignore)
        ),
        per_file_ignores=config.per_file_ignores if said.per_file_ignores is UNSET else by_file(said.per_file_ignores),
        exclude=config.exclude if said.exclude is UNSET else patterns(said.exclude),
        extend_exclude=(*config.extend_exclude, *patterns(said.extend_exclude)),
        check_tests=config.check_tests if said.check_tests is UNSET else said.check_tests,
        src=config.src if said.src is UNSET else tuple(absolute(layer.folder / folder) for folder in said.src),
        assume_shared=config.assume_shared if said.assume_shared is UNSET else said.assume_shared,
        target=config.target if said.target is UNSET else said.target,
        baseline=config.baseline if said.baseline is UNSET else located(said.baseline),
        cache_dir=config.cache_dir if said.cache_dir is UNSET else located(said.cache_dir),
        jobs=config.jobs if said.jobs is UNSET else said.jobs,
        fix=config.fix if said.fix is UNSET else said.fix,
        unsafe_fixes=config.unsafe_fixes if said.unsafe_fixes is UNSET else said.unsafe_fixes,
        rows=_rows_over(config.rows, layer),
        origins=_origins_over(config.origins, layer),
    )


def _rows_over(rows: KnowledgeRows, layer: Layer) -> KnowledgeRows:
    keys = zip(rows.__struct_encode_fields__, rows.__struct_fields__, strict=True)
    said = {name: getattr(layer.section, name) for key, name in keys if key in layer.origins}
    return msgspec.structs.replace(rows, **said)


def _origins_over(origins: Origins, layer: Layer) -> Origins:
    """Where each key is said: in the last place that says it, but those that add to what was said stay."""
    afresh = {"extend-select", "ignore"} if "select" in layer.origins else set()
    kept = {key: places for key, places in origins.items() if key not in afresh}
    return kept | {
        key: (*kept.get(key, ()), place) if key in ADDING else (place,) for key, place in layer.origins.items()
    }
