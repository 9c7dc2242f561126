"""The page on adopting racelint works: each section, followed in a copy of the showcase, comes to what it says."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from pages import ROOT, Block, Section, sections

from racelint import cli
from racelint.configuration.config import load_config

SECTIONS = {section.title: section for section in sections(ROOT / "docs" / "adopting.md")}
FINDINGS = [("counter.py", "15", "9", "RL101"), ("counter.py", "26", "9", "RL102")]
FINDINGS_ELSEWHERE = [
    ("cache.py", "9", "12", "RL201"),
    ("mirror.py", "21", "8", "RL202"),
    ("mirror.py", "36", "9", "RL402"),
    ("quota.py", "25", "18", "RL301"),
]


@dataclass(frozen=True, slots=True)
class Project:
    """A copy of the showcase, in which commands are run as if they were typed there."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def run(self, line: str) -> tuple[object, str]:
        """The exit code of a command line, and what it prints; what it is piped into is left out."""
        command, _, _ = line.partition(" | ")
        command, _, source = command.partition(" < ")
        program, *arguments = shlex.split(command)
        if program == "flake8":
            flake8 = [sys.executable, "-m", "flake8", *arguments]
            run = subprocess.run(flake8, cwd=self.folder, capture_output=True, text=True, check=False)
            return run.returncode, run.stdout + run.stderr
        assert program == "racelint"
        text = Path(self.folder, source).read_bytes() if source else b""
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
        with pytest.raises(SystemExit) as caught:
            cli.main(arguments)
        return caught.value.code, "".join(self.capture.readouterr())

    def take(self, block: Block) -> None:
        """Put what a block shows where it belongs: into a new file, a configuration, or in place of a line."""
        named = re.match(r"# (\S+\.py)\n", block.text)
        if block.language == "toml":
            (self.folder / "pyproject.toml").write_text(block.text, encoding="utf-8")
        elif block.language == "ini":
            (self.folder / ".flake8").write_text(block.text, encoding="utf-8")
        elif named:
            (self.folder / named[1]).write_text(block.text, encoding="utf-8")
        else:
            self._replace(block.text.strip())

    def _replace(self, line: str) -> None:
        code, _, _ = line.partition("  #")
        [file] = [file for file in self.folder.glob("*.py") if code in file.read_text(encoding="utf-8")]
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(rf"{re.escape(code)}.*", line, text), encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Project:
    """The showcase in a repository without any settings."""
    folder = tmp_path / "showcase"
    shutil.copytree(ROOT / "fixtures" / "showcase", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".git").mkdir()
    monkeypatch.chdir(folder)
    return Project(folder, monkeypatch, capfd)


@pytest.mark.parametrize("section", SECTIONS.values(), ids=SECTIONS)
def test_a_section_comes_to_what_it_shows(section: Section, project: Project) -> None:
    for block in section.blocks:
        if block.language in ("toml", "ini", "python"):
            project.take(block)
        for command, output in block.commands:
            assert (command, project.run(command)[1]) == (command, output)


@pytest.mark.parametrize("section", SECTIONS.values(), ids=SECTIONS)
def test_commands_in_sentences_can_be_run(section: Section, project: Project) -> None:
    (project.folder / "tests").mkdir()

    for command in section.spans:
        if command.startswith("racelint "):
            assert (command, project.run(command)[0]) in [(command, 0), (command, 1)]


@pytest.mark.parametrize("section", SECTIONS.values(), ids=SECTIONS)
def test_commands_for_servers_and_editors_can_be_run(section: Section, project: Project) -> None:
    lines = [line for block in section.blocks for line in _command_lines(block)]

    for line in lines:
        code, printed = project.run(line)
        written = re.search(r"--output-file (\S+)", line)
        report = (project.folder / written[1]).read_text(encoding="utf-8") if written else printed
        assert code == (0 if "--exit-zero" in line else 1)
        assert "RL101" in report


def test_each_kind_of_block_is_run_or_read() -> None:
    read = {"console", "ini", "json", "lua", "python", "sh", "toml", "vim", "yaml"}

    assert {block.language for section in SECTIONS.values() for block in section.blocks} == read
    assert sum(len([*_command_lines(block)]) for section in SECTIONS.values() for block in section.blocks) == 6


