"""Rows of knowledge in pyproject.toml, from the file to the findings: each changes what is said about a program."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from racelint import cli

Check = Callable[[str, str], list[tuple[int, str]]]


@pytest.fixture
def check(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Checks a program with the configuration given: the line and code of each finding."""
    monkeypatch.chdir(tmp_path)

    def run_check(program: str, rows: str) -> list[tuple[int, str]]:
        Path("app.py").write_text(dedent(program).lstrip("\n"), encoding="utf-8")
        Path("pyproject.toml").write_text(f"[tool.racelint]\n{dedent(rows)}", encoding="utf-8")
        with pytest.raises(SystemExit):
            cli.main(["--output-format", "json"])
        output = capfd.readouterr()
        assert output.err == ""
        return [(finding["line"], finding["code"]) for finding in json.loads(output.out)["findings"]]

    return run_check


# --- locks ---

GUARDED = """
import threading
from mylib import locks

_lock = locks.{made}
count = 0

def hit():
    global count
    with _lock:
        count += 1

for _ in range(4):
    threading.Thread(target=hit).start()
"""


@pytest.mark.parametrize(
    ("made", "row", "expected"),
    [
        ("SpinLock()", 'name = "mylib.locks.SpinLock"', []),
        ("make_lock('count')", 'name = "mylib.locks.make_lock"', []),
        ("Tree()", 'name = "mylib.locks.Tree"\nkind = "reentrant"', []),
        ("Gate(4)", 'name = "mylib.locks.Gate"\nkind = "semaphore"\ncount = 0', [(10, "RL105")]),
        ("Gate(1)", 'name = "mylib.locks.Gate"\nkind = "semaphore"\ncount = 0', []),
        ("Gate(size=4)", 'name = "mylib.locks.Gate"\nkind = "semaphore"\ncount = "size"', [(10, "RL105")]),
        ("Signal()", 'name = "mylib.locks.Signal"\nkind = "event"', [(10, "RL105")]),
    ],
)
def test_a_row_says_what_a_lock_excludes(check: Check, made: str, row: str, expected: list[tuple[int, str]]) -> None:
    assert check(GUARDED.format(made=made), f"[[tool.racelint.locks]]\n{row}") == expected


def test_locks_of_a_row_take_part_in_the_order_of_locks(check: Check) -> None:
    program = """
    import mylib
    first, second = mylib.Lock(), mylib.Lock()

    def one():
        with first:
            with second:
                pass

    def other():
        with second:
            with first:
                pass

    def twice():
        with first:
            with first:
                pass
    """
    mutex = '[[tool.racelint.locks]]\nname = "mylib.Lock"'

    assert check(program, "") == []
    assert check(program, mutex) == [(11, "RL301"), (16, "RL302")]
    assert check(program, f'{mutex}\nkind = "reentrant"') == [(11, "RL301")]


def test_a_condition_of_a_row_shares_the_lock_that_it_is_given(check: Check) -> None:
    program = """
    import threading
    import mylib

    class Table:
        def __init__(self):
            self._lock = threading.Lock()
            self._changed = mylib.Changed(self._lock)
            self.rows = 0

        def add(self):
            with self._lock:
                self.rows += 1

        def remove(self):
            with self._changed:
                self.rows -= 1

    table = Table()
    for _ in range(4):
        threading.Thread(target=table.add).start()
        threading.Thread(target=table.remove).start()
    """
    row = '[[tool.racelint.locks]]\nname = "mylib.Changed"\nkind = "condition"'

    assert check(program, f"{row}\nshares = 0") == []
    assert check(program, row) == [(16, "RL103")]


# --- spawns ---

SPAWNED = """
import mylib

count = 0

def hit(*amounts):
    global count
    count += 1

{call}
"""
HIT = [(7, "RL101")]


@pytest.mark.parametrize(
    ("call", "row"),
    [
        ("mylib.run_later(5, hit, 1)", 'name = "mylib.run_later"\ncallee = 1'),
        ("mylib.run_later(work=hit)", 'name = "mylib.run_later"\ncallee = "work"'),
        ("mylib.run_later(hit, args=(1,))", 'name = "mylib.run_later"\ncallee = 0\nargs = "args"'),
        ("mylib.Ticker(1.0, hit).start()", 'name = "mylib.Ticker"\ncallee = 1'),
        ("mylib.run_later(lambda: hit(1))", 'name = "mylib.run_later"\ncallee = 0\nruns-on = "pool"'),
    ],
)
def test_a_row_says_what_runs_its_argument_in_another_thread(check: Check, call: str, row: str) -> None:
    program = SPAWNED.format(call=call)

    assert check(program, "") == []
    assert check(program, f"[[tool.racelint.spawns]]\n{row}") == HIT
    assert check(program, f"[[tool.racelint.spawns]]\n{row}\nmany = false") == []


def test_what_runs_in_a_loop_or_process_does_not_race_in_memory(check: Check) -> None:
    program = SPAWNED.format(call="mylib.run_later(hit)")
    row = '[[tool.racelint.spawns]]\nname = "mylib.run_later"\ncallee = 0'

    assert check(program, f'{row}\nruns-on = "process"') == check(program, f'{row}\nruns-on = "loop"') == []


def test_a_row_passes_the_arguments_on(check: Check) -> None:
    program = """
    import mylib

    class Counter:
        def __init__(self):
            self.count = 0

    def hit(counter):
        counter.count += 1

    shared = Counter()
    mylib.run_later(hit, {given})
    """
    row = '[[tool.racelint.spawns]]\nname = "mylib.run_later"\ncallee = 0'

    assert check(program.format(given="shared"), row) == [(8, "RL101")]
    assert check(program.format(given="args=(shared,)"), f'{row}\nargs = "args"') == [(8, "RL101")]
    assert check(program.format(given="kwargs={'counter': shared}"), f'{row}\nkwargs = "kwargs"') == [(8, "RL101")]


