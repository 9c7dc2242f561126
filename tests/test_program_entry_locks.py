"""Locksets: locks that are held because a caller, a wrapper or a decorator has taken them."""

from __future__ import annotations

from textwrap import dedent

from builders import answers, lock_text, marks, program

IMPORTS = """
import functools, threading
from contextlib import contextmanager
"""


def check(source: str, /, modules: dict[str, str] | None = None, **others: str) -> None:
    """Each `# holds:` mark names the locks that are held there; every source begins with `IMPORTS`."""
    source = IMPORTS + dedent(source)
    linked = program(source, modules, **others)
    promised = marks(source, "holds")

    assert promised
    assert promised == answers(
        linked, promised, lambda linked, code, id: map(lock_text, linked.locksets.held(code, id))
    )


# --- what all callers hold -----------------------------------------------------------------------------------------


def test_a_helper_holds_what_all_its_callers_hold() -> None:
    check(
        """
        class A:
            def __init__(self): self.lock = threading.Lock()
            def one(self):
                with self.lock: self._always()
            def two(self):
                with self.lock:
                    self._always()
                    self._sometimes()
                self._sometimes()
            def _always(self):
                step()  # holds: A.lock
                self._deeper()
            def _deeper(self):
                step()  # holds: A.lock
            def _sometimes(self):
                step()  # holds:
        """
    )


def test_a_helper_in_another_file_holds_what_its_callers_hold() -> None:
    check(
        """
        from other import Base
        class A(Base):
            def use(self):
                with self.lock:
                    self._step()
            def _step(self):
                self._inherited()
                step()  # holds: other.Base.lock
        """,
        other="""
        import threading
        class Base:
            def __init__(self): self.lock = threading.Lock()
            def _inherited(self): pass
        """,
    )


def test_callers_that_hold_different_locks_leave_the_common_ones() -> None:
    check(
        """
        a, b, c = threading.Lock(), threading.Lock(), threading.Lock()
        def one():
            with a, b: _step()
        def two():
            with b, c: _step()
        def _step():
            step()  # holds: b
        """
    )


def test_a_public_function_that_is_called_with_a_lock_may_be_called_without() -> None:
    check(
        """
        lock = threading.Lock()
        def one():
            with lock: thread_entry()
        def thread_entry():
            step()  # holds:
        threading.Thread(target=thread_entry).start()
        """
    )


def test_a_function_whose_reference_is_handed_on_may_be_called_without() -> None:
    check(
        """
        lock = threading.Lock()
        def _step():
            step()  # holds:
        def one():
            with lock: _step()
        register(_step)
        """
    )


def test_recursion_keeps_the_lock() -> None:
    check(
        """
        lock = threading.RLock()
        def start():
            with lock: _again(3)
        def _again(n):
            step()  # holds: lock
            if n: _again(n - 1)
        """
    )


def test_a_helper_that_gives_the_lock_up_does_not_hold_it_meanwhile() -> None:
    check(
        """
        class A:
            def __init__(self): self.lock = threading.Lock()
            def use(self):
                with self.lock:
                    self._unlocked()
            def _unlocked(self):
                step()  # holds: A.lock
                self.lock.release()
                step()  # holds:
                self.lock.acquire()
                step()  # holds: A.lock
        """
    )


# --- the same object -----------------------------------------------------------------------------------------------


def test_a_lock_of_another_object_is_not_that_of_self() -> None:
    check(
        """
        class A:
            def __init__(self): self.lock = threading.Lock()
            def merge(self, other: "A"):
                with other.lock:
                    other._step()
                    step()  # holds: A.lock of other
            def _step(self):
                step()  # holds: A.lock
        """
    )


def test_a_lock_given_as_an_argument_is_the_lock() -> None:
    check(
        """
        lock = threading.Lock()
        def _locked(given):
            with given:
                step()  # holds: lock
        _locked(lock)
        """
    )


