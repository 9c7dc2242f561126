"""Where findings are live: what fixtures say of it, and that `--target` leaves out the others."""

from __future__ import annotations

import json
from pathlib import Path

import expectations
import pytest
from expectations import FIXTURES, promised, promised_builds, raised_builds

from racelint import cli, engine
from racelint.configuration.config import Config
from racelint.findings import EVERY_BUILD, FREE_THREADED_ONLY

STOCK = """
import threading

class Stock:
    def __init__(self):
        self.sold = 0  # expect: RL102
        self.left = 9  # expect: RL101 (free-threaded), RL102 (every build), RL103
        self.back = 0  # false alarm: RL104 (free-threaded)
        self.lost = 0  # missed: RL105 (free-threaded)
"""


@pytest.mark.parametrize(("folder", "always"), [("RL101_one", True), ("RL302_other", False)])
def test_a_fixture_says_on_which_builds_its_findings_strike(
    folder: str, always: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expectations, "FIXTURES", tmp_path)
    fixture = tmp_path / folder / "stock.py"
    fixture.parent.mkdir()
    fixture.write_text(STOCK)

    assert [(alarm.line, alarm.code) for alarm in promised(fixture)] == [
        (6, "RL102"),
        (7, "RL101"),
        (7, "RL102"),
        (7, "RL103"),
        (8, "RL104"),
    ]
    builds = {(alarm.line, alarm.code): builds for alarm, builds in promised_builds(fixture).items()}
    said = {(7, "RL101"): FREE_THREADED_ONLY, (7, "RL102"): EVERY_BUILD, (8, "RL104"): FREE_THREADED_ONLY}
    assert builds == {**said, **({(6, "RL102"): EVERY_BUILD, (7, "RL103"): EVERY_BUILD} if always else {})}


def test_the_rules_about_sequences_have_fixtures_of_both_kinds() -> None:
    for code in ("RL101", "RL201", "RL202", "RL205"):
        [folder] = (FIXTURES / "rules").glob(f"{code}_*")
        builds = {
            builds
            for program in folder.glob("*.py")
            for alarm, builds in promised_builds(program).items()
            if alarm.code == code
        }
        assert builds == {EVERY_BUILD, FREE_THREADED_ONLY}


@pytest.mark.parametrize(("target", "left"), [("any", [10, 17]), ("gil", [17]), ("free-threaded", [10, 17])])
def test_target_leaves_out_what_cannot_strike(
    target: str, left: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("stock.py").write_text(
        "import threading\n\n"
        "class Stock:\n"
        "    def __init__(self):\n"
        "        self.left = 9\n"
        "        self.book = None\n\n"
        "    def sell(self):\n"
        "        self.book_of_sales()\n"
        "        if self.left > 0:\n"
        "            self.left = self.left - 1\n\n"
        "    def price(self):\n"
        "        return 3\n\n"
        "    def book_of_sales(self):\n"
        "        if self.book is None:\n"
        "            self.book = Stock()\n\n"
        "stock = Stock()\n"
        "for _ in range(4):\n"
        "    threading.Thread(target=stock.sell).start()\n"
    )

    with pytest.raises(SystemExit):
        cli.main(["check", "stock.py", "--isolated", "--target", target, "--output-format", "json"])

    found = [
        finding["line"] for finding in json.loads(capsys.readouterr().out)["findings"] if finding["code"] != "RL101"
    ]
    assert found == left


def test_what_is_raised_tells_its_builds() -> None:
    fixture = FIXTURES / "rules" / "RL101_unguarded_update" / "bad.py"
    report = engine.check([fixture], Config(fixture.parent, is_project=False))

    assert [*raised_builds(report).values()] == [FREE_THREADED_ONLY]
