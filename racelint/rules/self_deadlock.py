"""A thread or task takes a lock that it already holds and that is not reentrant, and waits for itself for ever.

*What it does*: reports the `with`, the `acquire` or the call, made while a plain `Lock` is held, that takes the same
lock of the same object once more, through any number of calls and inherited methods. To write a log record is such a
call, if a log handler of the program itself takes a lock that all objects share.

*Why is this bad?*: a `threading.Lock` does not know who holds it. The second `acquire` waits for a release that only
the waiting thread could make.

*Fix*: makes a lock of threads an `RLock` where it is made in the same file; unsafe, since code that runs inside may
rely on what the outer section has not finished yet.

*Known false alarms*: calls that never happen with the lock held, for a reason that is not in the source; log handlers
that are never given the records in question.

*References*: [CWE-764](https://cwe.mitre.org/data/definitions/764.html) (multiple locks of a critical resource),
[CWE-833](https://cwe.mitre.org/data/definitions/833.html) (deadlock); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects), [RLock
objects](https://docs.python.org/3/library/threading.html#rlock-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.deadlock_encounter import again_turns, circle_sides, waiter
from racelint.deadlock_notes import begins, behind, taken
from racelint.deadlock_phrases import once_each, takes
from racelint.findings import Finding
from racelint.notes import lock_details
from racelint.phrases import lock_used
from racelint.prescribing import against_second_taking
from racelint.program import Program
from racelint.rule import rule


@rule("RL302")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the locks that are taken twice."""
    for nesting in once_each(program.lockorder.again):
        lock, who = lock_used(nesting.outer), waiter(nesting.outer.lock)
        if nesting.chain:
            message = f"{takes(nesting, lock)}, which is held here already: the {who} waits for itself for ever. "
            message += "Call a variant that expects it to be held"
        else:
            message = f"{lock} is taken again while it is held: the {who} waits for itself for ever. "
            message += "Take it once"
        message += ", or make it an `RLock`." if who == "thread" else "."
        related = [*begins(program, nesting, lock), *behind(nesting, lock)]
        sides = circle_sides([nesting], [lock])
        turns = again_turns(nesting, taken(program, nesting), lock)
        details = lock_details(nesting.inner.lock, nesting.code, related, "lock", sides, turns)
        yield check.finding(nesting, message, **details, remedy=against_second_taking(nesting))
