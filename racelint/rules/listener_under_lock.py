"""A listener is called with the lock held with which listeners are put in, so none can be put in or taken out by it.

*What it does*: reports the call of a listener, or of a method that listeners are to override, with a lock held under
which a public function has put in what it was given: a plain lock, or any lock around a walk over the very container
and not over a copy of it. Calls whose result is used (a filter, a key) are left out, and so are callbacks of which an
object has one from the start; they are the subject of RL305.

*Why is this bad?*: a listener that wants to be called no more, or puts in another one, calls back. With a plain `Lock`
the thread then waits for itself for ever; with an `RLock` the container changes while it is walked over, which ends in
a `RuntimeError`, or in a listener that is passed over. If the listener waits for another thread, or takes a lock of its
own, that thread may be waiting for this lock: a deadlock that no file shows by itself.

*Known false alarms*: listeners of which the documentation says that they must not call back.

*References*: [CWE-833](https://cwe.mitre.org/data/definitions/833.html) (deadlock),
[CWE-667](https://cwe.mitre.org/data/definitions/667.html) (improper locking); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.deadlock_encounter import callback
from racelint.explaining.deadlock_phrases import given
from racelint.explaining.notes import lock_details
from racelint.explaining.phrases import called, lock_used
from racelint.findings import Finding, Location, note
from racelint.program import Program
from racelint.program.locking.locks import NON_REENTRANT
from racelint.program.sources.source import span_of
from racelint.rule import rule


@rule("RL309")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the calls of listeners with the lock held with which they are put in."""
    for found in program.foreign:
        keeping = found.keeping
        if keeping is None:
            continue
        lock, entrance = lock_used(found.lock), f"`{called(found.entrance.code)}`"
        if found.lock.lock.kind in NON_REENTRANT:
            back = "the thread waits for itself for ever"
        else:
            back = "what is walked over here changes on the way"
        message = (
            f"{given(found)} is called while {lock} is held, with which {entrance} puts listeners in: if one calls "
        )
        message += f"it, {back}. Copy the listeners under the lock, and call them after its release."
        put = Location(keeping.code.path, span_of(keeping.code, keeping.id))
        related = [note(put, "a listener is put in here", 0), note(found.entrance, f"{lock} is taken here", 0)]
        details = lock_details(found.lock.lock, found.code, related, "lock", **callback(found, lock))
        yield check.finding(found, message, **details)
