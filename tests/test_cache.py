"""What is kept between runs changes no report, whatever happens to the program or to what is kept."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from flake8_runs import FOUND, START, STATE, Flake8
from hypothesis import given, settings
from hypothesis import strategies as st

from racelint import cache, checking, engine, extract, program
from racelint.baseline import Extent
from racelint.cache import fingerprints, stamps, store
from racelint.cli import racelint
from racelint.configuration.config import Config
from racelint.facts import Unreadable
from racelint.findings import Report
from racelint.rule import Selection

KEPT = Path(".racelint_cache")
CLAIMED = "total = 0  # guarded_by: lock\ndef add():\n    global total\n    total += 1\nlock = None\n"
TEXTS = (
    STATE,
    START,
    CLAIMED,
    "x = 1  # noqa: RL101\n",
    "def f(:\n",
    "x = '\udcff'\n",
    "",
    STATE.replace("total", "count"),
)


LINES = (
    "\n",
    "# a remark\n",
    "# noqa: RL101\n",
    "# no lock is needed here\n",
    "# guarded-by: lock\n",
    "# racelint: ignore[RL101]\n",
    "x = 1\n",
)


@pytest.fixture(autouse=True)
def _in_a_program_with_a_race(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("state.py").write_text(STATE)
    Path("start.py").write_text(START)
    Path("broken.py").write_text("def f(:\n")


def check(*paths: str, folder: Path | None = KEPT, **settings: Any) -> Report:
    return engine.check([Path(path) for path in paths or ["."]], Config(Path.cwd(), cache_dir=folder, **settings))


def files() -> list[Path]:
    return sorted(path for path in KEPT.rglob("*") if path.is_file())


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is worked out: the texts that are read as Python, and `linked` for each program."""
    done: list[str] = []
    read, linked = extract.extract, program.link

    def extract_and_tell(source: bytes) -> object:
        done.append(source.decode(errors="replace"))
        return read(source)

    def link_and_tell(*arguments: Any) -> object:
        done.append("linked")
        return linked(*arguments)

    monkeypatch.setattr(extract, "extract", extract_and_tell)
    monkeypatch.setattr(checking, "link", link_and_tell)
    return done


# --- what is known -------------------------------------------------------------------------------------------------


def test_what_is_known_is_not_worked_out_again(worked: list[str]) -> None:
    first = check()
    done = worked.copy()
    worked.clear()

    assert check() == first == check(folder=None)
    assert {finding.code for finding in first.findings} == {"RL101", "RL901"}
    assert sorted(done) == sorted([STATE, START, "def f(:\n", "linked"])
    assert sorted(worked) == sorted(done), "that was the run without a cache"


def test_after_a_change_only_what_has_changed_is_read(worked: list[str]) -> None:
    check()
    worked.clear()
    Path("start.py").write_text(START + "x = 1\n")

    assert check() == check(folder=None)
    assert worked[:2] == [START + "x = 1\n", "linked"]


@pytest.mark.parametrize("comment", ["", "# a remark", "# racelint: ignore[RL201]"])
def test_where_only_lines_have_moved_nothing_is_linked(comment: str, worked: list[str]) -> None:
    first = check()
    worked.clear()
    text = STATE.replace("def hit", f"{comment}\ndef hit")
    Path("state.py").write_text(text)
    moved = check()
    done = worked.copy()

    assert done == [text]
    assert moved == check(folder=None)
    assert [each.span.line for each in moved.findings if each.code == "RL101"] == [
        each.span.line + 1 for each in first.findings if each.code == "RL101"
    ]


def test_a_remark_comes_in_above_a_file_that_begins_with_code(worked: list[str]) -> None:
    check()
    worked.clear()
    Path("start.py").write_text(f"# a remark\n{START}")
    moved = check()
    done = worked.copy()

    assert done == [f"# a remark\n{START}"]
    assert moved == check(folder=None)


@pytest.mark.parametrize("new", ["hits  +=  1", "hits += (1)", "hits += 1  # a remark", "hits += 0x1"])
def test_where_it_is_only_written_otherwise_nothing_is_linked(new: str, worked: list[str]) -> None:
    first = check()
    worked.clear()
    text = STATE.replace("hits += 1", new)
    Path("state.py").write_text(text)
    moved = check()
    done = worked.copy()

    assert done == [text]
    assert moved == check(folder=None)
    assert len(moved.findings) == len(first.findings)


