"""Blocking: which waits are made while a lock is held, and whether the other side needs that lock to end them."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from builders import program, short

from racelint.program.deadlocks.stall import Stall

PUMP = """
import queue
import threading
from concurrent.futures import ThreadPoolExecutor, wait


class Pump:
    def __init__(self):
        self._lock = threading.Lock()
        self._event = threading.Event()
        self._items = queue.Queue(5)
        self._pool = ThreadPoolExecutor()
        self._threads = []

    def start(self):
        self._thread = threading.Thread(target=self._run)
        self._nested = threading.Thread(target=lambda: self._run())
        self._threads.append(threading.Thread(target=self._run))
        self._result = self._pool.submit(self._run)
        self._harmless = threading.Thread(target=self._rest)

    def _run(self):
        with self._lock:
            self._event.set()

    def _rest(self):
        pass

    def _join(self):
        self._thread.join()

"""


def stalls(methods: str) -> dict[str, list[Stall]]:
    """The stalls of a `Pump` with more methods."""
    blocking = program(PUMP + indent(dedent(methods), "    ")).blocking
    return {"endless": blocking.endless, "vain": blocking.vain, "slow": blocking.slow}


def kinds(methods: str) -> list[str]:
    """What is said of each stall."""
    return [kind for kind, found in stalls(methods).items() for _ in found]


def under_the_lock(call: str) -> list[str]:
    return kinds(f"def stop(self):\n    with self._lock:\n        {call}\n")


@pytest.mark.parametrize(
    "call",
    [
        "self._thread.join()",
        "self._thread.join(None)",
        "self._nested.join()",
        "for thread in self._threads: thread.join()",
        "for thread in list(self._threads): thread.join()",
        "thread, self._thread = self._thread, None; thread.join()",
        "self._result.result()",
        "wait([self._result])",
        "self._pool.shutdown()",
        "self._event.wait()",
        "self._join()",
        "[thread.join() for thread in self._threads]",
    ],
)
def test_a_wait_for_who_needs_the_held_lock_never_ends(call: str) -> None:
    assert under_the_lock(call) == ["endless"]


@pytest.mark.parametrize("call", ["self._thread.join(1)", "self._event.wait(timeout=1)", "self._result.result(1)"])
def test_with_a_timeout_the_wait_is_in_vain(call: str) -> None:
    assert under_the_lock(call) == ["vain"]


@pytest.mark.parametrize("call", ["self._harmless.join()", "self._items.get()", "self._items.put(1)"])
def test_a_wait_for_who_needs_no_lock_is_slow(call: str) -> None:
    assert under_the_lock(call) == ["slow"]


@pytest.mark.parametrize(
    "call",
    [
        "self._pool.shutdown(wait=False)",
        "self._items.get(False)",
        "self._items.get_nowait()",
        "self._event.wait(0)",
        "self._event.is_set()",
        "self._thread.start()",
    ],
)
def test_what_does_not_wait_is_no_stall(call: str) -> None:
    assert under_the_lock(call) == []


def test_without_a_lock_nothing_is_held_up() -> None:
    assert kinds("def stop(self):\n    self._thread.join()\n    with self._lock: pass\n") == []


def test_the_lock_of_another_object_is_another_lock() -> None:
    assert kinds("def stop(self, other: 'Pump'):\n    with self._lock:\n        other._thread.join()\n") == ["slow"]


def test_a_lock_is_followed_into_the_object_that_is_waited_for() -> None:
    assert kinds("def stop(self, other: 'Pump'):\n    with other._lock:\n        other._thread.join()\n") == ["endless"]


def test_a_timeout_that_is_none_unless_it_is_given_is_no_timeout() -> None:
    assert kinds("def stop(self, timeout=None):\n    with self._lock:\n        self._thread.join(timeout)\n") == [
        "endless"
    ]


def test_a_stall_tells_the_way_to_the_wait_and_why_it_never_ends() -> None:
    (stall,) = stalls("def stop(self):\n    with self._lock:\n        self._join()\n")["endless"]

    assert [short(edge.callee.qualname) for edge in stall.chain] == ["Pump._join"]
    assert short(stall.waiting.code.qualname) == "Pump._join"
    assert stall.need is not None
    assert stall.need.context is not None
    assert short(stall.need.code.qualname) == "Pump._run"


# --- who calls the other method ------------------------------------------------------------------------------------

BOX = """
import queue
import threading

lock = threading.Lock()
ready = threading.Event()
"""


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ("def put():\n    with lock: ready.set()", ["endless"]),
        ("def put():\n    with lock: pass\n    ready.set()", ["endless"]),
        ("def put():\n    ready.set()\n    with lock: pass", ["slow"]),
        ("def put():\n    if lock.acquire(False): lock.release()\n    ready.set()", ["slow"]),
        ("def put():\n    with lock: ready.set()\ndef other():\n    ready.set()", ["slow"]),
        ("def put():\n    with lock: ready.set()\nhook = ready.set", ["slow"]),
        ("def put():\n    with lock: ready.set()\nprint(ready)", ["slow"]),
        ("", ["slow"]),
    ],
)
def test_everybody_who_could_end_the_wait_needs_the_lock(others: str, expected: list[str]) -> None:
    source = f"{BOX}\n{others}\ndef take():\n    with lock:\n        ready.wait()\n"
    blocking = program(source).blocking

    assert ["endless"] * len(blocking.endless) + ["slow"] * len(blocking.slow) == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [("stop()", 1), ("stop(True)", 1), ("stop(wait=False)", 0), ("stop(quick)", 0), ("stop(*quick)", 0)],
)
def test_a_wait_behind_an_argument_counts_where_the_argument_says_so(call: str, expected: int) -> None:
    source = f"""
    import threading
    lock = threading.Lock()
    def run():
        with lock: pass
    thread = threading.Thread(target=run)
    def stop(wait=True):
        if wait:
            thread.join()
    def close(quick):
        with lock:
            {call}
    """

    assert len(program(source).blocking.endless) == expected


def test_of_several_ways_to_a_wait_the_shortest_is_told() -> None:
    source = """
    import threading, time
    lock = threading.RLock()
    def _pause(): time.sleep(1)
    def short():
        with lock: _pause()
    def long():
        with lock: short()
    """

    assert [short(stall.code.qualname) for stall in program(source).blocking.slow] == ["short"]
