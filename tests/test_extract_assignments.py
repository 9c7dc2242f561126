"""Stores: targets, unpacking, augmented and annotated assignment, deletion, imports."""

from __future__ import annotations

from extract_dump import dump, same


def test_value_comes_before_targets() -> None:
    source = """
    def f(a, b):
        a.x = b[a.y] = a.z
    """
    expected = """
    2 LoadAttr 0 z
    3 StoreAttr 0 x 2
    4 LoadAttr 0 y
    5 StoreItem 1 4 2
    """
    assert same(dump(source), expected)


def test_unpacking() -> None:
    source = """
    def f(a, b):
        x, (b.y, *z), [b[0]] = a
        return x, z
    """
    expected = """
    2 Unpack 0 0
    3 Unpack 0 1
    4 Unpack 0 2
    5 Unpack 3 0
    6 Unpack 3 1
    7 StoreAttr 1 y 5
    8 Unpack 4 0
    9 Const int 0
    10 StoreItem 1 9 8
    11 Build tuple (2, 6)
    Return 11
    """
    assert same(dump(source), expected)


def test_a_tuple_that_was_just_made_is_not_taken_apart() -> None:
    source = """
    def f(a, b):
        a.x, a.y = b, a.x
        a.x, *a.y = b, b
        a.x, a.y = *b, b
    """
    expected = """
    2 LoadAttr 0 x
    3 Build tuple (1, 2)
    4 StoreAttr 0 x 1
    5 StoreAttr 0 y 2
    6 Build tuple (1, 1)
    7 Unpack 6 0
    8 Unpack 6 1
    9 StoreAttr 0 x 7
    10 StoreAttr 0 y 8
    11 Compute * (1)
    12 Build tuple (11, 1)
    13 Unpack 12 0
    14 Unpack 12 1
    15 StoreAttr 0 x 13
    16 StoreAttr 0 y 14
    """
    assert same(dump(source), expected)


def test_locals_need_no_operation() -> None:
    source = """
    def f(a):
        x = y = a
        return x, y
    """
    expected = """
    1 Build tuple (0, 0)
    Return 1
    """
    assert same(dump(source), expected)


def test_augmented_targets() -> None:
    source = """
    count = 0
    def f(a, n):
        global count
        count += a.k
        a.x -= 1
        a[n] |= 2
        n *= 3
        return n
    """
    expected = """
    2 LoadName count global 0
    3 LoadAttr 0 k
    4 Compute + (2, 3)
    5 StoreName count global 0 4 augmented
    6 LoadAttr 0 x
    7 Const int 1
    8 Compute - (6, 7)
    9 StoreAttr 0 x 8 augmented
    10 LoadItem 0 1
    11 Const int 2
    12 Compute | (10, 11)
    13 StoreItem 0 1 12 augmented
    14 Const int 3
    15 Compute * (1, 14)
    Return 15
    """
    assert same(dump(source, "f"), expected)


def test_annotated_targets() -> None:
    source = """
    def f(a):
        x: int = a
        y: list["Foo"]
        a.z: Foo | None = x
        return y
    """
    expected = """
    1 Cast 0 int
    2 Cast -1 list[Foo]
    3 StoreAttr 0 z 0 |[Foo, None]
    Return 2
    """
    assert same(dump(source), expected)


def test_module_and_class_names_are_stored() -> None:
    source = """
    class A:
        x: int = 1
        y: str
        z = x
    """
    expected = """
    0 Const int 1
    1 StoreName x class 1 0 int
    2 LoadName x class 1
    3 StoreName z class 1 2
    """
    assert same(dump(source, "A"), expected)


def test_deletion() -> None:
    source = """
    def f(a):
        del a.x, a[0], (a)
        return a
    """
    expected = """
    1 DeleteAttr 0 x
    2 Const int 0
    3 DeleteItem 0 2
    Return -1
    """
    assert same(dump(source), expected)


def test_imports() -> None:
    source = """
    import a.b, c.d as e
    from . import g
    from ..h.i import j as k
    from l import *
    """
    expected = """
    0 Import a.b '' 0
    1 StoreName a global 0 0
    2 Import c.d '' 0 leaf
    3 StoreName e global 0 2
    4 Import '' g 1
    5 StoreName g global 0 4
    6 Import h.i j 2
    7 StoreName k global 0 6
    8 Import l * 0
    """
    assert same(dump(source, ""), expected)


def test_import_in_a_function_is_local() -> None:
    source = """
    def f():
        import a.b
        from c import d
        return a.b, d
    """
    expected = """
    0 Import a.b '' 0
    1 Import c d 0
    2 LoadAttr 0 b
    3 Build tuple (2, 1)
    Return 3
    """
    assert same(dump(source), expected)


def test_type_alias_does_not_evaluate_its_value() -> None:
    source = """
    type Pair[T] = tuple[T, T]
    """
    expected = """
    0 Compute type ()
    1 StoreName Pair global 0 0
    """
    assert same(dump(source, ""), expected)
