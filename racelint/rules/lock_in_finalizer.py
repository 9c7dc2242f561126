"""Code that comes in anywhere takes a plain lock, which the thread that it interrupts may be holding.

*What it does*: reports a `threading.Lock` that is waited for in `__del__`, in the callback of a `weakref.ref` or
`weakref.finalize`, in a callback of the garbage collector or in a signal handler, directly or through calls, if other
code takes the same lock. Locks of the object that has just come to its end are left out: nobody else has it.

*Why is this bad?*: Python runs such code between any two steps of a thread: where the last reference goes away, where
the collector happens to run, where the signal arrives. If that is inside a `with` over the same lock, the thread waits
for itself for ever. An `RLock` lets it pass (the state that it guards may be half changed then); a `queue.SimpleQueue`
or a `deque` takes a note for later without any lock.

*Known false alarms*: sections in which nothing can be collected, since they allocate nothing and drop no reference.

*References*: [CWE-663](https://cwe.mitre.org/data/definitions/663.html) (non-reentrant function in a concurrent
context), [CWE-364](https://cwe.mitre.org/data/definitions/364.html) (signal handler race condition);
[`__del__`](https://docs.python.org/3/reference/datamodel.html#object.__del__), [signals and
threads](https://docs.python.org/3/library/signal.html#signals-and-threads),
[SimpleQueue](https://docs.python.org/3/library/queue.html#simplequeue-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.deadlock_encounter import intrusion
from racelint.explaining.deadlock_phrases import comes_in, through
from racelint.explaining.notes import lock_details
from racelint.explaining.phrases import lock_used
from racelint.findings import Finding, note
from racelint.program import Program
from racelint.rule import rule


@rule("RL307")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the plain locks that are taken where anything may be going on."""
    for found in program.finalizers:
        lock = lock_used(found.use)
        message = f"{lock} is taken by {comes_in(found.entry)}: where that code holds it already, the thread waits "
        message += "for itself for ever. Make it an `RLock`, or leave a note in a `queue.SimpleQueue`."
        related = [note(found.other, f"{lock_used(found.other.use)} is held from here on by other code", 1)]
        if found.chain:
            related.append(note(found.acquisition, f"it is taken here{through(found.chain)}", 0))
        details = lock_details(found.use.lock, found.entry.code, related, "lock", **intrusion(found, lock))
        yield check.finding(found, message, **details)
