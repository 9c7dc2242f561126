"""Finalizers: what may come in anywhere, and which plain locks it then waits for."""

from __future__ import annotations

import pytest
from builders import program, short

SOURCE = """
import atexit
import gc
import signal
import threading
import weakref

lock = {kind}()


class Thing:
    {method}


def react(*arguments):
    with lock: pass


def use(thing: Thing):
    with lock: pass


{register}
"""


def intrusions(register: str = "", method: str = "pass", kind: str = "threading.Lock") -> list[str]:
    """The functions of the program that come in and take its lock."""
    found = program(SOURCE.format(register=register, method=method, kind=kind)).finalizers
    return [short(intrusion.entry.code.qualname) for intrusion in found]


@pytest.mark.parametrize(
    "register",
    [
        "weakref.ref(Thing(), react)",
        "weakref.finalize(Thing(), react, 1)",
        "gc.callbacks.append(react)",
        "signal.signal(signal.SIGINT, react)",
    ],
)
def test_a_registered_function_comes_in(register: str) -> None:
    assert intrusions(register) == ["react"]


def test_the_method_of_a_dying_object_comes_in() -> None:
    assert intrusions(method="def __del__(self):\n        react()") == ["Thing.__del__"]


@pytest.mark.parametrize("register", ["atexit.register(react)", "weakref.ref(Thing())", "threading.Timer(1, react)"])
def test_what_runs_at_its_own_time_does_not_come_in(register: str) -> None:
    assert intrusions(register) == []


@pytest.mark.parametrize("kind", ["threading.RLock", "threading.Condition", "threading.Semaphore"])
def test_only_a_plain_lock_stops_its_own_holder(kind: str) -> None:
    assert intrusions("gc.callbacks.append(react)", kind=kind) == []


def test_a_lock_that_nothing_else_takes_is_free() -> None:
    source = SOURCE.format(register="gc.callbacks.append(react)", method="pass", kind="threading.Lock")

    assert program(source.replace("    with lock: pass\n\n\n\n", "    pass\n")).finalizers != []
    assert program(source.replace("def use(thing: Thing):\n    with lock: pass", "")).finalizers == []


def test_an_intrusion_tells_the_way_to_the_lock_and_who_else_takes_it() -> None:
    source = SOURCE.format(register="", method="def __del__(self):\n        react()", kind="threading.Lock")
    (intrusion,) = program(source).finalizers

    assert [short(edge.callee.qualname) for edge in intrusion.chain] == ["react"]
    assert short(intrusion.acquisition.code.qualname) == "react"
    assert short(intrusion.other.code.qualname) in ("react", "use")
