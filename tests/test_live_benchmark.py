"""The benchmark about where findings are live: what it takes from racelint, what it measures, when it fails."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "benchmarks" / "live"
PAGE = ROOT / "docs" / "live.md"


def _loaded(name: str) -> ModuleType:
    """A module of the benchmark, which is no package."""
    spec = importlib.util.spec_from_file_location(f"live_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[f"live_{name}"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run, stress = _loaded("run"), _loaded("stress")
GIL = run.Interpreter((3, 13, 0), True, "python3.13")
OLD = run.Interpreter((3, 10, 2), True, "python3.10")
FREE = run.Interpreter((3, 13, 0), False, "python3.13t")


def test_the_page_shows_what_racelint_says_today() -> None:
    rows = re.findall(r"^\| (\w+) \| (RL.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    said = run.say(run.programs())

    assert dict(rows) == {name: str(each) for name, each in said.items()}
    assert {frozenset(each.live_on) for each in said.values()} == {
        frozenset({"free-threaded"}),
        frozenset({"gil", "free-threaded"}),
    }


@pytest.mark.parametrize(
    ("interpreter", "name", "build"),
    [(GIL, "3.13.0", "gil"), (OLD, "3.10.2", "free-threaded"), (FREE, "3.13.0t", "free-threaded")],
)
def test_an_interpreter_is_of_a_build(interpreter: object, name: str, build: str) -> None:
    assert (interpreter.name, interpreter.build) == (name, build)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("live_on", "broken", "wrong"),
    [
        ({"free-threaded"}, {GIL: 0, OLD: 0, FREE: 3}, []),
        ({"free-threaded"}, {GIL: 1, FREE: 3}, ["p: it is said not to strike on gil, and broke on 3.13.0"]),
        ({"free-threaded"}, {GIL: 0, OLD: 0}, ["p: it is said to strike on free-threaded, and never broke"]),
        ({"free-threaded"}, {GIL: 0}, []),
        ({"gil", "free-threaded"}, {GIL: 2, OLD: 1}, []),
        ({"gil", "free-threaded"}, {GIL: 0, OLD: 1}, ["p: it is said to strike on gil, and never broke"]),
    ],
)
def test_it_fails_where_racelint_is_contradicted(
    live_on: set[str], broken: dict[object, int], wrong: list[str]
) -> None:
    said = {"p": run.Said(("RL101",), frozenset(live_on))}

    assert run.contradictions(said, {("p", at): run.Outcome(9, count) for at, count in broken.items()}) == wrong


def test_a_program_in_which_nothing_is_found_is_a_contradiction() -> None:
    assert run.contradictions({"p": run.Said((), frozenset())}, {}) == ["p: racelint finds nothing"]


def test_the_table_has_what_needs_no_gil_first() -> None:
    said = {
        "a": run.Said(("RL101",), frozenset({"gil", "free-threaded"})),
        "b": run.Said(("RL101", "RL201"), frozenset({"free-threaded"})),
    }
    outcomes = {(name, at): run.Outcome(9, count) for name, at, count in [("a", GIL, 5), ("b", GIL, 0)]}

    assert run.table(said, outcomes).splitlines()[2:] == [
        "| b | RL101, RL201: free-threaded | 0 of 9 |",
        "| a | RL101: every build | 5 of 9 |",
    ]


@pytest.mark.parametrize(("answer", "broken", "rounds"), [("True", 4, 4), ("False", 0, 1)])
def test_rounds_are_counted_until_enough_broke(answer: str, broken: int, rounds: int, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(f"def breaks():\n    return {answer}\n")
    before = sys.getswitchinterval()
    try:
        outcome = stress.stress(str(program), 0 if answer == "False" else 60, 4)
    finally:
        sys.setswitchinterval(before)

    assert outcome == {"rounds": rounds, "broken": broken}


def test_the_interpreter_that_runs_this_is_found_and_what_is_none_is_told() -> None:
    assert sys.version_info[:3] in [each.version for each in run.discover([])]
    with pytest.raises(SystemExit, match=r"^nowhere is no CPython"):
        run.discover(["nowhere"])
