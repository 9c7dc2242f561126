"""All settings are shown with where they are from, in lines that are TOML and say the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from racelint.configuration.config import Config, Flags, load_config
from racelint.configuration.section import Section
from racelint.configuration.settings import settings

FILE = """
[tool.racelint]
select = ["RL1", "deadlock"]
ignore = ["RL108"]
extend-exclude = ["/gen/", 'with "quotes" and é']
check-tests = true
src = ["lib"]
assume-shared = ["pkg.*"]
target = "gil"
baseline = "known.json"
confined = ["pkg.Session"]

[tool.racelint.per-file-ignores]
"tests/**" = ["RL1"]

[[tool.racelint.locks]]
name = "pkg.Gate"
kind = "semaphore"
count = 0
"""


@pytest.fixture(autouse=True)
def _in_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def shown(config: Config) -> dict[str, tuple[object, str]]:
    return {setting.key: (setting.value, setting.origin) for setting in settings(config)}


def test_every_key_is_shown_and_nothing_twice() -> None:
    keys = [setting.key for setting in settings(Config(Path())) if setting.origin]

    assert sorted(keys) == sorted(Section.__struct_encode_fields__)


def test_where_a_value_is_from_is_told() -> None:
    Path("pyproject.toml").write_text(FILE)
    flags = Flags(config=("target = 'any'",), ignore=("RL105",), extend_exclude=("more",), respect_noqa=False)
    config = load_config(Path(), flags)
    lines = shown(config)

    assert lines["project"] == (Path.cwd().as_posix(), "")
    assert lines["settings"] == ("pyproject.toml", "")
    assert lines["comments that suppress findings"] == ("not heard", "")
    assert lines["rules that are on"] == (", ".join(sorted(config.codes)), "")
    assert lines["select"] == (["RL1", "deadlock"], "pyproject.toml")
    assert lines["ignore"] == (["RL108", "RL105"], "pyproject.toml, --ignore")
    assert lines["target"] == ("any", "--config")
    assert lines["exclude"][1] == lines["spawns"][1] == "default"
    assert lines["baseline"] == ("known.json", "pyproject.toml")


def test_a_later_select_leaves_nothing_of_an_earlier_one() -> None:
    Path("pyproject.toml").write_text(FILE)
    lines = shown(load_config(Path(), Flags(select=("RL2",))))

    assert lines["select"] == (["RL2"], "--select")
    assert lines["ignore"] == ([], "default")


def test_the_lines_are_a_file_that_says_the_same() -> None:
    Path("pyproject.toml").write_text(FILE)
    config = load_config(Path())
    file = Path("shown.toml").absolute()
    file.write_text("".join(f"{setting}\n" for setting in settings(config)), encoding="utf-8")

    assert load_config(Path(), Flags(config=("shown.toml",))) == replace(config, file=file)


def test_defaults_stand_in_comments() -> None:
    lines = [str(setting) for setting in settings(Config(Path.cwd()))]

    assert all(line.startswith("# ") for line in lines)
    assert 'target = "any"  # default' in [line.removeprefix("# ") for line in lines]
    assert lines[0] == f"# project: none ({Path.cwd().as_posix()})"
