"""Locks: which lock an expression means, of which kind, and whose."""

from __future__ import annotations

from textwrap import dedent

import pytest
from builders import answers, lock_text, marks, program

from racelint.program import Program
from racelint.program.sources.source import Code

LOCKS = """
import _thread, threading
from threading import Condition, Lock, RLock, Semaphore
"""


def meant(linked: Program, code: Code, id: int) -> list[str]:
    """The lock that a value is: its name and its kind."""
    use = linked.locks.use(code, id)
    if use is None:
        return []
    return [f"{lock_text(use)} {use.lock.kind.value if use.lock.kind else 'unknown'}"]


def check(source: str, /, **others: str) -> None:
    """Each `# lock:` mark says which lock the value is; every source begins with `LOCKS`."""
    source = LOCKS + dedent(source)
    linked = program(source, others)
    promised = marks(source, "lock")

    assert promised
    assert promised == answers(linked, promised, meant)


def same(source: str, first: str, second: str) -> bool:
    """Whether two attributes or globals, read in marked lines `# first` and `# second`, are one lock."""
    source = LOCKS + dedent(source)
    linked = program(source)
    keys = {}
    for word in (first, second):
        (line,) = marks(source, word)
        for code in linked.sources.codes:
            for operation in code.operations:
                span = getattr(operation, "span", None)
                use = linked.locks.use(code, operation.id) if operation and span and span.line == line else None
                if use is not None:
                    keys[word] = use.lock.key
    return keys[first] == keys[second]


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        ("Lock()", "mutex"),
        ("RLock()", "reentrant"),
        ("Condition()", "reentrant"),
        ("Condition(Lock())", "mutex"),
        ("Semaphore()", "mutex"),
        ("Semaphore(1)", "mutex"),
        ("Semaphore(value=3)", "semaphore"),
        ("Semaphore(count)", "semaphore"),
        ("threading.BoundedSemaphore(2)", "semaphore"),
        ("threading.Event()", "event"),
        ("_thread.allocate_lock()", "mutex"),
    ],
)
def test_each_constructor_makes_its_kind(made: str, kind: str) -> None:
    check(f"x = {made}\nshow(x)  # lock: x {kind}")


def test_what_is_no_lock_is_none() -> None:
    check(
        """
        x = {}
        show(x)  # lock:
        show(len)  # lock:
        """
    )


def test_what_is_not_known_may_be_a_lock() -> None:
    check(
        """
        class A:
            def __init__(self, lock): self.lock = lock
            def use(self):
                show(self.lock)  # lock: A.lock unknown
        """
    )


def test_a_lock_is_named_for_where_it_is_kept() -> None:
    check(
        """
        module_lock = Lock()
        class A:
            shared = Lock()
            def __init__(self): self.own = Lock()
            def use(self):
                show(module_lock)  # lock: module_lock mutex
                show(self.shared)  # lock: A.shared mutex
                show(A.shared)  # lock: A.shared mutex
                show(self.own)  # lock: A.own mutex
        def outer():
            inner = Lock()
            def use():
                show(inner)  # lock: outer.inner mutex
            return use
        """
    )


def test_a_local_alias_is_the_same_lock() -> None:
    check(
        """
        class A:
            def __init__(self): self.own = Lock()
            def use(self):
                lock = self.own
                show(lock)  # lock: A.own mutex
        """
    )


def test_an_inherited_lock_belongs_to_the_class_that_makes_it() -> None:
    check(
        """
        from other import Base
        class Child(Base):
            def use(self):
                show(self.lock)  # lock: other.Base.lock reentrant
        """,
        other="import threading\nclass Base:\n    def __init__(self): self.lock = threading.RLock()",
    )


def test_a_lock_of_another_object_is_named_by_it() -> None:
    check(
        """
        class Pool:
            def __init__(self): self.lock = Lock()
        class A:
            def __init__(self): self.pool = Pool()
            def use(self, other: Pool):
                show(self.pool.lock)  # lock: Pool.lock of self.pool mutex
                show(other.lock)  # lock: Pool.lock of other mutex
        """
    )


def test_a_lock_of_another_module_is_one_lock() -> None:
    check(
        """
        import other
        import other as renamed
        show(other.lock)  # lock: other.lock mutex
        show(renamed.lock)  # lock: other.lock mutex
        """,
        other="import threading\nlock = threading.Lock()",
    )


def test_locks_of_a_table_are_one_for_each_key() -> None:
    check(
        """
        from collections import defaultdict
        locks = defaultdict(Lock)
        def use(key):
            show(locks[key])  # lock: locks[] of g:0:locks[key] mutex
        """
    )


def test_a_condition_is_the_lock_that_it_is_given() -> None:
    source = """
        class A:
            def __init__(self):
                self.lock = Lock()
                self.not_empty = Condition(self.lock)
            def use(self):
                show(self.lock)  # first:
                show(self.not_empty)  # second:
        """

    assert same(source, "first", "second")


def test_two_conditions_may_share_a_lock() -> None:
    source = """
        class A:
            def __init__(self):
                lock = Lock()
                self.full = Condition(lock=lock)
                self.empty = Condition(lock)
            def use(self):
                show(self.full)  # first:
                show(self.empty)  # second:
        """

    assert same(source, "first", "second")


def test_a_lock_handed_over_is_the_same_lock() -> None:
    source = """
        lock = Lock()
        class A:
            def __init__(self, given): self.lock = given
            def use(self):
                show(self.lock)  # first:
        A(lock)
        show(lock)  # second:
        """

    assert same(source, "first", "second")


def test_two_locks_are_not_one() -> None:
    source = """
        class A:
            def __init__(self):
                self.one = Lock()
                self.other = Lock()
            def use(self):
                show(self.one)  # first:
                show(self.other)  # second:
        """

    assert not same(source, "first", "second")
