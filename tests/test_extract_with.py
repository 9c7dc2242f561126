"""With: one node per manager, with the implicit awaits of its asynchronous form."""

from __future__ import annotations

from extract_dump import dump, same


def test_two_managers_nest() -> None:
    source = """
    def f(a):
        with a.x as b, a.y as (c, a.d):
            return b, c
    """
    expected = """
    1 LoadAttr 0 x
    With 1
      body:
        2 Entered 1
        3 LoadAttr 0 y
        With 3
          body:
            4 Entered 3
            5 Unpack 4 0
            6 Unpack 4 1
            7 StoreAttr 0 d 6
            8 Build tuple (2, 5)
            Return 8
    """
    assert same(dump(source), expected)


def test_asynchronous() -> None:
    source = """
    async def f(a):
        async with a.x as b, a.y:
            b.c
    """
    expected = """
    1 LoadAttr 0 x
    2 Await 1
    With 1 is_async
      body:
        3 Entered 1
        4 LoadAttr 0 y
        5 Await 4
        With 4 is_async
          body:
            6 LoadAttr 3 c
            7 Await 4
        8 Await 1
    """
    assert same(dump(source), expected)


def test_a_body_that_returns_does_not_join() -> None:
    source = """
    def f(a, x):
        if a:
            with a.lock:
                x = 1
                return x
        return x
    """
    expected = """
    Branch 0
      body:
        2 LoadAttr 0 lock
        With 2
          body:
            3 Const int 1
            Return 3
    Return 1
    """
    assert same(dump(source), expected)
