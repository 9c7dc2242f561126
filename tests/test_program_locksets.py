"""Locksets: which locks are surely held, by `with`, by acquire and release, and in an exit stack."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from builders import answers, lock_text, marks, program

BEFORE = """
import threading
from contextlib import ExitStack
lock = threading.Lock()
other = threading.Lock()
ready = threading.Condition(lock)
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


# --- with ----------------------------------------------------------------------------------------------------------


def test_with_holds_its_lock_inside_only() -> None:
    check(
        """
        step()  # holds:
        with lock:
            step()  # holds: lock
        step()  # holds:
        """
    )


def test_with_takes_several_locks() -> None:
    check(
        """
        with lock, other:
            step()  # holds: lock, other
        with (lock, other as x):
            step()  # holds: lock, other
        with lock:
            with other:
                step()  # holds: lock, other
            step()  # holds: lock
        """
    )


def test_with_a_condition_holds_its_lock() -> None:
    check(
        """
        with ready:
            step()  # holds: lock
            ready.wait()
            step()  # holds: lock
        """
    )


def test_a_lock_is_held_in_every_branch_and_loop_inside() -> None:
    check(
        """
        with lock:
            if flag:
                step()  # holds: lock
            for _ in range(3):
                step()  # holds: lock
            try:
                step()  # holds: lock
            except Exception:
                step()  # holds: lock
            finally:
                step()  # holds: lock
        """
    )


@pytest.mark.parametrize("leave", ["return", "raise ValueError"])
def test_leaving_a_with_early_lets_go(leave: str) -> None:
    check(
        f"""
        try:
            with lock:
                if flag:
                    {leave}
                step()  # holds: lock
            step()  # holds:
        finally:
            step()  # holds:
        """
    )


@pytest.mark.parametrize("leave", ["break", "continue"])
def test_leaving_a_turn_of_a_loop_lets_go(leave: str) -> None:
    check(
        f"""
        while flag():
            step()  # holds:
            with lock:
                if flag:
                    {leave}
                step()  # holds: lock
        step()  # holds:
        """
    )


def test_nested_functions_do_not_hold_what_is_held_around_them() -> None:
    check(
        """
        with lock:
            def later():
                step()  # holds:
            register(later)
        """
    )


# --- acquire and release -------------------------------------------------------------------------------------------


def test_acquire_holds_until_release() -> None:
    check(
        """
        lock.acquire()
        step()  # holds: lock
        lock.release()
        step()  # holds:
        """
    )


def test_release_in_finally_ends_all_paths() -> None:
    check(
        """
        lock.acquire()
        try:
            if flag:
                return step()  # holds: lock
            step()  # holds: lock
        except ValueError:
            step()  # holds: lock
        finally:
            step()  # holds: lock
            lock.release()
        step()  # holds:
        """
    )


def test_a_release_on_one_path_leaves_nothing_sure() -> None:
    check(
        """
        lock.acquire()
        if flag:
            lock.release()
        step()  # holds:
        """
    )


def test_an_acquire_on_one_path_leaves_nothing_sure() -> None:
    check(
        """
        if flag:
            lock.acquire()
            step()  # holds: lock
        step()  # holds:
        """
    )


def test_an_early_return_with_its_own_release() -> None:
    check(
        """
        lock.acquire()
        if flag:
            lock.release()
            step()  # holds:
            return
        step()  # holds: lock
        lock.release()
        """
    )


def test_a_lock_given_up_inside_its_with_is_not_held_meanwhile() -> None:
    check(
        """
        with lock:
            lock.release()
            step()  # holds:
            lock.acquire()
            step()  # holds: lock
        """
    )


def test_a_local_alias_is_the_lock() -> None:
    check(
        """
        alias = lock
        alias.acquire()
        step()  # holds: lock
        lock.release()
        step()  # holds:
        """
    )


def test_methods_may_be_kept_in_locals() -> None:
    check(
        """
        acquire = lock.acquire
        release = lock.release
        acquire()
        step()  # holds: lock
        release()
        step()  # holds:
        """
    )


def test_the_next_turn_of_a_loop_may_have_released() -> None:
    check(
        """
        lock.acquire()
        while flag():
            step()  # holds:
            lock.release()
        """
    )


# --- stacks --------------------------------------------------------------------------------------------------------


def test_an_exit_stack_holds_to_its_end() -> None:
    check(
        """
        with ExitStack() as stack:
            step()  # holds:
            stack.enter_context(lock)
            step()  # holds: lock
        step()  # holds:
        """
    )
