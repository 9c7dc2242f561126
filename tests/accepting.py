"""Runs over small projects in the working folder, with the baseline that they have there."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from racelint import engine
from racelint.baseline import Extent, Update, update
from racelint.configuration.config import Config
from racelint.findings import Report
from racelint.rule import load_rules

FILE = Path("racelint-baseline.json")
ALL_RULES = frozenset(rule.code for rule in load_rules())

COUNTER = """
import threading

class Counter:
    def __init__(self):
        self.count = 0
        self.total = 0

    def increment(self):
        self.count += 1

    def add(self, size):
        self.total += size

counter = Counter()
for _ in range(4):
    threading.Thread(target=counter.increment).start()
    threading.Thread(target=counter.add, args=(1,)).start()
"""

LOCAL_LOCKS = """
import threading

def write(line):
    with threading.Lock():
        print(line)
"""

STATE = "class Stock:\n    def __init__(self):\n        self.left = 9\n"
USER = """
import threading
from state import Stock

stock = Stock()

def take():
    stock.left -= 1

for _ in range(4):
    threading.Thread(target=take).start()
"""


def source(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(dedent(text), encoding="utf-8")


def edit(path: str, old: str, new: str) -> None:
    text = Path(path).read_text(encoding="utf-8")
    assert old in text
    Path(path).write_text(text.replace(old, new), encoding="utf-8")


def move(old: str, new: str) -> None:
    Path(new).parent.mkdir(parents=True, exist_ok=True)
    Path(old).rename(new)


def config(root: Path | None = None, baseline: Path | None = None) -> Config:
    return Config(root or Path.cwd(), is_project=True, baseline=baseline)


def looked_at(*asked: str) -> tuple[Report, Extent]:
    """What a run over the whole folder finds in the files that are asked for, and what there is in it."""
    analysis = engine.analyse([Path(path) for path in asked or ["."]], config())
    return analysis.report, analysis.extent


def all_rules(_: Path) -> frozenset[str]:
    return ALL_RULES


def accept(*asked: str) -> Update:
    return update(FILE, *looked_at(*asked), all_rules)


def check(*asked: str) -> Report:
    return engine.check([Path(path) for path in asked or ["."]], config(baseline=FILE))


def new(report: Report) -> list[str]:
    """The findings as `code symbol in function`, the function by its own name."""
    return sorted(f"{each.code} {each.symbol} in {each.function.rpartition('.')[2]}" for each in report.findings)


def gone(report: Report) -> list[str]:
    return [note.removeprefix("gone: ") for note in report.notes if note.startswith("gone: ")]
