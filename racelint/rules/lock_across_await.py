"""A task waits for something else while it holds a lock that is made for threads.

*What it does*: reports `with lock:` (or `acquire`) over a lock of `threading` with an `await`, `async for` or `async
with` inside at which the task may be suspended.

*Why is this bad?*: while it waits, the other tasks of the loop run on the same thread. The first of them that wants the
lock stops the whole thread, with the one task that could give it back: the loop hangs for ever. A reentrant lock
belongs to the thread, so it keeps no other task out at all. The fact is wrong in any program, and needs no evidence.

*Known false alarms*: locks for which other tasks never ask, because only one task at a time comes there for reasons
that are not in the source.

*References*: [CWE-833](https://cwe.mitre.org/data/definitions/833.html) (deadlock),
[CWE-667](https://cwe.mitre.org/data/definitions/667.html) (improper locking); [asyncio
locks](https://docs.python.org/3/library/asyncio-sync.html#lock).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.deadlock_encounter import holdup
from racelint.explaining.notes import lock_details
from racelint.explaining.phrases import called, lock_used
from racelint.findings import Finding, Location, note
from racelint.knowledge.model import LockKind
from racelint.program import Program
from racelint.rule import rule


@rule("RL306")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the locks of threads that are held at a pause."""
    for found in program.interleavings.holdups:
        taken, rival = found.acquisition, found.rival
        lock, line = lock_used(taken.use), found.pause_span.line
        what = f"{lock} is held over the `await` at line {line}"
        who = "another task that runs this" if rival is taken else f"a task that runs `{called(rival.code)}`"
        if taken.use.lock.kind is LockKind.REENTRANT:
            message = f"{what}, but it belongs to the thread, which all tasks of the loop share: {who} is let in. "
        else:
            message = f"{what}: {who} meanwhile stops the thread of the loop, and nobody can release the lock. "
        message += "Use an `asyncio.Lock`, or release it before the `await`."
        related = [note(Location(found.path, found.pause_span), "here the task waits, and others run", 0)]
        if rival is not taken:
            related.append(note(rival, f"{lock_used(rival.use)} is taken here", 1))
        yield check.finding(found, message, **lock_details(taken.use.lock, taken.code, related, **holdup(found, lock)))
