"""What is written about racelint is true: pages are up to date, links lead somewhere, commands work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from racelint.config import load_config

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_what_is_written_by_the_script_is_up_to_date() -> None:
    script = ROOT / "scripts" / "document.py"

    run = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)

    assert (run.returncode, run.stdout + run.stderr) == (0, "")


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files(document: Path) -> None:
    targets = LINK.findall(document.read_text(encoding="utf-8"))

    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_the_configuration_that_is_shown_is_understood(tmp_path: Path) -> None:
    shown = re.findall(
        r"```toml\n(.*?)```", (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(shown) == 2

    for text in shown:
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        assert load_config(tmp_path).root == tmp_path
