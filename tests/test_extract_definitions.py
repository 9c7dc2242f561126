"""Functions, lambdas and classes: what the facts tell about each definition."""

from __future__ import annotations

import pytest
from extract_dump import facts_of, function, place

from racelint.facts import (
    NOTHING,
    Annotation,
    Argument,
    LoadAttr,
    MakeClass,
    MakeFunction,
    Parameter,
    Return,
    Span,
    TypeRef,
)

INT = TypeRef(("int",), ())


def test_decorators_and_defaults_are_evaluated_around_the_function() -> None:
    facts = facts_of("""
        @outer
        @inner(1)
        def f(a, b=2, *c: int, d, e=3, **g): pass
    """)
    f = function(facts, "f")
    module = facts.functions[0].body
    assert f.decorators == (0, 3)
    assert f.parameters == (
        Parameter("a", "positional", None, NOTHING),
        Parameter("b", "positional", None, 4),
        Parameter("c", "vararg", INT, NOTHING),
        Parameter("d", "keyword", None, NOTHING),
        Parameter("e", "keyword", None, 5),
        Parameter("g", "kwarg", None, NOTHING),
    )
    assert module[-2] == MakeFunction(6, f.span, 1)
    assert place(f.span) == "3:5-3:6"


def test_positional_only_parameters_come_first() -> None:
    f = function(facts_of("def f(a, /, b, *, c): pass"), "f")
    assert [(parameter.name, parameter.kind) for parameter in f.parameters] == [
        ("a", "positional"),
        ("b", "positional"),
        ("c", "keyword"),
    ]


def test_operations_count_on_from_the_parameters() -> None:
    f = function(facts_of("def f(a, *b): a.x"), "f")
    assert [node.id for node in f.body if isinstance(node, LoadAttr)] == [2]


def test_qualified_names_and_parents() -> None:
    facts = facts_of("""
        class C:
            def m(self):
                def inner(): return lambda: 0
            class D:
                def n(self): pass
        def f():
            class E:
                def o(self): pass
    """)
    parents = {each.qualname: each.parent for each in facts.functions}
    names = [each.qualname for each in facts.functions]
    assert parents == {
        "": NOTHING,
        "C": 0,
        "C.m": names.index("C"),
        "C.m.<locals>.inner": names.index("C.m"),
        "C.m.<locals>.inner.<locals>.<lambda>": names.index("C.m.<locals>.inner"),
        "C.D": names.index("C"),
        "C.D.n": names.index("C.D"),
        "f": 0,
        "f.<locals>.E": names.index("f"),
        "f.<locals>.E.o": names.index("f.<locals>.E"),
    }
    assert [each.index for each in facts.functions] == list(range(len(names)))
    assert [each.qualname for each in facts.classes] == ["C", "C.D", "f.<locals>.E"]


def test_methods_know_their_class() -> None:
    facts = facts_of("""
        class A:
            def m(self):
                def inner(): pass
        class B:
            def n(self): pass
    """)
    assert {each.qualname: each.cls for each in facts.functions} == {
        "": NOTHING,
        "A": 0,
        "A.m": 0,
        "A.m.<locals>.inner": NOTHING,
        "B": 1,
        "B.n": 1,
    }


def test_class() -> None:
    facts = facts_of("""
        @deco
        class A(B, *C, metaclass=M, **K):
            x: int
            y: str = ""
            def m(self): pass
    """)
    (cls,) = facts.classes
    assert cls.bases == (1, 5)
    assert cls.keywords == (Argument("metaclass", 3), Argument("**", 4))
    assert cls.decorators == (0,)
    assert cls.annotations == (
        Annotation("x", INT, False, Span(3, 5, 3, 6)),
        Annotation("y", TypeRef(("str",), ()), True, Span(4, 5, 4, 6)),
    )
    assert facts.functions[cls.body].kind == "class"
    assert facts.functions[cls.body].cls == cls.index
    assert facts.functions[0].body[-2] == MakeClass(6, cls.span, 0)
    assert place(cls.span) == "2:7-2:8"


@pytest.mark.parametrize(
    ("source", "is_async", "is_generator"),
    [
        ("def f(): pass", False, False),
        ("async def f(): pass", True, False),
        ("def f(): yield", False, True),
        ("async def f(): yield 1", True, True),
        ("def f(): x = yield from g", False, True),
        ("def f():\n def g(): yield", False, False),
        ("def f(): lambda: (yield)", False, False),
    ],
)
def test_kinds_of_functions(source: str, is_async: bool, is_generator: bool) -> None:
    f = function(facts_of(source), "f")
    assert (f.is_async, f.is_generator) == (is_async, is_generator)


def test_lambda_returns_its_body() -> None:
    facts = facts_of("f = lambda a, b=1: a")
    inner = facts.functions[1]
    assert (inner.kind, inner.name, place(inner.span)) == ("lambda", "<lambda>", "1:5-1:21")
    assert inner.parameters[1] == Parameter("b", "positional", None, 0)
    (result,) = inner.body
    assert isinstance(result, Return)
    assert (place(result.span), result.value) == ("1:20-1:21", 0)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("a.b.C", TypeRef(("a", "b", "C"), ())),
        ("Optional[p.C]", TypeRef(("Optional",), (TypeRef(("p", "C"), ()),))),
        ("dict[str, C]", TypeRef(("dict",), (TypeRef(("str",), ()), TypeRef(("C",), ())))),
        ("A | B | None", TypeRef(("|",), (TypeRef(("A",), ()), TypeRef(("B",), ()), TypeRef(("None",), ())))),
        ("'A'", TypeRef(("A",), ())),
        ("list['p.A']", TypeRef(("list",), (TypeRef(("p", "A"), ()),))),
        ("'A | None'", TypeRef(("|",), (TypeRef(("A",), ()), TypeRef(("None",), ())))),
        ("Callable[[int], C]", TypeRef(("Callable",), (TypeRef((), ()), TypeRef(("C",), ())))),
        ("Literal['A']", TypeRef(("Literal",), (TypeRef((), ()),))),
        ("Annotated[C, 'note']", TypeRef(("Annotated",), (TypeRef(("C",), ()), TypeRef((), ())), ("note",))),
        (
            "t.Annotated[C, 1, 'a', b'', f'b', 'c']",
            TypeRef(("t", "Annotated"), (TypeRef(("C",), ()), *[TypeRef((), ())] * 5), ("a", "c")),
        ),
        ("f(x)", TypeRef((), ())),
        ("'not a type!'", TypeRef((), ())),
        ("'\"A\"'", TypeRef((), ())),
        ("'" + "(" * 600 + "'", TypeRef((), ())),
        ("1", TypeRef((), ())),
    ],
)
def test_annotations(annotation: str, expected: TypeRef) -> None:
    f = function(facts_of(f"def f(a: {annotation}) -> {annotation}: pass"), "f")
    assert f.parameters[0].annotation == expected
    assert f.returns == expected
