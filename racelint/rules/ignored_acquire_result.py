"""An `acquire` may give up, and its answer is not looked at.

*What it does*: reports `lock.acquire(timeout=...)` and `lock.acquire(blocking=False)` whose result is not tested.

*Why is this bad?*: when the time is over the lock is not held, and the code goes on as if it were. The state is
changed unguarded, and the `release` that follows raises RuntimeError or frees the lock of another thread.

*Known false alarms*: none known.

*References*: [CWE-667](https://cwe.mitre.org/data/definitions/667.html) (improper locking),
[CWE-414](https://cwe.mitre.org/data/definitions/414.html) (missing lock check),
[CWE-252](https://cwe.mitre.org/data/definitions/252.html) (unchecked return value);
[`Lock.acquire`](https://docs.python.org/3/library/threading.html#threading.Lock.acquire).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import lock_details
from racelint.explaining.phrases import lock_used
from racelint.findings import Finding
from racelint.program import Program
from racelint.rule import rule


@rule("RL403")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the answers that nobody reads."""
    for acquisition in program.balance.ignored:
        message = (
            f"{lock_used(acquisition.use)} may not be held after this `acquire`: it can give up, and its result is "
        )
        message += "ignored. Go on only if it returned True."
        yield check.finding(acquisition, message, **lock_details(acquisition.use.lock, acquisition.code))
