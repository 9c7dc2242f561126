"""The run as a whole: what cannot be read, what breaks down, and that nothing but the tree decides the report."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from racelint import checking, engine, extract
from racelint.baseline import Extent
from racelint.configuration import config
from racelint.configuration.config import Config
from racelint.extract import SourceError
from racelint.facts import Span
from racelint.findings import FILE_START, Finding, Report
from racelint.knowledge import Knowledge
from racelint.program import SourceModule
from racelint.rule import Rule, Selection, load_rules

SHOWCASE = Path(__file__).parent.parent / "fixtures" / "showcase"


@pytest.fixture(autouse=True)
def _in_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def check(*paths: str | Path, select: tuple[str, ...] | None = None, ignore: tuple[str, ...] = ()) -> Report:
    return engine.check(
        [Path(path) for path in paths or ["."]], Config(Path.cwd(), selection=Selection(select, (), ignore))
    )


def reasons(report: Report) -> dict[str, str]:
    assert {finding.code for finding in report.findings} <= {"RL901"}
    return {finding.path: finding.message for finding in report.findings}


# --- files that cannot be read -------------------------------------------------------------------------------------


def test_a_file_that_is_no_python_is_a_finding_and_the_rest_is_checked() -> None:
    Path("syntax.py").write_text("x = 1\ndef f(:\n")
    Path("nul.py").write_bytes(b"x = 1\nx\0y = 2\n")
    Path("coding.py").write_bytes(b"# coding: nonsense\nx = 1\n")
    Path("bytes.py").write_bytes(b"x = '\xff'\n")
    Path("fine.py").write_text("x = 1\n")
    Path("folder.py").mkdir()
    Path("folder.py/broken.py").symlink_to("nowhere")
    Path("loop.py").symlink_to("loop.py")
    os.mkfifo("pipe.py")

    report = check(".", "pipe.py")

    assert report.errors == ()
    assert list(reasons(report)) == [
        "bytes.py",
        "coding.py",
        "folder.py/broken.py",
        "loop.py",
        "nul.py",
        "pipe.py",
        "syntax.py",
    ]
    assert reasons(report)["loop.py"] == "not checked: it cannot be opened (Too many levels of symbolic links)"
    assert reasons(report)["pipe.py"] == "not checked: it is no regular file"
    assert next(finding.span.line for finding in report.findings if finding.path == "syntax.py") == 2


def test_a_folder_that_cannot_be_listed_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)

    assert reasons(check()) == {".": "not checked: the folder cannot be listed (Permission denied)"}


def test_a_file_that_may_not_be_opened_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: str, _mode: str) -> object:
        raise PermissionError(13, "Permission denied")

    Path("a.py").touch()
    monkeypatch.setattr("racelint.reading.open", refuse, raising=False)

    assert reasons(check()) == {"a.py": "not checked: it cannot be opened (Permission denied)"}


def test_findings_about_files_can_be_ignored_like_others() -> None:
    Path("syntax.py").write_text("def f(:\n")

    assert check(ignore=("RL901",)).findings == ()


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "[" * 5000 + "]" * 5000,
        "f(" * 5000 + ")" * 5000,
        "- " * 5000 + "1",
        "+".join(["x"] * 5000),
        "x" + ".y" * 5000,
        "x" + ".y()" * 5000,
        "x" + "[0]" * 1500,
        "lambda: " * 5000 + "1",
        "x if x else " * 1500 + "x",
        "x and " * 5000 + "x",
    ],
    ids=["parentheses", "lists", "calls", "minus", "sum", "attributes", "methods", "items", "lambdas", "ifs", "ands"],
)
def test_source_that_is_nested_deeply_stops_nothing(expression: str) -> None:
    Path("deep.py").write_text(f"def f(x):\n    return {expression}\n")
    Path("broken.py").write_text("def f(:\n")

    report = check()

    assert report.errors == ()
    assert "broken.py" in reasons(report)


def test_a_long_file_is_checked() -> None:
    Path("long.py").write_text("x = 1\n" * 50_000)

    assert check() == Report((), (), {"long.py": Path.cwd() / "long.py"})


def test_an_empty_folder_is_fine_but_told() -> None:
    assert check() == Report((), notes=("no Python file was found (test code is left out unless it is named)",))


# --- what breaks down ----------------------------------------------------------------------------------------------


def shout(modules: Sequence[SourceModule]) -> Iterator[Finding]:
    for module in modules:
        yield Finding("RL998", "shout", f"it is {module.name}", module.path, FILE_START)
        yield Finding("RL998", "shout", f"it is {module.name}", module.path, FILE_START)


def stumble(modules: Sequence[SourceModule]) -> Iterator[Finding]:
    for module in modules:
        yield Finding("RL997", "stumble", "before the fall", module.path, FILE_START)
        raise KeyError(module.name)


class Linked(list[SourceModule]):
    """What such rules take for a program."""

    sharing = SimpleNamespace(assumed=SimpleNamespace(idle=list))


def link(modules: Sequence[SourceModule], knowledge: Knowledge, assume_shared: Sequence[str]) -> Linked:
    return Linked(modules)


@pytest.fixture
def _two_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = (
        Rule("RL997", "stumble", "", stumble),  # type: ignore[arg-type]
        Rule("RL998", "shout", "", shout),  # type: ignore[arg-type]
        Rule("RL999", "off", "", shout, default=False),  # type: ignore[arg-type]
    )
    for module in (checking, config):
        monkeypatch.setattr(module, "load_rules", lambda: (*load_rules(), *rules))
    monkeypatch.setattr(checking, "link", link)
    monkeypatch.setattr(checking, "extent_of", lambda _: Extent())


@pytest.mark.usefixtures("_two_rules")
def test_a_rule_that_breaks_down_is_an_error_and_the_others_run() -> None:
    Path("a.py").touch()

    report = check(select=("RL997", "shout"))

    assert [finding.message for finding in report.findings] == ["before the fall", "it is a"]
    assert [error.where for error in report.errors] == ["RL997 stumble"]
    assert report.errors[0].message.startswith("internal error: KeyError: 'a' (test_engine.py:")


@pytest.mark.usefixtures("_two_rules")
def test_a_finding_is_shown_once_however_often_it_is_made() -> None:
    Path("a.py").touch()

    assert [finding.message for finding in check(select=("RL998",)).findings] == ["it is a"]


def test_a_file_on_which_reading_breaks_down_is_an_error_and_the_others_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken_extract(source: bytes) -> object:
        raise AssertionError("oh") if source == b"a" else SourceError("no", 3, 5)

    Path("a.py").write_text("a")
    Path("b.py").write_text("b")
    monkeypatch.setattr(extract, "extract", broken_extract)

    report = check()

    assert [error.where for error in report.errors] == ["a.py"]
    assert reasons(report) == {"b.py": "not checked: it is no valid Python, no"}
    assert report.findings[0].span == Span(3, 5, 3, 6)


def test_linking_that_breaks_down_is_an_error_and_keeps_what_is_known_about_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> object:
        raise ZeroDivisionError("none")

    Path("broken.py").write_text("def f(:\n")
    monkeypatch.setattr(checking, "link", fail)

    report = check()

    assert [error.where for error in report.errors] == ["linking"]
    assert list(reasons(report)) == ["broken.py"]


def test_progress_is_told_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int, int]] = []
    Path("a.py").touch()
    Path("b.py").touch()

    engine.check([Path()], Config(Path.cwd(), selection=Selection(("RL901",))), lambda *step: told.append(step))

    assert told == [("reading", 0, 2), ("reading", 1, 2), ("reading", 2, 2), ("linking", 0, 1), ("checking", 0, 1)]


# --- determinism ---------------------------------------------------------------------------------------------------


def showcase_json(*paths: str | Path, hash_seed: int = 0) -> str:
    command = [sys.executable, "-m", "racelint", "--output-format", "json", *map(str, paths)]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    run = subprocess.run(command, cwd=SHOWCASE.parent, env=environment, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    return run.stdout


def test_neither_spelling_nor_order_of_paths_nor_the_hash_seed_changes_a_byte() -> None:
    expected = showcase_json("showcase")
    files = sorted(SHOWCASE.glob("*.py"), reverse=True)

    assert '"findings": 6' in expected
    assert showcase_json(SHOWCASE, hash_seed=1) == expected
    assert showcase_json("../fixtures/showcase/", hash_seed=2) == expected
    assert showcase_json(*files, "showcase", hash_seed=3) == expected
