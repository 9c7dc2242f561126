"""Every rule is complete: documented, named for its file, small, and shown by a bad and a good example."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from expectations import FIXTURES, programs, promised

import racelint.rules
from racelint.rule import DECLARED, Rule, load_rules

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


@every_rule
def test_what_is_read_off_the_source_of_a_rule_is_what_its_module_says(rule: Rule) -> None:
    loaded = importlib.import_module(f"racelint.rules.{rule.name.replace('-', '_')}").check

    assert DECLARED.match(source(rule).read_text(encoding="utf-8"))
    assert (loaded.code, loaded.name, loaded.documentation) == (rule.code, rule.name, rule.documentation)
    assert (loaded.default, loaded.assumed) == (rule.default, rule.assumed)
    assert (loaded.check is None) == (rule.check is None)


@pytest.fixture
def more_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules are rules as well."""
    monkeypatch.setattr(racelint.rules, "__path__", [*racelint.rules.__path__, str(tmp_path)])
    load_rules.cache_clear()
    yield tmp_path
    load_rules.cache_clear()


def test_a_rule_may_be_written_in_another_way(more_rules: Path) -> None:
    text = "'An unusual one.'\nfrom racelint.rule import rule\ncheck = rule('RL999')(lambda program: ())\n"
    (more_rules / "unusual_rule.py").write_text(text)

    found = load_rules()[-1]

    assert (found.code, found.name, found.documentation) == ("RL999", "unusual-rule", "An unusual one.")
    assert found.check is not None


def test_a_module_without_a_rule_is_a_mistake(more_rules: Path) -> None:
    (more_rules / "no_rule.py").touch()

    with pytest.raises(TypeError, match=r"^racelint\.rules\.no_rule defines no rule named `check`$"):
        load_rules()
