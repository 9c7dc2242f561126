"""Threads: which contexts run a function, and how many of each there may be."""

from __future__ import annotations

import pytest
from builders import label, marks, program, runs_on


def check(source: str, /, modules: dict[str, str] | None = None, **others: str) -> None:
    """Each `# runs on:` mark at a `def` names the contexts that run the function."""
    linked = program(source, modules, **others)
    promised = marks(source, "runs on")

    assert promised
    assert promised == {line: runs_on(linked, line) for line in promised}


# --- what starts a context -----------------------------------------------------------------------------------------

HEADER = """
import _thread, asyncio, concurrent.futures, multiprocessing.pool, threading
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
"""

SPAWNS = {
    "thread": ("Thread(target=work).start()", "work"),
    "thread by position": ("Thread(None, work).start()", "work"),
    "timer": ("threading.Timer(1, work).start()", "work"),
    "timer by keyword": ("threading.Timer(1.0, function=work).start()", "work"),
    "low level": ("_thread.start_new_thread(work, ())", "work"),
    "submit": ("ThreadPoolExecutor().submit(work)", "work"),
    "submit to one": ("ThreadPoolExecutor(max_workers=1).submit(work)", "work"),
    "map": ("ThreadPoolExecutor().map(work, [1, 2])", "many work"),
    "map on one": ("ThreadPoolExecutor(1).map(work, [1, 2])", "work"),
    "pool map": ("multiprocessing.pool.ThreadPool(4).map(work, [1, 2])", "many work"),
    "pool apply_async": ("multiprocessing.pool.ThreadPool(4).apply_async(work)", "work"),
    "in a loop": ("for _ in range(3): Thread(target=work).start()", "many work"),
    "in a comprehension": ("threads = [Thread(target=work) for _ in range(3)]", "many work"),
}


@pytest.mark.parametrize(("start", "contexts"), SPAWNS.values(), ids=SPAWNS.keys())
def test_each_way_to_start_a_context(start: str, contexts: str) -> None:
    check(f"{HEADER}def work(*given): pass  # runs on: {contexts}\n{start}\n")


@pytest.mark.parametrize("start", ["asyncio.to_thread(work)", "asyncio.get_running_loop().run_in_executor(None, work)"])
def test_async_code_starts_threads(start: str) -> None:
    source = f"{HEADER}def work(): pass  # runs on: CONTEXT\nasync def main():\n    await {start}\n"

    linked = program(source)
    assert runs_on(linked, marks(source, "runs on").popitem()[0]).removeprefix("many ") == "work"


JOINED = """
import threading

def work(): pass  # runs on: {}

def main(items):
    for item in items:
        thread = threading.Thread(target=work)
        {}
"""


@pytest.mark.parametrize(
    ("turn", "contexts"),
    [
        ("thread.start(); thread.join()", "work"),
        ("thread.start(); print(item); thread.join()", "work"),
        ("try: thread.start()\n        finally: thread.join()", "work"),
        ("thread.start()", "many work"),
        ("thread.start(); thread.join(1)", "many work"),
        ("thread.start()\n        if item: thread.join()", "many work"),
        ("thread.start()\n    thread.join()", "many work"),
    ],
)
def test_a_turn_that_joins_leaves_one_at_a_time(turn: str, contexts: str) -> None:
    check(JOINED.format(contexts, turn))


@pytest.mark.parametrize("start", ["multiprocessing.Process(target=work).start()", "asyncio.run(work())", "work"])
def test_a_process_or_a_loop_is_no_thread(start: str) -> None:
    linked = program(f"{HEADER}def work(): pass\n{start}\n")

    assert [context.label for context in linked.threads.contexts[1:]] == []


def test_a_subclass_of_thread_runs_its_run_method() -> None:
    check(
        """
        from threading import Thread
        class Worker(Thread):
            def run(self):  # runs on: Worker.run
                self.step()
            def step(self):  # runs on: Worker.run
                pass
        Worker().start()
        """
    )


def test_a_subclass_in_another_file_is_a_thread() -> None:
    check(
        """
        from other import Base
        class Worker(Base):
            def run(self):  # runs on: many Worker.run
                pass
        for _ in range(3):
            Worker().start()
        """,
        other="import threading\nclass Base(threading.Thread): pass",
    )


SERVERS = """
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from socketserver import StreamRequestHandler, TCPServer, ThreadingMixIn, ThreadingTCPServer
class Page(BaseHTTPRequestHandler):
    def do_GET(self): pass
class Line(StreamRequestHandler):
    def handle(self): pass
class Own(ThreadingMixIn, TCPServer): pass
"""


@pytest.mark.parametrize(
    ("server", "context"),
    [
        ("ThreadingHTTPServer(('', 80), Page)", "Page.do_GET"),
        ("ThreadingTCPServer(('', 80), Line)", "Line.handle"),
        ("Own(('', 80), Line)", "Line.handle"),
    ],
)
def test_a_threading_server_handles_many_requests_at_once(server: str, context: str) -> None:
    linked = program(f"{SERVERS}{server}.serve_forever()")

    assert f"many {context}" in {label(each) for each in linked.threads.contexts}


def test_a_plain_server_handles_one_request_at_a_time() -> None:
    linked = program(f"{SERVERS}HTTPServer(('', 80), Page).serve_forever()")

    assert {label(each) for each in linked.threads.contexts} == {"main", "Page.do_GET", "Line.handle"}


# --- what a context runs -------------------------------------------------------------------------------------------


