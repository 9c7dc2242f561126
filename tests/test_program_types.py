"""Types: what a value may be, by constructors, annotations, call sites and attributes."""

from __future__ import annotations

from textwrap import dedent

from builders import answers, marks, program, text_of

CLASSES = """
class A:
    def m(self): return self
class B(A): pass
"""


def check(source: str, /, modules: dict[str, str] | None = None, **others: str) -> None:
    """Each `# is:` mark says what the value may be; every source begins with `CLASSES`."""
    source = CLASSES + dedent(source)
    linked = program(source, modules, **others)
    promised = marks(source, "is")

    assert promised
    assert promised == answers(linked, promised, lambda linked, code, id: map(text_of, linked.types.of(code, id)))


# --- where values come from ----------------------------------------------------------------------------------------


def test_a_constructor_gives_an_instance() -> None:
    check(
        """
        import threading
        x = A()
        show(x)  # is: A()
        show(threading.Lock())  # is: threading.Lock()
        show({})  # is: dict()
        show(unknown())  # is:
        """
    )


def test_annotations_say_what_a_parameter_is() -> None:
    check(
        """
        from typing import Annotated, Optional, Union
        import threading
        def f(a: A, b: Optional[A], c: Union[A, B], d: "A | None", e: Annotated[A, "x"], u: Unknown, k: threading.Lock):
            show(a)  # is: A()
            show(b)  # is: A()
            show(c)  # is: A(), B()
            show(d)  # is: A()
            show(e)  # is: A()
            show(k)  # is: threading.Lock()
            show(u)  # is:
        """
    )


def test_annotations_are_read_in_their_own_module() -> None:
    check(
        """
        from other import make
        show(make())  # is: third.T()
        """,
        other="from third import T\ndef make() -> 'T': ...",
        third="class T: pass",
    )


def test_variables_and_attributes_may_be_annotated() -> None:
    check(
        """
        x: A = unknown()
        class C:
            a: A
            def __init__(self):
                self.b: B = unknown()
        def f(c: C):
            local: A = unknown()
            show(x)  # is: A()
            show(c.a)  # is: A()
            show(c.b)  # is: B()
            show(local)  # is: A()
        """
    )


def test_what_a_function_returns_is_what_its_call_gives() -> None:
    check(
        """
        def make(flag):
            if flag:
                return A()
            return B()
        def again():
            return make(1)
        show(again())  # is: A(), B()
        """
    )


def test_parameters_take_what_call_sites_give() -> None:
    check(
        """
        def f(a, b=None, *rest, key=None, **others):
            show(a)  # is: A()
            show(b)  # is: B()
            show(rest[0])  # is: A()
            show(key)  # is: B()
        f(A(), B(), A())
        f(A(), key=B())
        """
    )


def test_a_default_is_a_value_of_its_parameter() -> None:
    check(
        """
        shared = A()
        def f(a=shared):
            show(a)  # is: A()
        """
    )


def test_starred_arguments_reach_the_rest() -> None:
    check(
        """
        def f(*rest):
            show(rest[0])  # is: A()
        given = [A()]
        f(*given)
        """
    )


# --- attributes ----------------------------------------------------------------------------------------------------


def test_an_attribute_holds_what_any_method_stores() -> None:
    check(
        """
        class C:
            def __init__(self, b):
                self.a = A()
                self.b = b
            def use(self):
                show(self.a)  # is: A()
                show(self.b)  # is: B()
        C(B())
        """
    )


def test_an_attribute_is_found_over_base_classes_in_other_files() -> None:
    check(
        """
        from other import Base
        class C(Base):
            def use(self):
                show(self.held)  # is: other.Thing()
        """,
        other="class Thing: pass\nclass Base:\n    def __init__(self): self.held = Thing()",
    )


def test_super_reaches_the_next_class() -> None:
    check(
        """
        class C(A):
            def m(self):
                show(super().m())  # is: C()
                show(super().m)  # is: A.m
        """
    )


def test_a_property_gives_what_its_getter_returns() -> None:
    check(
        """
        from functools import cached_property
        class C:
            @property
            def a(self): return A()
            @cached_property
            def b(self): return B()
        show(C().a)  # is: A()
        show(C().b)  # is: B()
        """
    )


def test_static_and_class_methods_get_what_python_gives_them() -> None:
    check(
        """
        class C:
            @staticmethod
            def plain(a):
                show(a)  # is: A()
            @classmethod
            def make(cls):
                show(cls)  # is: C
                return cls()
        C.plain(A())
        C().plain(A())
        show(C.make())  # is: C()
        """
    )


def test_fields_of_a_dataclass_take_the_arguments_of_its_constructor() -> None:
    check(
        """
        from dataclasses import dataclass, field
        import threading
        @dataclass
        class C:
            a: "Unknown"
            b: "Unknown"
            lock: threading.Lock = field(default_factory=threading.Lock)
        c = C(A(), b=B())
        show(c.a)  # is: A()
        show(c.b)  # is: B()
        show(c.lock)  # is: threading.Lock()
        """
    )


def test_getattr_and_setattr_with_a_literal_name_are_attributes() -> None:
    check(
        """
        class C:
            def fill(self): setattr(self, "a", A())
        show(getattr(C(), "a"))  # is: A()
        """
    )
