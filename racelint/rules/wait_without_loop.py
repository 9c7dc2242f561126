"""A thread waits on a condition without testing, in a loop, what it waits for.

*What it does*: reports `condition.wait()` that is not in a loop which tests the state with the lock held: behind an
`if`, or behind no test at all. A wait with a timeout is left alone, and so is an `if` before a flag that is only ever
raised. It also reports `event.wait()` behind an `if` that asks whether something is taken, where it is then taken
without another look, and others give it back and set the event.

*Why is this bad?*: a condition does not remember. A notify that comes before the wait is lost, and the thread waits
for ever. And when `wait()` returns, another thread may have been faster: the state need not be what it was when
`notify()` was called. An event wakes all who wait, and keeps nobody out who comes just then.

*Fix*: writes `while` in the place of an `if` at whose end the wait stands; unsafe if the wait has a timeout, or is not
all that the `if` does.

*Known false alarms*: waits for the next notify, whatever it says, in which it does no harm to miss one.

*References*: [CWE-662](https://cwe.mitre.org/data/definitions/662.html) (improper synchronization),
[CWE-821](https://cwe.mitre.org/data/definitions/821.html) (incorrect synchronization); [condition
objects](https://docs.python.org/3/library/threading.html#condition-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import at, lock_details
from racelint.explaining.order_violations import missed_wait, overtaken_wait
from racelint.explaining.phrases import called, done, lock_used, state
from racelint.explaining.prescribing import against_bad_wait
from racelint.findings import Finding, Related, note
from racelint.knowledge.model import LockDomain
from racelint.program import Program
from racelint.program.signals.overtaken import Overtaken
from racelint.program.signals.waiting import BadWait, Flaw
from racelint.rule import rule


@rule("RL501")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the waits that do not look, or look only once."""
    for bad in program.signals.waits:
        wait, waker = bad.wait, bad.waker
        who = "task" if wait.domain is LockDomain.TASK else "thread"
        condition = lock_used(wait.use)
        if bad.flaw is Flaw.UNTESTED:
            message = f"The {who} waits for {condition} without testing anything while it is held: if "
            message += f"`{called(waker.code)}` notifies first, it waits for ever. Wait in a `while` loop that tests "
            message += "the state, or use `wait_for`."
        elif bad.flaw is Flaw.ONCE and bad.tested is not None:
            message = f"{state(bad.tested)} is tested before this wait and not after it: when {condition} is notified, "
            message += f"another {who} may be faster and change it again. Wait in a `while` loop in place of `if`, or "
            message += "use `wait_for`."
        else:
            continue
        details = lock_details(wait.use.lock, bad.code, _related(bad), "lock", **missed_wait(program, bad))
        yield check.finding(bad, message, **details, remedy=against_bad_wait(bad))
    for each in program.signals.overtaken:
        yield _overtaken(program, each)


def _overtaken(program: Program, each: Overtaken) -> Finding:
    wait, freed = each.wait, each.freed
    who = "task" if wait.domain is LockDomain.TASK else "thread"
    message = f"{state(each.tested)} is tested before this wait and not after it: when the event is set, another {who} "
    message += f"may be faster, and both go on to line {each.claim.span.line}, where it is {done(each.claim)}. Test "
    message += "again after the wait: `while` in place of `if`."
    related = (
        note(at(each.tested), f"{state(each.tested)} is {done(each.tested)} here", 0, "before"),
        note(at(freed), f"{state(freed)} is {done(freed)} here, and the event set", 1),
    )
    details = lock_details(wait.use.lock, wait.code, related, "lock", **overtaken_wait(program, each))
    details["symbol"] = each.tested.place.symbol
    return check.finding(each, message, **details)


def _related(bad: BadWait) -> Iterator[Related]:
    if bad.tested is not None:
        yield note(at(bad.tested), f"{state(bad.tested)} is {done(bad.tested)} here", 0, "before")
    if bad.span != bad.wait.span:
        yield note(bad.wait, "the wait is here", 0)
    yield note(bad.waker, "the notify is here", 1)
