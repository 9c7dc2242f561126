"""Shared state is read, changed and stored back without a lock, so a store in between is lost.

*What it does*: reports `x += 1`, `x = x + 1`, `d[k] = d.get(k, 0) + 1` and their likes, also split over local
variables and statements, on state that several threads reach (or that the program itself guards elsewhere) with no
lock held over the whole of it.

*Why is this bad?*: an update is a read, a computation and a store. Two threads that both read before either stores
both build on the old value, and one of the two changes is gone. Nothing fails: a counter is too low, a list lacks an
element. Where nothing is called between the read and the store, CPython 3.11 and later with the GIL do not switch
threads there; free-threaded builds do, and so does every build once the update calls something. Each finding says
where it can strike.

*Fix*: holds the program's own lock over the update; unsafe if functions are called there that racelint does not know.

*Known false alarms*: threads that are started one after the other, or that work on different objects, in a way that
racelint cannot follow; numbers of which a rough value is enough, such as statistics.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition),
[CWE-820](https://cwe.mitre.org/data/definitions/820.html) (missing synchronization),
[CWE-366](https://cwe.mitre.org/data/definitions/366.html) (race condition within a thread); [What kinds of global
value mutation are
thread-safe?](https://docs.python.org/3/faq/library.html#what-kinds-of-global-value-mutation-are-thread-safe), [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import details
from racelint.explaining.phrases import by, guarded, lock_name, state, usual
from racelint.findings import Finding
from racelint.program import Program
from racelint.program.races.kinds.race import Problem
from racelint.rule import rule


@rule("RL101")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the updates that race."""
    for race in program.races.of(Problem.UPDATE):
        what, runners, guard = state(race.access), by(program, race), usual(race)
        if guard is None:
            message = f"{what} is updated without a lock{runners}: an update can be lost. "
            message += "Hold one lock from the read to the store."
        else:
            lock, use = lock_name(guard.lock), guarded(guard)
            message = f"{what} is updated without {lock}{runners}: an update can be lost. "
            message += f"{lock} is {use}; hold it here too."
        yield check.finding(race, message, **details(program, race))
