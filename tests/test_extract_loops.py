"""Loops: the Phis at their head, and the values at break, continue and the normal end."""

from __future__ import annotations

from extract_dump import dump, same


def test_while_tests_in_its_head() -> None:
    source = """
    def f(a, n):
        while n < a.n:
            n = n + 1
        return n
    """
    expected = """
    Loop while 4
      head:
        2 Phi n (1, 6)
        3 LoadAttr 0 n
        4 Compute < (2, 3)
      body:
        5 Const int 1
        6 Compute + (2, 5)
    Return 2
    """
    assert same(dump(source), expected)


def test_for_binds_its_target_in_the_head() -> None:
    source = """
    def f(xs):
        for x, y in xs.items():
            x.z = y
        return x
    """
    expected = """
    1 LoadAttr 0 items
    2 Call 1 ()
    Loop for 2
      head:
        3 Phi x (-1, 6)
        4 Phi y (-1, 7)
        5 Element 2
        6 Unpack 5 0
        7 Unpack 5 1
      body:
        8 StoreAttr 6 z 7
    Return 3
    """
    assert same(dump(source), expected)


def test_continue_brings_its_value_to_the_head() -> None:
    source = """
    def f(xs, n):
        for x in xs:
            if x:
                n = 1
                continue
            n = 2
        return n
    """
    expected = """
    Loop for 0
      head:
        2 Phi x (-1, 4)
        3 Phi n (1, 5, 6)
        4 Element 0
      body:
        Branch 4
          body:
            5 Const int 1
            Continue
        6 Const int 2
    Return 3
    """
    assert same(dump(source), expected)


def test_break_brings_its_value_behind_the_loop() -> None:
    source = """
    def f(xs, n):
        for x in xs:
            if x:
                n = 1
                break
        else:
            n = 2
        return n
    """
    expected = """
    Loop for 0
      head:
        2 Phi x (-1, 4)
        3 Phi n (1)
        4 Element 0
      body:
        Branch 4
          body:
            5 Const int 1
            Break
      orelse:
        6 Const int 2
    7 Phi n (6, 5)
    8 Phi x (2, 4)
    Return 7
    """
    assert same(dump(source), expected)


def test_endless_loop_ends_by_break_only() -> None:
    source = """
    def f(g, n):
        while True:
            n = g()
            if n:
                break
        return n
    """
    expected = """
    Loop while 3
      head:
        2 Phi n (1, 4)
        3 Const bool True
      body:
        4 Call 0 ()
        Branch 4
          body:
            Break
    Return 4
    """
    assert same(dump(source), expected)


def test_nothing_follows_an_endless_loop() -> None:
    source = """
    def f(g, n):
        if n:
            n = 1
            while 1: g()
        return n
    """
    expected = """
    Branch 1
      body:
        2 Const int 1
        Loop while 3
          head:
            3 Const int 1
          body:
            4 Call 0 ()
    Return 1
    """
    assert same(dump(source), expected)


def test_nested_loops() -> None:
    source = """
    def f(xs, n):
        for x in xs:
            for y in x:
                n += y
        return n
    """
    expected = """
    Loop for 0
      head:
        2 Phi x (-1, 5)
        3 Phi y (-1, 6)
        4 Phi n (1, 7)
        5 Element 0
      body:
        Loop for 5
          head:
            6 Phi y (3, 8)
            7 Phi n (4, 9)
            8 Element 5
          body:
            9 Compute + (7, 8)
    Return 4
    """
    assert same(dump(source), expected)


def test_a_value_that_only_leaves_is_no_input_of_the_head() -> None:
    source = """
    def f(xs, n):
        for x in xs:
            n = x
            return n
        return n
    """
    expected = """
    Loop for 0
      head:
        2 Phi x (-1)
        3 Phi n (1)
        4 Element 0
      body:
        Return 4
    Return 3
    """
    assert same(dump(source), expected)


def test_asynchronous_for_awaits_in_its_head() -> None:
    source = """
    async def f(xs):
        async for x in xs: x.y
    """
    expected = """
    Loop for 0
      head:
        1 Phi x (-1, 3)
        2 Await 0
        3 Element 0
      body:
        4 LoadAttr 3 y
    """
    assert same(dump(source), expected)
