"""Remedies as they are written into one file, without the analysis that finds them."""

from __future__ import annotations

from textwrap import dedent

import pytest

from racelint.facts import Span
from racelint.findings import Finding
from racelint.fixes import fixed
from racelint.remedies import AnyRemedy, LoopAround, ReadOnce, StartLast, TakeLock, UseWith


def mended(source: str, remedy: AnyRemedy) -> tuple[str, str] | None:
    """The applicability of a fix and the text with it."""
    result = fixed(source, Finding("RL000", "made-up", "", "m.py", Span(1, 1, 1, 1), remedy=remedy))
    return result and (result[0].applicability, result[1])


def span(source: str, text: str, number: int = 0) -> Span:
    """Where a text of one line is written in a source, for the first or a later time."""
    offset = -1
    for _ in range(number + 1):
        offset = source.index(text, offset + 1)
    before = source[:offset].split("\n")
    column = len(before[-1]) + 1
    return Span(len(before), column, len(before), column + len(text))


def held(source: str, *texts: str, lock: str = "self._lock", holder: str = "self") -> tuple[str, str] | None:
    """The source with a lock over the first places with these texts."""
    return mended(source, TakeLock(True, lock, holder, tuple(span(source, text) for text in texts)))


def method(*lines: str) -> str:
    """A method with these lines, indented as they are."""
    return "class C:\n    def f(self, other):\n" + "".join(f"        {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["self.n += 1"], ["with self._lock:", "    self.n += 1"]),
        (
            ["@cached", "def g(): pass", "self.n += 1"],
            ["@cached", "def g(): pass", "with self._lock:", "    self.n += 1"],
        ),
        (["for x in y:", "    self.n += 1"], ["for x in y:", "    with self._lock:", "        self.n += 1"]),
        (
            ["try: self.n += 1", "except E: pass"],
            ["try:", "    with self._lock:", "        self.n += 1", "except E: pass"],
        ),
        (
            ["if a:", "    pass", "else: self.n += 1  # why"],
            ["if a:", "    pass", "else:", "    with self._lock:", "        self.n += 1  # why"],
        ),
        (
            ["match a:", "    case 1:", "        self.n += 1", "        # end"],
            ["match a:", "    case 1:", "        with self._lock:", "            self.n += 1", "        # end"],
        ),
        (
            ["if a:", "    pass", "elif b(self.n):", "    self.n += 1", "else:", "    c()"],
            ["with self._lock:"]
            + [
                f"    {line}"
                for line in ["if a:", "    pass", "elif b(self.n):", "    self.n += 1", "else:", "    c()"]
            ],
        ),
        (["self.n += \\", "  1"], ["with self._lock:", "    self.n += \\", "      1"]),
    ],
)
def test_a_lock_is_held_wherever_a_statement_can_be(before: list[str], after: list[str]) -> None:
    source = method(*before)
    texts = ["self.n", "self.n += 1"] if "elif b(self.n):" in before else ["self.n"]

    assert held(source, *texts) == ("safe", method(*after))


@pytest.mark.parametrize(
    "lines",
    [
        ["return lambda: g(self.n)"],
        ["return (x + self.n for x in other)"],
        ["self.n = yield"],
        ["self.n += await other"],
        ["def g(a=self.n): pass"],
        ["self = other", "self.n += 1"],
        ["self._lock = Lock()", "self.n += 1"],
        ["for self in other:", "    self.n += 1"],
        ["@g(self.n)", "class D: pass"],
    ],
)
def test_no_lock_is_held_over_what_is_not_understood(lines: list[str]) -> None:
    assert held(method(*lines), "self.n") is None


def test_a_lock_that_is_hidden_by_a_variable_of_the_function_is_not_taken() -> None:
    source = "def f({}):\n    global n\n    {}\n    n += 1\n"

    assert held(source.format("", "pass"), "n += 1", lock="lock", holder="") is not None
    for parameter, line in [
        ("lock", "pass"),
        ("*lock", "pass"),
        ("", "lock = 1"),
        ("", "import lock"),
        ("", "with a as lock: b"),
    ]:
        assert held(source.format(parameter, line), "n += 1", lock="lock", holder="") is None


