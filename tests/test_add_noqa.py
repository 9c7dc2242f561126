"""The comments that `--add-noqa` writes: where, beside what, and into which files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racelint.extract import extract
from racelint.facts import Span
from racelint.findings import Finding, Report
from racelint.rule import load_rules
from racelint.suppressing.add_noqa import Added, add_noqa
from racelint.suppressing.suppress import suppress

RULES = {rule.code: rule for rule in load_rules()}

Alarm = tuple[str, int]
"""The code of a finding and its line."""


def report(file: Path, alarms: Iterable[Alarm], buffers: dict[str, bytes] | None = None) -> Report:
    path = file.name
    findings = [Finding(code, RULES[code].name, "", path, Span(line, 1, line, 2)) for code, line in alarms]
    return Report(tuple(findings), files={path: file}, buffers=buffers or {})


def still_there(file: Path, alarms: Iterable[Alarm]) -> list[Finding]:
    """The findings that a second run has."""
    comments = extract(file.read_bytes()).comments
    return suppress(report(file, alarms).findings, {file.name: comments}, lambda _: ()).kept


def written(file: Path, source: str | bytes, *alarms: Alarm, reason: str = "") -> bytes:
    """What becomes of a file, after it was made sure that the findings are silent and that once is enough."""
    file.write_bytes(source.encode() if isinstance(source, str) else source)

    added = add_noqa(report(file, alarms), reason)

    assert added.errors == ()
    assert still_there(file, alarms) == []
    content = file.read_bytes()
    assert add_noqa(report(file, alarms), reason).changed == ()
    assert file.read_bytes() == content
    return content


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "m.py"


# --- the end of the line -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1\n", "x = 1  # noqa: RL101\n"),
        ("x = 1", "x = 1  # noqa: RL101"),
        ("x = 1   \n", "x = 1  # noqa: RL101\n"),
        ("x = 1; y = 2\n", "x = 1; y = 2  # noqa: RL101\n"),
        ("x = (\n    1\n)\n", "x = (\n    1\n)  # noqa: RL101\n"),
        ("x = (  # first\n    1  # second\n)\n", "x = (  # first\n    1  # second\n)  # noqa: RL101\n"),
        ("x = 1 + \\\n    2\n", "x = 1 + \\\n    2  # noqa: RL101\n"),
        ('x = """a\n  b"""\n', 'x = """a\n  b"""  # noqa: RL101\n'),
        ('x = """a\n# noqa: RL101\n""" + \\\n"b"\n', 'x = """a\n# noqa: RL101\n""" + \\\n"b"  # noqa: RL101\n'),
        ('x = "# noqa"\n', 'x = "# noqa"  # noqa: RL101\n'),
        ("with (\n    a,\n    b,\n):\n    c()\n", "with (\n    a,\n    b,\n):  # noqa: RL101\n    c()\n"),
        ("if a: b = (\n  1)\n", "if a: b = (\n  1)  # noqa: RL101\n"),
        ("x = f'{1}'\n", "x = f'{1}'  # noqa: RL101\n"),
        ("@a(\n  1)\ndef f(): pass\n", "@a(\n  1)  # noqa: RL101\ndef f(): pass\n"),
    ],
)
def test_a_comment_stands_at_the_end_of_the_logical_line(file: Path, source: str, expected: str) -> None:
    assert written(file, source, ("RL101", 1)) == expected.encode()


def test_a_finding_in_the_middle_of_a_statement_is_silenced_at_its_end(file: Path) -> None:
    source = "f(\n    a,\n    b,\n)\ng()\n"

    assert (
        written(file, source, ("RL205", 3), ("RL101", 2))
        == source.replace(")\ng", ")  # noqa: RL101,RL205\ng").encode()
    )


def test_each_logical_line_has_its_own(file: Path) -> None:
    source = "def f():\n\tx = 1\n\n\t# about y\n\ty = 2\n"

    assert written(file, source, ("RL108", 2), ("RL101", 5), ("RL101", 5), ("RL301", 1)) == (
        b"def f():  # noqa: RL301\n\tx = 1  # noqa: RL108\n\n\t# about y\n\ty = 2  # noqa: RL101\n"
    )


