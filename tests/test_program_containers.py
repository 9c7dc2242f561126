"""Types: what comes out of containers, of calls that hide other calls, and of choices."""

from __future__ import annotations

from textwrap import dedent

from builders import answers, marks, program, text_of

CLASSES = """
class A:
    def m(self): return self
class B(A): pass
"""


def check(source: str) -> None:
    """Each `# is:` mark says what the value may be; every source begins with `CLASSES`."""
    source = CLASSES + dedent(source)
    linked = program(source)
    promised = marks(source, "is")

    assert promised
    assert promised == answers(linked, promised, lambda linked, code, id: map(text_of, linked.types.of(code, id)))


def test_a_container_gives_what_was_put_in() -> None:
    check(
        """
        items = [A()]
        table = {}
        table["k"] = A()
        more = []
        more.append(B())
        show(items[0])  # is: A()
        show(table["k"])  # is: A()
        show(table.get("k"))  # is: A()
        show(more.pop())  # is: B()
        """
    )


def test_loops_and_comprehensions_draw_elements() -> None:
    check(
        """
        items = [A() for _ in range(3)]
        for item in items:
            show(item)  # is: A()
        for value in {1: B()}.values():
            show(value)  # is: B()
        [show(each) for each in items]  # is: A()
        """
    )


def test_a_tuple_is_unpacked_by_position() -> None:
    check(
        """
        def pair(): return A(), B()
        a, b = pair()
        show(a)  # is: A()
        show(b)  # is: B()
        """
    )


def test_a_default_dictionary_makes_its_elements() -> None:
    check(
        """
        from collections import defaultdict
        table = defaultdict(A)
        show(table[1])  # is: A()
        """
    )


def test_pairs_of_items_and_of_enumerate_are_unpacked() -> None:
    check(
        """
        table = {}
        table[B()] = A()
        for key, value in sorted(table.items()):
            show(key)  # is: B()
            show(value)  # is: A()
        for number, (key, value) in enumerate(table.items()):
            show(value)  # is: A()
        for key in table:
            show(key)  # is: B()
        show(table.popitem()[1])  # is: A()
        show(dict(table.items())[1])  # is: A()
        """
    )


def test_annotations_tell_what_containers_hold() -> None:
    check(
        """
        import queue, weakref
        from typing import Callable, Iterator, cast
        def use(table: dict[str, A], waiting: "queue.Queue[B | None]", pair: tuple[B, A], all: tuple[A, ...],
                make: Callable[[B], A], known: weakref.ref[A], cls: type[B], drawn: Iterator[A], other):
            show(table["k"])  # is: A()
            for name, value in table.items():
                show(value)  # is: A()
            show(waiting.get())  # is: B()
            first, second = pair
            show(first)  # is: B()
            show(second)  # is: A()
            show(pair[1])  # is: A()
            show(all[3])  # is: A()
            show(make(first))  # is: A()
            show(known())  # is: A()
            show(cls())  # is: B()
            show(next(drawn))  # is: A()
            show(cast(A, other))  # is: A()
        """
    )


def test_arguments_are_handed_on_by_position_and_by_name() -> None:
    check(
        """
        class Base:
            def __init__(self, client, lock=None, **options):
                show(client)  # is: A()
                show(lock)  # is: B()
                show(options["other"])  # is: B()
                show(options.pop("extra", None))  # is: A()
        class Sub(Base):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
        class Named(Sub):
            def __init__(self, name, *args, **kwargs):
                Sub.__init__(self, *args, lock=B(), **kwargs)
        Named("first", A(), extra=A(), other=B())
        """
    )


def test_a_weak_reference_gives_its_object() -> None:
    check(
        """
        import weakref
        a = A()
        known = weakref.ref(a)
        show(known())  # is: A()
        show(weakref.proxy(a))  # is: A()
        show(weakref.WeakMethod(a.m)()())  # is: A()
        """
    )


def test_a_generator_gives_what_it_yields() -> None:
    check(
        """
        def each():
            yield A()
            yield from [B()]
        for item in each():
            show(item)  # is: A(), B()
        """
    )


# --- calls that hide other calls -----------------------------------------------------------------------------------


def test_a_partial_calls_its_function() -> None:
    check(
        """
        from functools import partial
        def make(a, b):
            show(a)  # is: A()
            show(b)  # is: B()
            return a
        show(partial(make, A())(B()))  # is: A()
        show(partial(make, b=B())(A()))  # is: A()
        """
    )


def test_a_decorated_function_still_returns_what_it_returns() -> None:
    check(
        """
        import functools
        def logged(function):
            @functools.wraps(function)
            def wrapper(*args): return function(*args)
            return wrapper
        @logged
        def make(): return A()
        @functools.lru_cache
        def cached(): return B()
        show(make())  # is: A()
        show(cached())  # is: B()
        """
    )


def test_a_with_statement_binds_what_enter_returns() -> None:
    check(
        """
        from contextlib import contextmanager
        class Manager:
            def __enter__(self): return A()
            def __exit__(self, *error): pass
        @contextmanager
        def managed(): yield B()
        with Manager() as a, managed() as b:
            show(a)  # is: A()
            show(b)  # is: B()
        """
    )


def test_a_callable_object_is_called() -> None:
    check(
        """
        class C:
            def __call__(self): return A()
        show(C()())  # is: A()
        """
    )


def test_choices_may_be_either() -> None:
    check(
        """
        def f(flag, given=None):
            show(A() if flag else B())  # is: A(), B()
            show(given or A())  # is: A()
            if flag:
                x = A()
            else:
                x = B()
            show(x)  # is: A(), B()
        """
    )


def test_awaiting_gives_the_result() -> None:
    check(
        """
        async def make(): return A()
        async def use():
            show(await make())  # is: A()
        """
    )
