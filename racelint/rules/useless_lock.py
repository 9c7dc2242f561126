"""A lock is made anew at each call, so nobody else can ever hold it.

*What it does*: reports `with threading.Lock():`, `async with asyncio.Lock():`, and a lock in a local variable that no
other thread, task or function gets to see.

*Why is this bad?*: a lock excludes those who take the same lock. One that is made for each call looks like a guard and
keeps nobody out.

*Fix*: makes the lock in `__init__`, or in the module where there is none; unsafe, since from then on the lock is one.

*Known false alarms*: locks that reach other threads in a way that racelint does not see, for instance through
`locals()`.

*References*: [CWE-821](https://cwe.mitre.org/data/definitions/821.html) (incorrect synchronization),
[CWE-413](https://cwe.mitre.org/data/definitions/413.html) (improper resource locking); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import lock_details
from racelint.explaining.phrases import called
from racelint.explaining.prescribing import against_fresh_lock
from racelint.findings import Finding
from racelint.knowledge.model import LockDomain
from racelint.program import Program
from racelint.rule import rule


@rule("RL405")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the locks that nobody else knows."""
    for acquisition in program.balance.useless:
        others = "task" if acquisition.use.lock.domain is LockDomain.TASK else "thread"
        message = (
            f"This lock is made anew at each call of `{called(acquisition.code)}`: no other {others} can hold it, "
        )
        message += "so it keeps nobody out. Make it once, in `__init__` or at module level."
        details = lock_details(acquisition.use.lock, acquisition.code)
        yield check.finding(acquisition, message, **details, remedy=against_fresh_lock(acquisition))
