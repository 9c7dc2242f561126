"""The page on suppressions tells the truth: its examples are run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from racelint.configuration.config import Config
from racelint.engine import check
from racelint.suppressing.add_noqa import add_noqa

PAGE = (Path(__file__).parent.parent / "docs" / "suppressions.md").read_text(encoding="utf-8")
REASON = "not looked at yet"

[RUFF_SETTINGS] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
PROGRAM, *EXAMPLES, BEFORE, AFTER = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SAID = re.compile(r"  # (RL\d{3}(?:, RL\d{3})*)$", re.MULTILINE)


def program(folder: Path, lines: str) -> Path:
    """The program of the page with these lines in its function, in a file."""
    file = folder / "hits.py"
    file.write_text(PROGRAM.replace("    ...\n", textwrap.indent(lines, "    ")), encoding="utf-8")
    return file


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_raises_what_stands_at_the_end_of_its_lines(tmp_path: Path, example: str) -> None:
    lines = program(tmp_path, example).read_text(encoding="utf-8").split("\n")
    promised = [
        (number, code)
        for number, line in enumerate(lines, 1)
        for said in SAID.findall(line)
        for code in said.split(", ")
    ]

    report = check([program(tmp_path, SAID.sub("", example))], Config(tmp_path))

    assert sorted((finding.span.line, finding.code) for finding in report.findings) == promised


def test_the_page_shows_what_is_added(tmp_path: Path) -> None:
    file = program(tmp_path, BEFORE)
    expected = file.read_text(encoding="utf-8").replace(textwrap.indent(BEFORE, "    "), textwrap.indent(AFTER, "    "))

    added = add_noqa(check([file], Config(tmp_path)), REASON)

    assert f'--add-noqa="{REASON}"' in PAGE
    assert (len(added.silenced), added.errors) == (2, ())
    assert file.read_text(encoding="utf-8") == expected
    assert check([file], Config(tmp_path)).findings == ()


def test_ruff_takes_the_comments_away_unless_it_is_told_of_the_codes(tmp_path: Path) -> None:
    file = program(tmp_path, AFTER.replace("E501,", ""))
    text = file.read_text(encoding="utf-8")
    settings = tmp_path / "pyproject.toml"

    settings.write_text(RUFF_SETTINGS, encoding="utf-8")
    ruff(file)
    assert file.read_text(encoding="utf-8") == text

    settings.unlink()
    ruff(file)
    assert "RL101" not in file.read_text(encoding="utf-8")


def ruff(file: Path) -> None:
    """Let ruff mend what it has to say of comments."""
    command = [shutil.which("ruff", path=Path(sys.executable).parent) or "ruff", "check", "--no-cache", "--fix"]
    subprocess.run(
        [*command, "--select", "RUF100,RUF102", file.name], cwd=file.parent, capture_output=True, check=False
    )
