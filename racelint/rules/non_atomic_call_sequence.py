"""An object that is safe one call at a time is asked for its state, and acted upon as if the answer still held.

*What it does*: reports `if not queue.empty(): queue.get()` and its likes (`qsize`, `full` before `put_nowait`,
`lock.locked()` before `acquire`, `event.is_set()` before `set`) where other threads do the same between the question
and the act.

*Why is this bad?*: each call is atomic, the two together are not. When the last item has gone in between, `get()`
waits for ever and `get_nowait()` raises; when the event was set in between, both threads go on as the first.

*Known false alarms*: threads of which only one is ever at work, for a reason that is not in the source.

*References*: [CWE-367](https://cwe.mitre.org/data/definitions/367.html) (time of check, time of use),
[CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition);
[`Queue.empty`](https://docs.python.org/3/library/queue.html#queue.Queue.empty).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import start
from racelint.explaining.order_violations import old_answer
from racelint.explaining.phrases import called, spelled, who
from racelint.findings import Finding, Related, note
from racelint.program import Program
from racelint.program.signals.questions import OldAnswer
from racelint.rule import rule

ADVICE = {
    "get": "Call `get_nowait` and catch `queue.Empty`.",
    "get_nowait": "Leave out the question and catch `queue.Empty`.",
    "put_nowait": "Leave out the question and catch `queue.Full`.",
    "acquire": "Call `acquire(blocking=False)` and look at its result.",
    "set": "Hold a lock over both.",
}


@rule("RL204")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the old answers."""
    for old in program.signals.answers:
        what, name = spelled(program, old.act.code, old.act.receiver), old.act.method
        others = who(program, old.other, old.rival.code)
        if old.evidence == "assumed":
            others = "other threads (--assume-shared)"
        message = f"{what} {old.question.found} when it was asked, but {others} can {old.question.verb} before line "
        message += f"{old.act.span.line} does: {_consequence(old)}. {ADVICE[name]}"
        yield check.finding(
            old,
            message,
            symbol=old.act.access.place.symbol if old.act.access is not None else "",
            function=old.act.code.qualname,
            evidence=old.evidence,
            related=_related(program, old),
            **old_answer(program, old),
        )


def _consequence(old: OldAnswer) -> str:
    name = old.act.method
    if old.waits:
        return f"`{name}` then waits{' for ever' if name == 'get' else ''}"
    return "both go on as if they were the first" if name == "set" else f"`{name}` then raises"


def _related(program: Program, old: OldAnswer) -> Iterator[Related]:
    yield note(old.act, f"`{old.act.method}` is called here", 0)
    if old.rival is not old.act:
        yield note(old.rival, f"`{old.rival.method}` is called here, in `{called(old.rival.code)}`", 1)
    yield from start(program, old.one, old.act.code, None if old.one is old.other else 0)
    if old.other is not old.one:
        yield from start(program, old.other, old.rival.code, 1)
