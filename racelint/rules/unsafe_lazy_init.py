"""An object is made on first use without a lock, so two threads make two of them.

*What it does*: reports `if self._x is None: self._x = make()`, `if not hasattr(self, "_x")`, `self._x = self._x or
make()` and the same for module variables and singletons, without a lock, or with a lock under which it is not tested
again.

*Why is this bad?*: two threads both find nothing and both make the object. One of the two is used by some and then
lost, with the connection, the thread or the entries that it holds.

*Known false alarms*: objects for which a second one does no harm, such as a value that is only computed once more.

*References*: [CWE-543](https://cwe.mitre.org/data/definitions/543.html) (singleton without synchronization),
[CWE-1096](https://cwe.mitre.org/data/definitions/1096.html) (singleton creation without locking),
[CWE-609](https://cwe.mitre.org/data/definitions/609.html) (double-checked locking); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.findings import Finding
from racelint.phrases import details, held_over, meanwhile, state
from racelint.program import Program
from racelint.program.races import Problem
from racelint.rule import rule


@rule("RL202")
def check(program: Program) -> Iterator[Finding]:
    """Ask for what is made twice."""
    for race in program.races.of(Problem.LAZY):
        message = (
            f"{state(race.access)} is made on first use without a lock{meanwhile(program, race)}: two threads can both "
        )
        message += f"make one. Hold {held_over(race)} and test again under it, or make it before the threads start."
        yield check.finding(race, message, **details(program, race))
