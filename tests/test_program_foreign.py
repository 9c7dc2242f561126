"""Foreign code: which functions of the user are called while a lock is held that others can wait for."""

from __future__ import annotations

import pytest
from builders import program

from racelint.explaining.deadlock_phrases import given

SOURCE = """
import threading


class Box:
    def __init__(self, hook, key=None):
        self._lock = threading.Lock()
        self._hook = hook
        self._key = key or None
        self._hooks = []
        self._named = {}

    def add(self, hook):
        with self._lock:
            self._hooks.append(hook)
            self._named[1] = hook

    def _own(self):
        pass

    def fire(self, given):
        with self._lock:
            CALL
"""


@pytest.mark.parametrize(
    ("call", "names"),
    [
        ("self._hook()", ["self._hook"]),
        ("self._key()", ["self._key"]),
        ("given(1)", ["given"]),
        ("for hook in self._hooks: hook()", ["What is in self._hooks"]),
        ("for hook in list(self._named.values()): hook()", ["What is in self._named"]),
        ("self._named[1]()", ["What is in self._named"]),
        ("self._own()", []),
        ("value = self._hook(); print(value)", []),
        ("if self._hook(): pass", []),
        ("print(given)", []),
        ("pass\n        self._hook()", []),
    ],
)
def test_what_the_user_gave_is_called_with_the_lock_held(call: str, names: list[str]) -> None:
    found = program(SOURCE.replace("CALL", call)).foreign

    assert [given(each).replace("`", "") for each in found] == names


def test_a_lock_that_nobody_outside_takes_keeps_nobody_out() -> None:
    source = SOURCE.replace("CALL", "self._hook()").replace("def add", "def _add").replace("def fire", "def _fire")

    assert program(source).foreign == []