@pytest.mark.parametrize(("old", "new"), [("= 0\n", "= 0; "), ("a, b", "b, a")])
def test_what_shares_a_line_and_what_comes_first_make_a_difference(old: str, new: str, worked: list[str]) -> None:
    text = "total = 0\nother = total + 1\ndef add(a, b):\n    return a.x + b.x\n"
    Path("state.py").write_text(text)
    check()
    worked.clear()
    Path("state.py").write_text(text.replace(old, new))

    assert check() == check(folder=None)
    assert worked[1] == "linked"


@pytest.mark.parametrize(("old", "new"), [("# guarded_by: lock", ""), ("= 0", "= 1")])
def test_a_claim_and_a_value_make_a_difference(old: str, new: str, worked: list[str]) -> None:
    Path("state.py").write_text(CLAIMED)
    check()
    worked.clear()
    Path("state.py").write_text(CLAIMED.replace(old, new))

    assert check() == check(folder=None)
    assert worked[1] == "linked"


def test_whatever_part_of_a_program_is_asked_about_it_is_the_same_program(worked: list[str], tmp_path: Path) -> None:
    Path("pyproject.toml").touch()
    whole = check(is_project=True)
    worked.clear()

    assert check("state.py", is_project=True).findings == tuple(
        each for each in whole.findings if each.path == "state.py"
    )
    assert check("start.py", is_project=True).findings == ()
    assert worked == []


def test_comments_and_rules_that_are_off_are_heard_about_what_is_known(worked: list[str]) -> None:
    Path("state.py").write_text(STATE.replace("+= 1", "+= 1  # noqa: RL101"))
    silenced = check()
    worked.clear()

    heard = check(respect_noqa=False)
    ignored = check(per_file_ignores=(("broken.py", ("RL9",)),))

    assert worked == []
    assert [each.code for each in silenced.findings] == ["RL901"]
    assert [each.code for each in heard.findings] == ["RL901", "RL101"]
    assert ignored.findings == ()
    assert check(selection=Selection(("RL9",))) == check(folder=None, selection=Selection(("RL9",)))


def test_the_program_is_known_to_baselines(worked: list[str]) -> None:
    config = Config(Path.cwd(), cache_dir=KEPT)
    first = engine.analyse([Path()], config)
    worked.clear()
    second = engine.analyse([Path()], config)

    assert worked == []
    assert second.report == first.report
    assert second.extent == first.extent != Extent()


