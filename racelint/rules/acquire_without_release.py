"""A lock is acquired, and on some path it is never released.

*What it does*: reports an `acquire` after which the function can return, go on with its loop or raise with the lock
still held, although it releases it on other paths, or which nothing in the program ever undoes. Pairs of methods that
acquire and release for their callers, such as `__enter__` and `__exit__`, are left alone.

*Why is this bad?*: the next thread that wants the lock waits for ever, and nothing points to the early `return`.

*Known false alarms*: locks that are handed on to another thread or object, which releases them in a way that racelint
does not see.

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


@rule("RL401")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the acquires that a path forgets."""
    for each in program.balance.unreleased:
        lock = lock_used(each.acquisition.use)
        if each.never:
            message = f"{lock} is acquired here and released nowhere: the next one to take it waits for ever. "
        else:
            message = f"{lock} is still held where the function ends early: the next one to take it waits for ever. "
        message += "Release it on every path: `with` does."
        related = left_at(each, "the function is left here with the lock held")
        yield check.finding(each, message, **lock_details(each.acquisition.use.lock, each.acquisition.code, related))
