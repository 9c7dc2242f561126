"""A thread can begin to wait after the signal that it waits for has come and gone.

*What it does*: reports a condition that is waited for because of a test made before its lock was taken; a `notify`
that comes before the change, which is then made without the lock; an event that is set before what is read after the
wait for it is there; an event that is cleared after the work that it
announces, so that what was added meanwhile is not announced; and `set()` with `clear()` right after it. A wait that
looks again after a fixed time is left alone.

*Why is this bad?*: between the test and the wait the other thread makes its change and notifies nobody. The waiting
thread sleeps although there is something to do, until the next signal, or for ever.

*Known false alarms*: signals of which it does no harm to miss one, because another is sure to come.

*References*: [CWE-662](https://cwe.mitre.org/data/definitions/662.html) (improper synchronization),
[CWE-367](https://cwe.mitre.org/data/definitions/367.html) (time of check, time of use); [condition
objects](https://docs.python.org/3/library/threading.html#condition-objects), [event
objects](https://docs.python.org/3/library/threading.html#event-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import at, lock_details
from racelint.explaining.order_violations import lost_signal, missed_wait
from racelint.explaining.phrases import called, done, lock_used, state
from racelint.findings import Finding, Related, note
from racelint.program import Program
from racelint.program.signals.notifying import Loss, LostSignal
from racelint.program.signals.waiting import BadWait, Flaw
from racelint.program.signals.waits import Limit
from racelint.rule import rule


@rule("RL503")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the signals that come and go unseen."""
    for bad in program.signals.waits:
        if bad.flaw is Flaw.STALE and bad.tested is not None:
            condition = lock_used(bad.wait.use)
            until = "until its timeout" if bad.wait.limit is Limit.SOME_TIME else "for ever"
            message = f"{state(bad.tested)} was tested before {condition} was taken: if `{called(bad.waker.code)}` "
            message += f"notifies in between, this waits {until}. Test it in a loop with {condition} held."
            details = lock_details(bad.wait.use.lock, bad.code, _before(bad), "lock", **missed_wait(program, bad))
            yield check.finding(bad, message, **details)
    for lost in program.signals.lost:
        message, related = _told(lost)
        details = lock_details(lost.signal.use.lock, lost.signal.code, related, "lock", **lost_signal(program, lost))
        yield check.finding(lost, message, **details)


def _before(bad: BadWait) -> Iterator[Related]:
    if bad.tested is not None:
        yield note(at(bad.tested), f"{state(bad.tested)} is {done(bad.tested)} here", 0, "before")
    yield note(bad.waker, "the notify is here", 1)


def _told(lost: LostSignal) -> tuple[str, list[Related]]:
    signal = lock_used(lost.signal.use)
    waits = note(lost.wait, f"{lock_used(lost.wait.use)} is waited for here", 1)
    if lost.loss is Loss.EARLY and lost.change is not None:
        message = f"{signal} is notified before {state(lost.change)} is {done(lost.change)} at line "
        message += f"{lost.change.span.line}: `{called(lost.wait.code)}` can wake up, see the old state and wait for "
        message += "ever. Change the state first, or in the same `with`."
        return message, [waits]
    if lost.loss is Loss.AHEAD and lost.change is not None:
        message = f"{signal} is set before {state(lost.change)} is {done(lost.change)} at line "
        message += (
            f"{lost.change.span.line}: `{called(lost.wait.code)}` can wake up and read the old one. Set the event "
        )
        message += "last."
        return message, [waits]
    if lost.loss is Loss.CLEARED and lost.change is not None and lost.other is not None:
        message = f"{signal} is cleared after {state(lost.change)} was looked at: what `{called(lost.other.code)}` "
        message += "adds in between is not announced any more. Clear it right after the wait, before the look."
        return message, [
            note(lost.wait, f"{signal} is waited for here", 0, "before"),
            note(at(lost.change), f"{state(lost.change)} is {done(lost.change)} here", 1),
            note(lost.other, f"{lock_used(lost.other.use)} is set here", 1),
        ]
    message = f"{signal} is cleared right after it was set: a thread that is not waiting at that moment never sees it. "
    message += "Let the one who waits clear it, or use a condition."
    return message, [waits]
