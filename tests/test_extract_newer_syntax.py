"""Syntax that LibCST reads whether or not the running interpreter does."""

from __future__ import annotations

from extract_dump import dump, same


def test_unpacking_in_comprehensions() -> None:
    source = """
    def f(xs):
        return [*x for x in xs], {**x for x in xs}
    """
    expected = """
    Loop comprehension 0
      head:
        1 Element 0
      body:
        2 Compute * (1)
    3 Build list (2) comprehension
    Loop comprehension 0
      head:
        4 Element 0
      body:
        5 Compute ** (4)
    6 Build dict (5) comprehension
    7 Build tuple (3, 6)
    Return 7
    """
    assert same(dump(source), expected)


def test_handler_of_two_types_without_parentheses() -> None:
    source = """
    try: pass
    except A, B: c
    """
    expected = """
    Try
      handlers:
        Handler (0, 1)
          body:
            0 LoadName A global 0
            1 LoadName B global 0
            2 LoadName c global 0
    """
    assert same(dump(source, ""), expected)


def test_lazy_imports() -> None:
    source = """
    lazy import a.b
    lazy from c import d
    """
    expected = """
    0 Import a.b '' 0
    1 StoreName a global 0 0
    2 Import c d 0
    3 StoreName d global 0 2
    """
    assert same(dump(source, ""), expected)


def test_type_parameters_bind_nothing_that_runs() -> None:
    source = """
    def f[T: int = str, *Ts, **P](x: T) -> T:
        return x
    """
    assert same(dump(source), "Return 0")


def test_quotes_of_the_outer_string_inside_a_formatted_string() -> None:
    source = """
    def f(a):
        return f"{a["k"]} {f"{a.b}"}"
    """
    expected = """
    1 Const str 'k'
    2 LoadItem 0 1
    3 LoadAttr 0 b
    4 Compute f"" (3)
    5 Compute f"" (2, 4)
    Return 5
    """
    assert same(dump(source), expected)
