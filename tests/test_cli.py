"""The command line: what it prints, and how it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from racelint import __version__, cli, engine
from racelint.findings import Report, RunError
from racelint.rule import load_rules


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run: its exit code and what it printed."""

    code: object
    output: str
    errors: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line in a new working directory with one file that is fine and one that is broken."""
    monkeypatch.chdir(tmp_path)
    Path("pkg").mkdir()
    Path("pkg/fine.py").write_text("x = 1\n")
    Path("pkg/broken.py").write_text("def f(:\n")

    def run_racelint(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as caught:
            cli.main(arguments)
        return Outcome(caught.value.code, *capfd.readouterr())

    return run_racelint


def test_findings_are_printed_and_told_by_the_exit_code(run: Run) -> None:
    outcome = run("pkg")

    assert outcome.output.startswith("pkg/broken.py:1:")
    assert outcome.output.endswith("1 finding; 2 files checked.\n")
    assert (outcome.code, outcome.errors) == (1, "")


def test_check_is_the_command_where_none_is_named_and_the_current_folder_the_path(run: Run) -> None:
    expected = run("check", "pkg")

    assert run() == run("check") == run("check", ".") == run("pkg", ".") == expected
    assert run("--exit-zero", "pkg/broken.py").code == 0


def test_no_findings_exit_with_0(run: Run) -> None:
    assert run("pkg/fine.py") == Outcome(0, "No findings; 1 file checked.\n", "")


def test_exit_zero_hides_findings_but_no_errors(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_check(*_: object) -> Report:
        return Report((), (RunError("linking", "it broke"),))

    assert run("pkg", "--exit-zero").code == 0
    monkeypatch.setattr(engine, "check", broken_check)
    assert run("pkg", "--exit-zero") == Outcome(
        2, "No findings; 0 files checked, but not all could be checked.\n", "racelint: linking: it broke\n"
    )


def test_json_goes_to_standard_output_alone(run: Run) -> None:
    outcome = run("pkg", "--output-format", "json")

    assert (outcome.code, outcome.errors) == (1, "")
    assert [finding["path"] for finding in json.loads(outcome.output)["findings"]] == ["pkg/broken.py"]


def test_statistics_stand_in_place_of_the_findings(run: Run) -> None:
    assert run("--statistics").output == "    1  RL901  unreadable-file\n1 finding; 2 files checked.\n"
    assert json.loads(run("--statistics", "--output-format=json").output)["statistics"] == [
        {"code": "RL901", "name": "unreadable-file", "count": 1}
    ]
    assert run("--statistics", "--output-format=sarif").code == 2


def test_a_path_that_does_not_exist_is_an_error_and_nothing_is_checked(run: Run) -> None:
    expected = "racelint: nowhere/at.py: no such file or folder\n"

    assert run("pkg", "nowhere/at.py") == Outcome(2, "", expected)


def test_a_path_in_a_folder_that_is_closed_is_not_said_to_be_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "lstat", refuse)

    assert run("pkg/fine.py") == Outcome(2, "", "racelint: pkg/fine.py: cannot be looked at (Permission denied)\n")


def test_files_that_are_listed_are_told_apart_from_folders_that_cannot_be(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    error = "racelint: .: the folder cannot be listed (Permission denied)\n"

    assert run("check", "--show-files") == Outcome(0, "", error)


def test_what_no_baseline_can_have_is_told(run: Run) -> None:
    outcome = run("baseline", "--config", "baseline='known.json'")

    assert (outcome.code, outcome.output) == (2, "known.json: 0 findings accepted (0 new, 0 gone).\n")
    assert outcome.errors.startswith("racelint: pkg/broken.py: RL901 not checked: ")
    assert run("baseline", "pkg/fine.py").code == 0


def test_a_misspelt_command_is_recognised(run: Run) -> None:
    expected = "racelint: explian: no such file or folder; did you mean the command `explain`?\n"

    assert run("explian", "RL101") == Outcome(2, "", expected)


def test_help_is_an_option(run: Run) -> None:
    assert run("help").errors == "racelint: help: no such file or folder; did you mean `racelint --help`?\n"


def test_a_notebook_is_not_taken_for_python(run: Run) -> None:
    Path("notes.ipynb").write_text('{"cells": [{"source": ["x = 1"], "execution_count": null}]}')
    outcome = run("notes.ipynb", "--output-format", "concise")

    assert outcome.code == 1
    assert "notes.ipynb:1:1: RL901 [unreadable-file] not checked: it is a notebook" in outcome.output
    assert run("--show-files").output == "pkg/broken.py\npkg/fine.py\n"


def test_a_path_that_is_named_like_a_command_needs_its_folder(run: Run) -> None:
    Path("rules").mkdir()
    Path("rules/a.py").touch()

    assert run("rules").output.startswith("RL101 ")
    assert run("./rules").output == "No findings; 1 file checked.\n"


@pytest.mark.parametrize("flags", [["--ignore", "RL901"], ["--ignore=RL1,unreadable-file"], ["--select", "RL1,RL2"]])
def test_rules_are_chosen_by_codes_beginnings_and_names(run: Run, flags: list[str]) -> None:
    assert run("pkg", *flags) == Outcome(0, "No findings; 2 files checked.\n", "")


def test_an_unknown_rule_is_an_error_that_names_the_near_miss(run: Run) -> None:
    assert run("--select", "unguarded-updates").errors == (
        "racelint: --select: unknown rule 'unguarded-updates'; did you mean unguarded-update?\n"
    )
    assert run("--ignore", "W999") == Outcome(
        2, "", "racelint: --ignore: unknown rule 'W999'; `racelint rules` lists them all\n"
    )


def test_the_configuration_of_the_checked_path_holds_and_flags_win(run: Run) -> None:
    Path("pkg/pyproject.toml").write_text("[tool.racelint]\nignore = ['unreadable-file']\nassume-shared = ['a']\n")

    assert run("pkg").code == 0
    assert run("pkg", "--ignore", "RL1").code == 0
    assert run("pkg", "--select", "RL9").code == 1


def test_a_wrong_configuration_is_an_error(run: Run) -> None:
    Path("pyproject.toml").write_text("[tool.racelint]\nselct = []\n")

    assert run() == Outcome(
        2, "", "racelint: pyproject.toml: [tool.racelint] unknown key `selct`; did you mean `select`?\n"
    )


def test_a_wrong_flag_is_an_error(run: Run) -> None:
    assert run("--outputformat", "json").code == 2


def test_a_rule_is_explained_by_code_and_by_name(run: Run) -> None:
    by_code = run("explain", "RL901")

    assert run("explain", "unreadable-file") == by_code
    assert by_code.output.startswith("# RL901 unreadable-file\n\nA file cannot be read as Python")
    assert (by_code.code, by_code.errors) == (0, "")


def test_an_explanation_leads_to_pages_on_the_web(run: Run) -> None:
    assert "[claims](https://racelint.readthedocs.io/en/latest/claims/)" in run("explain", "RL106").output
    assert "[RL201](https://racelint.readthedocs.io/en/latest/rules/RL201/)" in run("explain", "RL205").output
    assert ".md)" not in run("rules", "--output-format", "json").output


def test_only_a_whole_code_or_name_is_explained(run: Run) -> None:
    assert run("explain", "RL9") == Outcome(2, "", "racelint: RL9 stands for several rules: RL901, RL902, RL903\n")
    assert run("explain", "conditions").errors.endswith("several rules: RL501, RL502, RL503, RL504\n")
    assert run("explain", "unreadable-fil").errors == (
        "racelint: unknown rule 'unreadable-fil'; did you mean unreadable-file?\n"
    )


def test_the_rules_are_listed(run: Run) -> None:
    lines = run("rules").output.splitlines()

    assert [line.split()[:2] for line in lines] == [[rule.code, rule.name] for rule in load_rules()]


def test_version_and_help(run: Run) -> None:
    assert run("--version") == Outcome(0, f"racelint {__version__}\n", "")
    assert "check    " in run("--help").output


def test_the_list_of_commands_says_what_each_is_for_in_a_line(run: Run) -> None:
    listed = run("--help").output.partition("Commands:\n")[2].splitlines()

    assert len(listed) == len(cli.COMMANDS)
    assert not [line for line in listed if not line.endswith(".") or line.endswith("...")]
    assert "--assume-shared" in run("check", "-h").output


def test_an_interrupted_run_is_no_success(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> Report:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "check", interrupt)

    assert run("pkg") == Outcome(2, "", "\nracelint: interrupted\n")


def test_output_that_knows_no_unicode_does_not_stop_the_report(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("x = '日本' +\n")
    command = [sys.executable, "-m", "racelint", "m.py"]

    run = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"}, capture_output=True, text=True, check=False
    )

    assert (run.returncode, run.stderr) == (1, "")
    assert "\\u65e5" in run.stdout


@pytest.mark.parametrize(
    "arguments", [["check", "m.py"], ["check", "--output-format=json"], ["rules"], ["explain", "RL101"]]
)
@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_closed_stream_stops_no_run(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], closed: str
) -> None:
    Path("m.py").write_text("x = 1\n")
    Path("pkg/broken.py").unlink()
    monkeypatch.setattr(sys, closed, None)

    assert run(*arguments).code == 0


def test_standard_input_that_is_closed_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    assert run("-") == Outcome(2, "", "racelint: -: standard input is closed\n")


def test_a_buffer_cannot_be_named_like_a_folder(run: Run) -> None:
    assert run("-", "--stdin-filename", "pkg") == Outcome(2, "", "racelint: --stdin-filename: pkg is a folder\n")


def test_a_report_that_standard_output_does_not_take_is_an_error(run: Run) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "racelint", "pkg"]
        outcome = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert outcome.stderr == "racelint: standard output: the report cannot be written there (No space left on device)\n"
    assert outcome.returncode == 2


def test_a_named_file_that_may_not_be_read_is_a_finding(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    access = os.access

    def refuse(path: str, mode: str) -> object:
        if Path(path).name == "fine.py":
            raise PermissionError(13, "Permission denied")
        return open(path, mode)

    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "fine.py" and access(path, mode))
    monkeypatch.setattr("racelint.reading.open", refuse, raising=False)

    assert run("pkg/fine.py", "-q").code == 1
    assert "it cannot be opened (Permission denied)" in run("pkg/fine.py").output


def test_whoever_stops_reading_has_seen_enough(tmp_path: Path) -> None:
    shown = f"{sys.executable} -m racelint rules --output-format json | head -c 1; exit ${{PIPESTATUS[0]}}"

    run = subprocess.run(["bash", "-c", shown], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (run.returncode, run.stdout, run.stderr) == (0, "[", "")


def test_a_dash_is_standard_output(run: Run) -> None:
    assert run("pkg/fine.py", "-o", "-").output == "No findings; 1 file checked.\n"
    assert not Path("-").exists()


def test_codes_of_other_tools_are_no_near_misses(run: Run) -> None:
    assert "did you mean" not in run("--ignore", "E501").errors
    assert "did you mean RL101" in run("--ignore", "rl101").errors
