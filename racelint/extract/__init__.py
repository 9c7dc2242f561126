"""One file's bytes to its facts: the only stage that sees a syntax tree."""

from __future__ import annotations

import ast
import re
import sys
import threading
from typing import Final

from racelint.collector import collector_off
from racelint.extract import comprehensions, control, definitions, matching, statements  # noqa: F401, they register
from racelint.extract.bindings import find_scopes
from racelint.extract.comments import find_comments
from racelint.extract.dispatch import run
from racelint.extract.frame import Frame, Unit
from racelint.extract.positions import Unplaced, spans
from racelint.extract.source import NEWLINE, TOO_DEEP, Source, SourceError, UnsupportedError, parsed, understood
from racelint.extract.translation import translate
from racelint.facts import ModuleFacts, Span

__all__ = ["SourceError", "UnsupportedError", "extract"]

DEEP_RECURSION_LIMIT: Final = 40_000
CONCURRENCY: Final = re.compile(
    r"""^[ \t]* (?:import|from) [ \t]+ (?:[\w.]+ [ \t]* , [ \t]*)*
    (?:_thread|anyio|asyncio|concurrent|eventlet|gevent|multiprocessing|threading|trio) \b""",
    re.MULTILINE | re.VERBOSE,
)
"""An import of what makes threads, processes, tasks and locks."""
LONGEST_LINE: Final = 20_000
_DEEP: Final = threading.Lock()


def extract(source: bytes) -> ModuleFacts:
    """All that a file says, from its bytes alone.

    Raises `SourceError` for what cannot be read: wrong bytes, wrong syntax, nesting beyond all reason.
    """
    with collector_off():
        text, tree, refusal = understood(source)
        if tree is not None and not matters(text):
            translated = _translated(text, tree)
            if translated is not None:
                return translated
        read = Source(text, parsed(text, refusal), tree)
        try:
            return facts_from(read)
        except RecursionError:
            return _deep_facts(read)


def matters(text: str) -> bool:
    """Whether LibCST is to parse a file: it deals with threads, tasks or locks itself.

    All others say the same by `ast`, in a third of the time. So do lines that no human wrote: the time that LibCST
    takes for a line grows with its square.
    """
    return CONCURRENCY.search(text) is not None and max(map(len, text.split("\n"))) <= LONGEST_LINE


def _translated(text: str, tree: ast.Module) -> ModuleFacts | None:
    translated = translate(tree, text)
    try:
        return None if translated is None else facts_from(Source(text, translated[0], tree, translated[1]))
    except (Unplaced, RecursionError):
        return None


def _deep_facts(source: Source) -> ModuleFacts:
    """The facts of a file with deeply nested expressions, for which Python's usual limit is too low."""
    with _DEEP:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, DEEP_RECURSION_LIMIT))
        try:
            return facts_from(source)
        except RecursionError:
            raise UnsupportedError(TOO_DEEP, 1, 1) from None
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
