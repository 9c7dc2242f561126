"""A task reads shared state, waits, and writes back what it has made of the old value.

*What it does*: reports a read and the store that depends on it (`self.n += await f()`, or split over statements) with
an `await`, `async for` or `async with` in between at which other tasks run that write the same state, where no
asynchronous lock is held from the read to the store.

*Why is this bad?*: what the others have written while this task waited is overwritten. One thread runs all tasks, so it
happens only at the `await`, but there it happens on every build.

*Known false alarms*: tasks that never run at the same time for reasons that are not in the source.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition),
[CWE-366](https://cwe.mitre.org/data/definitions/366.html) (race condition within a thread); [asyncio
locks](https://docs.python.org/3/library/asyncio-sync.html#lock).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import task_details
from racelint.explaining.phrases import others_come_in, state
from racelint.findings import Finding
from racelint.program import Program
from racelint.program.sequences.composites import Shape
from racelint.rule import rule


@rule("RL601")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the updates that wait in the middle."""
    for found in program.interleavings.found:
        if found.sequence.shape is Shape.UPDATE:
            what, line = state(found.sequence.last), found.pause_span.line
            message = f"{what} is written back after the `await` at line {line}, and {others_come_in(program, found)}: "
            message += "that change is lost. Wait first, then read and store; or hold an `asyncio.Lock` over both."
            yield check.finding(found, message, **task_details(program, found))
