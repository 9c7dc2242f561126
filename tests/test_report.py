"""How findings look: as text with code frames, as JSON, as counts."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from racelint.facts import Span
from racelint.findings import FILE_START, FREE_THREADED_ONLY, Finding, Location, Report, RunError, in_order, note
from racelint.report.frame import frame, source_lines
from racelint.report.json import as_json
from racelint.report.progress import ProgressBar
from racelint.report.text import print_report, print_statistics

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
    related=(note(Location("m.py", Span(6, 5, 6, 45)), "a thread starts here"),),
)
UNREADABLE = Finding("RL901", "unreadable-file", "not checked", "gone.py", FILE_START)


@pytest.fixture
def report(tmp_path: Path) -> Report:
    (tmp_path / "m.py").write_text(SOURCE)
    files = {"m.py": tmp_path / "m.py", "gone.py": tmp_path / "gone.py"}
    return Report(in_order([UPDATE, UNREADABLE, UPDATE]), (RunError("linking", "it broke"),), files)


def shown(report: Report, *, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    print_report(report, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# --- text ----------------------------------------------------------------------------------------------------------


def test_text_shows_each_finding_with_its_code_and_the_related_places(report: Report) -> None:
    expected = """\
gone.py:1:1: RL901 [unreadable-file] not checked

m.py:3:9: RL101 [unguarded-update] two threads add to `count`
2 |     def increment(self):
3 |         self.count += 1
  |         ^^^^^^^^^^^^^^^
4 |
  = note: m.py:6:5: a thread starts here
6 |     Thread(target=counter.increment).start()
  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = note: it strikes on free-threaded builds and on CPython up to 3.9 only

2 findings in 2 files.
"""

    assert shown(report) == expected


def test_text_says_so_when_nothing_was_found(report: Report) -> None:
    assert shown(Report((), (), report.files)) == "No findings in 2 files.\n"


def test_a_long_message_stays_on_its_line_where_there_is_no_terminal(report: Report) -> None:
    assert shown(report, width=20) == shown(report)


def test_a_source_that_looks_like_markup_is_shown_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("x = '[bold]a[/bold]' :smile:\n")
    finding = Finding("RL1", "x", "[red]no[/red] :smile:", "m.py", Span(1, 1, 1, 2))

    assert shown(Report((finding,), (), {"m.py": tmp_path / "m.py"})).splitlines()[:3] == [
        "m.py:1:1: RL1 [x] [red]no[/red] :smile:",
        "1 | x = '[bold]a[/bold]' :smile:",
        "  | ^",
    ]


def test_statistics_count_the_findings_of_each_rule(report: Report) -> None:
    console = Console(file=io.StringIO(), width=80, highlight=False)

    print_statistics(Report((*report.findings, UPDATE), (), report.files), console)

    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == (
        "    2  RL101  unguarded-update\n    1  RL901  unreadable-file\n3 findings in 2 files.\n"
    )


# --- frames --------------------------------------------------------------------------------------------------------


def rows(line: str, span: Span, *, width: int = 80) -> list[str]:
    return [row.plain for row in frame([line], span, context=1, width=width, margin=1)]


def test_a_mark_stands_under_wide_characters_and_tabs() -> None:
    assert rows("\tx = '日本' + y", Span(1, 13, 1, 14)) == ["1 |     x = '日本' + y", "  | " + " " * 17 + "^"]


def test_characters_that_move_the_cursor_are_not_shown() -> None:
    assert rows("a\x1b[31m\x0cb", Span(1, 1, 1, 2)) == ["1 | a·[31m·b", "  | ^"]


def test_a_span_of_several_lines_is_marked_to_the_end_of_the_first() -> None:
    assert rows("self.x = (  ", Span(1, 1, 3, 2)) == ["1 | self.x = (", "  | ^^^^^^^^^^"]


def test_a_long_line_is_cut_around_the_mark() -> None:
    shown = rows("a" * 500 + "HERE" + "b" * 500, Span(1, 501, 1, 505), width=44)

    assert [len(row) for row in shown] == [44, 22]
    assert shown[0].startswith("1 | …aaa")
    assert shown[0].endswith("bbb…")
    assert shown[0][shown[1].index("^") :].startswith("HERE")
    assert shown[1].endswith(" ^^^^")


def test_a_place_that_is_not_in_the_file_any_more_has_no_frame() -> None:
    assert rows("x", Span(7, 1, 7, 2)) == []


def test_lines_are_counted_as_python_does(tmp_path: Path) -> None:
    file = tmp_path / "m.py"
    file.write_bytes(b"\xef\xbb\xbfa\r\nb\x0c\rc\xe2\x80\xa8\n")

    assert source_lines(file) == ["a", "b\x0c", "c\u2028"]


def test_source_is_shown_in_its_own_encoding_and_somehow_if_that_is_unknown(tmp_path: Path) -> None:
    file = tmp_path / "m.py"

    file.write_bytes("# coding: latin-1\nä".encode("latin-1"))
    assert source_lines(file)[1] == "ä"
    file.write_bytes(b"# coding: nonsense\nx\xff")
    assert source_lines(file)[1] == "x\ufffd"
    assert source_lines(tmp_path / "missing.py") == ()


# --- JSON ----------------------------------------------------------------------------------------------------------


def test_json_is_what_other_tools_are_written_against(report: Report) -> None:
    document = json.loads(as_json(report))

    assert list(document) == ["version", "findings", "errors", "summary"]
    assert document["version"] == 1
    assert document["errors"] == [{"where": "linking", "message": "it broke"}]
    assert document["summary"] == {"files": 2, "findings": 2}
    assert document["findings"][1] == {
        "code": "RL101",
        "name": "unguarded-update",
        "message": "two threads add to `count`",
        "path": "m.py",
        "line": 3,
        "column": 9,
        "end_line": 3,
        "end_column": 24,
        "symbol": "m.Counter.count",
        "function": "m.Counter.increment",
        "evidence": "threads",
        "live_on": ["free-threaded"],
        "related": [{"path": "m.py", "line": 6, "column": 5, "message": "a thread starts here"}],
        "fix": None,
    }


# --- progress ------------------------------------------------------------------------------------------------------


def progress_of(console: Console, monkeypatch: pytest.MonkeyPatch, *, patience: float) -> str:
    monkeypatch.setattr("racelint.report.progress.PATIENCE", patience)
    with ProgressBar(console) as progress:
        progress("reading", 1, 7)
        progress("linking", 0, 1)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_long_run_on_a_terminal_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, force_interactive=True, width=80)

    assert "reading" in progress_of(terminal, monkeypatch, patience=0)


def test_a_short_run_shows_no_bar_and_neither_does_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, force_interactive=True, width=80)

    assert progress_of(terminal, monkeypatch, patience=3600) == ""
    assert progress_of(Console(file=io.StringIO()), monkeypatch, patience=0) == ""
