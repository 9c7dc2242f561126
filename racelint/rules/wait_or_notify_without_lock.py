"""A condition is waited for or notified while its lock is not held.

*What it does*: reports `wait`, `wait_for`, `notify` and `notify_all` of a condition at places that nobody reaches with
the condition's lock held, neither the function itself nor its callers.

*Why is this bad?*: it raises RuntimeError. That is often found late, because it happens only when the condition is
really used: in the branch that closes down, or in the handler of an error.

*Known false alarms*: callers outside the program that hold the lock of an object whose class never hands it out.

*References*: [CWE-662](https://cwe.mitre.org/data/definitions/662.html) (improper synchronization),
[CWE-414](https://cwe.mitre.org/data/definitions/414.html) (missing lock check);
[`Condition.notify`](https://docs.python.org/3/library/threading.html#threading.Condition.notify).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import lock_details
from racelint.explaining.phrases import lock_used
from racelint.findings import Finding
from racelint.knowledge.model import LockDomain, LockRole
from racelint.program import Program
from racelint.rule import rule


@rule("RL502")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the calls that raise."""
    for signal in program.signals.unheld:
        condition = lock_used(signal.use)
        verb = "waited for" if signal.role is LockRole.WAIT else "notified"
        enter = "async with" if signal.domain is LockDomain.TASK else "with"
        message = f"{condition} is {verb} here while it is not held: RuntimeError. Do it inside `{enter}` of the "
        message += "condition, or of the lock that it was made with."
        yield check.finding(signal, message, **lock_details(signal.use.lock, signal.code))
