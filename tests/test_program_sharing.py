"""Sharing: which memory two contexts reach, on one and the same object."""

from __future__ import annotations

from textwrap import dedent

import pytest
from builders import program, short

from racelint.program import Program
from racelint.program.memory.places import Access

WORKER = """
import threading
from threading import Thread
from concurrent.futures import ThreadPoolExecutor
class Counter:
    def __init__(self): self.n = 0
    def add(self): self.n += 1
"""


def shared(source: str, **others: str) -> list[str]:
    """The Places that two contexts may touch at the same time; every source begins with `WORKER`."""
    linked = program(WORKER + dedent(source), others)
    places = linked.places.by_place
    return sorted({short(place.symbol) for place in places if _is_shared(linked, places[place])})


def _is_shared(linked: Program, accesses: list[Access]) -> bool:
    sides = [
        (access, context)
        for access in accesses
        if not linked.sharing.is_early(access)
        for context in linked.threads.of(access.code)
    ]
    return any(
        linked.threads.overlap(one, first.code, first.id, other, second.code, second.id)
        and linked.sharing.in_common(first, one, second, other)
        for first, one in sides
        for second, other in sides
        if first.kind.writes
    )


# --- one object for all --------------------------------------------------------------------------------------------


def test_a_global_is_shared() -> None:
    assert shared(
        """
        total = 0
        def work():
            global total
            total += 1
        for _ in range(2): Thread(target=work).start()
        """
    ) == ["total"]


def test_a_global_object_is_shared() -> None:
    assert "Counter.n" in shared(
        """
        counter = Counter()
        def work(): counter.add()
        for _ in range(2): Thread(target=work).start()
        """
    )


def test_one_object_given_to_all_threads_is_shared() -> None:
    assert shared(
        """
        def work(counter): counter.add()
        def main():
            counter = Counter()
            for _ in range(2): Thread(target=work, args=(counter,)).start()
        """
    ) == ["Counter.n"]


def test_a_bound_method_brings_its_object_along() -> None:
    assert shared(
        """
        def main():
            counter = Counter()
            with ThreadPoolExecutor() as pool:
                for _ in range(2): pool.submit(counter.add)
        """
    ) == ["Counter.n"]


def test_an_attribute_of_self_is_shared_with_the_thread_that_runs_on_self() -> None:
    assert "Service.n" in shared(
        """
        class Service:
            def __init__(self):
                self.n = 0
                Thread(target=self._work).start()
            def _work(self): self.n += 1
            def read(self): return self.n
        """
    )


def test_an_object_in_an_attribute_of_self_is_shared() -> None:
    assert "Counter.n" in shared(
        """
        class Service:
            def __init__(self): self.counter = Counter()
            def start(self): Thread(target=self._work).start()
            def _work(self): self.counter.add()
            def handle(self): self.counter.add()
        """
    )


def test_a_variable_of_an_enclosing_function_is_shared() -> None:
    assert "main.n" in shared(
        """
        def main():
            n = 0
            def work():
                nonlocal n
                n += 1
            for _ in range(2): Thread(target=work).start()
        """
    )


def test_an_object_in_an_enclosing_function_is_shared() -> None:
    assert "Counter.n" in shared(
        """
        def main():
            counter = Counter()
            def work(): counter.add()
            for _ in range(2): Thread(target=work).start()
        """
    )


def test_a_variable_of_an_enclosing_function_may_be_drawn_from_itself() -> None:
    source = """
        class Tree(Counter):
            def run(self):
                part = self
                for part in part.parts:
                    def show():
                        return part
                    part.add()
        tree = Tree()
        for _ in range(2):
            Thread(target=tree.run).start()
        """
    assert shared(source) == ["Counter.n"]


def test_a_class_attribute_is_shared_by_all_objects() -> None:
    assert "Worker.made" in shared(
        """
        class Worker(Thread):
            made = 0
            def run(self): Worker.made += 1
        for _ in range(2): Worker().start()
        """
    )


def test_an_object_of_another_module_is_shared() -> None:
    assert "Counter.n" in shared(
        """
        import state
        def work(): state.counter.add()
        for _ in range(2): Thread(target=work).start()
        """,
        state="from main import Counter\ncounter = Counter()",
    )


# --- an object for each --------------------------------------------------------------------------------------------


def test_an_object_that_each_thread_makes_is_its_own() -> None:
    assert (
        shared(
            """
        def work():
            counter = Counter()
            counter.add()
        for _ in range(2): Thread(target=work).start()
        """
        )
        == []
    )


def test_an_object_made_anew_for_each_start_is_its_own() -> None:
    assert (
        shared(
            """
        def work(counter): counter.add()
        def main():
            for _ in range(2):
                counter = Counter()
                Thread(target=work, args=(counter,)).start()
        """
        )
        == []
    )


def test_each_element_of_a_list_goes_to_one_thread() -> None:
    assert (
        shared(
            """
        def work(counter): counter.add()
        def main():
            with ThreadPoolExecutor() as pool:
                pool.map(work, [Counter() for _ in range(3)])
        """
        )
        == []
    )


def test_each_thread_object_has_attributes_of_its_own() -> None:
    assert (
        shared(
            """
        class Worker(Thread):
            def __init__(self):
                super().__init__()
                self.n = 0
            def run(self): self.n += 1
        for _ in range(2): Worker().start()
        """
        )
        == []
    )


def test_an_object_given_to_each_thread_object_is_shared() -> None:
    assert shared(
        """
        class Worker(Thread):
            def __init__(self, counter):
                super().__init__()
                self.counter = counter
            def run(self): self.counter.add()
        def main():
            counter = Counter()
            for _ in range(2): Worker(counter).start()
        """
    ) == ["Counter.n"]


def test_each_request_has_a_handler_of_its_own() -> None:
    assert shared(
        """
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        class Page(BaseHTTPRequestHandler):
            hits = 0
            def do_GET(self):
                self.path = self.path + "/"
                Page.hits += 1
        ThreadingHTTPServer(("", 80), Page).serve_forever()
        """
    ) == ["Page.hits"]


def test_what_a_function_makes_for_itself_is_not_that_of_a_thread() -> None:
    assert (
        shared(
            """
        def work(counter): counter.add()
        def main():
            Thread(target=work, args=(Counter(),)).start()
            counter = Counter()
            counter.add()
        """
        )
        == []
    )


# --- before others can know it -------------------------------------------------------------------------------------


@pytest.mark.parametrize("early", ["self.n += 1", "self._fill()"])
def test_a_constructor_comes_before_all_others(early: str) -> None:
    assert (
        shared(
            f"""
        class Service:
            def __init__(self):
                self.n = 0
                {early}
            def _fill(self): self.n = 2
            def read(self): return self.n
        service = Service()
        for _ in range(2): Thread(target=service.read).start()
        """
        )
        == []
    )


def test_a_function_inside_a_constructor_comes_before_all_others() -> None:
    assert (
        shared(
            """
        class Service:
            def __init__(self, sizes):
                self.n = 0
                def add(size): self.n += size
                for size in sizes: add(size)
            def read(self): return self.n
        service = Service([1, 2])
        for _ in range(2): Thread(target=service.read).start()
        """
        )
        == []
    )


def test_import_runs_once() -> None:
    assert (
        shared(
            """
        table = {}
        table["k"] = 1
        def read(): return table["k"]
        for _ in range(2): Thread(target=read).start()
        """
        )
        == []
    )
