"""How findings look to people: as text with code frames, on one line each, as counts; and the progress of a run."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from reports import UPDATE, sample, shown

from racelint.facts import Span
from racelint.findings import Finding, Related, Report, Side, Turn
from racelint.lines import lines_of, source_lines
from racelint.report import COUNTED, FORMATS, show, show_statistics
from racelint.report.frame import frame
from racelint.report.progress import progress_on


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return sample(tmp_path)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for variable in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    return Terminal()


# --- for people ----------------------------------------------------------------------------------------------------


def test_full_shows_each_finding_with_its_source_and_the_related_places(report: Report) -> None:
    expected = """\
gone.py:1:1: RL901 [unreadable-file] not checked
  = help: https://racelint.readthedocs.io/en/latest/rules/RL901/

m.py:3:9: RL101 [unguarded-update] two threads add to `count`
  = live: only on free-threaded builds, and on CPython up to 3.10
2 |     def increment(self):
3 |         self.count += 1
  |         ^^^^^^^^^^^^^^^
4 |
  = note: m.py:6:5: several threads running `work` start here
6 |     Thread(target=counter.increment).start()
  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: https://racelint.readthedocs.io/en/latest/rules/RL101/

m.py:5:1: RL301 [lock-order-cycle] `a` is taken while `b` is held
4 |
5 | def start(counter):
  | ^^^^^^^^^^^^^^^^^^^
6 |     Thread(target=counter.increment).start()
  = note: m.py:2:5: `b` is held from here on
2 |     def increment(self):
  |     ^^^
  = note: m.py:3:9: `b` is taken here while `a` is held
3 |         self.count += 1
  |         ^^^^
  = note: m.py:1:1: `b` is created here
1 | class Counter:
  | ^^^^^
  = help: https://racelint.readthedocs.io/en/latest/rules/RL301/

3 findings; 2 files checked, but not all could be checked.
"""

    assert shown(report, "full") == expected


def test_full_shows_the_sides_of_a_finding_and_the_steps_that_go_wrong(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("if self.n > 0:\n    self.n -= 1\n")
    (tmp_path / "main.py").write_text("Thread(target=take).start()\nshop.reset()  # at night\n")
    finding = Finding(
        "RL201",
        "check-then-act",
        "`self.n` is tested here and updated at line 2.",
        "m.py",
        Span(1, 4, 1, 14),
        evidence="lock",
        related=(
            Related("m.py", Span(2, 5, 2, 16), "`self.n` is updated here", 0),
            Related("main.py", Span(2, 1, 2, 13), "`self.n` is set here", 1),
            Related("main.py", Span(1, 1, 1, 20), "the thread running `take` starts here", 0, "start"),
            Related("m.py", Span(1, 1, 1, 3), "`_lock` is created here"),
        ),
        sides=(
            Side("the thread running `take`", (), "`_lock`", "`_lock` is held at 3 of 4 accesses to `self.n`"),
            Side("the main thread", ("`_lock`", "`_other`")),
        ),
        turns=(
            Turn(0, "m.py", Span(1, 4, 1, 14), "tests `self.n`"),
            Turn(1, "main.py", Span(2, 1, 2, 13), "sets `self.n`", ("`_lock`", "`_other`")),
            Turn(0, "m.py", Span(2, 5, 2, 16), "sets `self.n`, though the test no longer holds"),
        ),
    )
    files = {"m.py": tmp_path / "m.py", "main.py": tmp_path / "main.py"}
    expected = """\
m.py:1:4: RL201 [check-then-act] `self.n` is tested here and updated at line 2.
  A  the thread running `take`; holds no lock, lacks `_lock`
     main.py:1:1: the thread running `take` starts here
1 | if self.n > 0:
  |    ^^^^^^^^^^
2 |     self.n -= 1
  |     ^^^^^^^^^^^ `self.n` is updated here
  B  the main thread; holds `_lock` and `_other`
 --> main.py:2
