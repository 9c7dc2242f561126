"""Locksets: a try-lock is held where it is known to have succeeded."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from builders import answers, lock_text, marks, program

BEFORE = """
import threading
lock = threading.Lock()
"""


def check(body: str) -> None:
    """Each `# holds:` mark in the body of a function names the locks that are held."""
    source = f"{BEFORE}def f(flag):\n{indent(dedent(body), '    ')}"
    linked = program(source)
    promised = marks(source, "holds")

    assert promised
    assert promised == answers(
        linked, promised, lambda linked, code, id: map(lock_text, linked.locksets.held(code, id))
    )


TRIES = ["lock.acquire(False)", "lock.acquire(blocking=False)", "lock.acquire(timeout=1)", "lock.acquire(True, 1)"]


@pytest.mark.parametrize("attempt", TRIES)
def test_a_try_holds_on_the_true_branch(attempt: str) -> None:
    check(
        f"""
        if {attempt}:
            step()  # holds: lock
        else:
            step()  # holds:
        step()  # holds:
        """
    )


@pytest.mark.parametrize("attempt", TRIES)
def test_a_failed_try_that_leaves_holds_afterwards(attempt: str) -> None:
    check(
        f"""
        if not {attempt}:
            step()  # holds:
            return
        step()  # holds: lock
        """
    )


def test_the_result_of_a_try_may_be_kept() -> None:
    check(
        """
        taken = lock.acquire(blocking=False)
        step()  # holds:
        if taken:
            step()  # holds: lock
            lock.release()
        """
    )


def test_a_loop_that_waits_for_a_try_holds_afterwards() -> None:
    check(
        """
        while not lock.acquire(timeout=1):
            step()  # holds:
        step()  # holds: lock
        """
    )


def test_a_try_in_a_conjunction_holds_where_all_of_it_is_true() -> None:
    check(
        """
        if flag and lock.acquire(False):
            step()  # holds: lock
        else:
            step()  # holds:
        """
    )
