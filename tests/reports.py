"""A small report with everything that a format has to cope with, and what it is written as."""

from __future__ import annotations

import io
from pathlib import Path

from racelint.facts import Span
from racelint.findings import FILE_START, FREE_THREADED_ONLY, Finding, Location, Report, RunError, in_order, note
from racelint.report import show

SOURCE = """\
class Counter:
    def increment(self):
        self.count += 1

def start(counter):
    Thread(target=counter.increment).start()
"""
UPDATE = Finding(
    "RL101",
    "unguarded-update",
    "two threads add to `count`",
    "m.py",
    Span(3, 9, 3, 24),
    symbol="m.Counter.count",
    function="m.Counter.increment",
    evidence="threads",
    live_on=FREE_THREADED_ONLY,
    related=(note(Location("m.py", Span(6, 5, 6, 45)), "several threads running `work` start here", None, "start"),),
)
CYCLE = Finding(
    "RL301",
    "lock-order-cycle",
    "`a` is taken while `b` is held",
    "m.py",
    Span(5, 1, 6, 45),
    symbol="m.a",
    function="m.start",
    evidence="lock",
    related=(
        note(Location("m.py", Span(2, 5, 2, 8)), "`b` is held from here on", 0, "before"),
        note(Location("m.py", Span(3, 9, 3, 13)), "`b` is taken here while `a` is held", side=1),
        note(Location("m.py", Span(1, 1, 1, 6)), "`b` is created here"),
    ),
)
UNREADABLE = Finding("RL901", "unreadable-file", "not checked", "gone.py", FILE_START)


def sample(folder: Path) -> Report:
    """A report on two files in a folder, one of which is not there, and with an error of the run."""
    (folder / "m.py").write_text(SOURCE)
    files = {"m.py": folder / "m.py", "gone.py": folder / "gone.py"}
    return Report(in_order([UPDATE, UNREADABLE, UPDATE, CYCLE]), (RunError("linking", "it broke"),), files)


def shown(report: Report, output_format: str) -> str:
    """What a report is written as."""
    stream = io.StringIO()
    show(report, output_format, stream)
    return stream.getvalue()