def test_settings_are_understood(project: Project) -> None:
    for block in _blocks("toml"):
        project.take(block)

        assert load_config(project.folder).file == project.folder / "pyproject.toml"


def test_the_report_that_is_uploaded_is_the_one_that_is_written() -> None:
    [steps] = [steps for steps in map(_steps, _blocks("yaml")) if any("sarif" in str(step) for step in steps)]
    [gitlab] = [yaml.safe_load(block.text)["racelint"] for block in _blocks("yaml") if "gitlab" in block.text]

    assert f"--output-file {steps[-1]['with']['sarif_file']}" in steps[-2]["run"]
    assert f"--output-file {gitlab['artifacts']['reports']['codequality']}" in gitlab["script"][-1]


def test_the_hook_is_one_that_there_is() -> None:
    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    [block] = [block for block in _blocks("yaml") if "hooks" in block.text]

    [repository] = yaml.safe_load(block.text)["repos"]
    assert {hook["id"] for hook in repository["hooks"]} <= hooks


def test_vs_code_finds_what_is_printed(project: Project) -> None:
    [block] = _blocks("json")
    [task] = json.loads(block.text)["tasks"]
    pattern = task["problemMatcher"]["pattern"]

    _, printed = project.run(shlex.join([task["command"], *task["args"]]))

    groups = [pattern[name] for name in ("file", "line", "column", "code")]
    found = re.finditer(pattern["regexp"], printed, re.MULTILINE)
    assert [each.group(*groups) for each in found] == sorted([*FINDINGS, *FINDINGS_ELSEWHERE])


def test_neovim_finds_what_is_printed_about_its_buffer(project: Project) -> None:
    [block] = _blocks("lua")
    arguments = re.search(r"args = \{(.*?)\},\n", block.text, re.DOTALL)
    pattern = re.search(r'from_pattern\(\s*"(.*?)", \{ (.*?) \}', block.text)
    assert arguments
    assert pattern
    buffer = project.folder / "counter.py"
    words = re.findall(r'"(.*?)"|(function\(\) return vim\.api\.nvim_buf_get_name\(0\) end)', arguments[1])

    _, printed = project.run(f"racelint {shlex.join(word or str(buffer) for word, _ in words)} < counter.py")

    assert re.findall(r'"(\w+)"', pattern[2]) == ["lnum", "col", "code", "message"]
    found = re.finditer(pattern[1].replace("%d", r"\d"), printed, re.MULTILINE)
    assert [("counter.py", *each.group(1, 2, 3)) for each in found] == FINDINGS


def test_vim_finds_what_is_printed_about_its_file(project: Project) -> None:
    [block] = _blocks("vim")
    settings = dict(re.findall(r"^set (\w+)=(.*)$", block.text.replace("\\ ", " "), re.MULTILINE))
    parts = {"%f": r"(.+?)", "%l": r"(\d+)", "%c": r"(\d+)", "%m": r"(RL\d+) .+"}

    _, printed = project.run(settings["makeprg"].replace("%:S", "counter.py"))

    line = re.sub("%[flcm]", lambda part: parts[part[0]], settings["errorformat"])
    assert re.findall(line, printed) == FINDINGS


def _blocks(language: str) -> list[Block]:
    return [block for section in SECTIONS.values() for block in section.blocks if block.language == language]


def _command_lines(block: Block) -> Iterator[str]:
    """The command lines of racelint in a script or a configuration of a server."""
    lines = block.text.splitlines() if block.language == "sh" else ()
    if block.language == "yaml":
        lines = [*_strings(yaml.safe_load(block.text))]
    return (line for line in lines if line.startswith("racelint "))


def _strings(data: object) -> Iterator[str]:
    """All texts in plain data."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _strings(value)


def _steps(block: Block) -> list[dict[str, Any]]:
    """The steps of a workflow of GitHub; none in other files."""
    jobs = yaml.safe_load(block.text).get("jobs", {})
    return [step for job in jobs.values() for step in job["steps"]]
