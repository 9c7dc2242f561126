"""What is written about racelint is true: pages are up to date, links lead somewhere, commands work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from pages import ROOT, sections

from racelint.cli import racelint
from racelint.configuration.config import load_config
from racelint.flake8_plugin import OPTIONS

README = ROOT / "README.md"
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
COMMAND = re.compile(r"(?<![\w./-])racelint (?:[^`\n|\\]|\\.)*")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z]")


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def links(document: Path) -> list[tuple[Path, str]]:
    """The files to which a page leads, each with the heading in it or ""."""
    found = LINK.findall(document.read_text(encoding="utf-8"))
    return [((document.parent / target).resolve() if target else document, heading) for target, heading in found]


def options(*commands: click.Command) -> set[str]:
    """The long options of commands."""
    names = (
        name
        for command in commands
        for option in command.params
        if isinstance(option, click.Option)
        for name in (*option.opts, *option.secondary_opts, "--help")
    )
    return {name for name in names if name.startswith("--")}


def test_what_is_written_by_the_script_is_up_to_date() -> None:
    script = ROOT / "scripts" / "document.py"

    run = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)

    assert (run.returncode, run.stdout + run.stderr) == (0, "")


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    assert [target for target, heading in links(document) if not target.exists() or not _has(target, heading)] == []


def _has(page: Path, anchor: str) -> bool:
    """Whether a page has the heading of an anchor, which is in small letters with `-` for spaces and no other signs."""
    headings = HEADING.findall(page.read_text(encoding="utf-8")) if anchor else ()
    return not anchor or anchor in (re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings)


def test_every_page_is_reached_from_the_readme() -> None:
    reached, ahead = {README}, [README]
    while ahead:
        new = {target for target, _ in links(ahead.pop()) if target not in reached}
        reached |= new
        ahead += [page for page in new if page.suffix == ".md"]

    assert [page for page in ROOT.glob("docs/**/*.*") if page not in reached] == []


@pytest.mark.parametrize("command", racelint.commands.values(), ids=racelint.commands)
def test_every_option_of_a_command_is_on_a_page(command: click.Command) -> None:
    mentioned = {name for document in documents() for name in OPTION.findall(document.read_text(encoding="utf-8"))}

    assert options(command) - mentioned == set()


def test_every_command_is_on_the_page_of_the_command_line() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")

    assert {*re.findall(r"^    racelint \[?(\w+)", page, re.MULTILINE)} == {*racelint.commands}


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_options_on_a_page_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    of_racelint = {*OPTION.findall(" ".join(COMMAND.findall(text)))}
    of_flake8 = {option for option in OPTION.findall(text) if option.startswith("--racelint-")}

    assert (of_racelint - options(racelint, *racelint.commands.values()), of_flake8 - {*OPTIONS}) == (set(), set())


def test_the_hook_in_the_readme_is_one_that_there_is() -> None:
    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    [shown] = [
        yaml.safe_load(block.text)
        for section in sections(README)
        for block in section.blocks
        if block.language == "yaml"
    ]

    assert {hook["id"] for repository in shown["repos"] for hook in repository["hooks"]} <= hooks


def test_the_configuration_that_is_shown_is_understood(tmp_path: Path) -> None:
    shown = re.findall(
        r"```toml\n(.*?)```", (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(shown) == 2

    for text in shown:
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        assert load_config(tmp_path).root == tmp_path
