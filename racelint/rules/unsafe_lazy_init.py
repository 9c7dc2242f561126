"""An object is made on first use without a lock, so two threads make two of them.

*What it does*: reports `if self._x is None: self._x = make()`, `if not hasattr(self, "_x")`, `self._x = self._x or
make()` and the same for module variables and singletons, without a lock, or with a lock under which it is not tested
again. That what is made is itself a lock, which its maker goes on to take, is evidence enough that others come. Of a
thread that comes there over more than two calls only a lock, a thread or what has to be ended is told, unless a lock
shows that others are reckoned with.

*Why is this bad?*: two threads both find nothing and both make the object. One of the two is used by some and then
lost, with the connection, the thread or the entries that it holds.

*Fix*: holds the program's own lock over the test and the making, or tests once more under the lock that is held;
unsafe if functions are called there that racelint does not know.

*Known false alarms*: objects for which a second one does no harm, such as a value that is only computed once more.

*References*: [CWE-543](https://cwe.mitre.org/data/definitions/543.html) (singleton without synchronization),
[CWE-1096](https://cwe.mitre.org/data/definitions/1096.html) (singleton creation without locking),
[CWE-609](https://cwe.mitre.org/data/definitions/609.html) (double-checked locking); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import details
from racelint.explaining.phrases import by, held_by, lock_name, missing, state
from racelint.findings import Finding
from racelint.program import Program
from racelint.program.races.cases.case import holds_lock
from racelint.program.races.kinds.race import Problem
from racelint.rule import rule


@rule("RL202")
def check(program: Program) -> Iterator[Finding]:
    """Ask for what is made twice."""
    for race in program.races.of(Problem.LAZY):
        what, runners = state(race.access), by(program, race)
        held = [lock_name(lock) for lock in held_by(program, race.access)]
        if race.filled_late:
            message = f"{what} is stored on first use{runners}, and filled after that: who looks without "
            message += (
                f"{held[0] if held else 'the lock'} gets it half made. Fill it in a local variable, and store it then."
            )
        elif held:
            message = f"{what} is made on first use under {held[0]}{runners}, but not tested again under it: "
            message += f"two threads can make one each. Test it once more after {held[0]} is taken."
        elif race.evidence == "lock" and holds_lock(program.places, race.place):
            message = f"{what} is made on first use{runners}: two threads can make one each, and both go in. "
            message += "Make it where what it guards is made."
        else:
            lock = missing(race, "a lock")
            message = f"{what} is made on first use without {lock}{runners}: two threads can make one each. "
            message += f"Hold {missing(race)} over the test and the making, or make it before threads use it."
        yield check.finding(race, message, **details(program, race))
