"""Which names are locals, and where the others live."""

from __future__ import annotations

from extract_dump import dump, same


def test_captured_local_is_a_cell() -> None:
    source = """
    def f():
        x = 1
        def g():
            return x
        x = 2
        return x
    """
    expected = """
    0 Const int 1
    1 StoreName x cell 1 0
    2 MakeFunction 2
    3 Const int 2
    4 StoreName x cell 1 3
    5 LoadName x cell 1
    Return 5
    """
    assert same(dump(source, "f"), expected)


def test_captured_local_is_free_in_the_nested_function() -> None:
    source = """
    def f():
        x = 1
        def g():
            return x
    """
    expected = """
    0 LoadName x free 1
    Return 0
    """
    assert same(dump(source, "f.<locals>.g"), expected)


def test_nonlocal_is_stored_as_free() -> None:
    source = """
    def f(x):
        def g():
            nonlocal x
            x += 1
    """
    expected = """
    0 LoadName x free 1
    1 Const int 1
    2 Compute + (0, 1)
    3 StoreName x free 1 2 augmented
    """
    assert same(dump(source, "f.<locals>.g"), expected)


def test_cell_parameter_is_read_as_a_cell() -> None:
    source = """
    def f(x):
        return x, lambda: x
    """
    expected = """
    1 LoadName x cell 1
    2 MakeFunction 2
    3 Build tuple (1, 2)
    Return 3
    """
    assert same(dump(source, "f"), expected)


def test_global_statement() -> None:
    source = """
    def f():
        global x
        x = x + 1
    """
    expected = """
    0 LoadName x global 0
    1 Const int 1
    2 Compute + (0, 1)
    3 StoreName x global 0 2
    """
    assert same(dump(source, "f"), expected)


def test_global_of_an_enclosing_function_is_no_cell() -> None:
    source = """
    def f():
        global x
        x = 1
        def g():
            return x
    """
    expected = """
    0 LoadName x global 0
    Return 0
    """
    assert same(dump(source, "f.<locals>.g"), expected)


def test_free_name_is_seen_through_a_function_between() -> None:
    source = """
    def f(x):
        def g():
            def h():
                return x
    """
    expected = """
    0 LoadName x free 1
    Return 0
    """
    assert same(dump(source, "f.<locals>.g.<locals>.h"), expected)


def test_class_names_are_invisible_to_methods() -> None:
    source = """
    class A:
        x = 1
        def m(self):
            return x
    """
    expected = """
    1 LoadName x global 0
    Return 1
    """
    assert same(dump(source, "A.m"), expected)


def test_class_body_reads_the_function_around() -> None:
    source = """
    def f(x):
        class A:
            y = x
    """
    expected = """
    0 LoadName x free 1
    1 StoreName y class 2 0
    """
    assert same(dump(source, "f.<locals>.A"), expected)


def test_names_of_the_module() -> None:
    source = """
    x = y
    def f(): pass
    class C: pass
    with x as z: pass
    try: pass
    except E as e: e
    """
    expected = """
    0 LoadName y global 0
    1 StoreName x global 0 0
    2 MakeFunction 1
    3 StoreName f global 0 2
    4 MakeClass 0
    5 StoreName C global 0 4
    6 LoadName x global 0
    With 6
      body:
        7 Entered 6
        8 StoreName z global 0 7
    Try
      handlers:
        Handler (9)
          body:
            9 LoadName E global 0
            10 Caught (9)
            11 StoreName e global 0 10
            12 LoadName e global 0
    """
    assert same(dump(source, ""), expected)


def test_for_target_in_the_module() -> None:
    source = """
    for i in x: i
    """
    expected = """
    0 LoadName x global 0
    Loop for 0
      head:
        1 Element 0
        2 StoreName i global 0 1
      body:
        3 LoadName i global 0
    """
    assert same(dump(source, ""), expected)


def test_nested_function_reads_its_own_name_as_a_cell() -> None:
    source = """
    def f():
        def g():
            return g
        return g
    """
    expected = """
    0 MakeFunction 2
    1 StoreName g cell 1 0
    2 LoadName g cell 1
    Return 2
    """
    assert same(dump(source, "f"), expected)


def test_use_before_binding_is_nothing() -> None:
    source = """
    def f():
        print(x)
        x = 1
    """
    expected = """
    0 LoadName print global 0
    1 Call 0 (-1)
    2 Const int 1
    """
    assert same(dump(source, "f"), expected)
