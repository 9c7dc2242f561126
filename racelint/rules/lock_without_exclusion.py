"""State is guarded by something that several threads can hold at the same time.

*What it does*: reports shared state that is updated while only such a thing is held: a semaphore with a count other
than 1, an event, the reader side of a read-write lock, or a lock of which each object has its own although the state
belongs to the class or the module.

*Why is this bad?*: it looks like a guard and excludes nobody. Two threads are inside at once, and updates are lost as
if there were no lock.

*Known false alarms*: a semaphore whose count is always 1 but is computed at run time; classes of which there is only
one object.

*References*: [CWE-821](https://cwe.mitre.org/data/definitions/821.html) (incorrect synchronization),
[CWE-662](https://cwe.mitre.org/data/definitions/662.html) (improper synchronization),
[CWE-413](https://cwe.mitre.org/data/definitions/413.html) (improper resource locking); [semaphore
objects](https://docs.python.org/3/library/threading.html#semaphore-objects), [event
objects](https://docs.python.org/3/library/threading.html#event-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import details
from racelint.explaining.phrases import by, done, lock_name, state
from racelint.findings import Finding
from racelint.knowledge.model import LockKind
from racelint.program import Program
from racelint.program.locking.locks import EXCLUSIVE, Lock
from racelint.program.races.kinds.race import Problem
from racelint.rule import rule


@rule("RL105")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the accesses under locks that do not help."""
    for race in program.races.of(Problem.NO_EXCLUSION):
        if race.lock is None:
            continue
        why, advice = _weakness(race.lock)
        what = f"{state(race.access)} is {done(race.access)}{by(program, race)}"
        message = f"{what} under {lock_name(race.lock)}, {why}: an update can be lost. {advice}"
        yield check.finding(race, message, **details(program, race))


def _weakness(lock: Lock) -> tuple[str, str]:
    """Why a lock keeps nobody out, and what to do."""
    match lock.kind:
        case LockKind.SEMAPHORE:
            return "a semaphore that lets several in at once", "Guard it with a `Lock`."
        case LockKind.READER | LockKind.READ_WRITE:
            return "of which the reader side lets several in at once", "Take the writer side."
        case LockKind.EVENT:
            return "an event, which keeps nobody out", "Guard it with a `Lock`."
        case kind if kind in EXCLUSIVE:
            owner = f"`{lock.symbol.split('.')[-2]}`" if lock.key[0] == "attribute" else "call"
            return f"of which each {owner} has its own", "Guard it with one lock for all of them."
        case _:
            return "which keeps nobody out", "Guard it with a `Lock`."
