"""Process-wide state: which changes are for a while, and whom do they meet?"""

from __future__ import annotations

import pytest
from builders import program

HEADER = """
import contextlib, io, locale, os, random, socket, sys, threading, time, warnings
from concurrent.futures import ThreadPoolExecutor
from os import environ

lock = threading.Lock()
"""

RUN = """
def work(given):
    {}

def main(items):
    with ThreadPoolExecutor() as pool:
        list(pool.map(work, items))
"""


def changed(source: str) -> list[tuple[str, bool]]:
    """The states that are changed beside others, each with whether that is for a while."""
    return [(found.change.state.what, found.restored is not None) for found in program(HEADER + source).processwide]


@pytest.mark.parametrize(
    ("body", "what", "restored"),
    [
        ("os.chdir(given)", "the working directory", False),
        ("before = os.getcwd(); os.chdir(given); os.chdir(before)", "the working directory", True),
        ("with contextlib.chdir(given): pass", "the working directory", True),
        ("os.umask(os.umask(0))", "the file mode mask", True),
        ("os.umask(0o22)", "the file mode mask", False),
        ("os.environ['KEY'] = given", "the environment", False),
        ("environ['KEY'] = given", "the environment", False),
        ("os.environ.update(KEY=given)", "the environment", False),
        ("os.environ.pop('KEY')", "the environment", False),
        ("del os.environ['KEY']", "the environment", False),
        ("os.environ['A'] = '1'; os.environ['B'] = '2'", "the environment", False),
        ("old = os.environ.get('A'); os.environ['A'] = '1'; os.environ['A'] = old", "the environment", True),
        ("sys.stdout = given", "the standard streams", False),
        ("sys.stdout = given; sys.stdout = sys.__stdout__", "the standard streams", True),
        ("with contextlib.redirect_stderr(given): pass", "the standard streams", True),
        ("locale.setlocale(locale.LC_ALL, given)", "the locale", False),
        ("socket.setdefaulttimeout(3)", "the default timeout of sockets", False),
        ("random.seed(given)", "the shared random generator", False),
        ("with warnings.catch_warnings(): warnings.simplefilter('ignore')", "the filters of warnings", True),
    ],
)
def test_changes(body: str, what: str, restored: bool) -> None:
    assert changed(RUN.format(body)) == [(what, restored)]


@pytest.mark.parametrize(
    "body",
    [
        "print(os.environ['KEY'], os.getcwd(), sys.stdout, random.random())",
        "locale.setlocale(locale.LC_ALL)",
        "sys.stdout.write(given)",
        "with lock: os.chdir(given)",
    ],
)
def test_no_changes(body: str) -> None:
    assert changed(RUN.format(body)) == []


def test_what_a_finally_does_is_to_take_back() -> None:
    source = RUN.format("os.chdir(given)\n    try: print()\n    finally: os.chdir('/')")

    assert changed(source) == [("the working directory", True)]


def test_the_side_without_the_lock_is_told() -> None:
    source = """
def careful():
    with lock: os.chdir("a")

def careless():
    os.chdir("b")

threading.Thread(target=careful).start()
threading.Thread(target=careless).start()
"""
    found = program(HEADER + source).processwide

    assert [(each.change.code.name, each.partner and each.partner.code.name) for each in found] == [
        ("careless", "careful")
    ]


def test_one_thread_alone_meets_nobody_who_changes_too() -> None:
    source = 'def work(): os.chdir("a")\nthreading.Thread(target=work).start()\n'

    assert [(each.partner, each.other.is_main) for each in program(HEADER + source).processwide] == [(None, True)]


def test_before_the_start_is_nobody_to_meet() -> None:
    source = 'def work(): print()\nos.chdir("a")\nthreading.Thread(target=work).start()\n'

    assert changed(source) == []


def test_enter_and_exit_belong_together() -> None:
    source = """
class Mask:
    def __enter__(self):
        self.before = os.umask(0)
    def __exit__(self, *_):
        os.umask(self.before)
"""
    assert changed(source + RUN.format("mask = Mask()\n    with mask: pass")) == [("the file mode mask", True)]


@pytest.mark.parametrize(
    ("other", "meets"),
    [
        ("os.environ['A'] = '2'", True),
        ("os.environ.pop('A')", True),
        ("os.environ.clear()", True),
        ("os.environ.update(given)", True),
        ("os.environ['B'] = '2'", False),
        ("del os.environ['B']", False),
        ("os.environ[name()] = '2'", False),
    ],
)
def test_entries_of_the_environment_are_told_apart(other: str, meets: bool) -> None:
    source = f"""
def one(): os.environ['A'] = '1'
def two(given=()): {other}
threading.Thread(target=one).start()
threading.Thread(target=two).start()
"""
    assert [each.partner is not None for each in program(HEADER + source).processwide] == [meets, meets]
