"""Branches: where paths meet, a local that differs becomes a Phi."""

from __future__ import annotations

from extract_dump import dump, same


def test_if_without_else() -> None:
    source = """
    def f(a, x):
        if a.t:
            x = a.x
        return x
    """
    expected = """
    2 LoadAttr 0 t
    Branch 2
      body:
        3 LoadAttr 0 x
    4 Phi x (3, 1)
    Return 4
    """
    assert same(dump(source), expected)


def test_if_elif_else_meet_once() -> None:
    source = """
    def f(a):
        if a.t: x = 1
        elif a.u: x = 2
        else: y = 3
        return x, y
    """
    expected = """
    1 LoadAttr 0 t
    Branch 1
      body:
        2 Const int 1
      orelse:
        3 LoadAttr 0 u
        Branch 3
          body:
            4 Const int 2
          orelse:
            5 Const int 3
    6 Phi x (2, 4, -1)
    7 Phi y (-1, 5)
    8 Build tuple (6, 7)
    Return 8
    """
    assert same(dump(source), expected)


def test_a_path_that_returns_does_not_join() -> None:
    source = """
    def f(a, x):
        if a:
            x = 1
            return x
        return x
    """
    expected = """
    Branch 0
      body:
        2 Const int 1
        Return 2
    Return 1
    """
    assert same(dump(source), expected)


def test_a_path_that_raises_does_not_join() -> None:
    source = """
    def f(a, x):
        if a:
            x = 1
        else:
            raise a.E(x) from a.e
        return x
    """
    expected = """
    Branch 0
      body:
        2 Const int 1
      orelse:
        3 LoadAttr 0 E
        4 Call 3 (1)
        5 LoadAttr 0 e
        Raise 4
    Return 2
    """
    assert same(dump(source), expected)


def test_nothing_joins_behind_two_returns() -> None:
    source = """
    def f(a, x):
        if a.t:
            if a: return 1
            else: return 2
            x = 3
        return x
    """
    expected = """
    2 LoadAttr 0 t
    Branch 2
      body:
        Branch 0
          body:
            3 Const int 1
            Return 3
          orelse:
            4 Const int 2
            Return 4
        5 Const int 3
    Return 1
    """
    assert same(dump(source), expected)


def test_assert_raises_in_its_other_branch() -> None:
    source = """
    def f(a, x):
        assert a.ok, a.message
        assert x
        return x
    """
    expected = """
    2 LoadAttr 0 ok
    Branch 2
      orelse:
        3 LoadAttr 0 message
        Raise 3
    Branch 1
      orelse:
        Raise -1
    Return 1
    """
    assert same(dump(source), expected)


def test_equal_values_need_no_phi() -> None:
    source = """
    def f(a, b):
        if a: x = b
        else: x = b
        return x
    """
    expected = """
    Branch 0
    Return 1
    """
    assert same(dump(source), expected)
