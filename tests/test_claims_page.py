"""The page on claims tells the truth: its programs are checked, and claims are suggested for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import ROOT

from racelint import cli

PAGE = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
SHOWN = re.findall(
    r"```python\n((?:(?!```).)*)```\n\n```console\n\$ racelint (\w+) (\S+)(.*?)\n(.*?)```", PAGE, re.DOTALL
)


@pytest.mark.parametrize(("source", "command", "file", "options", "output"), SHOWN, ids=lambda _: "")
def test_what_is_shown_for_a_program_is_said_about_it(
    source: str,
    command: str,
    file: str,
    options: str,
    output: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(file).write_text(source, encoding="utf-8")

    with pytest.raises(SystemExit) as caught:
        cli.main([command, file, *options.split()])

    assert capsys.readouterr().out == output
    assert caught.value.code == (command == "check")


def test_both_commands_are_shown() -> None:
    assert [command for _, command, *_ in SHOWN] == ["check", "suggest"]
