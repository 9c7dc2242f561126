"""An asynchronous lock is shared by several event loops, but it belongs to one.

*What it does*: reports where a coroutine takes a lock, semaphore or condition of `asyncio`, if two threads run such
coroutines, each in an event loop of its own (`asyncio.run` in a thread, a pool or a request), on the same lock: one of
a module or class, or of an object that both have.

*Why is this bad?*: such a lock is made for the tasks of one loop. As soon as somebody has to wait for it in a second
loop it raises `RuntimeError: ... is bound to a different event loop`, and nothing wakes a loop in which somebody waits
for what the other one has released. Nor is its state guarded against threads. It goes well until there is contention.
The fact is wrong in any program, and needs no other evidence than the threads.

*Known false alarms*: threads that never run at the same time for reasons that are not in the source.

*References*: [CWE-662](https://cwe.mitre.org/data/definitions/662.html) (improper synchronization),
[CWE-663](https://cwe.mitre.org/data/definitions/663.html) (use of a non-reentrant function in a concurrent context);
[asyncio locks](https://docs.python.org/3/library/asyncio-sync.html#lock).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.deadlock_encounter import foreign_lock
from racelint.explaining.notes import lock_details, start
from racelint.explaining.phrases import called, lock_used, who
from racelint.findings import Finding, Location, Related, note
from racelint.program import Program
from racelint.program.tasks.loops import ForeignLock, place_of
from racelint.rule import rule


@rule("RL604")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the locks that two loops have in common."""
    for found in program.loops:
        taken = found.acquisition
        message = f"{lock_used(taken.use)} belongs to one event loop, and is taken here in {_loops(program, found)}: "
        message += "whoever has to wait for it gets `RuntimeError`, or is never woken. Run all of it in one loop, or "
        message += "use a lock of `threading` for what threads share."
        encounter = foreign_lock(program, found, lock_used(taken.use))
        details = lock_details(taken.use.lock, taken.code, _related(program, found), "threads", **encounter)
        yield check.finding(found, message, **details)


def _loops(program: Program, found: ForeignLock) -> str:
    """Whose loops these are: "the loops of several threads running `work`"."""
    one = who(program, found.one, found.runs[0][0])
    if found.one is found.other:
        return f"the loops of {one}"
    return f"the loops of {one} and of {who(program, found.other, found.runs[1][0])}"


def _related(program: Program, found: ForeignLock) -> Iterator[Related]:
    """Where each loop is run, and where its thread starts; where the other side takes the lock."""
    if found.taken is not found.acquisition:
        message = f"{lock_used(found.taken.use)} is taken here by `{called(found.taken.code)}`"
        yield note(found.taken, message, 1)
    both = found.one is found.other
    for side, (context, run) in enumerate(zip((found.one, found.other), found.runs, strict=True)):
        if side == 0 or not both:
            loop = Location(run[0].path, place_of(run))
            yield note(loop, "the loops are run here" if both else "a loop is run here", side, "before")
            yield from start(program, context, run[0], None if both else side)
