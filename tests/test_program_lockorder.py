"""Lock order: what is taken while something else is held, rings of locks, and the same lock again."""

from __future__ import annotations

from textwrap import dedent

import pytest
from builders import lock_text, program, short

from racelint.program import Program
from racelint.program.deadlocks.nesting import Nesting

LOCKS = """
import threading
a, b, c = threading.Lock(), threading.Lock(), threading.Lock()
"""


def linked(source: str, **others: str) -> Program:
    """The program of a source that begins with `LOCKS`."""
    return program(LOCKS + dedent(source), others)


def text(nesting: Nesting) -> str:
    return f"{lock_text(nesting.outer)} > {lock_text(nesting.inner)}"


def nestings(source: str, **others: str) -> set[str]:
    return {text(nesting) for nesting in linked(source, **others).lockorder.nestings}


def cycles(source: str, **others: str) -> list[set[str]]:
    return [{text(nesting) for nesting in cycle} for cycle in linked(source, **others).lockorder.cycles]


# --- nestings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nested",
    [
        "with a:\n        with b: pass",
        "with a, b: pass",
        "with a:\n        b.acquire(); b.release()",
        "a.acquire(); b.acquire(); b.release(); a.release()",
        "with a: _inner()",
    ],
)
def test_one_lock_is_taken_under_another(nested: str) -> None:
    assert nestings(f"def _inner():\n    with b: pass\ndef f():\n    {nested}\n") == {"a > b"}


def test_one_lock_after_another_is_no_nesting() -> None:
    assert not nestings(
        """
        def f():
            with a: pass
            with b: pass
            a.acquire()
            a.release()
            b.acquire()
            b.release()
        """
    )


def test_a_try_does_not_wait() -> None:
    assert not nestings(
        """
        def f():
            with a:
                if b.acquire(blocking=False):
                    b.release()
        """
    )


def test_a_lock_is_taken_many_calls_deep_and_over_files() -> None:
    assert nestings(
        """
        import other
        def f():
            with a: other.first()
        """,
        other="""
from main import b
def first(): second()
def second():
    with b: pass
""",
    ) == {"a > b"}


def test_a_lock_of_a_held_object_is_named_from_where_it_is_held() -> None:
    assert nestings(
        """
        class Account:
            def __init__(self): self.lock = threading.Lock()
            def add(self):
                with self.lock: pass
        def f(account: Account):
            with a: account.add()
        """
    ) == {"a > Account.lock of account"}


def test_a_thread_that_is_started_takes_its_locks_alone() -> None:
    assert not nestings(
        """
        def work():
            with b: pass
        def f():
            with a: threading.Thread(target=work).start()
        """
    )


# --- rings ---------------------------------------------------------------------------------------------------------

BOTH_WAYS = """
def f():
    with a:
        with b: pass
def g():
    with b:
        with a: pass
"""


def test_two_orders_of_two_locks_are_a_ring() -> None:
    assert cycles(BOTH_WAYS) == [{"a > b", "b > a"}]


def test_three_locks_may_make_a_ring() -> None:
    assert cycles(
        """
        def f():
            with a, b: pass
        def g():
            with b, c: pass
        def h():
            with c, a: pass
        """
    ) == [{"a > b", "b > c", "c > a"}]


def test_one_order_is_no_ring() -> None:
    assert not cycles(
        """
        def f():
            with a, b: pass
        def g():
            with a, b, c: pass
        """
    )


def test_a_lock_around_both_orders_keeps_them_apart() -> None:
    assert not cycles(
        """
        def f():
            with c, a, b: pass
        def g():
            with c, b, a: pass
        """
    )


def test_a_ring_closes_over_objects_and_files() -> None:
    found = cycles(
        """
        import other
        class Bank:
            def __init__(self, log: "other.Log"):
                self.lock = threading.Lock()
                self.log = log
            def pay(self):
                with self.lock: self.log.write()
            def total(self):
                with self.lock: pass
        """,
        other="""
import threading
from main import Bank
class Log:
    def __init__(self, bank: Bank):
        self.lock = threading.Lock()
        self.bank = bank
    def write(self):
        with self.lock: pass
    def flush(self):
        with self.lock: self.bank.total()
""",
    )

    assert found == [{"Bank.lock > other.Log.lock of self.log", "other.Log.lock > Bank.lock of self.bank"}]


def test_a_condition_and_its_lock_are_no_ring() -> None:
    assert not cycles(
        """
        ready = threading.Condition(a)
        def f():
            with a:
                with b: pass
        def g():
            with ready:
                with b: pass
        """
    )


# --- the same lock again, and those of siblings --------------------------------------------------------------------


def again(source: str) -> set[str]:
    return {f"{short(each.code.qualname)}: {text(each)}" for each in linked(source).lockorder.again}


def test_a_lock_taken_twice_by_one_thread() -> None:
    assert again("def f():\n    with a:\n        with a: pass\n") == {"f: a > a"}


def test_a_method_that_takes_the_lock_its_caller_holds() -> None:
    assert again(
        """
        class A:
            def __init__(self): self.lock = threading.Lock()
            def outer(self):
                with self.lock: self.inner()
            def inner(self):
                with self.lock: pass
        """
    ) == {"A.outer: A.lock > A.lock"}


def test_a_reentrant_lock_may_be_taken_again() -> None:
    assert not again(
        """
        r = threading.RLock()
        def f():
            with r:
                with r: pass
        """
    )


def test_the_lock_of_another_object_is_another_lock() -> None:
    source = """
        class A:
            def __init__(self): self.lock = threading.Lock()
            def merge(self, other: "A"):
                with self.lock:
                    with other.lock: pass
        """

    assert not again(source)
    assert [text(each) for each in linked(source).lockorder.siblings] == ["A.lock > A.lock of other"]


@pytest.mark.parametrize(
    ("body", "again"),
    [
        ("with a: log.info('x')", {"a > a"}),
        ("with a: _tell()", {"a > a"}),
        ("with b: _tell()", set()),
        ("_tell()", set()),
    ],
)
def test_a_log_record_takes_the_locks_of_the_programs_handlers(body: str, again: set[str]) -> None:
    found = linked(
        f"""
        import logging
        log = logging.getLogger(__name__)
        class Keeper(logging.StreamHandler):
            def emit(self, record):
                with a: print(record)
        def _tell(): logging.warning("x")
        def f():
            {body}
        """
    ).lockorder

    assert {text(nesting) for nesting in found.again} == again
