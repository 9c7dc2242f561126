"""The section `[tool.racelint]`: the keys that it has, and how a table of them is read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from racelint.knowledge import KnowledgeRows
from racelint.patterns import NEGATION, is_file_pattern
from racelint.rule import UnknownRuleError, load_rules, prefix

SELECTORS = "Selector"
"""What the schema calls the texts that select rules."""

Target = Literal["any", "gil", "free-threaded"]
Selector = Annotated[str, Meta(extra_json_schema={"$ref": f"#/definitions/{SELECTORS}"})]


class Section(KnowledgeRows, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What racelint is told: which rules are on, which files belong to the program, and what its names mean."""

    select: Annotated[
        tuple[Selector, ...] | UnsetType,
        Meta(description="The rules that are on: codes, beginnings of codes, names, families, or ALL."),
    ] = UNSET
    extend_select: Annotated[tuple[Selector, ...], Meta(description="Rules that are on beside those of `select`.")] = ()
    ignore: Annotated[
        tuple[Selector, ...],
        Meta(description="Rules that are off, unless a more specific selector turns them on."),
    ] = ()
    per_file_ignores: Annotated[
        dict[str, tuple[Selector, ...]] | UnsetType,
        Meta(description="Rules that are off in the files that a pattern names or, after `!`, in all others."),
    ] = UNSET
    exclude: Annotated[
        tuple[str, ...] | UnsetType,
        Meta(description="Patterns as in .gitignore of what is left out, in place of the default ones."),
    ] = UNSET
    extend_exclude: Annotated[
        tuple[str, ...], Meta(description="Patterns as in .gitignore of what is left out beside that.")
    ] = ()
    check_tests: Annotated[
        bool | UnsetType, Meta(description="Whether test code belongs to the program though nobody names it.")
    ] = UNSET
    src: Annotated[tuple[str, ...] | UnsetType, Meta(description="The folders from which modules are imported.")] = (
        UNSET
    )
    assume_shared: Annotated[
        tuple[str, ...] | UnsetType,
        Meta(description="Patterns of dotted names (`pkg.module.Class`, `pkg.*`) that many threads share."),
    ] = UNSET
    target: Annotated[
        Target | UnsetType,
        Meta(description="The builds of Python that count: a finding that can strike none of them is not reported."),
    ] = UNSET
    baseline: Annotated[
        str | UnsetType, Meta(description="The file with known findings, which are not reported; empty for none.")
    ] = UNSET
    cache_dir: Annotated[
        str | UnsetType, Meta(description="The folder that keeps what earlier runs found out; empty for none.")
    ] = UNSET
    jobs: Annotated[
        Annotated[int, Meta(ge=0)] | UnsetType,
        Meta(description="How many processes read files; 0 for as many as there are processors."),
    ] = UNSET
    fix: Annotated[bool | UnsetType, Meta(description="Whether a check mends what can be mended safely.")] = UNSET
    unsafe_fixes: Annotated[
        bool | UnsetType, Meta(description="Whether what mends may use the fixes as well that need a look.")
    ] = UNSET


class ConfigError(ValueError):
    """A configuration that cannot be followed: where it is wrong, and what is meant where that can be guessed."""


def read_section(table: dict[str, object], where: str) -> Section:
    """The section that a table is. A `ConfigError` begins with `where` and the key that is wrong."""
    try:
        section = msgspec.convert(table, Section)
    except msgspec.ValidationError as error:
        raise ConfigError(where + _in_words(str(error))) from error
    for key, problem in _problems(section):
        raise ConfigError(f"{where}{key}: {problem}")
    return section


# --- values that have the right type and no meaning ----------------------------------------------------------------


def _problems(section: Section) -> Iterator[tuple[str, str]]:
    """The keys with values of no meaning, and what is wrong with them."""
    by_file = section.per_file_ignores or {}
    yield from _each("select", section.select or (), _no_selector)
    yield from _each("extend-select", section.extend_select, _no_selector)
    yield from _each("ignore", section.ignore, _no_selector)
    yield from _each("per-file-ignores", (each.removeprefix(NEGATION) for each in by_file), _no_pattern)
    for pattern, selectors in by_file.items():
        yield from _each(f'per-file-ignores."{pattern}"', selectors, _no_selector)
    yield from _each("exclude", section.exclude or (), _no_pattern)
    yield from _each("extend-exclude", section.extend_exclude, _no_pattern)


def _each(key: str, values: Iterable[str], problem_of: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    return ((key, problem) for value in values if (problem := problem_of(value)))


def _no_selector(value: str) -> str:
    try:
        prefix(value, load_rules())
    except UnknownRuleError as error:
        return str(error)
    return ""


def _no_pattern(value: str) -> str:
    return "" if is_file_pattern(value) else f"{value!r} is no pattern"


# --- what msgspec says, in words of the configuration --------------------------------------------------------------


def _in_words(message: str) -> str:
    """The message of a failed conversion with the key first, and the near miss of a key or a value that is unknown."""
    problem, _, where = message.replace("`", "").partition(" - at $.")
    properties = _properties()
    if unknown := re.search(r"contains unknown field (\S+)", problem):
        problem = f"unknown key `{unknown[1]}`{_near_miss(unknown[1], properties)}"
    elif unknown := re.search(r"Invalid enum value '?([^']*)'?", problem):
        choices = properties.get(where.rpartition(".")[2], set())
        problem = f"{unknown[1]!r} is none of {', '.join(sorted(choices))}{_near_miss(unknown[1], choices)}"
    elif missing := re.search(r"missing required field (\S+)", problem):
        problem = f"has no `{missing[1]}`"
    else:
        problem = problem[0].lower() + problem[1:].replace("array", "list").replace("object", "table")
    return f"{where}: {problem}" if where else problem


def _properties() -> dict[str, set[str]]:
    """The keys of the section and of all tables in it, and the values of those that have a choice of them."""
    _, tables = msgspec.json.schema_components([Section])
    found: dict[str, set[str]] = {}
    for table in tables.values():
        for key, schema in table.get("properties", {}).items():
            found.setdefault(key, set()).update(_choices(schema, tables))
    return found


def _choices(schema: dict[str, Any], tables: dict[str, Any]) -> Iterable[str]:
    name = schema.get("$ref", "").rpartition("/")[2]
    choices: Iterable[str] = tables.get(name, schema).get("enum", ())
    return choices


def _near_miss(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, sorted(known), n=1)
    # Whoever writes `nogil` means anything but `gil`.
    return f"; did you mean `{near[0]}`?" if near and word != f"no{near[0]}" else ""