def test_a_run_that_fails_is_not_kept(worked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as context:
        context.setattr(checking, "extent_of", lambda _: 1 // 0)
        assert check().errors

    assert check().errors == ()
    assert check() == check(folder=None)


def test_of_a_program_with_a_text_that_stands_for_a_file_only_that_text_is_read(worked: list[str]) -> None:
    def with_text(text: str, folder: Path | None = KEPT) -> Report:
        return engine.check([Path()], Config(Path.cwd(), cache_dir=folder), buffers={Path("state.py"): text.encode()})

    assert with_text(STATE).findings == check().findings
    worked.clear()

    assert [finding.path for finding in with_text("x = 1\n").findings] == ["broken.py"]
    assert worked == ["x = 1\n", "linked"]
    assert with_text(CLAIMED) == with_text(CLAIMED, folder=None)
    assert check() == check(folder=None)


def test_flake8_knows_what_other_runs_found_out(flake8: Flake8, worked: list[str]) -> None:
    said = [flake8(".", "--select", "RL") for _ in range(2)]

    assert said[0] == said[1]
    assert said[0].alarms == FOUND
    assert worked.count("linked") == 1


def test_names_that_are_no_text_are_not_kept_and_do_no_harm() -> None:
    Path(os.fsdecode(b"st\xe4te.py")).write_text(STATE)

    assert check() == check() == check(folder=None)


# --- files that are not read again ---------------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are opened to be read, once their times are long past."""
    later = time.time_ns() + 10 * stamps.SETTLED
    monkeypatch.setattr("racelint.cache.stamps.time.time_ns", lambda: later)
    names: list[str] = []

    def open_and_tell(path: str, mode: str) -> object:
        names.append(os.path.basename(path))
        return open(path, mode)

    monkeypatch.setattr("racelint.reading.open", open_and_tell, raising=False)
    return names


def test_a_file_that_has_not_changed_is_not_opened(opened: list[str]) -> None:
    first = check()
    assert sorted(opened) == ["broken.py", "start.py", "state.py"]
    opened.clear()
    Path("start.py").write_text("x = 100\n" + START)

    assert check() != first
    assert opened == ["start.py"]


def test_a_file_of_this_very_moment_is_read_again(opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("racelint.cache.stamps.time.time_ns", lambda: Path("state.py").stat().st_mtime_ns)
    check()
    opened.clear()
    check()

    assert "state.py" in opened


def test_a_file_that_was_only_touched_is_read_and_says_the_same(opened: list[str], worked: list[str]) -> None:
    check()
    worked.clear()
    opened.clear()
    os.utime("state.py", (1, 1))
    check()

    assert (opened, worked) == (["state.py"], [])


def test_files_that_are_gone_are_forgotten_in_the_end() -> None:
    known = stamps.Stamps({b"%d" % number: ((0, 0, 0, 0), b"") for number in range(5000)})
    known.learn("here", os.stat_result([0] * 10, {"st_mtime_ns": 0, "st_ctime_ns": 0}), b"digest")

    assert list(stamps.Stamps.loaded(known.dumped()).known) == [b"here"]
    assert stamps.Stamps.loaded(b"\x93") == stamps.Stamps()


# --- any changes ---------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["state.py", "start.py", "other.py", "pkg/__init__.py", "pkg/state.py"])
CHANGES = st.one_of(
    st.tuples(st.just("write"), NAMES, st.sampled_from(TEXTS)),
    st.tuples(st.just("move"), NAMES, NAMES),
    st.tuples(st.just("remove"), NAMES, st.just("")),
    st.tuples(st.just("spoil"), st.integers(), st.binary(max_size=40)),
    st.tuples(st.just("insert"), NAMES, st.tuples(st.integers(0, 12), st.sampled_from(LINES))),
    st.tuples(st.just("widen"), NAMES, st.integers(0, 30)),
)


@settings(max_examples=30)
@given(st.lists(CHANGES, min_size=1, max_size=5))
def test_after_any_changes_the_report_is_that_of_a_run_that_knows_nothing(changes: list[tuple[str, Any, Any]]) -> None:
    with tempfile.TemporaryDirectory(dir=os.getcwd()) as name:
        folder = Path(name)
        for path, text in (("state.py", STATE), ("start.py", START)):
            (folder / path).write_text(text)
        for change in changes:
            apply(folder, *change)
            assert check(name, folder=folder / KEPT) == check(name, folder=None)


def apply(folder: Path, what: str, first: Any, second: Any) -> None:
    if what == "write":
        (folder / first).parent.mkdir(exist_ok=True)
        (folder / first).write_text(second, errors="surrogateescape")
    elif what == "insert" and (folder / first).exists():
        lines = (folder / first).read_bytes().decode(errors="surrogateescape").splitlines(keepends=True)
        lines.insert(second[0], second[1])
        (folder / first).write_bytes("".join(lines).encode(errors="surrogateescape"))
    elif what == "widen" and (folder / first).exists():
        words = (folder / first).read_bytes().split(b" ")
        (folder / first).write_bytes(b" ".join(words[:second]) + b"  " + b" ".join(words[second:]))
    elif what == "move" and (folder / first).exists():
        (folder / second).parent.mkdir(exist_ok=True)
        (folder / first).rename(folder / second)
    elif what == "remove":
        (folder / first).unlink(missing_ok=True)
    elif what == "spoil":
        kept = sorted(path for path in (folder / KEPT).rglob("*") if path.is_file())
        for path in kept[first % len(kept) :][:1] if kept else ():
            path.write_bytes(second)


# --- a cache that is none ------------------------------------------------------------------------------------------


def swap(path: Path) -> None:
    for other in files():
        if other.parent != path.parent and other.parts[1:3] == path.parts[1:3]:
            shutil.copy(other, path)


def become_a_folder(path: Path) -> None:
    path.unlink()
    (path / "inside").mkdir(parents=True)


def become_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def become_a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def sealed(content: bytes) -> Callable[[Path], None]:
    """Other content, with the seal of a whole entry."""

    def spoil(path: Path) -> None:
        kind = path.relative_to(KEPT / store.CONTENT_FOLDER).parts[0]
        name = bytes.fromhex("".join(path.relative_to(KEPT / store.CONTENT_FOLDER).parts[1:]).replace("all", ""))
        path.write_bytes(store.digest(kind.encode(), name, content) + content)

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"x"),
        lambda path: path.write_bytes(bytes(reversed(path.read_bytes()))),
        lambda path: path.write_bytes(random.Random(0).randbytes(1000)),
        lambda path: os.truncate(path, store.LARGEST_FILE + 1),
        sealed(b""),
        sealed(b"\1\x9f"),
        sealed(b"\1\xc0"),
        sealed(b"\0\x93\xa1\xff\1\1"),
        sealed(b"\1" + b"\x91" * 100_000),
        swap,
        become_a_folder,
        become_a_pipe,
        become_a_link,
    ],
    ids=lambda spoil: getattr(spoil, "__name__", ""),
)
def test_whatever_has_become_of_the_files_of_a_cache_the_report_is_the_same(spoil: Callable[[Path], None]) -> None:
    first = check()
    for path in [path for path in files() if store.CONTENT_FOLDER in path.parts]:
        spoil(path)

    assert check() == first
    assert check() == first


