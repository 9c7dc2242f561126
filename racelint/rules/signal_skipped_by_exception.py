"""An exception skips what others wait for: an event that is not set, an item that never counts as done.

*What it does*: reports the `set()` of a `threading.Event`, or the `task_done()` of a queue, that is skipped if a call
before it raises, where a `wait()` or `join()` without a timeout is there for it, and nobody else but this one started
thread, or its like, ever does it. An event that is set in a loop, after a test or in a `finally` is left alone.

*Why is this bad?*: the thread ends with a traceback, or goes on to the next item, and whoever waits for it does so for
ever: a server that finds its port taken hangs at the start instead of saying so.

*Known false alarms*: calls before it that never raise; programs that end when they do.

*References*: [CWE-833](https://cwe.mitre.org/data/definitions/833.html) (deadlock),
[CWE-703](https://cwe.mitre.org/data/definitions/703.html) (improper check or handling of exceptional conditions);
[event objects](https://docs.python.org/3/library/threading.html#event-objects),
[Queue.task_done](https://docs.python.org/3/library/queue.html#queue.Queue.task_done).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.order_violations import skipped_signal
from racelint.explaining.phrases import called, kept_as, spelled_method
from racelint.findings import Finding, Location, note
from racelint.program import Program
from racelint.program.sources.source import span_of
from racelint.rule import rule


@rule("RL504")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the signals that an exception skips."""
    told = {(each.path, each.span): each for each in reversed(program.blocking.skipped)}
    for found in reversed(told.values()):
        waits = Location(found.waiter.path, span_of(found.waiter, found.waits))
        owner, _, method = found.callee.rpartition(".")
        where = f" in `{called(found.risk.code)}`" if found.risk.code is not found.code else ""
        signal = spelled_method(program, found.code, found.id) or f"{owner.rpartition('.')[2]}.{method}"
        message = f"`{signal}` is skipped if line {found.risk.span.line}{where} raises: `{called(found.waiter)}` then "
        message += "waits for it for ever. Call it in a `finally`, or wait with a timeout."
        related = [
            note(found.risk, "an exception here skips it", 0, "before"),
            note(waits, "it is waited for here, with no timeout", 1),
        ]
        yield check.finding(
            found,
            message,
            symbol=kept_as(program, found.code, found.id) or owner,
            function=found.code.qualname,
            evidence="threads",
            related=related,
            **skipped_signal(program, found, waits),
        )
