"""A lock is released on a path on which this thread does not hold it.

*What it does*: reports a `release` that is reached with the lock surely not held: a second release, or one in
`finally` although the `acquire` before it failed or was undone.

*Why is this bad?*: a free lock raises RuntimeError. A lock that another thread holds by then is taken away from it,
and two threads are inside at once.

*Known false alarms*: locks that are acquired by other code, which racelint does not see, before the release.

*References*: [CWE-832](https://cwe.mitre.org/data/definitions/832.html) (unlock of a resource that is not locked),
[CWE-765](https://cwe.mitre.org/data/definitions/765.html) (multiple unlocks of a critical resource);
[`Lock.release`](https://docs.python.org/3/library/threading.html#threading.Lock.release).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import lock_details
from racelint.explaining.phrases import lock_used
from racelint.findings import Finding
from racelint.program import Program
from racelint.rule import rule


@rule("RL404")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the releases of what is not held."""
    for release in program.balance.unheld:
        message = f"{lock_used(release.use)} is released here on a path that does not hold it: `release` raises "
        message += "RuntimeError, or frees the lock of another thread. Release it once for each acquire that succeeded."
        yield check.finding(release, message, **lock_details(release.use.lock, release.code))
