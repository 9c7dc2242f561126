"""One file's bytes to its facts: the only stage that sees a syntax tree."""

from __future__ import annotations

import gc

from racelint.extract import comprehensions, control, definitions, matching, statements
from racelint.extract.dispatch import run
from racelint.extract.frame import Frame, Unit
from racelint.extract.positions import spans
from racelint.extract.source import NEWLINE, Source, SourceError, read
from racelint.extract.survey import survey
from racelint.facts import ModuleFacts, Span

__all__ = ["SourceError", "extract"]


def extract(source: bytes) -> ModuleFacts:
    """All that a file says, from its bytes alone.

    Raises `SourceError` for what cannot be read: wrong bytes, wrong syntax, nesting beyond all reason.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _facts(read(source))
    finally:
        if collecting:
            gc.enable()


def _facts(source: Source) -> ModuleFacts:
    unit = Unit(spans(source), survey(source.module))
    frame = Frame(unit, unit.scopes.of[source.module], "module", "")
    run(frame, source.module)
    frame.finish("", Span(1, 1, 1, 1))
    functions = tuple([function for function in unit.functions if function is not None])
    classes = tuple([cls for cls in unit.classes if cls is not None])
    return ModuleFacts(functions, classes, len(NEWLINE.findall(source.text)) + (not source.text.endswith(("\n", "\r"))))
