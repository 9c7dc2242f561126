"""The same tree gives the same findings: in any order of files, under any hash seed, by any spelling of its path; and
a change that means nothing changes nothing."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from expectations import FIXTURES, name_of, programs, sources

from racelint import engine
from racelint.configuration.config import Config
from racelint.extract import extract
from racelint.findings import Finding, in_order
from racelint.knowledge import Knowledge
from racelint.program import SourceModule, link
from racelint.rule import load_rules

FOLDERS = [program for program in programs() if program.is_dir() and "unreadable" not in str(program)]
SAMPLE = [program for program in programs() if program.is_file() and "unreadable" not in str(program)][::9]


def modules(texts: dict[str, str]) -> list[SourceModule]:
    return [SourceModule(name, f"{name}.py", False, extract(text.encode())) for name, text in texts.items()]


def findings(program: list[SourceModule]) -> tuple[Finding, ...]:
    linked = link(program, Knowledge.standard())
    return in_order(finding for rule in load_rules() if rule.check for finding in rule.check(linked))


def texts_of(program: Path) -> dict[str, str]:
    return {source.stem: source.read_text() for source in sources(program)}


@pytest.mark.parametrize("program", [*FOLDERS, FIXTURES / "showcase"], ids=name_of)
def test_the_order_of_modules_does_not_matter(program: Path) -> None:
    linked = modules(texts_of(program))
    expected = findings(linked)
    shuffled = linked[:]
    random.Random(7).shuffle(shuffled)

    assert findings(shuffled) == expected
    assert findings(linked[::-1]) == expected


def test_no_hash_seed_can_be_seen() -> None:
    printed = set()
    for seed in ("0", "1", "4711"):
        command = [sys.executable, "-m", "racelint", "check", "--output-format", "json", str(FIXTURES / "rules")]
        run = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}, check=False)
        assert run.returncode == 1, run.stderr
        printed.add(run.stdout)

    assert len(printed) == 1
    assert len(json.loads(printed.pop())["findings"]) > 100


def test_absolute_and_relative_paths_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FIXTURES)
    absolute = engine.check([FIXTURES / "showcase"], Config(FIXTURES))
    relative = engine.check([Path("showcase")], Config(FIXTURES))

    assert absolute.findings == relative.findings


@pytest.mark.parametrize("program", SAMPLE, ids=name_of)
def test_what_means_nothing_changes_nothing(program: Path) -> None:
    texts = texts_of(program)
    expected = [(finding.code, finding.span, finding.symbol) for finding in findings(modules(texts))]
    unrelated = {**texts, "unrelated": "import json\n\n\ndef load(path):\n    return json.loads(path.read_text())\n"}
    commented = {name: text + "\n# the end\nif True:\n    pass\n" for name, text in texts.items()}

    assert [(each.code, each.span, each.symbol) for each in findings(modules(unrelated))] == expected
    assert [(each.code, each.span, each.symbol) for each in findings(modules(commented))] == expected
