"""Locksets: locks that a method, a context manager, a decorator or a library takes on behalf of others."""

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
