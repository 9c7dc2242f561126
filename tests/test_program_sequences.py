"""Sequences: which accesses of one Place belong together, within a function and behind its calls."""

from __future__ import annotations

from textwrap import dedent

import pytest
from builders import marks, program, short

CLASS = """
import threading
class A:
    def __init__(self):
        self.x = None
        self.n = 0
        self.d = {}
        self.lock = threading.Lock()
"""


def check(source: str) -> None:
    """Each `# sequence:` mark names the shape and the Place of the sequences whose test is on the line.

    Every source stands in the class `A`. An update is where it is stored.
    """
    source = CLASS + "\n".join(f"    {line}" for line in dedent(source).splitlines())
    linked = program(source)
    promised = marks(source, "sequence")
    found = [
        (each.test.line, f"{each.shape.name.lower()} {short(each.first.place.symbol)}")
        for each in linked.sequences.found
    ]

    assert promised
    assert promised == {line: ", ".join(sorted({text for at, text in found if at == line})) for line in promised}


# --- updates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "update",
    [
        "self.n += 1",
        "self.n = self.n + 1",
        "self.n = max(self.n, 3)",
        "self.n = 0 if self.n > 3 else self.n",
        "setattr(self, 'n', getattr(self, 'n') + 1)",
    ],
)
def test_an_update_in_one_statement(update: str) -> None:
    check(
        f"""
        def m(self):
            {update}  # sequence: update A.n
        """
    )


def test_an_update_over_several_statements() -> None:
    check(
        """
        def m(self):
            old = self.n
            new = compute(old)
            self.n = new  # sequence: update A.n
        """
    )


@pytest.mark.parametrize("update", ["self.d[k] += 1", "self.d[k] = self.d[k] + 1", "self.d[k] = self.d.get(k, 0) + 1"])
def test_an_update_of_an_item(update: str) -> None:
    check(
        f"""
        def m(self, k):
            {update}  # sequence: update A.d
        """
    )


def test_a_write_of_something_else_is_no_update() -> None:
    check(
        """
        def m(self, k):
            self.n = 3  # sequence:
            self.d[k] = self.n  # sequence:
            self.x = self.n + 1  # sequence:
        """
    )


# --- tests and acts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("test", "act"),
    [
        ("k in self.d", "del self.d[k]"),
        ("k not in self.d", "self.d[k] = 1"),
        ("self.d", "self.d.popitem()"),
        ("len(self.d) > 3", "self.d.clear()"),
        ("self.d.get(k) is None", "self.d[k] = 1"),
    ],
)
def test_a_container_is_tested_and_then_changed(test: str, act: str) -> None:
    check(
        f"""
        def m(self, k):
            if {test}:  # sequence: check A.d
                {act}
        """
    )


def test_a_flag_is_tested_and_then_set() -> None:
    check(
        """
        def m(self):
            if self.n == 0:  # sequence: check A.n
                self.n = 1
        """
    )


def test_a_test_that_leaves_comes_before_what_follows() -> None:
    check(
        """
        def m(self, k):
            if k in self.d:  # sequence: check A.d
                return
            self.d[k] = 1
        """
    )


def test_a_test_may_look_at_a_local_that_was_read_before() -> None:
    check(
        """
        def m(self):
            old = self.n
            if old == 0:  # sequence: check A.n
                self.n = 1
        """
    )


def test_an_act_behind_a_call_belongs_to_the_test() -> None:
    check(
        """
        def m(self, k):
            if k not in self.d:  # sequence: check A.d
                self._insert(k)
        def _insert(self, k): self._deeper(k)
        def _deeper(self, k): self.d[k] = 1
        """
    )


def test_a_method_that_only_answers_is_a_test_of_what_another_takes() -> None:
    check(
        """
        def is_empty(self): return not self.d
        def take(self): return self.d.popitem()
        def m(self):
            if not self.is_empty():  # sequence: check A.d, double_read A.d
                self.take()
        """
    )


def test_a_test_of_another_object_or_place_is_no_pair() -> None:
    check(
        """
        def m(self, other: "A"):
            if other.n == 0:  # sequence:
                self.n = 1
            if self.x:  # sequence:
                self.n = 1
        """
    )


# --- making what is absent -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("test", ["self.x is None", "not self.x", "self.x == None"])
def test_what_is_absent_is_made(test: str) -> None:
    check(
        f"""
        def m(self):
            if {test}:  # sequence: lazy A.x
                self.x = make()
            return self.x
        """
    )


def test_an_attribute_that_may_be_missing_is_made() -> None:
    check(
        """
        def m(self):
            if not hasattr(self, "late"):  # sequence: lazy A.late
                self.late = make()
        """
    )


def test_a_double_check_is_two_tests() -> None:
    check(
        """
        def m(self):
            if self.x is None:  # sequence: lazy A.x
                with self.lock:
                    if self.x is None:  # sequence: lazy A.x
                        self.x = make()
        """
    )


def test_a_store_after_a_miss_depends_on_it_only_if_a_hit_leaves() -> None:
    check(
        """
        def m(self, key):
            try: return self.d[key]  # sequence: check A.d
            except KeyError: pass
            self.d[key] = make()
        def n(self, key):
            try: old = self.d[key]  # sequence:
            except KeyError: old = None
            self.d[key] = make()
            return old
        """
    )


# --- reading twice -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "twice",
    [
        "if self.x: self.x.f()",
        "if self.x is not None: return self.x.y",
        "return self.x.y if self.x else 0",
        "return self.x and self.x.y",
    ],
)
def test_a_test_and_a_second_read(twice: str) -> None:
    check(
        f"""
        def m(self):
            {twice}  # sequence: double_read A.x
        def stop(self): self.x = None
        """
    )


def test_a_read_that_is_kept_is_one_read() -> None:
    check(
        """
        def m(self):
            x = self.x
            if x:  # sequence:
                x.f()
        """
    )
