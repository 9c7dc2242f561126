"""Birth: which attributes does a started function read that its starter sets only after the start?"""

from __future__ import annotations

import pytest
from builders import program

from racelint.program.callgraph.steps import leads_to
from racelint.program.sources.source import span_of


def early(source: str) -> list[tuple[int, list[str], bool]]:
    """Each start that comes too early: its line, what is set too late, and whether that is None until then."""
    births = program(source).birth
    return [
        (birth.span.line, [late.place.name for late in birth.late], all(late.was_none for late in birth.late))
        for birth in births
    ]


STARTED = """
import threading

class Engine:
    def __init__(self):
        {start}
        self.fuel = 1

    def run(self):
        print(self.fuel)
"""


@pytest.mark.parametrize(
    "start",
    [
        "threading.Thread(target=self.run).start()",
        "thread = threading.Thread(target=self.run); thread.start()",
        "self.thread = threading.Thread(target=self.run); self.thread.start()",
        "me = self; threading.Thread(target=me.run).start()",
        "threading.Thread(target=lambda: self.run()).start()",
        "threading._start_new_thread(self.run, ())",
        "threading.Thread(target=Engine.run, args=(self,)).start()",
    ],
)
def test_ways_to_start(start: str) -> None:
    assert early(STARTED.format(start=start)) == [(6, ["fuel"], False)]


@pytest.mark.parametrize(
    "start",
    [
        "self.thread = threading.Thread(target=self.run)",
        "threading.Timer(1, self.run).start()",
        "self.fuel = 0; threading.Thread(target=self.run).start()",
        "threading.Thread(target=print, args=(1,)).start()",
        "self.run()",
        "setattr(self, str(1), 1); threading.Thread(target=self.run).start()",
        "thread = threading.Thread(target=self.run); thread.start(); thread.join()",
    ],
)
def test_no_start_that_counts(start: str) -> None:
    assert early(STARTED.format(start=start)) == []


READ = """
import queue, threading, time

class Engine:
    def __init__(self):
        self.jobs = queue.Queue()
        threading.Thread(target=self.run).start()
        self.fuel = {value}

    def run(self):
        {read}
"""


@pytest.mark.parametrize(
    ("read", "found"),
    [
        ("print(self.fuel)", True),
        ("self.fuel += 1", True),
        ("print([each for each in self.fuel])", True),
        ("self.fuel = 2; print(self.fuel)", False),
        ("self.jobs.get(); print(self.fuel)", False),
        ("time.sleep(1); print(self.fuel)", False),
        ("self.jobs.put(1); print(self.fuel)", False),
        ("if hasattr(self, 'fuel'): print(self.fuel)", False),
        ("print(getattr(self, 'fuel', None))", False),
    ],
)
def test_reads(read: str, found: bool) -> None:
    assert early(READ.format(read=read, value="1")) == ([(7, ["fuel"], False)] if found else [])


def test_what_is_none_before_must_be_used() -> None:
    source = """
    import threading

    class Engine:
        driver = None
        owner = None

        def __init__(self, driver):
            threading.Thread(target=self.run).start()
            self.driver = driver
            self.owner = driver

        def run(self):
            print(self.owner)
            self.driver.go()
    """
    assert early(source) == [(9, ["driver"], True)]


def test_a_method_that_others_prepare_starts_in_time() -> None:
    source = """
    import threading

    class Engine:
        def prepare(self):
            self.fuel = 1

        def open(self):
            threading.Thread(target=self.run).start()
            self.fuel = 2
            self.oil = 3

        def run(self):
            print(self.fuel, self.oil)
    """
    assert early(source) == [(9, ["oil"], False)]


def test_a_property_reads_what_it_is_made_of() -> None:
    source = """
    import threading

    class Engine:
        def __init__(self):
            threading.Thread(target=self.run).start()
            self._fuel = 1

        @property
        def fuel(self):
            return self._fuel

        def run(self):
            print(self.fuel)
    """
    assert early(source) == [(6, ["_fuel"], False)]


def test_one_start_of_a_base_class_is_told_where_each_subclass_meets_it() -> None:
    source = """
    import threading

    class Base:
        def __init__(self):
            threading.Thread(target=self.run).start()

        def run(self):
            self.work()

        def work(self):
            pass

    class First(Base):
        def __init__(self):
            Base.__init__(self)
            self.tools = 1

        def work(self):
            print(self.tools)

    class Second(Base):
        def __init__(self):
            super().__init__()
            self.tools = 1
    """
    assert early(source) == [(16, ["tools"], False)]


ORDER = """
def run(first, second):
    {}
"""


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("first(); second()", True),
        ("second(); first()", False),
        ("if 1: first()\n    second()", True),
        ("if 1:\n        first()\n        return\n    second()", False),
        ("if 1: first()\n    else: second()", False),
        ("for _ in 1, 2: first()\n    else: second()", True),
        ("with 1:\n        first()\n    second()", True),
        ("try: first()\n    except ValueError: second()", False),
        ("try: first()\n    finally: second()", True),
        ("try: pass\n    except ValueError: first()\n    else: second()", False),
        ("try: pass\n    except ValueError: first()\n    finally: second()", True),
        ("try: first()\n    except ValueError: raise\n    else: second()", True),
    ],
)
def test_what_leads_to_what(body: str, answer: bool) -> None:
    linked = program(ORDER.format(body))
    code = next(each for each in linked.sources.codes if each.name == "run")
    calls = [each.id for each in code.operations if each is not None and type(each).__name__ == "Call"]
    text = ORDER.format(body).split("\n")
    order = sorted(
        calls, key=lambda id: text[span_of(code, id).line - 1][span_of(code, id).column - 1 :][:8] == "second()"
    )

    assert leads_to(code.function.body, *order) is answer
