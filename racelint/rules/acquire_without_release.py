"""A lock is acquired, and on some path it is never released.

*What it does*: reports an `acquire` after which the function can return, go on with its loop or raise with the lock
still held, although it releases it on other paths, or which nothing in the program ever undoes. Pairs of methods that
acquire and release for their callers, such as `__enter__` and `__exit__`, are left alone.

*Why is this bad?*: the next thread that wants the lock waits for ever, and nothing points to the early `return`.

*Fix*: writes `with lock:` in the place of `acquire` and `release` in one block, or `try` and `finally` where the
`acquire` is a test or has arguments; unsafe if more is done with the lock held than before.

*Known false alarms*: locks that are handed on to another thread or object, which releases them in a way that racelint
does not see.

*References*: [CWE-667](https://cwe.mitre.org/data/definitions/667.html) (improper locking),
[CWE-772](https://cwe.mitre.org/data/definitions/772.html) (missing release of resource); [using locks in the `with`
statement](https://docs.python.org/3/library/threading.html#using-locks-conditions-and-semaphores-in-the-with-statement).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import lock_details
from racelint.explaining.phrases import called, lock_used
from racelint.explaining.prescribing import against_leak
from racelint.findings import Finding, Location, note
from racelint.program import Program
from racelint.program.locking.balance import Unreleased
from racelint.rule import rule


@rule("RL401")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the acquires that a path forgets."""
    for leak in program.balance.unreleased:
        code, use = leak.acquisition.code, leak.acquisition.use
        lock, related = lock_used(use), []
        if leak.never:
            message = (
                f"{lock} is acquired here and nothing in the program releases it: the next thread to take it waits "
            )
        elif leak.again:
            message = f"{lock} is still held when the loop comes round{_at(leak)} and takes it again: the thread waits "
        elif leak.exit is None:
            message = f"{lock} is still held on some path through `{called(code)}`: the next thread to take it waits "
        else:
            end = f"the function is left at line {leak.exit.line}"
            message = f"{lock} is still held when {end}: the next thread to take it waits "
            related = [note(Location(leak.path, leak.exit), f"the function is left here with {lock} held", side=0)]
        message += "for ever. Use `with`, or release it on every path."
        yield check.finding(leak, message, **lock_details(use.lock, code, related), remedy=against_leak(leak))


def _at(leak: Unreleased) -> str:
    return f" from line {leak.exit.line}" if leak.exit is not None else ""