def test_what_is_called_with_the_lock_held_decides() -> None:
    source = method("self.n = g(self.n)")
    call = span(source, "g(self.n)")
    spans = (span(source, "self.n = g(self.n)"),)

    doubtful = mended(source, TakeLock(True, "self._lock", "self", spans, doubtful=(call,)))
    assert doubtful is not None
    assert doubtful[0] == "unsafe"
    assert mended(source, TakeLock(True, "self._lock", "self", spans, taking=(call,))) is None


def test_a_wait_is_not_looped_around_where_more_depends_on_it() -> None:
    def looped(*lines: str) -> tuple[str, str] | None:
        source = method(*lines)
        return mended(source, LoopAround(True, span(source, "self.n"), span(source, "c.wait()")))

    assert looped("if self.n: c.wait()") == ("safe", method("while self.n: c.wait()"))
    assert looped("if self.n:", "    log()", "    c.wait()") == (
        "unsafe",
        method("while self.n:", "    log()", "    c.wait()"),
    )
    assert looped("if self.n:", "    c.wait()", "    log()") is None
    assert looped("if self.n: c.wait()", "else: log()") is None
    assert looped("if a: pass", "elif self.n: c.wait()") is None


def test_a_second_read_is_not_taken_for_the_first_one_where_it_is_not() -> None:
    def once(*lines: str, number: int = 1) -> tuple[str, str] | None:
        source = method(*lines)
        return mended(source, ReadOnce(True, span(source, "self._n"), span(source, "self._n", number)))

    assert once("if self._n: self._n.go()") == ("safe", method("n = self._n", "if n: n.go()"))
    assert once("if self._n:", "    self._n = a", "    self._n.go()", number=2) is None
    assert once("while self._n:", "    self._n.go()") is None
    assert once("if a: pass", "elif self._n: self._n.go()") is None
    assert once("n = 1", "if self._n: self._n.go()") == (
        "safe",
        method("n = 1", "n_now = self._n", "if n_now: n_now.go()"),
    )


def test_a_variable_that_has_the_first_read_stands_for_the_others() -> None:
    def once(*lines: str) -> tuple[str, str] | None:
        source = method(*lines)
        return mended(source, ReadOnce(True, span(source, "self._n"), span(source, "self._n", 1)))

    assert once("m = self._n", "if m: self._n.go()") == ("safe", method("m = self._n", "if m: m.go()"))
    assert once("m = self._n", "if m: m = self._n.go()") == (
        "safe",
        method("n = self._n", "m = n", "if m: m = n.go()"),
    )
    assert once("global m", "m = self._n", "if m: self._n.go()") == (
        "safe",
        method("global m", "n = self._n", "m = n", "if m: n.go()"),
    )


def test_a_start_is_not_moved_over_an_end_of_the_function() -> None:
    def moved(*lines: str) -> tuple[str, str] | None:
        source = method(*lines)
        return mended(source, StartLast(True, span(source, "t.start()"), (span(source, "self.n = 1"),)))

    assert moved("t.start()", "self.n = 1") == ("safe", method("self.n = 1", "t.start()"))
    assert moved("t.start()", "self.n = 1", "t.join()") == ("safe", method("self.n = 1", "t.start()", "t.join()"))
    assert moved("t.start()", "if a: return", "self.n = 1") is None
    assert moved("x = t.start()", "self.n = 1") is None
    assert moved("if a:", "    t.start()", "self.n = 1") is None


def test_a_release_in_a_place_of_its_own_stays() -> None:
    def with_lock(*lines: str) -> tuple[str, str] | None:
        source = method(*lines)
        return mended(source, UseWith(True, span(source, "a.acquire()")))

    assert with_lock("await a.acquire()", "go()", "a.release()") == ("safe", method("async with a:", "    go()"))
    assert with_lock("a.acquire()", "a.release()") is None
    assert with_lock("a.acquire()", "go()", "b.release()") is None
    assert with_lock("a.acquire()", "if b:", "    a.release()", "go()", "a.release()") is None
    assert with_lock("a.acquire()", "a = b", "a.release()") is None
    assert with_lock("x = a.acquire()", "go()", "a.release()") is None


def test_a_text_that_is_no_python_has_no_fix() -> None:
    assert held(dedent("def f(:\n    self.n += 1\n"), "self.n") is None