# --- entries ---


@pytest.mark.parametrize("decorator", ["mylib.task", "mylib.task(retries=3)"])
def test_a_row_says_that_a_decorator_has_functions_run_elsewhere(check: Check, decorator: str) -> None:
    program = f"""
    import mylib

    count = 0

    @{decorator}
    def hit():
        global count
        count += 1
    """
    row = '[[tool.racelint.entries]]\nname = "mylib.task"'

    assert check(program, "") == []
    assert check(program, row) == [(8, "RL101")]
    assert check(program, f"{row}\nmany = false") == []


def test_a_row_says_which_methods_of_subclasses_are_called_by_other_threads(check: Check) -> None:
    program = """
    from mylib import Plugin

    handled = 0

    class Mine(Plugin):
        def __init__(self):
            self.seen = 0

        def on_message(self, message):
            global handled
            handled += 1

        def restart(self):
            global handled
            handled += 1
            self.seen += 1
    """
    row = '[[tool.racelint.entries]]\nname = "mylib.Plugin"\nmethods = ["on_*"]'

    assert check(program, "") == []
    assert check(program, row) == [(11, "RL101"), (15, "RL101")]
    assert check(program, row.replace("on_*", "off_*")) == []


# --- data ---


def test_rows_say_what_a_method_does_to_its_object(check: Check) -> None:
    program = """
    import threading
    from mylib import Box

    class Holder:
        def __init__(self):
            self.box = Box()

        def empty(self):
            if "a" in self.box:
                self.box.take("a")

    holder = Holder()
    for _ in range(3):
        threading.Thread(target=holder.empty).start()
    """
    row = '[[tool.racelint.atomics]]\nname = "mylib.Box.take"'

    assert check(program, "") == []
    assert check(program, row) == [(9, "RL201")]
    assert check(program, f"{row}\nclaims = true") == []
    assert check(program, f'{row}\naccess = "read"') == []


def test_what_is_confined_is_not_shared(check: Check) -> None:
    program = """
    import threading
    from mylib import Session

    session = Session()

    def forget(key):
        if key in session:
            del session[key]

    for key in "ab":
        threading.Thread(target=forget, args=(key,)).start()
    """

    assert check(program, "") == [(7, "RL201")]
    assert check(program, 'confined = ["mylib.Session"]') == []


# --- members of classes ---


def test_a_row_names_the_methods_that_take_and_give_back_a_lock(check: Check) -> None:
    program = """
    import threading
    import mylib

    lock = mylib.SpinLock()
    count = 0

    def hit():
        global count
        lock.lock()
        try:
            count += 1
        finally:
            lock.unlock()

    def forget():
        lock.lock()
        if count:
            return
        lock.unlock()

    for _ in range(4):
        threading.Thread(target=hit).start()
    """
    row = '[[tool.racelint.locks]]\nname = "mylib.SpinLock"\nacquire = ["lock"]\nrelease = ["unlock"]'

    assert check(program, "") == [(11, "RL101")]
    assert check(program, row) == [(16, "RL401")]


def test_a_row_may_be_about_a_method(check: Check) -> None:
    program = SPAWNED.format(call="mylib.Pool(4).submit(hit)")
    row = '[[tool.racelint.spawns]]\nname = "mylib.Pool.submit"\ncallee = 0'

    assert check(program, "") == []
    assert check(program, row) == HIT


@pytest.mark.parametrize("decorator", ["app.task", "app.task(retries=3)"])
def test_a_decorator_may_be_a_method_of_an_object(check: Check, decorator: str) -> None:
    program = f"""
    import mylib

    app = mylib.App()
    count = 0

    @{decorator}
    def hit():
        global count
        count += 1
    """

    assert check(program, '[[tool.racelint.entries]]\nname = "mylib.App.task"') == [(9, "RL101")]


@pytest.mark.parametrize(
    ("start", "spawn", "wait"),
    [
        ("job = mylib.Job(counter.hit)", "mylib.Job", "mylib.Job.wait"),
        ("job = mylib.Pool()\n    job.submit(counter.hit)", "mylib.Pool.submit", "mylib.Pool.wait"),
    ],
)
def test_after_a_wait_what_was_started_is_over(check: Check, start: str, spawn: str, wait: str) -> None:
    program = f"""\
import mylib

class Counter:
    def __init__(self):
        self.count = 0

    def hit(self):
        self.count += 1

def main():
    counter = Counter()
    {start}
    job.wait()
    counter.hit()

main()
"""
    row = f'[[tool.racelint.spawns]]\nname = "{spawn}"\ncallee = 0\nmany = false'

    assert check(program, row) == [(8, "RL101")]
    assert check(program, f'waits = ["{wait}"]\n{row}') == []


def test_a_class_that_guards_itself_needs_no_lock_around_it(check: Check) -> None:
    program = """
    import threading
    from mylib import Registry

    class Holder:
        def __init__(self):
            self._lock = threading.Lock()
            self.registry = Registry()

        def one(self):
            with self._lock:
                self.registry["a"] = 1

        def two(self):
            with self._lock:
                self.registry["a"] = 2

        def three(self):
            self.registry["a"] = 3
    """

    assert check(program, "") == [(18, "RL102")]
    assert check(program, 'synchronized = ["mylib.Registry"]') == []