def test_facts_that_make_no_sense_are_set_aside(worked: list[str]) -> None:
    facts = extract.extract(STATE.encode())
    nonsense = msgspec.structs.replace(facts, functions=facts.functions[:1])
    first = check(folder=None)
    kept = cache.Cache(KEPT)
    kept.keep_facts(cache.digest(STATE.encode()), cache.encoded(nonsense) or b"")

    assert check() == first
    worked.clear()
    assert check() == first
    assert worked == []
    assert kept.facts(cache.digest(STATE.encode())) == facts


def test_what_is_spoilt_is_written_again(worked: list[str]) -> None:
    first = check()
    for path in files():
        if path.parts[-2] != KEPT.name:
            path.write_bytes(b"nonsense")
    check()
    worked.clear()

    assert check() == first
    assert worked == []


def test_another_version_knows_nothing_of_what_is_kept(worked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    check()
    worked.clear()
    monkeypatch.setattr(cache, "of_everything", lambda: b"another")
    check()
    assert worked == ["linked"]

    monkeypatch.setattr(cache, "of_reading", lambda: b"another")
    monkeypatch.setattr(cache, "of_everything", lambda: b"yet another")
    worked.clear()
    check()
    assert len(worked) == 4


def test_a_version_is_told_by_its_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "racelint"
    (package / "extract").mkdir(parents=True)
    (package / "facts.py").touch()
    monkeypatch.setattr(fingerprints, "PACKAGE", package)

    def versions() -> tuple[bytes, bytes]:
        fingerprints.of_reading.cache_clear()
        fingerprints.of_everything.cache_clear()
        return fingerprints.of_reading(), fingerprints.of_everything()

    seen = [versions()]
    for name in ("facts.py", "extract/names.py", "rules.py"):
        (package / name).write_text("x = 1\n")
        seen.append(versions())
    monkeypatch.undo()
    versions()

    assert len({everything for _, everything in seen}) == 4
    assert [reading for reading, _ in seen[:3]] == list(dict.fromkeys(reading for reading, _ in seen))


# --- folders that keep nothing -------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_made_keeps_nothing() -> None:
    Path("file").touch()

    assert check(folder=Path("file/cache")) == check(folder=None) == check(folder=Path("file"))
    assert Path("file").read_bytes() == b""


def test_a_disk_that_is_full_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def fail(path: str, content: bytes) -> None:
        tries.append(path)
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(store, "_write", fail)

    assert check() == check(folder=None)
    assert len(tries) <= 2, "one for the stamps, one for all else"


def test_what_is_not_written_as_a_whole_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_from: str, _to: str) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr("racelint.cache.store.os.replace", fail)
    check()

    assert files() == []


# --- other runs at the same time -----------------------------------------------------------------------------------

RUN = [sys.executable, "-m", "racelint", "--output-format", "json", "--cache-dir", str(KEPT), "."]


