"""What belongs to one call is kept on an object that all threads share, so calls see each other's values.

*What it does*: reports an attribute or a variable that a function sets and then reads back, itself or in what it
calls, while other threads run the same function on the same object, without a lock over both. Of a context manager
that serves several `with` statements what `__enter__` sets and `__exit__` reads back; of one that decorates functions
even with no thread in sight, as all calls of a function enter the same object, those within each other too. And calls
that leave something in an object for the next: `seek` and `read` of one file, `execute` and `fetchone` of one cursor.
And a thread that begins by setting the flag for which it goes on: who has unset it since the start did so in vain.

*Why is this bad?*: a formatter, a decorator or a request handler that keeps the value at hand on itself works until
two threads use it at once. Then one call goes on with the other's record, user or connection.

*Known false alarms*: objects that are used by one thread only, or by one at a time, in a way that racelint cannot
follow; decorators of functions that are never run twice at once.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition),
[CWE-567](https://cwe.mitre.org/data/definitions/567.html) (unsynchronized access to shared data),
[CWE-488](https://cwe.mitre.org/data/definitions/488.html) (exposure of data to the wrong session); [thread-local
data](https://docs.python.org/3/library/threading.html#thread-local-data).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import details
from racelint.explaining.phrases import called, runners, state, where
from racelint.findings import Finding
from racelint.program import Program
from racelint.program.races.kinds.race import Problem, Race
from racelint.rule import rule


@rule("RL108")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the writes that others overwrite before they are read back."""
    for race in program.races.of(Problem.WRITE):
        back = f" {where(race.other, race.code)}" if race.other is not None else ""
        message = (
            f"{state(race.access)} is set here and read back{back}, but {_others(program, race, 'set it')}: a call "
        )
        message += "can go on with the value of another. Keep it in a local variable, or in a `threading.local`."
        yield check.finding(race, message, **details(program, race))
    for race in program.races.of(Problem.LEFT):
        what = f"`{race.access.method}` leaves in {state(race.access)} what {_later(race)} goes on from"
        message = f"{what}, but {_others(program, race, 'use it too')}: a call can go on from what another has left. "
        message += "Hold one lock over both, or give each thread an object of its own."
        yield check.finding(race, message, **details(program, race))
    for race in program.races.of(Problem.UNDONE):
        stop = f" in `{called(race.other.code)}`" if race.other is not None else ""
        message = (
            f"{state(race.access)} is set here only when the thread runs, and so undoes what is set{stop} between "
        )
        message += "its start and this line: the thread goes on, as if nobody had stopped it. Set it before the start."
        yield check.finding(race, message, **details(program, race))


def _others(program: Program, race: Race, verb: str) -> str:
    """Who else comes by: "other threads set it"."""
    if race.evidence is None:
        return f"all calls of what `{called(race.code).rpartition('.')[0]}` decorates share this one object"
    return f"{runners(program, race)} {verb}"


def _later(race: Race) -> str:
    return f"`{race.other.method}` {where(race.other, race.code)}" if race.other is not None else "a later call"