2 | shop.reset()  # at night
  | ^^^^^^^^^^^^ `self.n` is set here
  how it goes wrong:
  A  m.py:1     [no lock]            if self.n > 0:            tests `self.n`
  B  main.py:2  [`_lock`, `_other`]  shop.reset()  # at night  sets `self.n`
  A  m.py:2     [no lock]            self.n -= 1               sets `self.n`, though the test no longer holds
  = note: m.py:1:1: `_lock` is created here
  = evidence: `_lock` is held at 3 of 4 accesses to `self.n`; no two threads are traced that meet here
  = help: https://racelint.readthedocs.io/en/latest/rules/RL201/

1 finding; 2 files checked.
"""

    assert shown(Report((finding,), (), files), "full") == expected


def test_what_belongs_to_one_state_in_one_function_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("if n > 0:\n    n -= 1\n")
    start = Related("m.py", Span(1, 1, 1, 3), "several threads running `take` start here")
    first = Finding(
        "RL201",
        "x",
        "a",
        "m.py",
        Span(1, 4, 1, 9),
        symbol="m.n",
        function="m.take",
        related=(start,),
        sides=(Side("A"),),
    )
    second = replace(first, code="RL101", span=Span(2, 5, 2, 11))
    elsewhere = replace(second, function="m.give")
    told = [shown(Report((first, each), (), {"m.py": tmp_path / "m.py"}), "full") for each in (second, elsewhere)]

    assert [text.count("start here") for text in told] == [1, 2]


def test_concise_shows_each_finding_on_one_line(report: Report) -> None:
    assert shown(report, "concise") == (
        "gone.py:1:1: RL901 [unreadable-file] not checked\n"
        "m.py:3:9: RL101 [unguarded-update] two threads add to `count`\n"
        "m.py:5:1: RL301 [lock-order-cycle] `a` is taken while `b` is held\n"
        "3 findings; 2 files checked, but not all could be checked.\n"
    )


@pytest.mark.parametrize("output_format", ["full", "concise"])
def test_what_is_kept_silent_is_counted(report: Report, output_format: str) -> None:
    clean = Report((), (), report.files)

    assert shown(clean, output_format) == "No findings; 2 files checked.\n"
    assert shown(replace(clean, suppressed=3), output_format) == "No findings; 2 files checked (3 suppressed).\n"
    assert shown(replace(clean, suppressed=1, baselined=1200), output_format) == (
        "No findings; 2 files checked (1 suppressed, 1,200 in the baseline).\n"
    )


def test_a_long_message_stays_on_its_line_where_there_is_no_terminal(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = shown(report, "full")
    monkeypatch.setenv("COLUMNS", "20")

    assert shown(report, "full") == expected


def test_a_long_message_goes_on_below_after_a_whole_word_on_a_terminal(
    report: Report, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    show(report, "full", terminal)
    rows = terminal.getvalue().splitlines()

    assert max(map(len, rows)) <= 40
    at = rows.index("m.py:3:9: RL101 [unguarded-update] two")
    assert rows[at + 1 : at + 4] == [
        "  threads add to `count`",
        "  = live: only on free-threaded builds,",
        "    and on CPython up to 3.10",
    ]


def test_a_source_that_looks_like_markup_is_shown_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("x = '[bold]a[/bold]' :smile:\n")
    finding = Finding("RL1", "x", "[red]no[/red] :smile:", "m.py", Span(1, 1, 1, 2))

    assert shown(Report((finding,), (), {"m.py": tmp_path / "m.py"}), "full").splitlines()[:3] == [
        "m.py:1:1: RL1 [x] [red]no[/red] :smile:",
        "1 | x = '[bold]a[/bold]' :smile:",
        "  | ^",
    ]


def test_the_source_of_a_buffer_is_shown_as_it_was_handed_over(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("old\n")
    finding = Finding("RL1", "x", "no", "m.py", Span(1, 1, 1, 4))
    report = Report((finding,), (), {"m.py": tmp_path / "m.py"}, {"m.py": b"new\n"})

    assert shown(report, "full").splitlines()[1] == "1 | new"


def test_the_source_of_a_related_place_in_a_file_that_was_not_asked_for_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.py").write_text("lock = Lock()\n")

    assert list(lines_of(Report(()))("m.py")) == ["lock = Lock()"]


# --- counts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("output_format", ["full", "concise"])
def test_statistics_count_the_findings_of_each_rule(report: Report, output_format: str) -> None:
    stream = io.StringIO()

    show_statistics(replace(report, findings=(*report.findings, UPDATE)), output_format, stream)

    assert stream.getvalue() == (
        "    2  RL101  unguarded-update\n"
        "    1  RL301  lock-order-cycle\n"
        "    1  RL901  unreadable-file\n"
        "4 findings; 2 files checked, but not all could be checked.\n"
    )


# --- terminals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("output_format", ["full", "concise"])
def test_on_a_terminal_the_code_of_a_rule_is_a_link_to_its_page(
    report: Report, output_format: str, terminal: Terminal
) -> None:
    show(report, output_format, terminal)

    output = terminal.getvalue()
    assert "\x1b[1m" in output
    assert "\x1b]8;" in output
    assert ";https://racelint.readthedocs.io/en/latest/rules/RL101/\x1b\\" in output
    assert output.count("\x1b]8;;\x1b\\") == len(report.findings)


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
@pytest.mark.parametrize("output_format", COUNTED)
def test_there_are_no_escapes_where_they_are_not_wanted(
    report: Report, output_format: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    show(report, output_format, terminal)
    show_statistics(report, output_format, terminal)

    assert "\x1b" not in terminal.getvalue()


def test_forced_colours_bring_no_links_where_there_is_no_terminal(
    report: Report, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    output = shown(report, "concise")

    assert "\x1b[1m" in output
    assert "\x1b]8;" not in output


@pytest.mark.parametrize("output_format", sorted(FORMATS.keys() - {"full", "concise"}))
def test_what_draws_on_terminals_is_loaded_only_where_it_is_needed(output_format: str) -> None:
    program = (
        "import sys\n"
        "from racelint.findings import Report\n"
        "from racelint.report import show\n"
        "from racelint.report.progress import progress_on\n"
        "with progress_on(sys.stderr) as progress:\n"
        "    progress('reading', 0, 1)\n"
        f"show(Report(()), {output_format!r}, sys.stdout)\n"
        "sys.exit('rich' in sys.modules)\n"
    )

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0


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
    cut = rows("a" * 500 + "HERE" + "b" * 500, Span(1, 501, 1, 505), width=44)

    assert [len(row) for row in cut] == [44, 22]
    assert cut[0].startswith("1 | …aaa")
    assert cut[0].endswith("bbb…")
    assert cut[0][cut[1].index("^") :].startswith("HERE")
    assert cut[1].endswith(" ^^^^")


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


# --- progress ------------------------------------------------------------------------------------------------------


def progress_of(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, *, patience: float) -> str:
    monkeypatch.setattr("racelint.report.progress.PATIENCE", patience)
    with progress_on(stream) as progress:
        progress("reading", 1, 7)
        progress("linking", 0, 1)
    return stream.getvalue()


def test_a_long_run_on_a_terminal_shows_a_bar(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "reading" in progress_of(terminal, monkeypatch, patience=0)


def test_a_short_run_shows_no_bar_and_neither_does_a_file(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress_of(terminal, monkeypatch, patience=3600) == ""
    assert progress_of(io.StringIO(), monkeypatch, patience=0) == ""
    monkeypatch.setenv("TERM", "dumb")
    assert progress_of(terminal, monkeypatch, patience=0) == ""


def test_where_no_escapes_are_wanted_there_is_no_bar(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert progress_of(terminal, monkeypatch, patience=0) == ""
