"""A thread is started before the attributes that it reads are set.

*What it does*: reports the call that starts a thread, or hands work to a pool or a coroutine to the event loop of
another thread, in a constructor or another method that only afterwards sets an attribute which the started function
reads: there and then (`self._thread.start()`), in a method that it calls, or in the constructor of a base class behind
`super().__init__()`. The same where a constructor hands its object to a thread that runs already, by a method which
puts it among those that the thread calls.

*Why is this bad?*: the new thread may run at once. It then fails with an `AttributeError`, or finds the None that was
there before, and often nobody sees that it has died. Set all attributes first, and start as the last step.

*Fix*: moves the start behind what is set too late in the same function; unsafe if something that racelint does not know
is called in between, or the thread is used.

*Known false alarms*: started functions that first wait for their starter in a way that racelint cannot follow.

*References*: [CWE-908](https://cwe.mitre.org/data/definitions/908.html) (use of uninitialized resource),
[CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition); [starting a
thread](https://docs.python.org/3/library/threading.html#threading.Thread.start).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.order_violations import early_start
from racelint.explaining.phrases import listed, steps
from racelint.explaining.prescribing import against_early_start
from racelint.findings import Finding, Location, Related, note
from racelint.program import Program
from racelint.program.callgraph.steps import Frame
from racelint.program.sources.source import span_of
from racelint.program.starting.birth import EarlyStart
from racelint.rule import rule


@rule("RL701")
def check(program: Program) -> Iterator[Finding]:
    """Ask for what starts too early."""
    for early in program.birth:
        what = listed([f"`self.{late.place.name}`" for late in early.late])
        last = max(span_of(*late.store).line for late in early.late)
        known = "runs already, comes to know `self` here" if early.registers else "starts here"
        message = f"`{early.label}` {known} and reads {what}, set only at line {last}: it can be first, and "
        message += "find None." if all(late.was_none for late in early.late) else "fail with an `AttributeError`."
        yield check.finding(
            early,
            f"{message} Set what it reads before {'that' if early.registers else 'it is started'}.",
            symbol=early.late[0].place.symbol,
            function=early.code.qualname,
            evidence="threads",
            related=_related(early),
            **early_start(program, early),
            remedy=against_early_start(program, early),
        )


def _related(early: EarlyStart) -> Iterator[Related]:
    """The call that starts, if it is further down, and for each attribute where it is set and read."""
    if early.began != early.start:
        done = "comes to know it" if early.registers else "is started"
        yield note(_at(early.began), f"`{early.label}` {done} here", 0, "start")
    for late in early.late:
        chain = [code for code, _ in late.read]
        way = f": {steps(chain)}" if len(chain) > 1 else ""
        yield note(_at(late.store), f"`self.{late.place.name}` is set here", 0)
        yield note(_at(late.read[-1]), f"`self.{late.place.name}` is read here by `{early.label}`{way}", 1)


def _at(frame: Frame) -> Location:
    return Location(frame[0].path, span_of(*frame))
