"""The page on what is reported, and what is not, tells the truth: each of its items has fixtures that show it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from expectations import FIXTURES, Alarm, checked, missed, promised, raised_builds, sources
from pages import ROOT

from racelint.findings import EVERY_BUILD, FREE_THREADED_ONLY
from racelint.rule import load_rules

PAGE = ROOT / "docs" / "what-it-reports.md"
LINK = re.compile(r"\[[^]]*\]\(([^)]*)\)")
BUILDS = {"every build": EVERY_BUILD, "free-threaded builds": FREE_THREADED_ONLY}


@dataclass(frozen=True, slots=True)
class Item:
    """A row of the page: what it is about, the rules' codes, where it is live, and the files that show it."""

    text: str
    codes: tuple[str, ...]
    where: str
    files: tuple[Path, ...]


def items(title: str) -> list[Item]:
    """The rows of the table in one section of the page."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = [row.strip("| ").split(" | ") for row in text.splitlines() if row.startswith("| ")][2:]
    return [_item(row[0], row[1], " ".join(row[2:-1]), row[-1]) for row in rows]


def _item(text: str, rules: str, where: str, programs: str) -> Item:
    files = tuple((PAGE.parent / target).resolve() for target in LINK.findall(programs))
    return Item(text, tuple(re.findall(r"\[(RL\d{3})\]", rules)), where, files)


def program_of(file: Path) -> Path:
    """The program to which a file of a fixture belongs: itself, or the folder in the rule's folder."""
    return FIXTURES.joinpath(*file.relative_to(FIXTURES).parts[:3])


def alarms_in(file: Path, alarms: list[Alarm]) -> list[Alarm]:
    """The alarms of a program that are in one of its files."""
    return [alarm for alarm in alarms if alarm.file == file.relative_to(FIXTURES).as_posix()]


REPORTED, SILENT, NOT_YET = items("Reported"), items("Not reported"), items("Not yet")


@pytest.mark.parametrize("item", [*REPORTED, *SILENT, *NOT_YET], ids=lambda item: item.text)
def test_an_item_has_rules_and_fixtures(item: Item) -> None:
    assert item.codes
    assert item.files
    assert [file for file in item.files if file not in sources(program_of(file))] == []


@pytest.mark.parametrize("item", REPORTED, ids=lambda item: item.text)
def test_what_is_reported_is_expected_and_live_where_it_says(item: Item) -> None:
    for file in item.files:
        program = program_of(file)
        builds = raised_builds(checked(program))
        shown = [alarm for alarm in alarms_in(file, promised(program)) if alarm.code in item.codes]

        assert shown, file
        assert {builds[alarm] for alarm in shown} == {BUILDS[item.where]}, file
        assert alarms_in(file, missed(program)) == []


@pytest.mark.parametrize("item", SILENT, ids=lambda item: item.text)
def test_what_is_not_reported_raises_nothing(item: Item) -> None:
    for file in item.files:
        assert (promised(program_of(file)), missed(program_of(file))) == ([], [])


@pytest.mark.parametrize("item", NOT_YET, ids=lambda item: item.text)
def test_what_is_not_yet_right_is_marked(item: Item) -> None:
    for file in item.files:
        text = file.read_text(encoding="utf-8")

        assert [code for code in item.codes if re.search(rf"# (missed|false alarm): .*{code}", text)] == [*item.codes]


def test_items_on_rules_that_are_off_say_so() -> None:
    off = {rule.code for rule in load_rules() if not rule.default}

    assert [item.text for item in REPORTED if ({*item.codes} <= off) is not ("off by default" in item.text)] == []


def test_no_item_stands_there_twice() -> None:
    texts = [item.text for item in [*REPORTED, *SILENT, *NOT_YET]]

    assert sorted(texts) == sorted({*texts})
