"""The places that belong to findings on locks inside locks and on waits with a lock held."""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.deadlock_phrases import through
from racelint.explaining.notes import start
from racelint.explaining.phrases import lock_name
from racelint.facts import Span
from racelint.findings import Located, Location, Related, note
from racelint.program import Program
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.deadlocks.stall import Stall
from racelint.program.sources.source import Code


def begins(program: Program, nesting: Nesting | Stall, outer: str) -> list[Related]:
    """Where the outer lock of a nesting, or the lock of a stall, is taken, if its function takes it itself."""
    use = nesting.outer if isinstance(nesting, Nesting) else nesting.lock
    sections = program.locksets.held(nesting.code, nesting.site).get(use, ())
    spans = [span for id in sorted(sections) if (span := _span(nesting.code, id)) is not None]
    return [note(Location(nesting.path, span), f"{outer} is held from here on", 0, "before") for span in spans]


def taken(program: Program, nesting: Nesting | Stall) -> Located:
    """Where the outer lock of a nesting, or the lock of a stall, is taken; the nesting itself if its caller does so."""
    return next(iter(begins(program, nesting, "")), nesting)


def behind(nesting: Nesting, inner: str) -> list[Related]:
    """Where the inner lock of a nesting is taken, if that is behind a call."""
    message = f"{inner} is taken here{through(nesting.chain)}"
    return [note(nesting.acquisition, message, side=0)] if nesting.chain else []


def stalled(program: Program, stall: Stall, lock: str) -> Iterator[Related]:
    """What belongs to a stall: where the lock is held from, where the call waits, and who needs the lock meanwhile."""
    yield from begins(program, stall, lock)
    if stall.chain:
        yield note(stall.waiting, f"it waits here{through(stall.chain)}", side=0)
    need = stall.need
    if need is not None and need.context is not None:
        yield from start(program, need.context, need.code, side=1)
    if need is not None:
        purpose = f" by a caller of `{need.answer}`" if need.answer else through(need.chain)
        yield note(need, f"{lock_name(need.use.lock)} is taken here{purpose}", side=1)


def _span(code: Code, id: int) -> Span | None:
    span = getattr(code.operations[id], "span", None) if id >= 0 else None
    return span if isinstance(span, Span) else None
