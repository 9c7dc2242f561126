"""A callback of the user is called with a lock held, so it cannot call back, and nobody knows what it waits for.

*What it does*: reports the call of a function that came as an argument of a public function, or from an attribute or a
container that keeps such functions, if it is made while a lock is held that public functions take too. Calls whose
result is used (a key, a clock, a factory) are left out, and so are listeners that are put in under the same lock: of
these RL309 speaks.

*Why is this bad?*: a callback may do anything. If it calls a method of the same object, a plain `Lock` stops the thread
for ever, and an `RLock` shows it state that is half changed. If it waits for another thread, or takes a lock of its
own, that thread may be waiting for this lock: a deadlock that no file shows by itself.

*Known false alarms*: callbacks of which the documentation says that they must not call back. Whether they do is outside
of the program, so the rule is off by default; it is on for locks of what `--assume-shared` names, if some state is
written with the lock held.

*References*: [CWE-833](https://cwe.mitre.org/data/definitions/833.html) (deadlock),
[CWE-667](https://cwe.mitre.org/data/definitions/667.html) (improper locking); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.deadlock_encounter import given_callback
from racelint.explaining.deadlock_phrases import given
from racelint.explaining.notes import lock_details, said_of
from racelint.explaining.phrases import called, lock_used
from racelint.findings import Finding, note
from racelint.program import Program
from racelint.program.locking.locks import NON_REENTRANT
from racelint.rule import rule


@rule("RL305", default=False, assumed=True)
def check(program: Program) -> Iterator[Finding]:
    """Ask for the calls of what the user gave."""
    for found in program.foreign:
        if found.keeping is not None:
            continue
        lock, entrance = lock_used(found.lock), f"`{called(found.entrance.code)}`"
        if found.lock.lock.kind in NON_REENTRANT:
            back = f"if it calls {entrance}, the thread waits for itself for ever"
        else:
            back = f"it may wait for a thread that is in {entrance} and waits for {lock}"
        message = f"{given(found)} is called while {lock} is held: {back}. "
        message += "Copy what is needed under the lock, and call after its release."
        related = [note(found.entrance, f"{lock} is taken by any caller of {entrance} here", 1)]
        evidence = said_of(program, found.lock.lock)
        details = lock_details(found.lock.lock, found.code, related, evidence, **given_callback(found, lock))
        yield check.finding(found, message, **details)
