"""`show threads`: what is started where, how many of it there may be, and what it runs."""

from __future__ import annotations

from racelint.explaining.phrases import called, steps
from racelint.program import Program
from racelint.program.contexts.contexts import Context
from racelint.program.sources.source import Code
from racelint.show.entry import Entry, Line

MAIN = "the main thread, and callers outside"


def show_threads(program: Program, paths: frozenset[str]) -> list[Entry]:
    """The contexts that start, or run something, in these files, and what they run there."""
    entries = [_entry(program, context, paths) for context in program.threads.contexts]
    return [entry for entry in entries if entry.lines or entry.path in paths]


def label(context: Context) -> str:
    """A context by what it runs, and as what: "thread `worker`, many at once"."""
    if context.runs_on is None:
        return MAIN
    name = context.label.replace("<locals>.", "")
    return f"{context.runs_on.value} `{name}`, {_how_many(context)}"


def _how_many(context: Context) -> str:
    """How many of a context there may be at once."""
    if context.many:
        return "many at once"
    return "one for each object" if context.for_each else "one at a time"


def _entry(program: Program, context: Context, paths: frozenset[str]) -> Entry:
    runs = [
        code
        for code in program.sources.codes
        if code.path in paths
        and code.function.kind not in ("module", "class")
        and any(each is context for each in program.threads.of(code))
    ]
    lines = tuple(_run(program, context, code) for code in runs)
    return Entry(label(context), lines, context.path, context.span.line if context.path else 0)


def _run(program: Program, context: Context, code: Code) -> Line:
    chain = program.threads.trace(context, code)
    way = f" by way of {steps(chain[:-1])}" if len(chain) > 1 else ""
    return Line(f"runs `{called(code)}`{way}", code.path, code.function.span.line)
