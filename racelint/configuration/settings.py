"""The settings of a run as they are shown: every key with its value and where it is from, in lines of TOML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from racelint.configuration.config import Config
from racelint.ignores import DEFAULT_EXCLUDES
from racelint.paths import display_path
from racelint.rule import Selection, load_rules

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """A key, its value in plain data, and where it is from; without an origin it is no key but follows from others.

    As a text it is a line of TOML, and a comment if nobody has said it.
    """

    key: str
    value: object
    origin: str = ""

    def __str__(self) -> str:
        if not self.origin:
            return f"# {self.key}: {self.value}"
        comment = "# " if self.origin == DEFAULT else ""
        return f"{comment}{self.key} = {_toml(self.value)}  # {self.origin}"


def settings(config: Config) -> tuple[Setting, ...]:
    """All settings of a configuration, always in the same order; what is not said has its default value.

    In the project's folder their lines are a file that says the same.
    """
    root = config.root.as_posix()
    keys = (
        Setting(key, value, ", ".join(config.origins.get(key, (DEFAULT,)))) for key, value in _values(config).items()
    )
    return (
        Setting("project", root if config.is_project else f"none ({root})"),
        Setting("settings", display_path(config.file) if config.file else "no file"),
        *keys,
        Setting("comments that suppress findings", "heard" if config.respect_noqa else "not heard"),
        Setting("rules that are on", ", ".join(sorted(config.codes)) or "none"),
    )


def _values(config: Config) -> dict[str, object]:
    layers = list(_layers(config.selection))
    by_default = [rule.code for rule in load_rules() if rule.default]
    exclude = sorted(DEFAULT_EXCLUDES) if config.exclude is None else list(config.exclude)
    return {
        "select": by_default if layers[0].select is None else list(layers[0].select),
        "extend-select": [selector for layer in layers for selector in layer.extend_select],
        "ignore": [selector for layer in layers for selector in layer.ignore],
        "per-file-ignores": {pattern: list(selectors) for pattern, selectors in config.per_file_ignores},
        "exclude": exclude,
        "extend-exclude": list(config.extend_exclude),
        "check-tests": config.check_tests,
        "src": [display_path(folder) for folder in config.src],
        "assume-shared": list(config.assume_shared),
        "target": config.target,
        "baseline": display_path(config.baseline) if config.baseline else "",
        "cache-dir": display_path(config.cache_dir) if config.cache_dir else "",
        "jobs": config.jobs,
        "fix": config.fix,
        "unsafe-fixes": config.unsafe_fixes,
        **msgspec.to_builtins(config.rows),
    }


def _layers(selection: Selection) -> Iterator[Selection]:
    """The selections of all layers, the earliest first."""
    if selection.earlier:
        yield from _layers(selection.earlier)
    yield selection


def _toml(value: object) -> str:
    """Plain data as TOML; keys without a value are left out."""
    if isinstance(value, Mapping):
        given = ((key, item) for key, item in value.items() if item is not None)
        return f"{{{', '.join(f'{_key(key)} = {_toml(item)}' for key, item in given)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
