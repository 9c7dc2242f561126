"""Spans: exact in characters, and the same whether they come from `ast` or from LibCST."""

from __future__ import annotations

import pytest
from extract_dump import everything, place

from racelint.extract import extract, facts_from
from racelint.extract.source import Source, read
from racelint.facts import Call, Control, Handler, LoadName, StoreAttr, StoreItem, StoreName

SNIPPETS = [
    "x = 1; y.z = 2 ; del x",
    "\ufeffx = a.b\n",
    "é = ü.ö['ß'](ñ)\n",
    "x = '😀', a.b, '😀😀', c[0]\n",
    "def f():\n\tif a:\n\t\treturn b.c\n",
    "x = a \\\n  . b \\\n + c\r\ny = d\r\n",
    "x = a\ry = b\r",
    "x = (  # note (\n  a.b  # c )\n).c(\n)\n",
    'x = """\n\n""".join(a), """\r\n""" + b.c\n',
    "async  def\\\n  f(): pass\nclass\\\n  C: pass\n",
    "async def f():\n  async with a as (b, c.d): await (e)\n  async for x in (y): return [z async for z in w]\n",
    "try: pass\nexcept (A, B) as e: pass\nexcept ((C)) as \\\n f: pass\nexcept( D )as g: pass\nexcept: pass\n",
    "try:\n pass\nexcept* E as e:\n  pass\nfinally:\n  pass\n",
    "if (a) and (b) and (c): pass\nif a or (b\n ) or (c, d) or e: pass\nwhile (a and b) or c: pass\n",
    "for x in (1, 2): pass\nfor y in ((a)): pass\nfor z in (a for a in b): pass\nfor x in 1, 2: pass\n",
    "f(*a, b=1, *c, **d)\nclass C(A, *B, m=D, **E): pass\n",
    "with a, (b) as c, d as (e, f): pass\nwith (a as b, c as d.e): pass\n",
    "import a.b as c, d\nfrom .e import (f, g as h)\nfrom i import *\n",
    "del a, (b), (c, d.e), f[0]\n",
    "x = y = z\nx, y = z\n(x) = z\nx: int = z\nx += (y)\n",
    'f\'{a.b!r:>{c.d}} {{}} {e }\' "g" f"{h[0]:{i}{j}}"\n',
    "x = (f'{a.b}'\n     'c'  # note\n     rf'{d.e}é{f.g}'\n)\n",
    "def f():\n    return g(f'''é\n  {a.b}\n{c.d:\n{e}} ''', f'{(h.i)}{  j.k}{(lambda: l)}')\n",
    "f'''{\n  a.b}'''\n",
    "f'{f\"{a.b}{c}\"}{d}'\n",
    "class C:\n    def f(self):\n        return f'''{\n            a.b(\n    c.d,\n              e.f\n)}{g.h}'''\n",
    "if a:\n\tx = f'''{\n\t\tb(\n\t\t\tc.d\n\t\t)\n\t\t:{e.f}}'''\n",
    "f'{x=} {y.z = !s}'\n",
    "match a.b:\n  case {'k': v, **r}: pass\n  case {**s}: pass\n  case {'k': (v), 'l': w, **t , }: pass\n"
    "  case P(x, y=z) as q if q.r: pass\n  case [a, *b] | (c.d, -1): pass\n  case (e), : pass\n"
    "  case (f, (g)): pass\n  case _: pass\n",
    "lambda a, b=c.d: (yield e.f)\n",
    "x = [a.b for a in b.c if d.e for f in g if h if i]\ny = {k.l: v for k, v in m}\n",
    "@a.b\n@c(d)\nasync def f(x: y = z.a, *, b=c.d) -> e: return f.g\n",
    "assert (a.b), c.d\nraise (e) from f\nglobal g\nx: (y) = z\n",
    "a[b.c:d.e, ::f], g[h,], i[:]\na[b] = c\nx.y: z\n",
    "not a.b, -c, a < b.c < d, a if b.c else d, (w := x.y)\n",
    "ﬁ = ℌ.x\n",
]


@pytest.mark.parametrize("source", SNIPPETS)
def test_both_ways_agree(source: str) -> None:
    paired = read(source.encode())
    assert paired.tree is not None
    assert facts_from(paired) == facts_from(Source(paired.text, paired.module, None))


def spans_of(source: str, kind: type[Call] | type[LoadName]) -> list[str]:
    """The spans of all nodes of a type, in the order of the source."""
    functions = extract(source.encode()).functions
    return [place(node.span) for each in functions for node in everything(each.body) if type(node) is kind]


def test_columns_count_characters() -> None:
    assert spans_of("x = 'é😀', name\n", LoadName) == ["1:11-1:15"]


def test_byte_order_mark_takes_no_column() -> None:
    assert spans_of("\ufeffname\n", LoadName) == ["1:1-1:5"]


def test_form_feed_and_tab_take_one_column() -> None:
    assert spans_of("if 1:\n\tname\n\x0c\nname", LoadName) == ["2:2-2:6", "4:1-4:5"]


def test_parentheses_do_not_count() -> None:
    assert spans_of("( f ( ) )\n", Call) == ["1:3-1:8"]


def test_places_inside_formatted_strings() -> None:
    assert spans_of("x = (f'{a}é'\n  f'{ b :{c}}')\n", LoadName) == ["1:9-1:10", "2:7-2:8", "2:11-2:12"]


def test_place_of_an_exception_name() -> None:
    facts = extract(b"try: pass\nexcept (A) as name: pass\n")
    nodes = list(everything(facts.functions[0].body))
    assert [place(node.span) for node in nodes if type(node) is Handler] == ["2:1-2:10"]
    assert place(nodes[-1].span) == "2:15-2:19"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1 ; y", "1:1-1:6"),
        ("x: int = 1 # c", "1:1-1:11"),
        ("x += 1", "1:1-1:7"),
        ("x.y = 1", "1:1-1:8"),
        ("x[0] += 1", "1:1-1:10"),
        ("x = y = 1", "1:1-1:2"),
        ("(x, y) = z", "1:2-1:3"),
        ("for x in y: pass", "1:5-1:6"),
        ("with y as x: pass", "1:11-1:12"),
        ("import a.b as x", "1:8-1:16"),
        ("from a import b as x, c", "1:15-1:21"),
        ("def x(): pass", "1:5-1:6"),
        ("class x: pass", "1:7-1:8"),
    ],
)
def test_span_of_a_store(source: str, expected: str) -> None:
    nodes = everything(extract(source.encode()).functions[0].body)
    first = next(node for node in nodes if isinstance(node, StoreName | StoreAttr | StoreItem))
    assert place(first.span) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if a.b: pass", "1:4-1:7"),
        ("while a.b: pass", "1:7-1:10"),
        ("for x in a.b: pass", "1:10-1:13"),
        ("with a.b as c: pass", "1:6-1:9"),
        ("try: pass\nfinally: pass", "1:1-1:4"),
        ("raise a", "1:1-1:8"),
        ("assert a, b", "1:8-1:9"),
        ("a.b and c", "1:1-1:4"),
        ("match a:\n case 1: pass", "2:7-2:8"),
    ],
)
def test_span_of_control(source: str, expected: str) -> None:
    body = extract(source.encode()).functions[0].body
    first = next(node for node in body if isinstance(node, Control))
    assert place(first.span) == expected
