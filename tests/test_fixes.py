"""Fixes: what is written for each kind of remedy, and that a fix mends without breaking anything."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from pathlib import Path

import pytest
from expectations import FIXTURES, name_of, programs

from racelint import engine
from racelint.configuration.config import Flags, load_config
from racelint.findings import Report
from racelint.fixes import with_fixes
from racelint.remedies import Fix
from racelint.repair import Repaired, repair
from racelint.rule import load_rules

GOLDEN = sorted(path for path in (FIXTURES / "fixes").glob("*.py") if "." not in path.stem)
BAD = [program for program in programs() if program.name == "bad.py" and "RL901" not in program.parent.name]


def repaired(path: Path, *, unsafe: bool = True) -> Repaired:
    """What comes of a program by itself."""
    return repair([path], load_config(path, Flags(isolated=True, cache_dir=Path())), unsafe=unsafe)


def after(path: Path, *, unsafe: bool = True) -> bytes:
    """A file with its fixes."""
    changes = repaired(path, unsafe=unsafe).changes
    return changes[0].after if changes else path.read_bytes()


def copied(program: Path, folder: Path, content: bytes | None = None) -> Path:
    """A copy of a program of one file, with other content if some is given."""
    file = folder / "main.py"
    file.write_bytes(program.read_bytes() if content is None else content)
    return file


def expected(program: Path, *, unsafe: bool) -> bytes:
    """The program as it should be with fixes: `x.fixed.py` with the safe ones, `x.unsafe.py` with all, if these differ.

    Without the first there are no safe ones.
    """
    safe, all_fixes = (program.with_suffix(f".{name}.py") for name in ("fixed", "unsafe"))
    found = [path for path in ([all_fixes, safe] if unsafe else [safe]) if path.exists()]
    return (found or [program])[0].read_bytes()


golden = pytest.mark.parametrize("program", GOLDEN, ids=lambda path: path.stem)


@golden
@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "all"])
def test_what_is_written(program: Path, tmp_path: Path, unsafe: bool) -> None:
    file = copied(program, tmp_path)

    assert after(file, unsafe=unsafe).decode() == expected(program, unsafe=unsafe).decode()


@golden
@pytest.mark.parametrize(
    ("old", "new"),
    [(b"\n", b"\r\n"), (b"\n", b"\r"), (b"    ", b"\t"), (b"    ", b"  ")],
    ids=["crlf", "cr", "tab", "2"],
)
def test_the_layout_of_a_file_is_kept(program: Path, tmp_path: Path, old: bytes, new: bytes) -> None:
    file = copied(program, tmp_path, program.read_bytes().replace(old, new))

    assert after(file) == expected(program, unsafe=True).replace(old, new)


@golden
@pytest.mark.parametrize(
    ("begin", "encoding"),
    [("\ufeff", "utf-8"), ("# coding: latin-1\n# caf\xe9\n", "latin-1"), ("# \U0001f512 na\xefve\n", "utf-8")],
    ids=["bom", "latin-1", "utf-8"],
)
def test_the_encoding_of_a_file_is_kept(program: Path, tmp_path: Path, begin: str, encoding: str) -> None:
    file = copied(program, tmp_path, begin.encode(encoding) + program.read_bytes())

    assert after(file) == begin.encode(encoding) + expected(program, unsafe=True)


@golden
def test_a_file_without_an_end_of_its_last_line_stays_so(program: Path, tmp_path: Path) -> None:
    file = copied(program, tmp_path, program.read_bytes().rstrip())

    assert after(file) == expected(program, unsafe=True).rstrip()


def comments(source: bytes) -> Counter[str]:
    """The comments of a text."""
    tokens = tokenize.tokenize(io.BytesIO(source).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


def keys(report: Report) -> Counter[tuple[str, str, str]]:
    """The findings without their lines."""
    return Counter((each.code, each.symbol, each.function) for each in report.findings)


@pytest.mark.parametrize("program", [*BAD, *GOLDEN], ids=name_of)
def test_a_fix_mends_and_breaks_nothing(program: Path, tmp_path: Path) -> None:
    file = copied(program, tmp_path)
    before = engine.check([file], load_config(file, Flags(isolated=True, cache_dir=Path())))

    result = repaired(file)
    for change in result.changes:
        file.write_bytes(change.after)

    ast.parse(file.read_bytes())
    assert keys(result.report) <= keys(before)
    assert comments(program.read_bytes()) - comments(file.read_bytes()) == Counter()
    assert len(result.report.findings) < len(before.findings) or not result.changes
    assert repaired(file).changes == ()


def fixes(path: Path) -> list[Fix | None]:
    """The fixes of the findings of a file, in their order."""
    report = engine.check([path], load_config(path, Flags(isolated=True, cache_dir=Path())))
    return [finding.fix for finding in with_fixes(report).findings]


def test_the_page_on_fixes_has_the_rules_that_say_how_they_are_fixed() -> None:
    page = (FIXTURES.parent / "docs" / "fixes.md").read_text(encoding="utf-8")
    said = {rule.code for rule in load_rules() if "\n\n*Fix*: " in rule.documentation}

    assert said == set(re.findall(r"\[(RL\d{3})\]\(rules/\1\.md\)", page))


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "all"])
def test_what_is_known_from_an_earlier_run_is_fixed_in_the_same_way(tmp_path: Path, unsafe: bool) -> None:
    program = FIXTURES / "fixes" / "share_lock.py"
    file = copied(program, tmp_path)
    config = load_config(file, Flags(isolated=True, cache_dir=tmp_path / "cache"))

    cold, warm = (repair([file], config, unsafe=unsafe) for _ in range(2))

    assert cold.changes == warm.changes
    assert [each.remedy for each in cold.report.findings] == [each.remedy for each in warm.report.findings]


def test_fixes_of_the_same_lines_are_made_one_after_the_other(tmp_path: Path) -> None:
    text = (FIXTURES / "fixes" / "iterate_copy.py").read_text(encoding="utf-8")
    both = text.replace("        for key, job in self.jobs.items():  # in order\n", TWO_LOOPS)
    file = copied(FIXTURES, tmp_path, both.encode())

    assert after(file).decode().count("list(") == 3
    assert repaired(file).report.fixed == 4


@pytest.mark.parametrize("inner", ["self.jobs[key] = job", "self.jobs.update({key: job})"])
def test_a_fix_inside_of_another_one_waits(tmp_path: Path, inner: str) -> None:
    text = (FIXTURES / "fixes" / "iterate_copy.py").read_text(encoding="utf-8")
    lines = ["if key in self.jobs:", "    job = self.jobs.pop(key)", f"    {inner}"]
    move = "".join(f"        {line}\n" for line in ["", *lines])
    text = text.replace("    def size(self):", f"    def move(self, key):{move.lstrip(' ')}\n    def size(self):")
    text = text.replace("registry.size()\n", "registry.size()\n    registry.move(number)\n")

    mended = after(copied(FIXTURES, tmp_path, text.encode())).decode()

    assert "".join(f"            {line}\n" for line in lines) in mended


TWO_LOOPS = """\
        for key, job in self.jobs.items():
          for job in self.waiting:
"""