# --- beside what is there ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# why", "# why  # noqa: RL101"),
        ("# why  ", "# why  # noqa: RL101"),
        ("# type: ignore[attr]", "# type: ignore[attr]  # noqa: RL101"),
        ("#noqa", "#noqa  # noqa: RL101"),
        ("# noqa: E501", "# noqa: E501,RL101"),
        ("# NoQA:E501", "# NoQA:E501,RL101"),
        ("# noqa: E501, W291", "# noqa: E501, W291, RL101"),
        ("# noqa: E501 W291", "# noqa: E501 W291,RL101"),
        ("# noqa: E501,", "# noqa: E501,RL101"),
        ("# noqa: E501 the line is long", "# noqa: E501,RL101 the line is long"),
        ("# noqa: E501, the line is long", "# noqa: E501,RL101, the line is long"),
        ("# noqa: E501 - long  # type: ignore", "# noqa: E501,RL101 - long  # type: ignore"),
        ("# noqa: E501  # type: ignore", "# noqa: E501,RL101  # type: ignore"),
        ("# type: ignore  # noqa: E501", "# type: ignore  # noqa: E501,RL101"),
        ("# noqa: RL205 known", "# noqa: RL205,RL101 known"),
        ("# racelint: ignore[RL205] -- known", "# racelint: ignore[RL205] -- known  # noqa: RL101"),
        ("# noqa", "# noqa"),
        ("# noqa: because", "# noqa: because"),
        ("# noqa: RL1  ", "# noqa: RL1  "),
    ],
)
def test_what_a_comment_says_already_stays(file: Path, comment: str, expected: str) -> None:
    assert written(file, f"x = 1  {comment}\n", ("RL101", 1)) == f"x = 1  {expected}\n".encode()


@pytest.mark.parametrize(
    ("comment", "reason", "expected"),
    [
        ("", "known", "# noqa: RL101 known"),
        ("", " two \n lines ", "# noqa: RL101 two lines"),
        ("", "E2E test", "# noqa: RL101 -- E2E test"),
        ("", ", py3 only", "# noqa: RL101 -- , py3 only"),
        ("# why", "known", "# why  # noqa: RL101 known"),
        ("# noqa: E501", "known", "# noqa: E501,RL101 known"),
        ("# noqa: E501 long", "known", "# noqa: E501,RL101 long"),
        ("# noqa: E501  # type: ignore", "known", "# noqa: E501,RL101 known  # type: ignore"),
    ],
)
def test_a_reason_is_given_where_there_is_none(file: Path, comment: str, reason: str, expected: str) -> None:
    source = f"x = 1  {comment}".rstrip() + "\n"

    assert written(file, source, ("RL101", 1), reason=reason) == f"x = 1  {expected}\n".encode()


@pytest.mark.parametrize("comment", ["# racelint: ignore[RL205]", "# racelint: ignor[RL205", "# noqa: RL205"])
def test_a_finding_about_a_comment_is_silenced_on_its_line(file: Path, comment: str) -> None:
    merged = f"{comment},RL902" if "noqa" in comment else f"{comment}  # noqa: RL902"

    assert written(file, f"x = 1\n{comment}\ny = 2\n", ("RL902", 2)) == f"x = 1\n{merged}\ny = 2\n".encode()
    comments = extract(file.read_bytes()).comments
    assert suppress([], {"m.py": comments}, lambda _: frozenset(RULES)).unused == []


# --- the bytes of the file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_stay(file: Path, end: str) -> None:
    assert written(file, f"a = 1{end}b = 2{end}{end}c = '''{end}'''", ("RL101", 2), ("RL101", 4)) == (
        f"a = 1{end}b = 2  # noqa: RL101{end}{end}c = '''{end}'''  # noqa: RL101".encode()
    )


def test_mixed_line_ends_stay(file: Path) -> None:
    assert written(file, b"a = 1\r\nb = 2\nc = 3\r", ("RL101", 1), ("RL101", 2)) == (
        b"a = 1  # noqa: RL101\r\nb = 2  # noqa: RL101\nc = 3\r"
    )


@pytest.mark.parametrize(
    ("head", "encoding"),
    [("", "utf-8"), ("\ufeff", "utf-8"), ("# -*- coding: latin-1 -*-\n", "latin-1"), ("# coding: cp1251\n", "cp1251")],
)
def test_encoding_and_byte_order_mark_stay(file: Path, head: str, encoding: str) -> None:
    letter = "д" if encoding == "cp1251" else "é"
    source = f"{head}x = '{letter}'\n"
    line = source.count("\n")

    result = written(file, source.encode(encoding), ("RL101", line), reason=f"caf{letter}")

    assert result == f"{head}x = '{letter}'  # noqa: RL101 caf{letter}\n".encode(encoding)


def test_a_reason_that_the_encoding_lacks_is_an_error(file: Path) -> None:
    assert refused(file, b"# coding: latin-1\nx = '\xe9'\n", ("RL101", 2), reason="\u2014") == (
        "no comment was written: the reason cannot be written in its encoding, iso-8859-1"
    )


