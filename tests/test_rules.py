"""Every rule is complete: documented, named for its file, small, and shown by a bad and a good example."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from expectations import FIXTURES, programs, promised

import racelint.rules
from racelint.rule import Rule, load_rules

RULES = load_rules()
SECTIONS = ("What it does", "Why is this bad?", "Known false alarms", "References")
MAXIMUM_LINES = 120

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def source(rule: Rule) -> Path:
    return Path(racelint.rules.__path__[0], f"{rule.name.replace('-', '_')}.py")


def fixture_folder(rule: Rule) -> Path:
    return FIXTURES / "rules" / f"{rule.code}_{rule.name.replace('-', '_')}"


def test_codes_and_names_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)


@every_rule
def test_a_rule_is_named_for_its_file_and_has_a_code(rule: Rule) -> None:
    assert source(rule).is_file()
    assert re.fullmatch(r"RL\d{3}", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)


@every_rule
def test_a_rule_is_documented(rule: Rule) -> None:
    found = [section for section in SECTIONS if f"\n\n*{section}*:" in rule.documentation]

    assert rule.summary.endswith(".")
    assert found == [section for section in SECTIONS if section != "References" or rule.check]
    assert "cwe.mitre.org/data/definitions/" in rule.documentation or not rule.check


@every_rule
def test_a_rule_is_small(rule: Rule) -> None:
    assert len(source(rule).read_text(encoding="utf-8").splitlines()) <= MAXIMUM_LINES


@every_rule
def test_a_rule_is_shown_by_a_bad_and_a_good_example(rule: Rule) -> None:
    bad, good = fixture_folder(rule) / "bad.py", fixture_folder(rule) / "good.py"

    assert {alarm.code for alarm in promised(bad)} == {rule.code}
    assert promised(good) == []


def test_every_fixture_belongs_to_a_rule() -> None:
    assert {program.parent for program in programs()} == {fixture_folder(rule) for rule in RULES}


def test_a_module_without_a_rule_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(importlib.import_module("racelint.rules.unreadable_file"), "check")
    load_rules.cache_clear()

    with pytest.raises(TypeError, match=r"^racelint\.rules\.unreadable_file defines no rule named `check`$"):
        load_rules()
    load_rules.cache_clear()
