"""A lock is replaced by a new one while other threads may hold the old one.

*What it does*: reports an attribute or a global that holds a lock, and gets a new lock outside of the constructor
while other threads take it. Copies of the object, lazy creation and what runs in a new process after `fork` are left
alone.

*Why is this bad?*: one thread is inside with the old lock, the next takes the new one and is inside too. And who waits
for the old one, goes on when everybody else has turned to the new one.

*Known false alarms*: a reset that is only called when all other threads are done, where racelint does not see that
they are.

*References*: [CWE-821](https://cwe.mitre.org/data/definitions/821.html) (incorrect synchronization),
[CWE-413](https://cwe.mitre.org/data/definitions/413.html) (improper resource locking); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.deadlock_encounter import rebound
from racelint.explaining.notes import at, start
from racelint.explaining.phrases import called, state, who
from racelint.findings import Finding, note
from racelint.program import Program
from racelint.rule import rule


@rule("RL406")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the locks that are replaced."""
    for found in program.rebinding:
        store, user = found.store, found.user
        taker = who(program, found.other, user.code) if found.other is not None else "another thread"
        assumed = " (--assume-shared)" if found.evidence == "assumed" else ""
        message = f"{state(store)} gets a new lock here while {taker}{assumed} may hold the old one, taken in "
        message += f"`{called(user.code)}`: the two do not exclude each other. Make the lock once, and keep it."
        related = [note(user, "the lock is taken here", 1)]
        if found.one is not None and found.other is not None:
            related.extend(start(program, found.one, store.code, None if found.one is found.other else 0))
            if found.other is not found.one:
                related.extend(start(program, found.other, user.code, 1))
        related.append(note(at(found.first), "the old lock is created here"))
        yield check.finding(
            found,
            message,
            symbol=store.place.symbol,
            function=store.code.qualname,
            evidence=found.evidence,
            related=related,
            **rebound(program, found),
        )
