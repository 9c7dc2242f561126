"""The result of a thread is read before its starter has waited for the thread to end.

*What it does*: reports the read of what only a started function writes (an attribute, a variable, the contents of a
list or dictionary) between its `start()` or `submit()` and the starter's own `join()`, `result()` or `with` that comes
too late; reads that need the result after a `join(timeout)` of which nobody asks whether it was enough; and the read
of an attribute of a thread that is never joined, beside the same of another one that was.

*Why is this bad?*: the thread may not have got there yet. The read then finds what was there before, None or an empty
list or a part of the result, and whether it does depends on the machine and the day. `join(timeout)` returns None in
any case: only `is_alive()` tells whether the thread has ended.

*Known false alarms*: reads that are meant to see the value from before; threads that have surely ended for reasons
that racelint cannot follow.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition),
[CWE-820](https://cwe.mitre.org/data/definitions/820.html) (missing synchronization);
[Thread.join](https://docs.python.org/3/library/threading.html#threading.Thread.join).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import at, start
from racelint.explaining.order_violations import early_read
from racelint.explaining.phrases import called, done, state, who
from racelint.findings import EVERY_BUILD, Finding, Location, Related, note
from racelint.program import Program
from racelint.program.sources.source import span_of
from racelint.program.starting.results import EarlyRead
from racelint.rule import rule


@rule("RL702")
def check(program: Program) -> Iterator[Finding]:
    """Ask for what is read too early."""
    for early in program.results:
        what, runner = state(early.seen), who(program, early.context, early.written.code)
        line = span_of(early.code, early.wait).line
        if early.cut_short:
            message = f"{what} is read although the `join` at line {line} may have given up: when its timeout is over, "
            message += f"{runner} may still be at work. Ask `is_alive()` first."
        elif early.is_of_another:
            message = (
                f"{what} is read while {runner} may still be at work: line {line} waits for another one, and nobody "
            )
            message += "for this one. Join both before the read."
        else:
            message = f"{what} is read while {runner} may still be at work: line {line} waits for the end, too late "
            message += "for this read. Read it after that."
        yield check.finding(
            early,
            message,
            symbol=early.written.place.symbol,
            function=early.code.qualname,
            evidence="threads",
            live_on=EVERY_BUILD,
            related=_related(program, early),
            **early_read(program, early),
        )


def _related(program: Program, early: EarlyRead) -> Iterator[Related]:
    """Where the result is made, where its maker starts, and where the starter waits."""
    written = early.written
    yield note(at(written), f"{state(written)} is {done(written)} here by `{called(written.code)}`", 1)
    yield from start(program, early.context, written.code, side=1)
    wait = Location(early.path, span_of(early.code, early.wait))
    if early.is_of_another:
        yield note(wait, "the starter waits for another one here", 0, "before")
    else:
        yield note(wait, "the starter waits here", 0, "before" if early.cut_short else "after")
