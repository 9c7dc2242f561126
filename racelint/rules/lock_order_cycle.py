"""Two or more locks are taken in different orders, so threads can wait for each other for ever.

*What it does*: collects for the whole program which lock is taken while which other is held, through any number of
calls, and reports each circle once, at the place that closes it. Attempts that give up (`blocking=False`, a timeout)
close none, nor do orders that a common outer lock keeps apart.

*Why is this bad?*: one thread holds the first lock and waits for the second, another holds the second and waits for
the first. Neither ever goes on, and the program hangs with no error.

*Known false alarms*: orders that never meet, because they belong to different phases of the program or to different
objects.

*References*: [CWE-833](https://cwe.mitre.org/data/definitions/833.html) (deadlock),
[CWE-667](https://cwe.mitre.org/data/definitions/667.html) (improper locking); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.findings import Finding
from racelint.phrases import closing_first, lock_details, lock_used, nested, others_order
from racelint.program import Program
from racelint.rule import rule


@rule("RL301")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the circles of locks."""
    for cycle in program.lockorder.cycles:
        here, *rest = closing_first(cycle)
        message = f"{lock_used(here.inner)} is taken while {lock_used(here.outer)} is held, but {others_order(rest)}: "
        message += "two threads can wait for each other for ever. Take the locks in one order everywhere."
        related = [nested(nesting) for nesting in rest]
        yield check.finding(here, message, **lock_details(here.inner.lock, here.code, related, "lock"))
