"""An exception between `acquire` and `release` leaves the lock taken.

*What it does*: reports an `acquire` whose `release` is skipped if something in between raises, because it stands in no
`finally`.

*Why is this bad?*: one failed call, and every later one that wants the lock waits for ever, usually far from the
cause.

*Fix*: writes `with lock:` in the place of `acquire` and `release` in one block, or `try` and `finally` where the
`acquire` is a test or has arguments; unsafe if more is done with the lock held than before.

*Known false alarms*: calls in between that never raise; programs that end when they do.

*References*: [CWE-667](https://cwe.mitre.org/data/definitions/667.html) (improper locking),
[CWE-772](https://cwe.mitre.org/data/definitions/772.html) (missing release of resource); [using locks in the `with`
statement](https://docs.python.org/3/library/threading.html#using-locks-conditions-and-semaphores-in-the-with-statement).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import lock_details
from racelint.explaining.phrases import lock_used
from racelint.explaining.prescribing import against_leak
from racelint.findings import Finding, Location, note
from racelint.program import Program
from racelint.rule import rule


@rule("RL402")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the releases that an exception skips."""
    for leak in program.balance.skipped:
        code, use = leak.acquisition.code, leak.acquisition.use
        lock, related = lock_used(use), []
        if leak.exit is not None:
            related = [note(Location(leak.path, leak.exit), "an exception here skips the release", side=0)]
        cause = f"line {leak.exit.line}" if leak.exit is not None else "anything before its release"
        message = f"{lock} stays locked for ever if {cause} raises: its release is not in a `finally`. "
        message += "Use `with`, or release it in `finally`."
        yield check.finding(leak, message, **lock_details(use.lock, code, related), remedy=against_leak(leak))
