"""Fixes at the command line and in the formats: what is written, shown and told, and with which exit code."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from expectations import FIXTURES

from racelint.cli import racelint
from racelint.fixes.texts import Text
from racelint.remedies import Edit

SINGLE_CALLS = FIXTURES / "fixes" / "single_calls.py"
BEFORE, AFTER = SINGLE_CALLS.read_text(), SINGLE_CALLS.with_suffix(".fixed.py").read_text()
DECLINED = """\
racelint: calls.py: RL201 in calls.forget_loudly: not fixed, as a comment stands in between
racelint: calls.py: RL201 in calls.made: not fixed, as the value is not one that can be made in vain
"""
"""Why two of its findings have no fix."""


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("calls.py").write_text(BEFORE)


def check(*arguments: str, text: bytes = b"") -> Result:
    """What `racelint check` does."""
    arguments = ("check", "--isolated", "--no-cache", *arguments)
    return CliRunner().invoke(racelint, arguments, input=text, standalone_mode=False)


def exit_code(result: Result) -> object:
    """The exit code of a command, which is what it returns."""
    return result.exit_code or result.return_value


def test_fixes_are_written_and_what_is_left_is_reported() -> None:
    result = check("--fix", "--output-format", "concise")

    assert Path("calls.py").read_text() == AFTER
    assert exit_code(result) == 1
    assert result.stdout.splitlines()[-1] == "2 findings; 1 file checked (3 fixed)."
    assert "Can be fixed: up to 2 with --fix; --diff shows how." in check("--output-format", "concise").stdout


def test_a_report_can_be_left_out() -> None:
    result = check("--fix-only")

    assert Path("calls.py").read_text() == AFTER
    assert (exit_code(result), result.stdout, result.stderr) == (0, "", f"{DECLINED}Fixed 3 findings in 1 file.\n")
    assert check("--fix-only").stderr == f"{DECLINED}Nothing was fixed.\n"
    assert check("--fix-only", "--quiet").stderr == "Nothing was fixed.\n"


def test_a_diff_shows_what_would_be_changed_and_changes_nothing() -> None:
    result = check("--diff")

    assert Path("calls.py").read_text() == BEFORE
    assert (exit_code(result), result.stderr) == (1, f"{DECLINED}Would fix 3 findings in 1 file.\n")
    assert result.stdout.startswith("--- calls.py\n+++ calls.py\n@@ -5,18 +5,16 @@\n")
    assert "+    seen.setdefault(key, [])\n" in result.stdout

    Path("calls.py").write_text(AFTER)
    result = check("--diff")

    assert (exit_code(result), result.stdout, result.stderr) == (0, "", f"{DECLINED}Nothing would be fixed.\n")


def test_what_takes_unsafe_fixes_is_counted_where_only_safe_ones_are_asked_for() -> None:
    Path("more.py").write_text((FIXTURES / "fixes" / "make_reentrant.py").read_text())

    assert "up to 1 with --fix --unsafe-fixes; --diff --unsafe-fixes shows how." in check().stdout
    assert check("--diff").stderr == f"{DECLINED}Would fix 3 findings in 1 file; with --unsafe-fixes up to 1 more.\n"
    assert check("--fix-only").stderr == f"{DECLINED}Fixed 3 findings in 1 file; with --unsafe-fixes up to 1 more.\n"
    assert check("--diff").stderr == f"{DECLINED}Nothing would be fixed; with --unsafe-fixes up to 1 finding.\n"
    assert check("--fix-only").stderr == f"{DECLINED}Nothing was fixed; with --unsafe-fixes up to 1 finding.\n"
    assert check("--diff", "--unsafe-fixes").stderr == f"{DECLINED}Would fix 1 finding in 1 file.\n"


def test_a_diff_tells_of_a_missing_end_of_the_last_line() -> None:
    start = "threading.Thread(target=work, args=(number,)).start()"
    text = f"import threading\n\nseen = {{}}\n\n\ndef run():\n    for number in range(4):\n        {start}\n\n\n"
    Path("calls.py").write_text(f"{text}def work(key):\n    if key in seen: del seen[key]")

    assert check("--diff").stdout.endswith("+    seen.pop(key, None)\n\\ No newline at end of file\n")


def test_standard_input_is_fixed_to_standard_output() -> None:
    result = check("--fix", "-", text=BEFORE.encode())

    assert result.stdout == AFTER
    assert "2 findings; 1 file checked (3 fixed)." in result.stderr


def test_standard_input_without_a_fix_comes_back_as_it_was() -> None:
    result = check("--fix-only", "-", text=b"# nothing\r\n")

    assert result.stdout_bytes == b"# nothing\r\n"


def test_unsafe_fixes_are_written_where_they_are_asked_for() -> None:
    source = FIXTURES / "fixes" / "make_reentrant.py"
    Path("calls.py").write_bytes(source.read_bytes())

    check("--fix")
    assert Path("calls.py").read_bytes() == source.read_bytes()

    check("--fix", "--unsafe-fixes")
    assert Path("calls.py").read_bytes() == source.with_suffix(".unsafe.py").read_bytes()


def test_what_a_run_could_not_write_is_not_offered_again() -> None:
    source = FIXTURES / "fixes" / "make_reentrant.py"
    Path("calls.py").write_bytes(source.read_bytes())

    assert "--fix --unsafe-fixes may write it" in check("--fix").stdout
    assert "may write it" not in check("--fix", "--unsafe-fixes").stdout
    assert "Can be fixed" not in check("--fix", "--unsafe-fixes").stdout


def test_the_configuration_may_ask_for_fixes_and_a_run_may_not() -> None:
    assert check("--config", "fix=true", "--no-fix").stdout == check().stdout
    assert Path("calls.py").read_text() == BEFORE

    check("--config", "fix=true")

    assert Path("calls.py").read_text() == AFTER


def test_the_configuration_may_ask_for_unsafe_fixes() -> None:
    source = FIXTURES / "fixes" / "make_reentrant.py"
    Path("calls.py").write_bytes(source.read_bytes())

    check("--fix", "--config", "unsafe-fixes=true", "--no-unsafe-fixes")
    assert Path("calls.py").read_bytes() == source.read_bytes()

    check("--fix", "--config", "unsafe-fixes=true")
    assert Path("calls.py").read_bytes() == source.with_suffix(".unsafe.py").read_bytes()


def test_what_a_configuration_fixes_is_left_alone_where_comments_are_written() -> None:
    check("--config", "fix=true", "--add-noqa")

    assert "# noqa" in Path("calls.py").read_text()
    assert "setdefault" not in Path("calls.py").read_text()


def test_the_report_tells_of_each_finding_what_writes_its_fix() -> None:
    assert check("--output-format", "full").stdout.count("= fix: --fix may write it\n") == 5


def test_what_nobody_asks_about_is_not_fixed() -> None:
    assert check("--diff", "--select", "RL101").stdout == ""
    assert check("--diff", "--ignore", "RL201").stdout == ""
    Path("calls.py").write_text(BEFORE.replace("not in seen:", "not in seen:  # noqa: RL201"))
    assert "seen.setdefault" not in check("--diff").stdout


def test_comments_and_fixes_are_not_written_at_once() -> None:
    result = check("--fix", "--add-noqa")

    assert "--add-noqa does not go with fixes" in str(result.exception)


def test_a_file_that_cannot_be_written_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    result = check("--fix")

    assert exit_code(result) == 2
    assert "racelint: calls.py: not fixed: Permission denied" in result.stderr
    assert Path("calls.py").read_text() == BEFORE
    assert sorted(path.name for path in Path().iterdir()) == ["calls.py"]


def test_the_mode_of_a_file_stays_and_a_link_is_followed() -> None:
    Path("calls.py").rename("real.py")
    Path("real.py").chmod(0o750)
    Path("calls.py").symlink_to("real.py")

    check("--fix", "calls.py")

    assert Path("calls.py").is_symlink()
    assert (Path("real.py").read_text(), Path("real.py").stat().st_mode & 0o777) == (AFTER, 0o750)


@pytest.mark.parametrize("output_format", ["json", "json-lines"])
def test_json_shows_how_each_finding_can_be_fixed(output_format: str) -> None:
    shown = check("--output-format", output_format).stdout
    findings = json.loads(shown)["findings"] if output_format == "json" else list(map(json.loads, shown.splitlines()))
    first = findings[0]["fix"]

    assert [each["fix"] is None for each in findings] == [False, False, False, True, True]
    assert (first["applicability"], first["message"]) == ("safe", "Use `seen.setdefault(key, [])`")
    assert first["edits"] == [
        {"line": 8, "column": 5, "end_line": 9, "end_column": 23, "text": "seen.setdefault(key, [])"}
    ]


def test_sarif_shows_fixes() -> None:
    document = json.loads(check("--output-format", "sarif").stdout)
    first, *_, last = document["runs"][0]["results"]

    assert "fixes" not in last
    assert first["fixes"] == [
        {
            "description": {"text": "Use `seen.setdefault(key, [])`"},
            "artifactChanges": [
                {
                    "artifactLocation": {"uri": "calls.py", "uriBaseId": "%SRCROOT%"},
                    "replacements": [
                        {
                            "deletedRegion": {"startLine": 8, "startColumn": 5, "endLine": 9, "endColumn": 23},
                            "insertedContent": {"text": "seen.setdefault(key, [])"},
                        }
                    ],
                }
            ],
        }
    ]


def test_reviewdog_gets_a_fix_as_one_suggestion() -> None:
    source = FIXTURES / "fixes" / "take_lock.py"
    Path("calls.py").write_bytes(source.read_bytes())
    [first, *_] = json.loads(check("--output-format", "rdjson").stdout)["diagnostics"]
    [suggestion] = first["suggestions"]

    assert suggestion["text"] == "with self._lock:\n            "
    assert suggestion["range"]["start"] == suggestion["range"]["end"] == {"line": 32, "column": 9}


@pytest.mark.parametrize(
    ("start", "end", "text", "moved"), [(0, 0, "ab", 7), (2, 4, "", 3), (5, 5, "x", 6), (4, 6, "xyz", 7), (6, 7, "", 5)]
)
def test_a_place_moves_with_the_edits_before_it(start: int, end: int, text: str, moved: int) -> None:
    source = Text.of("01\n34567", "utf-8")
    edit = Edit(source.span(start, end), text)

    assert source.moved(5, [edit]) == moved
    assert source.edited([edit]).content == "01\n34567"[:start] + text + "01\n34567"[end:]


def test_edits_that_overlap_are_refused() -> None:
    source = Text.of("0123", "utf-8")

    with pytest.raises(ValueError, match=r"^edits overlap$"):
        source.edited([Edit(source.span(0, 2), ""), Edit(source.span(1, 3), "")])
