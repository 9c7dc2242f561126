"""Calls: which functions the operations of a line may run, and which of them nobody in the program calls."""

from __future__ import annotations

from builders import callees_at, code_of, marks, program


def check(source: str, /, modules: dict[str, str] | None = None, **others: str) -> None:
    """Each `# calls:` mark names the functions that its line may run."""
    linked = program(source, modules, **others)
    promised = marks(source, "calls")

    assert promised
    assert promised == {line: callees_at(linked, line) for line in promised}


def test_functions_are_called_by_name_over_modules() -> None:
    check(
        """
        import other
        from other import f as g
        def own(): pass
        own()  # calls: own
        other.f()  # calls: other.f
        g()  # calls: other.f
        print()  # calls:
        """,
        other="def f(): pass",
    )


def test_a_method_is_called_on_the_class_of_its_object() -> None:
    check(
        """
        class A:
            def m(self): pass
            def use(self):
                self.m()  # calls: A.m
        class B:
            def m(self): pass
        a = A()
        a.m()  # calls: A.m
        A.m(a)  # calls: A.m
        unknown().m()  # calls:
        """
    )


def test_a_bound_method_may_be_kept_and_called_later() -> None:
    check(
        """
        class A:
            def __init__(self): self.act = self.m
            def m(self): pass
            def use(self):
                self.act()  # calls: A.m
        run = A().m
        run()  # calls: A.m
        """
    )


def test_an_inherited_method_is_that_of_the_base() -> None:
    check(
        """
        from other import Base
        class Child(Base): pass
        Child().m()  # calls: other.Base.m
        """,
        other="class Base:\n    def m(self): pass",
    )


def test_self_may_be_a_subclass_that_overrides() -> None:
    check(
        """
        class Base:
            def run(self):
                self.step()  # calls: Base.step, Child.step
            def step(self): pass
        class Child(Base):
            def step(self):
                super().step()  # calls: Base.step
        Base().step()  # calls: Base.step
        Child().step()  # calls: Child.step
        """
    )


def test_an_abstract_method_is_what_its_subclasses_make_of_it() -> None:
    check(
        """
        from abc import ABC, abstractmethod
        class Base(ABC):
            @abstractmethod
            def step(self): ...
            def run(self):
                self.step()  # calls: Base.step, One.step, Two.step
        class One(Base):
            def step(self): pass
        class Two(Base):
            def step(self): pass
        """
    )


def test_constructing_runs_the_constructor() -> None:
    check(
        """
        class A:
            def __init__(self): pass
        class B(A): pass
        class C:
            def __new__(cls): return super().__new__(cls)
        A()  # calls: A.__init__
        B()  # calls: A.__init__
        C()  # calls: C.__new__
        """
    )


def test_functions_are_values() -> None:
    check(
        """
        def f(): pass
        def apply(function):
            function()  # calls: <lambda>, f
        apply(f)  # calls: apply
        apply(lambda: f())  # calls: apply, f
        """
    )


def test_nested_functions_are_called_where_they_are_known() -> None:
    check(
        """
        def outer():
            def inner(): pass
            inner()  # calls: outer.<locals>.inner
            return inner
        outer()()  # calls: outer, outer.<locals>.inner
        """
    )


def test_an_object_with_a_call_method_is_called() -> None:
    check(
        """
        class A:
            def __call__(self): pass
        a = A()
        a()  # calls: A.__call__
        """
    )


def test_a_table_of_functions_may_run_any_of_them() -> None:
    check(
        """
        import sys
        def f(): pass
        def g(): pass
        table = {"f": f, "g": g}
        table[sys.argv[0]]()  # calls: f, g
        """
    )


def test_a_literal_key_tells_what_is_meant() -> None:
    check(
        """
        import copy, sys
        def f(): pass
        def g(): pass
        def h(): pass
        table = {"f": f, "g": g}
        table["g"]()  # calls: g
        copied = {**copy.copy(table), "h": h}
        copied["g"]()  # calls: g
        copied.get("h")()  # calls: h
        changed = dict(table)
        for key in sys.argv:
            changed[key] = copied[key]
        changed["g"]()  # calls: g
        table.update(f=h)
        copied["f"]()  # calls: f, h
        mixed = dict(f=f)
        mixed[sys.argv[0]] = g
        mixed["f"]()  # calls: f, g
        """
    )


def test_a_partial_runs_its_function() -> None:
    check(
        """
        from functools import partial
        class A:
            def m(self, x): pass
        partial(A().m, 1)()  # calls: A.m
        """
    )


def test_with_enters_and_leaves() -> None:
    check(
        """
        class Manager:
            def __enter__(self): pass
            def __exit__(self, *error): pass
        with Manager():  # calls: Manager.__enter__, Manager.__exit__
            pass
        """
    )


def test_a_property_is_a_call() -> None:
    check(
        """
        class A:
            @property
            def p(self): pass
            @p.setter
            def p(self, value): pass
        a = A()
        a.p  # calls: A.p
        a.p = 1  # calls: A.p
        """
    )


def test_subscripts_and_loops_call_special_methods() -> None:
    check(
        """
        class A:
            def __getitem__(self, key): pass
            def __setitem__(self, key, value): pass
            def __iter__(self): pass
        a = A()
        a[1]  # calls: A.__getitem__
        a[1] = 2  # calls: A.__setitem__
        for each in a:  # calls: A.__iter__
            pass
        """
    )


def test_synchronous_code_does_not_run_a_coroutine() -> None:
    check(
        """
        async def f(): pass
        def g():
            f()  # calls:
        async def h():
            await f()  # calls: f
        """
    )


def test_a_thread_is_no_call() -> None:
    check(
        """
        import threading
        def f(): pass
        threading.Thread(target=f).start()  # calls:
        """
    )


def test_a_decorated_function_brings_its_wrapper_along() -> None:
    check(
        """
        import functools
        def logged(function):
            @functools.wraps(function)
            def wrapper(*args): return function(*args)
            return wrapper
        class A:
            @logged
            def m(self): pass
        A().m()  # calls: A.m, logged.<locals>.wrapper
        """
    )


# --- who may call from outside -------------------------------------------------------------------------------------


def test_what_is_public_and_not_called_is_open() -> None:
    linked = program(
        """
        def public(): _called()
        def _called(): pass
        def _private(): pass
        class A:
            def method(self): self.helper()
            def helper(self): pass
            def __len__(self): pass
        """
    )
    names = ["public", "_called", "_private", "A.method", "A.helper", "A.__len__"]

    assert [name for name in names if linked.calls.is_open(code_of(linked, name))] == [
        "public",
        "A.method",
        "A.__len__",
    ]


def test_what_only_constructors_call_on_themselves_constructs() -> None:
    linked = program(
        """
        class A:
            def __init__(self): self._fill()
            def _fill(self): self._deeper()
            def _deeper(self): pass
            def _both(self): pass
            def use(self): self._both()
        """
    )
    names = ["A.__init__", "A._fill", "A._deeper", "A._both", "A.use"]

    constructing = [name for name in names if code_of(linked, name).key in linked.calls.constructing]
    assert constructing == ["A.__init__", "A._fill", "A._deeper"]
