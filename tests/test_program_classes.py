"""Names: which classes extend which, and in what order Python looks through them."""

from __future__ import annotations

from builders import code_of, program, short

from racelint.program import Program
from racelint.program.sources.source import ClassInfo


def class_of(linked: Program, qualname: str) -> ClassInfo:
    found = code_of(linked, qualname).cls
    assert found is not None
    return found


def order(linked: Program, qualname: str) -> list[str]:
    return [short(cls.qualname) for cls in class_of(linked, qualname).mro]


def test_bases_are_found_over_files() -> None:
    linked = program(
        """
        from pkg import Base
        import threading
        class Worker(Base, threading.Thread): pass
        class Special(Worker): pass
        """,
        {"pkg": "from pkg.base import Root as Base", "pkg.base": "class Root: pass"},
    )

    assert order(linked, "Special") == ["Special", "Worker", "pkg.base.Root"]
    assert class_of(linked, "Special").library_bases == ["threading.Thread"]
    assert [short(cls.qualname) for cls in class_of(linked, "pkg.base.Root").subclasses] == ["Worker", "Special"]


def test_the_order_of_a_diamond_is_pythons() -> None:
    linked = program(
        """
        class A: pass
        class B(A): pass
        class C(A): pass
        class D(B, C): pass
        """
    )

    assert order(linked, "D") == ["D", "B", "C", "A"]


def test_a_generic_base_counts_without_its_arguments() -> None:
    linked = program(
        """
        from typing import Generic, TypeVar
        T = TypeVar("T")
        class Base(Generic[T]): pass
        class Child(Base[int]): pass
        """
    )

    assert order(linked, "Child") == ["Child", "Base"]


def test_broken_hierarchies_have_some_order() -> None:
    linked = program(
        """
        class A(B): pass
        class B(A): pass
        class X: pass
        class Y(X): pass
        class Z(X, Y): pass
        class Own(Own): pass
        """
    )

    assert order(linked, "A")[0] == "A"
    assert order(linked, "Z")[0] == "Z"
    assert order(linked, "Own") == ["Own"]
