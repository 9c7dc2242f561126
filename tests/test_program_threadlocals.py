"""Thread-locals: which attributes are set for one thread only, and read in others?"""

from __future__ import annotations

import pytest
from builders import program

HEADER = """
import threading

local = threading.local()
"""


def set_once(source: str) -> list[tuple[str, str]]:
    """The attributes that are set once, each with the function that reads it."""
    return [(f"{found.path_of}.{found.name}", found.reader.name) for found in program(HEADER + source).threadlocals]


@pytest.mark.parametrize(
    "body",
    [
        "return local.name",
        "local.name += 1",
        "local.name = local.name + 1",
        "local.name.append(1)",
        "return getattr(local, 'other', None), local.name",
    ],
)
def test_read_elsewhere(body: str) -> None:
    assert set_once(f"local.name = 0\ndef read():\n    {body}\n") == [("local.name", "read")]


@pytest.mark.parametrize(
    "body",
    [
        "return getattr(local, 'name', None)",
        "return hasattr(local, 'name') and local.name",
        "return local.__dict__.get('name')",
        "local.name = 1; return local.name",
        "setattr(local, 'name', 1)",
        "try: return local.name\n    except AttributeError: return None",
    ],
)
def test_prepared_or_set(body: str) -> None:
    assert set_once(f"local.name = 0\ndef read():\n    {body}\n") == []


def test_a_function_of_the_program_that_sets_is_enough() -> None:
    assert set_once("local.name = 0\ndef read(): return local.name\ndef begin(): local.name = 1\n") == []


def test_other_objects_and_names_are_told_apart() -> None:
    source = """
other = threading.local()
local.name = 0
other.name = 0
local.size = 0
def read(): return other.name, local.size
def begin(): other.name = 1
"""
    assert set_once(source) == [("local.size", "read")]


def test_a_subclass_sets_for_each_thread() -> None:
    source = """
class Own(threading.local):
    name = 0
own = Own()
own.name = 1
def read(): return own.name
"""
    assert set_once(source) == []


CLIENT = """
class Client:
    def __init__(self):
        self.local = threading.local()
        self.local.name = 0
    def read(self):
        return self.local.name
"""


def test_what_a_constructor_sets_is_missed_by_started_threads() -> None:
    started = "client = Client()\nthreading.Thread(target=client.read).start()\n"

    assert set_once(CLIENT + started) == [("self.local.name", "read")]
    assert set_once(CLIENT + "Client().read()\n") == []