def test_a_class_level_lock_is_one_for_all_objects() -> None:
    check(
        """
        class A:
            lock = threading.Lock()
            def one(self):
                with self.lock:
                    step()  # holds: A.lock
            @classmethod
            def two(cls):
                with cls.lock:
                    step()  # holds: A.lock
        with A.lock:
            step()  # holds: A.lock
        """
    )


def test_a_lock_of_a_table_is_named_with_its_key() -> None:
    check(
        """
        class A:
            def __init__(self): self.locks = {1: threading.Lock(), 2: threading.Lock()}
            def use(self, key):
                with self.locks[key]:
                    step()  # holds: A.locks[] of self.locks[key]
        """
    )


# --- wrappers ------------------------------------------------------------------------------------------------------


def test_methods_that_wrap_acquire_and_release() -> None:
    check(
        """
        class A:
            def __init__(self): self.guard = threading.Lock()
            def lock(self): self.guard.acquire()
            def unlock(self): self.guard.release()
            def use(self):
                self.lock()
                step()  # holds: A.guard
                self.unlock()
                step()  # holds:
        """
    )


def test_a_wrapper_that_tries_answers_whether_it_has_the_lock() -> None:
    check(
        """
        class A:
            def __init__(self): self.guard = threading.Lock()
            def attempt(self): return self.guard.acquire(timeout=1)
            def use(self):
                if self.attempt():
                    step()  # holds: A.guard
                else:
                    step()  # holds:
        """
    )


def test_a_context_manager_function_holds_what_it_holds_at_its_yield() -> None:
    check(
        """
        class A:
            def __init__(self): self.guard = threading.Lock()
            @contextmanager
            def locked(self):
                with self.guard:
                    yield
            @contextmanager
            def by_hand(self):
                self.guard.acquire()
                try:
                    yield self
                finally:
                    self.guard.release()
            def use(self):
                with self.locked():
                    step()  # holds: A.guard
                step()  # holds:
                with self.by_hand() as me:
                    step()  # holds: A.guard
                step()  # holds:
        """
    )


def test_a_context_manager_of_another_module() -> None:
    check(
        """
        from other import locked
        with locked():
            step()  # holds: other.lock
        step()  # holds:
        """,
        other="""
        import threading
        from contextlib import contextmanager
        lock = threading.Lock()
        @contextmanager
        def locked():
            with lock:
                yield
        """,
    )


def test_a_class_that_locks_on_entry_and_unlocks_on_exit() -> None:
    check(
        """
        class A:
            def __init__(self): self.guard = threading.Lock()
            def __enter__(self):
                self.guard.acquire()
                return self
            def __exit__(self, *error):
                self.guard.release()
        a = A()
        def use():
            with a:
                step()  # holds: A.guard of g:0:a
            step()  # holds:
        """
    )


def test_a_decorator_that_locks() -> None:
    check(
        """
        lock = threading.Lock()
        def synchronized(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                with lock:
                    return function(*args, **kwargs)
            return wrapper
        @synchronized
        def use():
            step()  # holds: lock
        """
    )


def test_a_decorator_that_takes_the_lock_of_self() -> None:
    check(
        """
        def synchronized(method):
            def wrapper(self, *args):
                with self.lock:
                    return method(self, *args)
            return wrapper
        class A:
            def __init__(self): self.lock = threading.Lock()
            @synchronized
            def use(self):
                step()  # holds: A.lock
        """
    )


def test_a_read_write_lock_has_two_sides() -> None:
    check(
        """
        import fasteners
        rw = fasteners.ReaderWriterLock()
        with rw.read_lock():
            step()  # holds: rw reader
        with rw.write_lock():
            step()  # holds: rw writer
        """
    )


def test_a_task_lock_is_held_across_awaits() -> None:
    check(
        """
        import asyncio
        lock = asyncio.Lock()
        async def use():
            async with lock:
                step()  # holds: lock
                await asyncio.sleep(1)
                step()  # holds: lock
            await lock.acquire()
            step()  # holds: lock
            lock.release()
            step()  # holds:
        """
    )
