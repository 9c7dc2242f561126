"""The schema for editors and the program agree on what a configuration is."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from racelint.configuration.section import SELECTORS, ConfigError, read_section
from racelint.rule import EVERY_RULE, FAMILIES, UnknownRuleError, load_rules, prefix

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads((ROOT / "docs" / "configuration.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft7Validator(SCHEMA)
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def is_read(section: dict[str, Any]) -> bool:
    try:
        read_section(section, "")
    except ConfigError:
        return False
    return True


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_is_shown_in_the_documentation_is_right(example: str) -> None:
    section = tomllib.loads(example)["tool"]["racelint"]

    assert list(VALIDATOR.iter_errors(section)) == []
    assert is_read(section)


def test_every_key_and_family_is_shown_or_named_in_the_documentation() -> None:
    assert [key for key in SCHEMA["properties"] if not re.search(rf"`{key}`|\b{key} = |\.{key}\]", PAGE)] == []
    assert [name for name, prefix in FAMILIES.items() if f"`{name}` | `{prefix}`" not in PAGE] == []


def test_every_key_of_a_row_and_every_value_of_one_is_shown_in_the_documentation() -> None:
    rows = PAGE.partition("| row |")[2].partition("\n\n")[0]
    definitions = SCHEMA["definitions"]
    keys = {key for name, each in definitions.items() if name.endswith("Row") for key in each["properties"]}
    choices = [each for name, each in definitions.items() if name != SELECTORS]
    words = {word for each in choices for word in each.get("enum", ())}

    assert [key for key in sorted(keys) if f"`{key}`" not in rows] == []
    assert [word for word in sorted(words) if f'`"{word}"`' not in rows] == []


@pytest.mark.parametrize(
    "section",
    [
        {"selct": []},
        {"extend_select": []},
        {"select": "RL1"},
        {"select": ["RL888"]},
        {"select": ["rl101"]},
        {"ignore": ["RL1", 1]},
        {"extend-select": [""]},
        {"per-file-ignores": ["RL1"]},
        {"per-file-ignores": {"tests/**": "RL1"}},
        {"per-file-ignores": {"tests/**": ["RL888"]}},
        {"exclude": "gen"},
        {"check-tests": "yes"},
        {"src": [1]},
        {"target": "gill"},
        {"target": ["gil"]},
        {"baseline": True},
        {"locks": {"name": "pkg.Lock"}},
        {"locks": [{"kind": "mutex"}]},
        {"locks": [{"name": "pkg.Lock", "kind": "mutx"}]},
        {"locks": [{"name": "pkg.Lock", "knd": "mutex"}]},
        {"spawns": [{"name": "pkg.run"}]},
        {"entries": [{"name": "pkg.task", "runs_on": "thread"}]},
        {"atomics": [{"name": "pkg.Box.swap", "gil": "yes"}]},
        {"confined": [["pkg.Session"]]},
    ],
    ids=str,
)
def test_what_is_wrong_is_wrong_for_both(section: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(section)
    assert not is_read(section)


values = st.recursive(
    st.sampled_from(["RL1", "RL101", "ALL", "deadlock", "gil", "mutex", "thread", "pkg.Lock", "RL888", ""])
    | st.booleans()
    | st.integers(0, 3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["name", "kind", "callee", "runs-on", "methods", "gil", "tests/**"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)
not_of_the_schema = {"exclude", "extend-exclude"}


@given(
    st.dictionaries(st.sampled_from(sorted({*SCHEMA["properties"], "selct"} - not_of_the_schema)), values, max_size=2)
)
def test_both_agree_on_any_table(section: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid(section) == is_read(section)


@given(
    st.text("RL0123456789", max_size=6)
    | st.sampled_from([*FAMILIES, EVERY_RULE, *(rule.name for rule in load_rules())])
)
def test_both_agree_on_what_selects_rules(selector: str) -> None:
    try:
        prefix(selector, load_rules())
        known = True
    except UnknownRuleError:
        known = False

    assert VALIDATOR.is_valid({"select": [selector]}) == known
