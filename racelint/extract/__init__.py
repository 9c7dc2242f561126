"""One file's bytes to its facts: the only stage that sees a syntax tree."""

from __future__ import annotations

import gc
import sys
import threading
from typing import Final

from racelint.extract import comprehensions, control, definitions, matching, statements  # noqa: F401, they register
from racelint.extract.bindings import find_scopes
from racelint.extract.comments import find_comments
from racelint.extract.dispatch import run
from racelint.extract.frame import Frame, Unit
from racelint.extract.positions import spans
from racelint.extract.source import NEWLINE, TOO_DEEP, Source, SourceError, read
from racelint.facts import ModuleFacts, Span

__all__ = ["SourceError", "extract"]

DEEP_RECURSION_LIMIT: Final = 40_000
_DEEP: Final = threading.Lock()


def extract(source: bytes) -> ModuleFacts:
    """All that a file says, from its bytes alone.

    Raises `SourceError` for what cannot be read: wrong bytes, wrong syntax, nesting beyond all reason.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        text = read(source)
        try:
            return facts_from(text)
        except RecursionError:
            return _deep_facts(text)
    finally:
        if collecting:
            gc.enable()


def _deep_facts(source: Source) -> ModuleFacts:
    """The facts of a file with deeply nested expressions, for which Python's usual limit is too low."""
    with _DEEP:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, DEEP_RECURSION_LIMIT))
        try:
            return facts_from(source)
        except RecursionError:
            raise SourceError(TOO_DEEP, 1, 1) from None
        finally:
            sys.setrecursionlimit(limit)


def facts_from(source: Source) -> ModuleFacts:
    """The facts of a file that was read; without its `ast` tree they are the same, only slower to get."""
    text = source.text
    unit = Unit(spans(source), find_scopes(source.module))
    frame = Frame(unit, unit.scopes.of[source.module], "module", "")
    run(frame, source.module)
    frame.finish("", Span(1, 1, 1, 1))
    functions = tuple([function for function in unit.functions if function is not None])
    classes = tuple([cls for cls in unit.classes if cls is not None])
    unfinished = bool(text) and not text.endswith(("\n", "\r"))
    return ModuleFacts(functions, classes, len(NEWLINE.findall(text)) + unfinished, find_comments(text))
