"""Expressions become operations in Python's order of evaluation."""

from __future__ import annotations

from extract_dump import dump, same


def test_call_evaluates_the_callee_then_the_arguments_as_written() -> None:
    source = """
    def f(g, a):
        g.h(a.b, *a.c, k=a.d, **a.e)
    """
    expected = """
    2 LoadAttr 0 h
    3 LoadAttr 1 b
    4 LoadAttr 1 c
    5 LoadAttr 1 d
    6 LoadAttr 1 e
    7 Call 2 (3, *=4, k=5, **=6)
    """
    assert same(dump(source), expected)


def test_a_name_that_nobody_in_the_file_binds_is_global() -> None:
    source = """
    def f():
        return len
    """
    expected = """
    0 LoadName len global 0
    Return 0
    """
    assert same(dump(source), expected)


def test_items_and_slices() -> None:
    source = """
    def f(a, i):
        return a[i], a[1:i], a[:, ::2], a[i,], a[*i]
    """
    expected = """
    2 LoadItem 0 1
    3 Const int 1
    4 Build slice (3, 1, -1)
    5 LoadItem 0 4
    6 Build slice (-1, -1, -1)
    7 Const int 2
    8 Build slice (-1, -1, 7)
    9 Build tuple (6, 8)
    10 LoadItem 0 9
    11 Build tuple (1)
    12 LoadItem 0 11
    13 Compute * (1)
    14 Build tuple (13)
    15 LoadItem 0 14
    16 Build tuple (2, 5, 10, 12, 15)
    Return 16
    """
    assert same(dump(source), expected)


def test_and_evaluates_its_second_operand_in_a_branch() -> None:
    source = """
    def f(a, b):
        return a.x and b.y
    """
    expected = """
    2 LoadAttr 0 x
    Branch 2
      body:
        3 LoadAttr 1 y
    4 Choice and (2, 3)
    Return 4
    """
    assert same(dump(source), expected)


def test_or_evaluates_its_second_operand_in_the_other_branch() -> None:
    source = """
    def f(a, b):
        return a.x or b.y
    """
    expected = """
    2 LoadAttr 0 x
    Branch 2
      orelse:
        3 LoadAttr 1 y
    4 Choice or (2, 3)
    Return 4
    """
    assert same(dump(source), expected)


def test_chains_of_and_and_or_stay_flat() -> None:
    source = """
    def f(a, b, c):
        return a.x and b.x and c.x or c.y
    """
    expected = """
    3 LoadAttr 0 x
    Branch 3
      body:
        4 LoadAttr 1 x
    5 Choice and (3, 4)
    Branch 5
      body:
        6 LoadAttr 2 x
    7 Choice and (5, 6)
    Branch 7
      orelse:
        8 LoadAttr 2 y
    9 Choice or (7, 8)
    Return 9
    """
    assert same(dump(source), expected)


def test_conditional_expression() -> None:
    source = """
    def f(a):
        return a.x if a.t else a.y
    """
    expected = """
    1 LoadAttr 0 t
    Branch 1
      body:
        2 LoadAttr 0 x
      orelse:
        3 LoadAttr 0 y
    4 Choice if (2, 3)
    Return 4
    """
    assert same(dump(source), expected)


def test_comparison_chain_reads_its_middle_once() -> None:
    source = """
    def f(a):
        return 0 < a.x <= 9, a.y not in a.z, a is not None
    """
    expected = """
    1 Const int 0
    2 LoadAttr 0 x
    3 Compute < (1, 2)
    4 Const int 9
    5 Compute <= (2, 4)
    6 Choice and (3, 5)
    7 LoadAttr 0 y
    8 LoadAttr 0 z
    9 Compute not in (7, 8)
    10 Const none None
    11 Compute is not (0, 10)
    12 Build tuple (6, 9, 11)
    Return 12
    """
    assert same(dump(source), expected)


def test_arithmetic_of_one_kind_is_one_computation() -> None:
    source = """
    def f(a, b):
        return a + b + 1 - b * 2 * (a * b)
    """
    expected = """
    2 Const int 1
    3 Compute + (0, 1, 2)
    4 Const int 2
    5 Compute * (0, 1)
    6 Compute * (1, 4, 5)
    7 Compute - (3, 6)
    Return 7
    """
    assert same(dump(source), expected)


def test_unary_operators() -> None:
    source = """
    def f(a):
        return not a, -a, ~a
    """
    expected = """
    1 Compute not (0)
    2 Compute - (0)
    3 Compute ~ (0)
    4 Build tuple (1, 2, 3)
    Return 4
    """
    assert same(dump(source), expected)


def test_displays() -> None:
    source = """
    def f(a, b):
        return [a, *b], {a, b}, {a: b, **b}, ()
    """
    expected = """
    2 Compute * (1)
    3 Build list (0, 2)
    4 Build set (0, 1)
    5 Compute ** (1)
    6 Build dict (1, 5) (0, -1)
    7 Build tuple ()
    8 Build tuple (3, 4, 6, 7)
    Return 8
    """
    assert same(dump(source), expected)


def test_constants() -> None:
    source = r"""
    def f():
        return None, True, ..., 1_000, 0x10, 1e3, 2j, b"x", "it's", "a" 'b' r"\c", '''d'''
    """
    expected = r"""
    0 Const none None
    1 Const bool True
    2 Const ellipsis ...
    3 Const int 1000
    4 Const int 16
    5 Const float 1000.0
    6 Const float 2j
    7 Const bytes b'x'
    8 Const str "it's"
    9 Const str 'ab\\c'
    10 Const str 'd'
    11 Build tuple (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
    Return 11
    """
    assert same(dump(source), expected)


def test_formatted_strings() -> None:
    source = """
    def f(a, b):
        return f"{a.x!r:>{b.w}} {b=}" "tail" f"{b.y}", f""
    """
    expected = """
    2 LoadAttr 0 x
    3 LoadAttr 1 w
    4 LoadAttr 1 y
    5 Compute f"" (2, 3, 1, 4)
    6 Compute f"" ()
    7 Build tuple (5, 6)
    Return 7
    """
    assert same(dump(source), expected)


def test_walrus_binds_where_it_stands() -> None:
    source = """
    def f(a):
        return (n := a.x) and n
    """
    expected = """
    1 LoadAttr 0 x
    Branch 1
    2 Choice and (1, 1)
    Return 2
    """
    assert same(dump(source), expected)


def test_walrus_in_a_lazy_operand_may_not_have_happened() -> None:
    source = """
    def f(a, n):
        a and (n := a.x)
        return n
    """
    expected = """
    Branch 0
      body:
        2 LoadAttr 0 x
    3 Choice and (0, 2)
    4 Phi n (1, 2)
    Return 4
    """
    assert same(dump(source), expected)


def test_await_and_yield() -> None:
    source = """
    async def f(a):
        x = yield await a.x
        yield
        return x
    """
    expected = """
    1 LoadAttr 0 x
    2 Await 1
    3 Yield 2
    4 Yield -1
    Return 3
    """
    assert same(dump(source), expected)


def test_yield_from() -> None:
    source = """
    def f(a):
        x = yield from a
        return x
    """
    expected = """
    1 Yield 0 delegates
    Return 1
    """
    assert same(dump(source), expected)


def test_template_string() -> None:
    source = """
    def f(a):
        return t"{a.x} and {a}"
    """
    expected = """
    1 LoadAttr 0 x
    2 Compute t"" (1, 0)
    Return 2
    """
    assert same(dump(source), expected)
