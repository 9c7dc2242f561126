"""Shared state is read as a whole and then emptied or replaced, and what others add in between is lost.

*What it does*: reports `batch = list(self.jobs)` and then `self.jobs.clear()`, `send(self.buffer)` and then
`self.buffer = []`, `seen = self.count` and then `self.count = 0`, where others add to it with no lock that is held over
both, and `jobs, self.jobs = self.jobs, []` where others add with no lock at all. Reading under the lock and emptying
under the same lock taken anew is no better.

*Why is this bad?*: the copy does not have what is added after it was made, and the emptying throws it away: a job is
never run, a message never sent, and nothing fails. Replacing the list by a new one in a single statement does not help
those who have fetched the old one to add to it: they do so when it has been worked off already. With the GIL that
takes a call while what is to be added is computed (`self.jobs.append(make())`), on free-threaded builds and up to
CPython 3.10 nothing at all; each finding says where it can strike. Take items out one by one (`popleft`, `Queue.get`),
or hold one lock over both, and wherever something is added.

*Known false alarms*: what may be lost without harm, such as statistics or what is thrown away at the end; adding that
has come to an end before, for reasons that are not in the source, or by a `join` in a method of another object.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition),
[CWE-820](https://cwe.mitre.org/data/definitions/820.html) (missing synchronization),
[CWE-367](https://cwe.mitre.org/data/definitions/367.html) (time of check, time of use); [thread safety of built-in
types](https://docs.python.org/3/library/threadsafety.html).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import details
from racelint.explaining.phrases import adds, called, emptied, missing, state, where
from racelint.findings import Finding
from racelint.program import Program
from racelint.program.races.kinds.race import Problem
from racelint.rule import rule


@rule("RL107")
def check(program: Program) -> Iterator[Finding]:
    """Ask for what is lost between reading and emptying."""
    for race in program.races.of(Problem.EMPTIED):
        line = race.first.span.line if race.first is not None else race.span.line
        read = f"line {line} has read it" if line != race.span.line else "it was read"
        if race.first is not None and race.first.code is not race.code:
            read = f"`{called(race.first.code)}` has read it"
        here = "here" if race.access.code is race.code else where(race.access, race.code)
        message = f"{state(race.access)} is {emptied(race.access)} {here} after {read}, and {adds(program, race)} in "
        message += f"between: what is added there is lost. Hold {missing(race)} over both."
        yield check.finding(race, message, **details(program, race))
    for race in program.races.of(Problem.REPLACED):
        message = f"{state(race.access)} is taken over and replaced here, but {adds(program, race)}: who has fetched "
        message += "the old one by then adds to it too late, and it is lost. "
        message += f"Hold {missing(race)} here and over the adding."
        yield check.finding(race, message, **details(program, race))
