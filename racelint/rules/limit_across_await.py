"""A task finds that there is room or enough left, waits, and takes its part when others have taken theirs.

*What it does*: reports a test that holds a number or the size of a container against a limit (`len(self.busy) <
self.limit`, `self.balance >= amount`) and what is done on its account (an item is added, the number is changed) with an
`await`, `async for` or `async with` in between at which other tasks run that do the same, where no asynchronous lock is
held over both and nothing is tested again.

*Why is this bad?*: all tasks that come by while the first one waits get the same answer. There are more connections
than allowed, a balance is below zero. One thread runs all tasks, so it happens only at the `await`, but there it
happens on every build.

*Known false alarms*: tasks that never run at the same time for reasons that are not in the source. Tests for what is
there or not are the subject of RL602.

*References*: [CWE-367](https://cwe.mitre.org/data/definitions/367.html) (time of check, time of use),
[CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition); [asyncio
locks](https://docs.python.org/3/library/asyncio-sync.html#lock).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import task_details
from racelint.explaining.phrases import stale_answer
from racelint.findings import Finding
from racelint.program import Program
from racelint.rule import rule


@rule("RL605")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the tests for room that are stale after waiting."""
    for found in program.interleavings.found:
        if found.asks_for_room:
            message = f"{stale_answer(program, found)}: the limit is exceeded. "
            message += "Take your part before you wait, or hold an `asyncio.Lock` over both."
            yield check.finding(found, message, **task_details(program, found))
