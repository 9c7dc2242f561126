"""What a file says is the same, whether LibCST parsed it or its tree was made from that of `ast`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from test_extract_positions import SNIPPETS

from racelint.extract import LONGEST_LINE, facts_from, matters
from racelint.extract.source import Source, parsed, understood
from racelint.extract.translation import translate
from racelint.facts import ModuleFacts

FIXTURES = Path(__file__).parent.parent / "fixtures"
LIBRARY = Path(asyncio.__file__).parent.parent
"""The standard library: real programs that are on every machine."""
PACKAGES = ("asyncio", "concurrent", "importlib", "json", "logging")
SOURCES = [
    *SNIPPETS,
    "x = 'a' \"b\"\n'c' 'd'\n",
    "x: 'a.b' 'c'\ny: d[('e', f)]\nz: Annotated[g, 'h' 'i', j:k]\n",
    "a[(b), (c)], a[(b, c)], a[()], a[b,], a[*b], a[*b, c], a[b:c, ::d]\n",
    "while 0x1: pass\nwhile 00: pass\nwhile 1_0: x = 1e999, 0b1, 1j, .5, 0xFF, 1_000\n",
    "x = (a + b) + c, a + b + c, a + (b + c), (a) + b, (a + b) * c - d, -(-a) ** b\n",
    "x = (a and b) and (c) and d or e and ((f)), not (a or b) or (c or d) or e\n",
    "if (a\n or (b)  # (c)\n or d): pass\n",
    "f(*a, b, c=d, *e, **g)\nclass C(a, *b, c=d, **e): pass\n",
    "if a: pass\nelif b: pass\nelse:\n  if c: pass\n  elif d: pass\n  else: e\n",
    "if a: pass\nelse:\n if b: pass\n",
    "del a\ndel (a, b)\ndel a, (b, c)\ndel [a]\n",
    "def f(a, /, b=c, *d: e, g: h = i, **j) -> k: global l; nonlocal_ = l\n",
    "match a:\n case -1 | None | 'b': pass\n case [c, *_]: pass\n case {d.e: f, **g}: pass\n case h.I(j, k=(l)): pass\n"
    " case (m) as n if o: pass\n case _: pass\n",
    "é = '…', ﬀ.x\n",
    "x = '\\ud800', b'\\xff', u'a', r'\\n', '''b\r\nc'''\n",
]


def translated(text: str) -> ModuleFacts | None:
    """The facts of a text without LibCST's parser; None for what it must read."""
    _, tree, _ = understood(text.encode("utf-8", "surrogatepass"))
    assert tree is not None
    found = translate(tree, text)
    return None if found is None else facts_from(Source(text, found[0], tree, found[1]))


def from_libcst(text: str) -> ModuleFacts:
    """The facts of a text that LibCST has parsed."""
    _, tree, refusal = understood(text.encode())
    return facts_from(Source(text, parsed(text, refusal), tree))


@pytest.mark.parametrize("source", SOURCES)
def test_small_sources_say_the_same(source: str) -> None:
    text, _, _ = understood(source.encode())
    found = translated(text)
    assert found is None or found == from_libcst(text)


@pytest.mark.parametrize(
    "folder",
    [pytest.param(FIXTURES, id="fixtures"), *(pytest.param(LIBRARY / name, id=name) for name in PACKAGES)],
)
def test_real_programs_say_the_same(folder: Path) -> None:
    paths = sorted(folder.rglob("*.py"))
    assert paths
    for path in paths:
        text, tree, refusal = understood(path.read_bytes())
        if tree is not None:
            assert translated(text) == facts_from(Source(text, parsed(text, refusal), tree)), path


def test_names_that_are_not_in_their_normal_form_are_left_to_libcst() -> None:
    assert translated("ﬁ = 1\n") is None
    assert translated("fi = 'é …'\n") is not None


def test_imports_of_concurrency_decide_who_reads() -> None:
    assert matters("if a:\n    import os, threading\n")
    assert matters("from concurrent.futures import Executor\n")
    assert not matters("import os\nthreading = None\n")


def test_lines_that_nobody_wrote_are_not_parsed_by_libcst() -> None:
    assert not matters(f"import threading; x = '{'a' * LONGEST_LINE}'\n")
