"""A call waits with a lock held that the other side needs before it can let the call go on: a deadlock.

*What it does*: reports a `join`, `Future.result`, `shutdown`, `Event.wait`, `Queue.get` and their like, made while a
lock is held, directly or through calls, where the thread or task that is waited for takes the same lock of the same
object on its way, or where everybody who sets the event, serves the queue or notifies the condition takes it first.
The latter with a timeout as well, since it is always the timeout that ends such a wait. Leaving `with` over an executor
is a wait too. Also a `Queue.get` with a lock held that a public function needs for something else: nobody has to put
anything into the queue, ever. Calls that only take their time are the subject of RL308.

*Why is this bad?*: the waiting thread does not release the lock before the wait ends, and the wait does not end before
the lock is released. The program hangs with no error, mostly at shutdown, and only when the other side has not
passed the lock yet. An `RLock` does not help, since the other side is another thread.

*Known false alarms*: a thread that takes the lock only at a time when nobody can be waiting for it.

*References*: [CWE-833](https://cwe.mitre.org/data/definitions/833.html) (deadlock),
[CWE-667](https://cwe.mitre.org/data/definitions/667.html) (improper locking);
[Thread.join](https://docs.python.org/3/library/threading.html#threading.Thread.join),
[deadlocks of executors](https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining import deadlock_encounter
from racelint.explaining.deadlock_notes import stalled, taken
from racelint.explaining.deadlock_phrases import needed, once_at_each_place, waits
from racelint.explaining.notes import lock_details
from racelint.explaining.phrases import called, lock_used
from racelint.findings import Evidence, Finding, note
from racelint.program import Program
from racelint.rule import rule


@rule("RL304")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the waits that never end, or only by their timeout."""
    vain = (stall for stall in program.blocking.vain if stall.is_unanswered)
    for stall in once_at_each_place([*program.blocking.endless, *vain]):
        need, lock = stall.need, lock_used(stall.lock)
        if need is None:
            continue
        end = "it waits in vain until its timeout" if stall.waiting.bounded else "the two wait for each other for ever"
        message = f"{waits(stall)} while {lock} is held, which {needed(program, need)}: {end}. "
        message += "Release the lock before waiting."
        evidence: Evidence = "threads" if need.context is not None else "lock"
        related = stalled(program, stall, lock)
        encounter = deadlock_encounter.stall(program, stall, taken(program, stall), lock)
        details = lock_details(stall.lock.lock, stall.code, related, evidence, **encounter)
        yield check.finding(stall, message, **details)
    for stall in once_at_each_place(program.blocking.idle):
        if stall.entrance is None:
            continue
        lock, entrance = lock_used(stall.lock), f"`{called(stall.entrance.code)}`"
        message = f"{waits(stall)} while {lock} is held, which {entrance} takes for something else: as long as nothing "
        message += "comes, all who need the lock stand still. Wait first, and take the lock after it."
        others = [*stalled(program, stall, lock), note(stall.entrance, f"{lock} is taken by {entrance} here", 1)]
        encounter = deadlock_encounter.stall(program, stall, taken(program, stall), lock, "for what may never come")
        yield check.finding(stall, message, **lock_details(stall.lock.lock, stall.code, others, "lock", **encounter))
