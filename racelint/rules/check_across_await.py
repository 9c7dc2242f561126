"""A task tests shared state, waits, and then acts as if the answer still held.

*What it does*: reports a test of shared state and what is done on its account (a value is set, an item is taken or
added, a thing is made that shall exist once) with an `await`, `async for` or `async with` in between at which other
tasks run that change the same state, where no asynchronous lock is held over both and nothing is tested again. Likewise
an item that is put in and taken out again with no default, where others take out as well. Tests for room are the
subject of RL605.

*Why is this bad?*: all tasks that come by while the first one waits get the same answer: a connection is opened twice
and one of them is lost, an item that is gone is taken.

*Known false alarms*: tasks that never run at the same time for reasons that are not in the source; work that is done
twice without harm. Of nine findings of it that were drawn from packages which nobody had looked at before none was a
bug: that two tasks are there does not say that they meet on one object. It is on for what `--assume-shared` names.

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
from racelint.program.sequences.composites import Shape
from racelint.rule import rule


@rule("RL602", default=False, assumed=True)
def check(program: Program) -> Iterator[Finding]:
    """Ask for the tests that are stale after waiting."""
    for found in program.interleavings.found:
        if found.sequence.shape is not Shape.UPDATE and not found.asks_for_room:
            message = f"{stale_answer(program, found)}. "
            mend = "Hold an `asyncio.Lock` over both, or test again after the last `await`."
            message += "Take it out with a default." if found.sequence.puts_in else mend
            about = task_details(program, found)
            if program.sharing.assumed.covers(found.sequence.first.place):
                # that tasks are seen to come makes it no less told of than where they are only said to
                about["evidence"] = "assumed"
            yield check.finding(found, message, **about)
