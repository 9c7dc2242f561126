"""Reading a file: encodings, line counts, and what is refused with the place where reading stops."""

from __future__ import annotations

import codecs
import gc
import sys

import pytest

from racelint.extract import SourceError, extract
from racelint.facts import Const, StoreName, Unreadable
from racelint.readers.single import read_single


def refusal(source: bytes) -> SourceError:
    with pytest.raises(SourceError) as caught:
        extract(source)
    return caught.value


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        (b"x = (1\n", 1, 5),
        (b"x = 1\nif x\n  pass\n", 2, 5),
        (b"print 'x'\n", 1, 1),
        (b"x = 1\ny = \0\n", 2, 5),
        (b"x = 1\ny = '\xff'\n", 2, 6),
        ("é = 1\ny = '".encode() + b"\xff'\n", 2, 6),
        (b"# coding: nonsense\n", 1, 1),
        (b"# coding: hex\n", 1, 1),
        (b"# coding: ascii\nx = '\xc3\xa9'\n", 2, 6),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n", 1, 1),
        (b"import threading\n(y): int = 1\n", 2, 5),
        (b"import threading\ntry: pass\nexcept: pass\nexcept E: pass\n", 1, 1),
    ],
)
def test_refused_with_a_place(source: bytes, line: int, column: int) -> None:
    error = refusal(source)
    assert (error.line, error.column) == (line, column)
    assert error.message
    assert str(error) == f"{line}:{column}: {error.message}"


def test_what_only_libcst_cannot_read_is_read_where_it_need_not() -> None:
    assert extract(b"x\n(y): int = 1\n").lines == 2


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5000 + ")" * 5000,
        "[" * 5000,
        "f(" * 5000 + ")" * 5000,
        "x = 1\n" + "lambda: " * 5000 + "1",
        "-" * 50_000 + "x",
        "x" + ".y" * 50_000,
        "**".join("x" * 5000),
        "[*x for x in y]\n" + "(" * 5000 + ")" * 5000,
        "[*x for x in y]\n" + "lambda x, y: " * 5000 + "1",
        "[*x for x in y]\n" + "not " * 5000 + "1",
    ],
)
def test_nesting_beyond_all_reason_is_refused(source: str) -> None:
    assert refusal(source.encode()).message == "nested too deeply to be read"


def test_valid_python_that_libcst_refuses_is_not_called_invalid() -> None:
    reason = read_single("a.py", b"import threading\n(a.b): int = 3\n")

    assert reason == Unreadable("LibCST cannot parse this", 2, 7)


@pytest.mark.parametrize("source", ["not " * 5000 + "x", "+".join("x" * 5000), "x if y else " * 5000 + "z"])
def test_nesting_that_newer_interpreters_can_read_is_read_or_refused_clearly(source: str) -> None:
    outcome = ""
    try:
        lines = extract(source.encode()).lines
    except SourceError as error:
        lines, outcome = 1, error.message

    assert (lines, outcome) in ((1, ""), (1, "nested too deeply to be read"))


@pytest.mark.parametrize(
    "source",
    [
        "+".join("x" * 1000),
        "x" + " - x + x" * 400,
        "x" + ".y" * 1000,
        "x" + "()" * 1000,
        " and ".join("x" * 3000),
        "not " * 1000 + "x",
        "x if y else " * 500 + "z",
        "if x: y = 1\n" + "elif x: y = 2\n" * 1000,
        "def f(s):\n match s:\n" + "".join(f"  case {number}: x = 1\n" for number in range(1000)),
        "x = " * 3000 + "1",
        "(" * 150 + "x" + ")" * 150,
        "x = [" + "-1.5, " * 5000 + "]\nt = [*x for x in y]",
    ],
)
def test_deep_but_legal_nesting_is_read(source: str) -> None:
    limit = sys.getrecursionlimit()
    assert extract(source.encode()).functions
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize(
    ("source", "lines"),
    [(b"", 0), (b"x", 1), (b"x\n", 1), (b"x\ny", 2), (b"x\r\ny\r\n", 2), (b"x\ry\n", 2), (b"x\x0c\n", 1)],
)
def test_lines(source: bytes, lines: int) -> None:
    assert extract(source).lines == lines


@pytest.mark.parametrize(
    "source",
    [
        "s = 'é'".encode(),
        codecs.BOM_UTF8 + "s = 'é'".encode(),
        codecs.BOM_UTF8 + "# coding: utf-8\ns = 'é'".encode(),
        "# coding: latin-1\ns = 'é'".encode("latin-1"),
        "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\ns = 'é'".encode("cp1252"),
        b"s = '\\xe9'",
    ],
)
def test_encodings(source: bytes) -> None:
    constant, store = extract(source).functions[0].body
    assert isinstance(constant, Const)
    assert constant.text == "'é'"
    assert isinstance(store, StoreName)
    assert store.span.column == 1


def test_invalid_escapes_do_not_warn() -> None:
    extract(rb"x = '\d' '\q'")


def test_the_collector_is_left_as_it_was() -> None:
    extract(b"x")
    assert gc.isenabled()
    gc.disable()
    try:
        extract(b"x")
        assert not gc.isenabled()
    finally:
        gc.enable()