def test_runs_at_the_same_time_do_not_disturb_each_other() -> None:
    runs = [subprocess.Popen(RUN, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    answers = [run.communicate() for run in runs]
    alone = subprocess.run([*RUN, "--no-cache"], capture_output=True, check=False)

    assert {*answers} == {(alone.stdout, alone.stderr)}


def test_a_run_that_is_killed_leaves_a_cache_that_can_be_used() -> None:
    Path("many").mkdir()
    for number in range(60):
        Path(f"many/m{number}.py").write_text(f"x = {number}\n")
    first = check(folder=None)
    with subprocess.Popen(RUN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        while run.poll() is None and len(files()) < 20:
            time.sleep(0.001)
        run.kill()

    assert check() == first == check()


# --- the folder ----------------------------------------------------------------------------------------------------


def test_the_folder_is_left_out_by_git_and_by_backups() -> None:
    check()

    assert (KEPT / ".gitignore").read_text() == "*\n"
    assert (KEPT / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


def test_a_folder_that_was_there_before_gets_no_files_that_hide_the_others() -> None:
    check(folder=Path("."))

    assert not Path(".gitignore").exists()
    assert store.clean(Path("."))
    assert sorted(os.listdir()) == ["broken.py", "start.py", "state.py"]


def test_cleaning_removes_what_is_kept_and_nothing_else() -> None:
    assert not store.clean(KEPT)
    check()
    assert store.clean(KEPT)
    assert not KEPT.exists()
    check()
    (KEPT / "notes").touch()
    assert store.clean(KEPT)
    assert [path.name for path in files()] == ["notes"]


def test_what_is_not_used_for_long_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store.Store(KEPT)
    for name in (b"old", b"used", b"new"):
        kept.put("facts", name, name)
    for path in files():
        if path.parent.parent.name == "facts" and bytes.fromhex(path.parent.name + path.name) != b"new":
            os.utime(path, (1, 1))
    unfinished = KEPT / store.CONTENT_FOLDER / "facts" / "~1-unfinished"
    unfinished.touch()
    os.utime(unfinished, (time.time() - 2 * store.DAY,) * 2)
    assert kept.get("facts", b"used") == b"used"
    kept.tidy()

    assert [kept.get("facts", name) for name in (b"old", b"used", b"new")] == [None, b"used", b"new"]
    assert not unfinished.exists()


def test_the_oldest_of_too_much_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store.Store(KEPT)
    kept.put("facts", b"old", random.Random(0).randbytes(600))
    for path in files():
        os.utime(path, (time.time() - 60,) * 2)
    kept.put("facts", b"new", random.Random(1).randbytes(600))
    monkeypatch.setattr(store, "KEPT_BYTES", 1000)
    kept.tidy()
    assert kept.get("facts", b"old") is None
    assert kept.get("facts", b"new")
    monkeypatch.setattr(store, "KEPT_BYTES", 0)
    kept.tidy()
    assert kept.get("facts", b"new"), "it was tidied today"


def test_few_programs_are_remembered() -> None:
    for number in range(cache.KEPT_OUTCOMES + 4):
        Path("start.py").write_text(f"x = {number}\n")
        check()

    assert len([path for path in files() if cache.OUTCOMES in path.parts]) == cache.KEPT_OUTCOMES


def test_what_a_text_says_survives_in_bytes() -> None:
    facts = extract.extract(STATE.encode())

    assert cache.decoded(cache.encoded(facts) or b"") == facts
    assert cache.decoded(cache.encoded(Unreadable("no", 2, 3)) or b"") == Unreadable("no", 2, 3)
    assert cache.encoded(Unreadable("\udcff")) is None
    assert cache.decoded(b"") is None


# --- where it is ---------------------------------------------------------------------------------------------------


@pytest.fixture
def _in_a_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RACELINT_CACHE_DIR", raising=False)
    Path("pyproject.toml").touch()


def kept_in(*arguments: str) -> Path | None:
    """Where `racelint check` with these arguments keeps what it finds out."""
    shown = run("check", "--show-settings", *arguments)
    line = next(line for line in shown.splitlines() if "cache-dir" in line)
    name = line.partition('"')[2].partition('"')[0]
    return Path(name) if name else None


def run(*arguments: str) -> str:
    return CliRunner().invoke(racelint, arguments, catch_exceptions=False, standalone_mode=False).output


@pytest.mark.usefixtures("_in_a_project")
def test_the_folder_is_that_of_the_project_or_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("pkg").mkdir()
    Path("pkg/empty.py").touch()
    assert kept_in("pkg") == KEPT
    Path("pyproject.toml").write_text('[tool.racelint]\ncache-dir = "kept"\n')
    assert kept_in("pkg") == Path("kept")
    monkeypatch.setenv("RACELINT_CACHE_DIR", "around")
    assert kept_in() == Path("around")
    assert kept_in("--config", "cache-dir = 'inline'") == Path("inline")
    assert kept_in("--cache-dir", "here") == Path("here")
    assert kept_in("--no-cache") is None
    monkeypatch.setenv("RACELINT_CACHE_DIR", "")
    assert kept_in() is None


def test_what_is_no_project_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RACELINT_CACHE_DIR", raising=False)

    assert kept_in() is None
    assert kept_in("--cache-dir", "here") == Path("here")


@pytest.mark.usefixtures("_in_a_project")
def test_the_command_to_clean_removes_the_folder() -> None:
    run("check")
    assert KEPT.exists()

    assert run("clean") == "Removed .racelint_cache.\n"
    assert run("clean") == ""
    assert not KEPT.exists()

    run("check", "--no-cache")
    assert not KEPT.exists()

    run("check", "--cache-dir", "other")
    assert run("clean", "--cache-dir", "other") == "Removed other.\n"
    assert sorted(os.listdir()) == ["broken.py", "pyproject.toml", "start.py", "state.py"]
