"""What is written about racelint is true: pages are up to date, links lead somewhere, commands work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
SHOWN_RUN = re.compile(r"```console\n\$ (racelint [^\n]*)\n(.*?)```", re.DOTALL)


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_the_pages_of_the_rules_are_up_to_date() -> None:
    script = ROOT / "scripts" / "document_rules.py"

    run = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)

    assert (run.returncode, run.stdout + run.stderr) == (0, "")


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files(document: Path) -> None:
    targets = LINK.findall(document.read_text(encoding="utf-8"))

    assert [target for target in targets if not (document.parent / target).exists()] == []
