"""Threads: when a context lives. What comes before its start or after its end is not beside it."""

from __future__ import annotations

import pytest
from builders import answers, label, marks, program

from racelint.program import Program
from racelint.program.sources.source import Code


def beside(linked: Program, code: Code, id: int) -> list[str]:
    """The contexts that may live while the main context does an operation."""
    main, *others = linked.threads.contexts
    return [label(other) for other in others if linked.threads.overlap(main, code, id, other, other.entries[0][0], 0)]


def check(source: str) -> None:
    """Each `# beside:` mark names the contexts that may live while the main context does what is on the line."""
    linked = program(source)
    promised = marks(source, "beside")

    assert promised
    assert promised == answers(linked, promised, beside)


def test_a_thread_lives_from_start_to_join() -> None:
    check(
        """
        import threading
        def work(): pass
        def _run():
            step()  # beside:
            thread = threading.Thread(target=work)
            step()  # beside:
            thread.start()
            step()  # beside: work
            thread.join()
            step()  # beside:
        _run()
        """
    )


def test_a_thread_that_nobody_waits_for_outlives_its_starter() -> None:
    check(
        """
        import threading
        def work(): pass
        def _run():
            threading.Thread(target=work).start()
        step()  # beside:
        _run()
        step()  # beside: work
        """
    )


@pytest.mark.parametrize("join", ["thread.join(timeout=1)", "thread.join(1)", "if flag: thread.join()"])
def test_a_wait_that_may_end_early_is_no_end(join: str) -> None:
    check(
        f"""
        import threading
        def work(): pass
        def _run(flag):
            thread = threading.Thread(target=work)
            thread.start()
            {join}
            step()  # beside: work
        _run(1)
        """
    )


def test_threads_of_a_list_live_until_all_are_joined() -> None:
    check(
        """
        import threading
        def work(): pass
        def _run():
            threads = [threading.Thread(target=work) for _ in range(3)]
            step()  # beside:
            for thread in threads:
                thread.start()
            step()  # beside: many work
            for thread in threads:
                thread.join()
            step()  # beside:
        _run()
        """
    )


def test_the_same_loop_runs_beside_the_threads_that_it_started_before() -> None:
    check(
        """
        import threading
        def work(): pass
        while True:
            step()  # beside: many work
            threading.Thread(target=work).start()
        """
    )


def test_a_pool_ends_with_its_block() -> None:
    check(
        """
        from concurrent.futures import ThreadPoolExecutor
        def work(): pass
        def _run():
            with ThreadPoolExecutor() as pool:
                step()  # beside:
                pool.submit(work)
                step()  # beside: work
            step()  # beside:
        _run()
        """
    )


def test_a_pool_ends_with_its_shutdown() -> None:
    check(
        """
        from concurrent.futures import ThreadPoolExecutor
        def work(): pass
        def _run():
            pool = ThreadPoolExecutor()
            pool.submit(work)
            step()  # beside: work
            pool.shutdown()
            step()  # beside:
        _run()
        """
    )


def test_a_result_waits_for_its_task() -> None:
    check(
        """
        from concurrent.futures import ThreadPoolExecutor
        def work(): pass
        def _run():
            pool = ThreadPoolExecutor()
            future = pool.submit(work)
            step()  # beside: work
            future.result()
            step()  # beside:
        _run()
        """
    )


def test_what_is_called_meanwhile_runs_beside_it() -> None:
    check(
        """
        import threading
        def work(): pass
        def _early():
            step()  # beside:
        def _late():
            step()  # beside: work
        def _run():
            thread = threading.Thread(target=work)
            _early()
            thread.start()
            _late()
            thread.join()
        _run()
        """
    )


def test_public_methods_may_be_called_at_any_time() -> None:
    check(
        """
        import threading
        class Service:
            def __init__(self):
                step()  # beside:
                self.thread = threading.Thread(target=self.work)
            def start(self):
                self.thread.start()
            def read(self):
                step()  # beside: Service.work
            def work(self): pass
        """
    )


def test_after_a_join_the_thread_is_over() -> None:
    check(
        """
        import threading
        class Service:
            def start(self):
                self.thread = threading.Thread(target=self.work)
                self.thread.start()
            def stop(self):
                step()  # beside: Service.work
                self.thread.join()
                step()  # beside:
            def work(self): pass
        """
    )


def test_a_thread_that_waits_for_another_is_not_beside_the_next() -> None:
    linked = program(
        """
        import threading
        def first(): pass
        def second(): pass
        def third(): pass
        def run():
            one = threading.Thread(target=first)
            one.start()
            one.join()
            two = threading.Thread(target=second)
            two.start()
            three = threading.Thread(target=third)
            three.start()
            two.join()
            three.join()
        """
    )
    contexts = {label(each): (each, each.entries[0][0]) for each in linked.threads.contexts[1:]}

    def overlap(first: str, second: str) -> bool:
        (one, code), (other, other_code) = contexts[first], contexts[second]
        return linked.threads.overlap(one, code, 0, other, other_code, 0)

    assert not overlap("first", "second")
    assert not overlap("third", "first")
    assert overlap("second", "third")


def test_a_single_context_does_not_run_beside_itself() -> None:
    linked = program(
        """
        import threading
        def one(): pass
        def several(): pass
        threading.Thread(target=one).start()
        for _ in range(2):
            threading.Thread(target=several).start()
        """
    )
    _, single, many = linked.threads.contexts
    code = single.entries[0][0]

    assert not linked.threads.overlap(single, code, 0, single, code, 0)
    assert linked.threads.overlap(many, code, 0, many, code, 0)


def test_the_trace_says_how_a_context_comes_to_a_function() -> None:
    linked = program(
        """
        import threading
        def work(): middle()
        def middle(): leaf()
        def leaf(): pass
        threading.Thread(target=work).start()
        """
    )
    leaf = next(code for code in linked.sources.codes if code.name == "leaf")

    trace = linked.threads.trace(linked.threads.contexts[1], leaf)
    assert [code.name for code in trace] == ["work", "middle", "leaf"]
