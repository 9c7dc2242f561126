"""The flake8 door: what is asked, what is analysed, and what flake8 shows of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from flake8.api import legacy
from flake8_runs import BOTH, FOUND, START, STATE, Flake8, Outcome, configure

# --- what is shown -------------------------------------------------------------------------------------------------


def test_a_finding_is_shown_where_racelint_shows_it(flake8: Flake8) -> None:
    outcome = flake8()

    assert outcome.alarms == FOUND
    assert outcome.code == 1


def test_a_part_of_the_project_is_seen_as_a_part_of_it(flake8: Flake8) -> None:
    assert flake8("state.py").alarms == FOUND
    assert flake8("./state.py").alarms == FOUND
    assert flake8(str(Path("state.py").absolute())).alarms == [f"{Path('state.py').absolute()}:6:5: RL101"]
    assert flake8("start.py").alarms == []


def test_the_analysis_is_made_once_and_in_each_run_anew(flake8: Flake8, analyses: list[object]) -> None:
    assert flake8().alarms == FOUND
    assert len(analyses) == 1

    Path("start.py").write_text("")

    assert flake8().alarms == []
    assert len(analyses) == 2


def test_a_file_that_has_two_names_has_its_findings_under_each(flake8: Flake8) -> None:
    Path("another.py").symlink_to("state.py")

    assert flake8("another.py").alarms == ["another.py:6:5: RL101"]
    assert flake8().alarms == ["another.py:6:5: RL101", *FOUND]


def test_a_path_that_does_not_exist_is_told_by_flake8(flake8: Flake8) -> None:
    outcome = flake8("nowhere.py", "state.py")

    assert "nowhere.py:0:1: E902 FileNotFoundError" in outcome.output
    assert outcome.alarms == FOUND


def test_files_that_racelint_leaves_out_have_no_findings(flake8: Flake8) -> None:
    configure("extend-exclude = ['both.py']")
    Path("both.py").write_text(BOTH)

    assert flake8().alarms == FOUND


def test_a_file_that_is_left_out_is_meant_if_it_is_named_unless_names_are_not_meant_so(
    flake8: Flake8, tmp_path_factory: pytest.TempPathFactory
) -> None:
    configure("extend-exclude = ['both.py']")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "both.py"
    for file in (Path("both.py"), elsewhere):
        file.write_text(BOTH)
    names = ("state.py", "both.py", str(elsewhere))

    assert flake8(*names).alarms == [f"{elsewhere}:6:5: RL101", "both.py:6:5: RL101", *FOUND]
    assert flake8(*names, "--racelint-force-exclude").alarms == [f"{elsewhere}:6:5: RL101", *FOUND]


def test_what_python_cannot_parse_is_told_by_flake8_and_what_libcst_cannot_by_racelint(flake8: Flake8) -> None:
    Path("broken.py").write_text("def f(:\n")
    Path("odd.py").write_text("import threading\n(x): int = 1\n")

    outcome = flake8()

    assert outcome.alarms == ["odd.py:2:5: RL901", *FOUND]
    assert "broken.py:1:8: E999 " in outcome.output


def test_flake8_silences_files_and_lines(flake8: Flake8) -> None:
    assert flake8("--per-file-ignores", "state.py:RL").alarms == []
    assert flake8("--exclude", "state.py").alarms == []

    Path("state.py").write_text(STATE.replace("+= 1", "+= 1  # noqa: RL101"))

    assert flake8().alarms == []
    assert flake8("--disable-noqa").alarms == FOUND


def test_what_silences_nothing_is_told(flake8: Flake8) -> None:
    Path("start.py").write_text(f"{START}\n\nx = 1  # noqa: RL101\n")

    assert flake8().alarms == ["start.py:9:8: RL902", *FOUND]


# --- what is analysed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "flags",
    [
        ["--select", "E,F"],
        ["--ignore", "RL"],
        ["--extend-ignore", "RL"],
        ["--extend-ignore", "RL", "--extend-select", "E"],
        ["--select", "RL", "--ignore", "RL1,RL2,RL3,RL4,RL5,RL6,RL7,RL8,RL9,RL0"],
    ],
    ids=" ".join,
)
def test_nothing_is_analysed_where_flake8_would_not_show_it(
    flake8: Flake8, analyses: list[object], flags: list[str]
) -> None:
    assert flake8(*flags).alarms == []
    assert analyses == []


def test_nothing_is_loaded_where_flake8_would_not_show_it(tmp_path: Path) -> None:
    (tmp_path / "m.py").touch()
    asked = "import sys; from flake8.main.cli import main; main(['--select=E', 'm.py']); print(*sys.modules)"

    modules = subprocess.run([sys.executable, "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert "racelint.flake8_plugin" in modules.stdout.split()
    assert {"libcst", "networkx", "racelint.engine", "racelint.rule"}.isdisjoint(modules.stdout.split())


@pytest.mark.parametrize(
    "flags",
    [
        ["--select", "RL"],
        ["--select", "RL1"],
        ["--select", "E,RL101"],
        ["--ignore", "E"],
        ["--ignore", "RL", "--extend-select", "RL10"],
        ["--extend-ignore", "RL2", "--extend-select", "RL"],
    ],
    ids=" ".join,
)
def test_what_flake8_selects_is_analysed(flake8: Flake8, flags: list[str]) -> None:
    assert flake8(*flags).alarms == FOUND


def test_what_flake8_names_is_on_whatever_racelint_is_configured_for(flake8: Flake8) -> None:
    configure("ignore = ['RL101']")

    assert flake8().alarms == []
    assert flake8("--select", "RL").alarms == []
    assert flake8("--select", "RL1").alarms == FOUND
    assert flake8("--extend-select", "RL101").alarms == FOUND


def test_codes_that_no_rule_has_are_selected_in_vain(flake8: Flake8) -> None:
    assert flake8("--select", "RL999,RL8").alarms == []


def test_paths_that_are_given_after_the_options_are_analysed(
    flake8: Flake8, analyses: list[object], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "pyproject.toml").touch()
    (tmp_path / "elsewhere" / "both.py").write_text(BOTH)

    style = legacy.get_style_guide(select=["RL"])
    report = style.check_files(["elsewhere/both.py"])

    assert report.total_errors == 1
    assert "elsewhere/both.py:6:5: RL101" in capfd.readouterr().out


# --- standard input ------------------------------------------------------------------------------------------------


def piped(source: bytes, *arguments: str) -> list[str]:
    """The findings of a run that is given `source` as standard input."""
    command = [sys.executable, "-m", "flake8", *arguments, "-"]
    run = subprocess.run(command, input=source, capture_output=True, check=False)
    return Outcome(run.returncode, run.stdout.decode(), run.stderr.decode()).alarms


@pytest.mark.usefixtures("flake8")
def test_standard_input_takes_the_place_of_the_file_that_it_is_said_to_be() -> None:
    moved = b"# one line more\n" + STATE.encode()

    assert piped(moved, "--stdin-display-name", "state.py") == ["state.py:7:5: RL101"]
    assert piped(b"", "--stdin-display-name", "./state.py") == []


@pytest.mark.usefixtures("flake8")
def test_standard_input_without_a_name_stands_alone() -> None:
    assert piped(STATE.encode()) == []
    assert piped(BOTH.encode()) == ["stdin:6:5: RL101"]
    assert piped(f"# coding: latin-1\n# é\n{BOTH}".encode("latin-1")) == ["stdin:8:5: RL101"]
