"""What a run says of accepted findings that are gone, in all of the project and in a part, and what an update does."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from accepting import ALL_RULES, COUNTER, FILE, accept, all_rules, check, config, edit, gone, looked_at, move, source

from racelint import engine
from racelint.baseline import BaselineError, Entry, Extent, Update, load, update, without_known, write
from racelint.findings import FILE_START, Finding, Report, RunError


@pytest.fixture(autouse=True)
def _in_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# --- what is gone --------------------------------------------------------------------------------------------------


def test_what_was_put_right_is_told() -> None:
    source("counter.py", COUNTER)
    accept()
    edit("counter.py", "self.count += 1", "pass")

    assert check().notes == (
        "1 finding accepted in racelint-baseline.json cannot be found any more; `racelint baseline` takes it out",
        "gone: counter.py: RL101 counter.Counter.count in Counter.increment",
    )
    assert accept() == Update(new=0, gone=1, entries=1)
    assert check().notes == ()


def test_a_deleted_file_is_told() -> None:
    source("counter.py", COUNTER)
    source("other.py", "x = 1\n")
    accept()
    Path("counter.py").unlink()

    assert len(gone(check())) == 2
    assert len(gone(check("other.py"))) == 2
    assert accept() == Update(new=0, gone=2, entries=0)


def test_many_that_are_gone_are_counted() -> None:
    write(FILE, [Entry("no.py", f"f{number:02}", "RL101", "no.x", "x += 1") for number in range(1200)])
    source("other.py", "x = 1\n")

    notes = check().notes

    assert notes[0].startswith("1,200 findings accepted in racelint-baseline.json cannot be found any more;")
    assert notes[1] == "gone: no.py: RL101 no.x in f00"
    assert notes[-1] == "gone: 1,195 more"
    assert len(notes) == 7


def test_an_entry_of_code_in_no_function_is_told_by_its_symbol() -> None:
    write(FILE, [Entry("no.py", "", "RL101", "no.x", "x += 1")])
    source("other.py", "x = 1\n")

    assert gone(check()) == ["no.py: RL101 no.x"]


def test_what_an_entry_says_cannot_reach_the_terminal_as_it_is() -> None:
    paths = ["\x1b[2J.py", "../\0/no.py", "/no/no.py", "", "\0", "n" * 5000]
    write(FILE, [Entry(path, "f\x1b]0;x\x07", "RL101", "a\nb", "") for path in paths])
    source("other.py", "x = 1\n")

    assert all(note.isprintable() for note in check().notes)
    assert len(gone(check())) == 5


# --- a part of the project -----------------------------------------------------------------------------------------


def test_nothing_is_said_of_files_that_nobody_asked_about() -> None:
    source("a.py", COUNTER)
    source("b.py", COUNTER)
    accept()
    edit("a.py", "self.count += 1", "pass")
    edit("b.py", "self.count += 1", "pass")

    assert gone(check("b.py")) == ["b.py: RL101 b.Counter.count in Counter.increment"]
    assert check("b.py").baselined == 1
    assert accept("b.py") == Update(new=0, gone=1, entries=3)
    assert len(gone(check())) == 1


def test_a_function_that_nobody_asked_about_may_vanish_unseen() -> None:
    source("a.py", COUNTER)
    source("b.py", "x = 1\n")
    accept()
    source("a.py", "x = 1\n")

    assert check("b.py").notes == ()
    assert accept("b.py") == Update(new=0, gone=0, entries=2)
    assert accept() == Update(new=0, gone=2, entries=0)


def test_a_file_has_the_same_new_findings_whoever_asks_about_it() -> None:
    for name in ("a.py", "b.py", "c.py"):
        source(name, COUNTER)
    accept()
    edit("a.py", "increment", "step")
    edit("b.py", "self.count", "self.number")
    edit("c.py", "self.total += size", "self.total += size\n        self.count += 1")

    assert len(check().findings) == 2
    for name in ("a.py", "b.py", "c.py"):
        assert check(name).findings == tuple(finding for finding in check().findings if finding.path == name)


def test_what_does_not_strike_on_the_target_is_not_gone() -> None:
    source("counter.py", COUNTER)
    accept()

    report = engine.check([Path()], replace(config(baseline=FILE), target="gil"))

    assert (report.findings, report.notes) == ((), ())


def test_an_update_of_a_part_adds_what_is_new_there() -> None:
    source("a.py", COUNTER)
    source("b.py", COUNTER)

    assert accept("a.py") == Update(new=2, gone=0, entries=2)
    assert accept("b.py") == Update(new=2, gone=0, entries=4)
    assert check().findings == ()


def test_a_file_that_was_renamed_is_not_gone_if_only_others_are_asked_about() -> None:
    source("a.py", COUNTER)
    source("b.py", "x = 1\n")
    accept()
    move("a.py", "c.py")

    assert check("b.py").notes == ()
    assert accept("b.py") == Update(new=0, gone=0, entries=2)
    assert check("c.py").findings == ()


def test_a_function_that_moved_is_known_when_only_its_new_file_is_asked_about() -> None:
    source("a.py", COUNTER)
    source("b.py", "")
    accept()
    source("b.py", COUNTER)
    source("a.py", "")

    assert (check("b.py").findings, check("b.py").notes) == ((), ())


def test_nothing_is_said_of_rules_that_are_off() -> None:
    source("counter.py", COUNTER)
    accept()
    report, extent = looked_at()
    nothing = Report((), files=report.files)

    assert without_known(nothing, load(FILE), extent, lambda _: ALL_RULES - {"RL101"}).notes == ()
    assert update(FILE, nothing, extent, lambda _: frozenset()) == Update(new=0, gone=0, entries=2)
    assert without_known(nothing, load(FILE), extent, lambda path: {"RL101"} if path.name == "x.py" else ()).notes == ()


def test_a_file_that_cannot_be_read_keeps_its_entries_and_is_told() -> None:
    source("counter.py", COUNTER)
    accept()
    source("counter.py", "def (:")

    assert [finding.code for finding in check().findings] == ["RL901"]
    assert check().notes == ()
    assert accept() == Update(new=0, gone=0, entries=2)
    assert [finding.code for finding in check().findings] == ["RL901"]


def test_entries_of_a_file_that_cannot_be_read_hide_nothing_elsewhere() -> None:
    source("a.py", COUNTER)
    accept()
    source("a.py", "def (:")
    source("b.py", COUNTER)

    assert len([finding for finding in check().findings if finding.path == "b.py"]) == 2


def test_comments_that_do_nothing_cannot_be_accepted() -> None:
    finding = Finding("RL902", "unused-suppression", "...", "a.py", FILE_START)
    report = Report((finding,), files={"a.py": Path("a.py").absolute()})

    assert update(FILE, report, Extent(), all_rules) == Update(new=0, gone=0, entries=0)


def test_after_a_failure_nothing_is_called_gone_and_nothing_is_written() -> None:
    source("counter.py", COUNTER)
    accept()
    before = FILE.read_bytes()
    report, extent = looked_at()
    failed = Report((), (RunError("RL101 unguarded-update", "internal error"),), report.files)

    assert without_known(failed, load(FILE), extent, all_rules).notes == ()
    with pytest.raises(BaselineError, match=r"not written, because the run failed \(RL101 unguarded-update: internal"):
        update(FILE, failed, extent, all_rules)
    assert FILE.read_bytes() == before


# --- where the baseline is -----------------------------------------------------------------------------------------


def test_paths_lead_from_the_folder_of_the_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source("pkg/counter.py", COUNTER)
    source("config/empty.txt", "")
    file = Path("config/accepted.json")
    update(file, *looked_at(), all_rules)
    written = file.read_bytes()

    assert {entry.path for entry in load(file).entries} == {"../pkg/counter.py"}
    assert str(tmp_path) not in written.decode()

    monkeypatch.chdir("pkg")
    checked = engine.check([tmp_path], config(tmp_path, tmp_path / file))
    analysis = engine.analyse([Path("counter.py")], config(tmp_path))

    assert (checked.findings, checked.notes, checked.baselined) == ((), (), 2)
    assert update(tmp_path / file, analysis.report, analysis.extent, all_rules) == Update(new=0, gone=0, entries=2)
    assert (tmp_path / file).read_bytes() == written


def test_text_that_was_never_saved_is_the_text() -> None:
    source("counter.py", COUNTER)
    accept()
    text = dedent(COUNTER).encode()
    Path("counter.py").write_text("")

    buffered = engine.analyse([], config(), buffers={Path("counter.py"): text})
    update(Path("other.json"), buffered.report, buffered.extent, all_rules)

    assert Path("other.json").read_bytes() == FILE.read_bytes()


def test_a_file_name_that_is_no_text_can_be_accepted() -> None:
    os.makedirs(b"caf\xe9")
    Path(os.fsdecode(b"caf\xe9/counter.py")).write_text(dedent(COUNTER))

    assert accept() == Update(new=2, gone=0, entries=2)
    assert (check().findings, check().notes) == ((), ())
