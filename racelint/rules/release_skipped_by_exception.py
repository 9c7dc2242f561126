"""An exception between `acquire` and `release` leaves the lock taken.

*What it does*: reports an `acquire` whose `release` is skipped if something in between raises, because it stands in no
`finally`.

*Why is this bad?*: one failed call, and every later one that wants the lock waits for ever, usually far from the
cause.

*Known false alarms*: calls in between that never raise; programs that end when they do.

*References*: [CWE-667](https://cwe.mitre.org/data/definitions/667.html) (improper locking),
[CWE-772](https://cwe.mitre.org/data/definitions/772.html) (missing release of resource); [using locks in the `with`
statement](https://docs.python.org/3/library/threading.html#using-locks-conditions-and-semaphores-in-the-with-statement).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.findings import Finding
from racelint.phrases import left_at, lock_details, lock_used
from racelint.program import Program
from racelint.rule import rule


@rule("RL402")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the releases that an exception skips."""
    for each in program.balance.skipped:
        message = f"{lock_used(each.acquisition.use)} stays held if anything raises before its release. "
        message += "Use `with`, or release it in `finally`."
        related = left_at(each, "an exception from here skips the release")
        yield check.finding(each, message, **lock_details(each.acquisition.use.lock, each.acquisition.code, related))
