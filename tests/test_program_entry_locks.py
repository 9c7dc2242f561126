"""Locksets: locks that are held because all callers have taken them, and whose locks these are."""

from __future__ import annotations

from textwrap import dedent

from builders import answers, asked_at, lock_text, marks, program

IMPORTS = """
import threading
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


def test_what_callers_hold_comes_in_the_same_order_in_each_run() -> None:
    names = [f"lock_{number}" for number in range(8)]
    source = "".join(f"{name} = threading.Lock()\n" for name in names)
    source += f"def run():\n    with {', '.join(names)}: _step()\ndef _step():\n    work()  # here:\n"
    linked = program(IMPORTS + source)

    held = linked.locksets.held(*asked_at(linked, *marks(IMPORTS + source, "here")))

    assert names == [use.lock.name for use in held]


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


def test_functions_inside_a_function_hold_what_it_holds_where_it_calls_them() -> None:
    check(
        """
        class A:
            def __init__(self): self.lock = threading.Lock()
            def one(self):
                with self.lock:
                    (lambda: self._step())()
            def two(self):
                with self.lock:
                    def inner(): self._step()
                    inner()
            def three(self):
                with self.lock: self._step()
            def _step(self):
                step()  # holds: A.lock
        """
    )


def test_a_lock_that_a_method_gives_is_of_an_object_that_cannot_be_named() -> None:
    check(
        """
        class A:
            def __init__(self): self.lock = threading.Lock()
            def guard(self): return self.lock
            def one(self):
                with self.guard(): self._step()
            def two(self):
                with self.lock: self._step()
            def _step(self):
                step()  # holds: A.lock of ?
        """
    )


def test_a_lambda_runs_where_sorted_calls_it_and_anywhere_where_it_is_kept() -> None:
    check(
        """
        lock = threading.Lock()
        def order(names):
            with lock:
                return sorted(names, key=lambda name: (
                    step(name)))  # holds: lock
        def hand_on():
            with lock:
                register(lambda name: (
                    step(name)))  # holds:
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


def test_what_only_the_constructor_calls_may_be_called_from_outside_if_it_is_public() -> None:
    check(
        """
        class A:
            def __init__(self):
                self.lock = threading.Lock()
                self.configure()
            def configure(self):
                self._set()
            def change(self):
                with self.lock: self._set()
            def _set(self):
                step()  # holds:
        """
    )


# --- what a claim says ---------------------------------------------------------------------------------------------


def test_a_function_holds_what_it_requires() -> None:
    check(
        """
        LOCK = threading.Lock()
        class A:
            def __init__(self): self.lock = threading.Lock()
            def free(self):
                self.step()
            def step(self):  # requires: lock, LOCK
                step()  # holds: A.lock, LOCK
                self._deeper()
                self.lock.release()
                step()  # holds: LOCK
            def _deeper(self):
                step()  # holds: A.lock, LOCK
        """
    )


def test_a_function_holds_the_lock_that_it_requires_of_a_parameter() -> None:
    check(
        """
        class A:
            def __init__(self): self.lock = threading.Lock()
        def step(first: A, second: A):  # requires: second.lock
            show(first)  # holds: A.lock of second
        """
    )
