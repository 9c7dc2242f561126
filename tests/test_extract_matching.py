"""Match: one test per case; captures are unpacked from the subject."""

from __future__ import annotations

from extract_dump import dump, same


def test_values_and_classes_are_operands_of_the_test() -> None:
    source = """
    def f(s):
        match s.x:
            case E.A | -1: return 1
            case {"k": True}: return 2
            case p.Point(0, y=None): return 3
    """
    expected = """
    1 LoadAttr 0 x
    2 LoadName E global 0
    3 LoadAttr 2 A
    4 Const int 1
    5 Compute - (4)
    6 Compute match (1, 3, 5)
    Branch 6
      body:
        7 Const int 1
        Return 7
      orelse:
        8 Const str 'k'
        9 Const bool True
        10 Compute match (1, 8, 9)
        Branch 10
          body:
            11 Const int 2
            Return 11
          orelse:
            12 LoadName p global 0
            13 LoadAttr 12 Point
            14 Const int 0
            15 Const none None
            16 Compute match (1, 13, 14, 15)
            Branch 16
              body:
                17 Const int 3
                Return 17
    """
    assert same(dump(source), expected)


def test_captures() -> None:
    source = """
    def f(s):
        match s:
            case [a, (b, *c)]: return a, b, c
            case {"k": d, **e}: return d, e
            case P(g, y=[h]) as i: return g, h, i
    """
    expected = """
    1 Compute match (0)
    Branch 1
      body:
        2 Unpack 0 0
        3 Unpack 0 1
        4 Unpack 3 0
        5 Unpack 3 1
        6 Build tuple (2, 4, 5)
        Return 6
      orelse:
        7 Const str 'k'
        8 Compute match (0, 7)
        Branch 8
          body:
            9 Unpack 0 0
            10 Compute match (0)
            11 Build tuple (9, 10)
            Return 11
          orelse:
            12 LoadName P global 0
            13 Compute match (0, 12)
            Branch 13
              body:
                14 Unpack 0 0
                15 Unpack 0 1
                16 Unpack 15 0
                17 Build tuple (14, 16, 0)
                Return 17
    """
    assert same(dump(source), expected)


def test_last_case_that_cannot_fail_needs_no_test() -> None:
    source = """
    def f(s):
        match s:
            case 0: x = 1
            case other: x = other
        return x
    """
    expected = """
    1 Const int 0
    2 Compute match (0, 1)
    Branch 2
      body:
        3 Const int 1
    4 Phi x (3, 0)
    5 Phi other (-1, 0)
    Return 4
    """
    assert same(dump(source), expected)


def test_guard_is_tested_with_the_captures_bound() -> None:
    source = """
    def f(s):
        match s:
            case [a] if a.ok: return a
        return a
    """
    expected = """
    1 Compute match (0)
    Branch 1
      body:
        2 Unpack 0 0
        3 LoadAttr 2 ok
    4 Choice and (1, 3)
    5 Phi a (-1, 2)
    Branch 4
      body:
        Return 2
    Return 5
    """
    assert same(dump(source), expected)


def test_alternatives_bind_the_same_name() -> None:
    source = """
    def f(s):
        match s:
            case [x] | (_, x): return x
    """
    expected = """
    1 Compute match (0)
    Branch 1
      body:
        2 Unpack 0 0
        3 Unpack 0 1
        4 Phi x (2, 3)
        Return 4
    """
    assert same(dump(source), expected)


def test_captures_of_the_module_are_stored() -> None:
    source = """
    match s:
        case {"k": v, **rest}: pass
        case [*items]: pass
        case _ as other: pass
    """
    expected = """
    0 LoadName s global 0
    1 Const str 'k'
    2 Compute match (0, 1)
    Branch 2
      body:
        3 Unpack 0 0
        4 StoreName v global 0 3
        5 Compute match (0)
        6 StoreName rest global 0 5
      orelse:
        7 Compute match (0)
        Branch 7
          body:
            8 Unpack 0 0
            9 StoreName items global 0 8
          orelse:
            10 StoreName other global 0 0
    """
    assert same(dump(source, ""), expected)
