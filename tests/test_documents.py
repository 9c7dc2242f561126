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
EXAMPLE = re.compile(r"```python\n# (\S+)\n(.*?)```\s+```console\n\$ racelint \1\n(.*?)```", re.DOTALL)


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


def test_the_first_example_of_the_readme_is_what_racelint_says(tmp_path: Path) -> None:
    (example,) = EXAMPLE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    name, source, output = example
    (tmp_path / name).write_text(f"# {name}\n{source}", encoding="utf-8")

    run = subprocess.run(
        [sys.executable, "-m", "racelint", name], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert run.stdout == output


def test_the_configuration_that_is_shown_is_understood(tmp_path: Path) -> None:
    shown = re.findall(
        r"```toml\n(.*?)```", (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(shown) == 2

    for text in shown:
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        assert load_config(tmp_path).root == tmp_path