def test_a_context_runs_what_its_entry_calls() -> None:
    check(
        """
        import threading, other
        def work():  # runs on: work
            step()
            other.far(leaf)
        def step(): pass  # runs on: main, work
        def leaf(): pass  # runs on: work
        threading.Thread(target=work).start()
        step()
        """,
        other="def far(function): function()",
    )


def test_entries_of_all_shapes_are_followed() -> None:
    check(
        """
        import threading
        from functools import partial
        class A:
            def m(self): pass  # runs on: A.m
            def __call__(self): pass  # runs on: A.__call__
        def f(x): pass  # runs on: f
        def g(): pass  # runs on: <lambda>
        def outer():
            def inner(): pass  # runs on: outer.inner
            threading.Thread(target=inner).start()
        threading.Thread(target=A().m).start()
        threading.Thread(target=A()).start()
        threading.Thread(target=partial(f, 1)).start()
        threading.Thread(target=lambda: g()).start()
        outer()
        """
    )


@pytest.mark.parametrize(
    "given",
    [
        "args=(A(),)",
        "args=[A()]",
        "kwargs={'a': A()}",
        "kwargs=dict(a=A())",
        "args=(A(),), kwargs=None",
    ],
)
def test_arguments_reach_the_entry(given: str) -> None:
    check(
        f"""
        import threading
        class A:
            def m(self): pass  # runs on: work
        def work(a): a.m()
        threading.Thread(target=work, {given}).start()
        """
    )


def test_arguments_of_tasks_reach_the_entry() -> None:
    check(
        """
        from concurrent.futures import ThreadPoolExecutor
        class A:
            def m(self): pass  # runs on: many work
        class B:
            def m(self): pass  # runs on: many each
        def work(a, b): b.m()
        def each(b): b.m()
        pool = ThreadPoolExecutor()
        for _ in range(3):
            pool.submit(work, 1, b=A())
        pool.map(each, [B(), B()])
        """
    )


def test_the_module_body_and_what_is_open_run_on_main() -> None:
    check(
        """
        def called(): pass  # runs on: main
        def public(): _helper()  # runs on: main
        def _helper(): pass  # runs on: main
        def _dead(): pass  # runs on:
        called()
        """
    )


# --- how many ------------------------------------------------------------------------------------------------------


def test_one_start_is_one_context_and_a_loop_is_many() -> None:
    check(
        """
        import threading
        def one(): pass  # runs on: one
        def loop(): pass  # runs on: many loop
        threading.Thread(target=one).start()
        while True:
            threading.Thread(target=loop).start()
        """
    )


def test_two_starts_are_two_contexts() -> None:
    linked = program(
        """
        import threading
        def work(): pass
        threading.Thread(target=work).start()
        threading.Thread(target=work).start()
        """
    )

    assert [(context.label, context.many) for context in linked.threads.contexts[1:]] == [("work", False)] * 2


def test_a_pool_that_outlives_the_function_runs_many_tasks() -> None:
    check(
        """
        from concurrent.futures import ThreadPoolExecutor
        class Service:
            def __init__(self):
                self.pool = ThreadPoolExecutor(4)
                self.single = ThreadPoolExecutor(max_workers=1)
            def handle(self):
                self.pool.submit(self.work)
                self.single.submit(self.alone)
            def work(self): pass  # runs on: many Service.work
            def alone(self): pass  # runs on: Service.alone
        """
    )


HELPERS = """
import threading
def spawn(function, args=(), *, name=""):
    thread = threading.Thread(target=function, args=args, name=name)
    thread.start()
    return thread
def spawn_with(function, *args):
    return spawn(function, args)
class Meter:
    def read(self, source=None): pass
    def write(self, target=None): pass
meter = Meter()
"""

LENT = {
    "each caller's": ("spawn(meter.read)\nspawn(meter.write)", ["Meter.read", "Meter.write"]),
    "by its keyword": ("spawn(args=(1,), function=meter.read)", ["Meter.read"]),
    "a helper of a helper": ("spawn_with(meter.read, 1)\nspawn_with(meter.write)", ["Meter.read", "Meter.write"]),
    "in a loop": ("for _ in range(3): spawn(meter.read)", ["many Meter.read"]),
    "joined in each turn": ("for _ in range(3):\n    thread = spawn(meter.read)\n    thread.join()", ["Meter.read"]),
}


@pytest.mark.parametrize(("start", "contexts"), LENT.values(), ids=LENT.keys())
def test_a_thread_that_a_helper_starts_is_its_callers(start: str, contexts: list[str]) -> None:
    threads = program(f"{HELPERS}{start}\n").threads
    assert [label(context) for context in threads.contexts[1:]] == contexts


def test_what_a_helper_is_given_for_a_thread_comes_to_its_function() -> None:
    linked = program(f"{HELPERS}spawn(meter.read, (meter,))\nspawn_with(meter.write, [1])\n")
    read, write = (next(code for code in linked.sources.codes if code.name == name) for name in ("read", "write"))
    assert [type(each).__name__ for each in linked.types.of(read, 1)] == ["Instance"]
    assert [type(each).__name__ for each in linked.types.of(write, 1)] == ["LibraryObject"]


def test_a_thread_of_a_helper_has_ended_where_its_own_starter_has_waited() -> None:
    linked = program(f"{HELPERS}def both():\n    a = spawn(meter.read)\n    a.join()\n    spawn(meter.write).join()\n")
    first, second = linked.threads.contexts[1:]
    assert first.ends is not None
    assert second.ends is not None
    assert first.ends[1] < second.ends[0]
