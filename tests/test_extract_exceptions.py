"""Try: a handler sees any value that the body gave, the finally block any of all."""

from __future__ import annotations

from extract_dump import dump, same


def test_handler_sees_every_assignment_of_the_body() -> None:
    source = """
    def f(g):
        x = 0
        try:
            x = g()
            x = g(x)
        except (KeyError, g.E) as error:
            return x, error
        return x
    """
    expected = """
    1 Const int 0
    Try
      body:
        2 Call 0 ()
        3 Call 0 (2)
      handlers:
        Handler (5, 6)
          body:
            4 Phi x (1, 2, 3)
            5 LoadName KeyError global 0
            6 LoadAttr 0 E
            7 Caught (5, 6)
            8 Build tuple (4, 7)
            Return 8
    Return 3
    """
    assert same(dump(source), expected)


def test_handler_joins_behind_the_try() -> None:
    source = """
    def f(g):
        try:
            x = g()
        except Exception:
            x = None
        return x
    """
    expected = """
    Try
      body:
        1 Call 0 ()
      handlers:
        Handler (3)
          body:
            2 Phi x (-1, 1)
            3 LoadName Exception global 0
            4 Const none None
    5 Phi x (1, 4)
    Return 5
    """
    assert same(dump(source), expected)


def test_else_runs_with_the_values_of_the_body() -> None:
    source = """
    def f(g):
        try:
            x = g()
        except E:
            pass
        else:
            x = x.y
        return x
    """
    expected = """
    Try
      body:
        1 Call 0 ()
      handlers:
        Handler (3)
          body:
            2 Phi x (-1, 1)
            3 LoadName E global 0
      orelse:
        4 LoadAttr 1 y
    5 Phi x (4, 2)
    Return 5
    """
    assert same(dump(source), expected)


def test_finally_sees_everything_and_what_it_assigns_stays() -> None:
    source = """
    def f(g):
        try:
            x = g()
            y = 1
        except E as error:
            x = error
            return x
        finally:
            g(x)
            y = 2
        return x, y
    """
    expected = """
    Try
      body:
        1 Call 0 ()
        2 Const int 1
      handlers:
        Handler (5)
          body:
            3 Phi x (-1, 1)
            4 Phi y (-1, 2)
            5 LoadName E global 0
            6 Caught (5)
            Return 6
      final:
        7 Phi x (-1, 1, 6)
        8 Phi y (-1, 2)
        9 Phi error (-1, 6)
        10 Call 0 (7)
        11 Const int 2
    12 Build tuple (1, 11)
    Return 12
    """
    assert same(dump(source), expected)


def test_bare_handler() -> None:
    source = """
    def f(g):
        try: g()
        except: raise
    """
    expected = """
    Try
      body:
        1 Call 0 ()
      handlers:
        Handler ()
          body:
            Raise -1
    """
    assert same(dump(source), expected)


def test_name_of_the_exception_is_unbound_behind_the_handler() -> None:
    source = """
    def f(g, e):
        try: g()
        except E as e: pass
        return e
    """
    expected = """
    Try
      body:
        2 Call 0 ()
      handlers:
        Handler (3)
          body:
            3 LoadName E global 0
            4 Caught (3)
    5 Phi e (1, -1)
    Return 5
    """
    assert same(dump(source), expected)


def test_groups() -> None:
    source = """
    def f(g):
        try: g()
        except* E as e: e.x
    """
    expected = """
    Try
      body:
        1 Call 0 ()
      handlers:
        Handler (2)
          body:
            2 LoadName E global 0
            3 Caught (2)
            4 LoadAttr 3 x
    """
    assert same(dump(source), expected)


def test_break_through_finally_brings_what_finally_assigned() -> None:
    source = """
    def f(xs, n):
        for x in xs:
            try:
                n = 1
                break
            finally:
                n = 2
        return n
    """
    expected = """
    Loop for 0
      head:
        2 Phi x (-1)
        3 Phi n (1)
        4 Element 0
      body:
        Try
          body:
            5 Const int 1
            Break
          final:
            6 Phi n (3, 5)
            7 Const int 2
    8 Phi n (3, 7)
    9 Phi x (2, 4)
    Return 8
    """
    assert same(dump(source), expected)


def test_nested_try_tells_the_outer_one() -> None:
    source = """
    def f(g, x):
        try:
            try:
                x = 1
            finally:
                g()
        except E:
            return x
    """
    expected = """
    Try
      body:
        Try
          body:
            2 Const int 1
          final:
            3 Phi x (1, 2)
            4 Call 0 ()
      handlers:
        Handler (6)
          body:
            5 Phi x (1, 2)
            6 LoadName E global 0
            Return 5
    """
    assert same(dump(source), expected)


def test_comprehension_target_does_not_reach_the_handler() -> None:
    source = """
    def f(g, x):
        try:
            y = [x for x in g]
        except E:
            return x
    """
    expected = """
    Try
      body:
        Loop comprehension 0
          head:
            2 Element 0
        3 Build list (2) comprehension
      handlers:
        Handler (5)
          body:
            4 Phi y (-1, 3)
            5 LoadName E global 0
            Return 1
    """
    assert same(dump(source), expected)
