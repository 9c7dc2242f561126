"""Comprehensions are loops of the function around them; their targets are nobody else's."""

from __future__ import annotations

from extract_dump import dump, same


def test_list() -> None:
    source = """
    def f(xs):
        return [x.y for x in xs if x if x.z]
    """
    expected = """
    Loop comprehension 0
      head:
        1 Element 0
      body:
        Branch 1
          body:
            2 LoadAttr 1 z
            Branch 2
              body:
                3 LoadAttr 1 y
    4 Build list (3) comprehension
    Return 4
    """
    assert same(dump(source), expected)


def test_dict_with_two_clauses() -> None:
    source = """
    def f(xs):
        return {k: v for k, vs in xs for v in vs}
    """
    expected = """
    Loop comprehension 0
      head:
        1 Element 0
        2 Unpack 1 0
        3 Unpack 1 1
      body:
        Loop comprehension 3
          head:
            4 Element 3
    5 Build dict (4) (2) comprehension
    Return 5
    """
    assert same(dump(source), expected)


def test_generator_and_set() -> None:
    source = """
    def f(xs):
        return {x for x in xs}, any(x for x in xs)
    """
    expected = """
    Loop comprehension 0
      head:
        1 Element 0
    2 Build set (1) comprehension
    3 LoadName any global 0
    Loop comprehension 0
      head:
        4 Element 0
    5 Build generator (4) comprehension
    6 Call 3 (5)
    7 Build tuple (2, 6)
    Return 7
    """
    assert same(dump(source), expected)


def test_asynchronous() -> None:
    source = """
    async def f(xs):
        return [x async for x in xs]
    """
    expected = """
    Loop comprehension 0
      head:
        1 Await 0
        2 Element 0
    3 Build list (2) comprehension
    Return 3
    """
    assert same(dump(source), expected)


def test_target_hides_a_local_and_gives_it_back() -> None:
    source = """
    def f(x, xs):
        ys = [x for x in xs]
        return x
    """
    expected = """
    Loop comprehension 1
      head:
        2 Element 1
    3 Build list (2) comprehension
    Return 0
    """
    assert same(dump(source), expected)


def test_target_is_no_global_of_the_module() -> None:
    source = """
    x = 1
    y = [x for x in z]
    x
    """
    expected = """
    0 Const int 1
    1 StoreName x global 0 0
    2 LoadName z global 0
    Loop comprehension 2
      head:
        3 Element 2
    4 Build list (3) comprehension
    5 StoreName y global 0 4
    6 LoadName x global 0
    """
    assert same(dump(source, ""), expected)


def test_class_names_are_not_seen_inside() -> None:
    source = """
    class A:
        n = b
        m = [n for i in n]
    """
    expected = """
    0 LoadName b global 0
    1 StoreName n class 1 0
    2 LoadName n class 1
    Loop comprehension 2
      head:
        3 Element 2
      body:
        4 LoadName n global 0
    5 Build list (4) comprehension
    6 StoreName m class 1 5
    """
    assert same(dump(source, "A"), expected)


def test_captured_target_is_a_cell_of_the_function_around() -> None:
    source = """
    def f(xs):
        return [lambda: x for x in xs]
    """
    expected = """
    Loop comprehension 0
      head:
        1 Element 0
        2 StoreName x cell 1 1
      body:
        3 MakeFunction 2
    4 Build list (3) comprehension
    Return 4
    """
    assert same(dump(source), expected)


def test_walrus_belongs_to_the_function_around() -> None:
    source = """
    def f(xs):
        [y := x for x in xs]
        return y
    """
    expected = """
    Loop comprehension 0
      head:
        1 Phi y (-1, 2)
        2 Element 0
    3 Build list (2) comprehension
    Return 1
    """
    assert same(dump(source), expected)