def test_the_mode_stays(file: Path) -> None:
    file.write_text("x = 1\n")
    file.chmod(0o751)

    add_noqa(report(file, [("RL101", 1)]))

    assert file.stat().st_mode & 0o777 == 0o751
    assert os.listdir(file.parent) == ["m.py"]


def test_a_link_stays_a_link(tmp_path: Path, file: Path) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / "real.py").write_text("x = 1\n")
    file.symlink_to(target / "real.py")

    add_noqa(report(file, [("RL101", 1)]))

    assert file.is_symlink()
    assert (target / "real.py").read_text() == "x = 1  # noqa: RL101\n"


# --- what cannot be done -------------------------------------------------------------------------------------------


def refused(file: Path, source: bytes, *alarms: Alarm, reason: str = "") -> str:
    """Why a file was left as it was, after it was made sure that it is."""
    file.write_bytes(source)

    added = add_noqa(report(file, alarms), reason)

    assert (added.silenced, added.changed) == ((), ())
    assert file.read_bytes() == source
    assert os.listdir(file.parent) == [file.name]
    (error,) = added.errors
    assert error.where == file.name
    return error.message


def test_a_file_that_cannot_be_replaced_is_an_error(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", fail)

    assert refused(file, b"x = 1\n", ("RL101", 1)) == "no comment was written: Permission denied"


def test_a_file_that_is_gone_is_an_error_and_the_others_are_written(tmp_path: Path) -> None:
    gone, there = tmp_path / "gone.py", tmp_path / "there.py"
    there.write_text("x = 1\n")
    first, second = report(gone, [("RL101", 1)]), report(there, [("RL101", 1)])

    added = add_noqa(Report(first.findings + second.findings, files={**first.files, **second.files}))

    assert [(error.where, error.message) for error in added.errors] == [
        ("gone.py", "no comment was written: No such file or directory")
    ]
    assert (added.changed, added.silenced) == (("there.py",), second.findings)
    assert there.read_text() == "x = 1  # noqa: RL101\n"


def test_a_file_that_changed_is_an_error(file: Path) -> None:
    assert refused(file, b"x = 1\n\n", ("RL101", 2)).startswith(
        "no comment was written: no statement was found at line 2; did the file change"
    )
    assert refused(file, b"x = (\n", ("RL101", 1)).startswith("no comment was written: the ends of its statements")


def test_an_end_that_is_no_line_of_code_is_an_error(file: Path) -> None:
    assert refused(file, b"x = 1 \\\n\ny = 2\n", ("RL101", 1)).startswith("no comment was written: a comment would not")


def test_standard_input_is_not_written(file: Path) -> None:
    file.write_text("x = 1\n")

    added = add_noqa(report(file, [("RL101", 1)], {"m.py": b"x = 1\n"}))

    assert [error.message for error in added.errors] == ["no comment was written: it came from standard input"]
    assert file.read_text() == "x = 1\n"


def test_findings_that_no_comment_silences_are_left(file: Path) -> None:
    file.write_text("x = (\n")
    unreadable, elsewhere = report(file, [("RL901", 1)]), report(file.parent / "other.py", [("RL101", 1)])

    added = add_noqa(Report(unreadable.findings + elsewhere.findings, files=unreadable.files))

    assert added == Added((), (), unreadable.findings + elsewhere.findings, ())


# --- any source ----------------------------------------------------------------------------------------------------

STATEMENTS = st.sampled_from(
    [
        "x = 1",
        "x = (1,\n  # in between\n  2)",
        "if x:\n    y = [\n\n    ]  # noqa: E501 long",
        "x = '''\n# noqa\n'''  # type: ignore",
        "# racelint: ignore[RL205] -- alone",
        "for a in b: c(\n    d\n)",
        "@a\n@b(\n1)\nclass C(\n    D,\n): e = \\\n  5",
        "try:\n  a\nexcept (B,\n        C): pass  # pragma: no cover",
        "x = f'{a}' f'''\n{b}'''",
        "",
        "lambda: (\n0); z = 1  ",
        "\x0c",
    ]
)


@given(st.lists(STATEMENTS, max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.data())
def test_wherever_a_statement_is_its_finding_becomes_silent(
    tmp_path_factory: pytest.TempPathFactory, statements: list[str], end: str, ended: bool, data: st.DataObject
) -> None:
    file = tmp_path_factory.mktemp("any") / "m.py"
    lines = "\n".join(statements).split("\n")
    code = [number for number, line in enumerate(lines, 1) if line.strip() and not line.strip().startswith("#")]
    at = data.draw(st.lists(st.sampled_from(code), max_size=4)) if code else []
    source = end.join(lines) + end * ended

    result = written(file, source, *[("RL101", line) for line in at])

    assert extract(result).functions == extract(source.encode()).functions
