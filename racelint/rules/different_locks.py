"""The same state is guarded by one lock here and by another one there, so nothing is guarded.

*What it does*: reports state that is written under one lock and accessed under another, with no lock that both sides
hold. The finding stands at the side that differs from the most of the program, else at the later one.

*Why is this bad?*: two locks do not exclude each other. Each side looks right by itself, and both run at the same
time.

*Known false alarms*: two attributes that always hold the same lock, where racelint does not see that they do.

*References*: [CWE-821](https://cwe.mitre.org/data/definitions/821.html) (incorrect synchronization),
[CWE-413](https://cwe.mitre.org/data/definitions/413.html) (improper resource locking),
[CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects), [condition
objects](https://docs.python.org/3/library/threading.html#condition-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import details
from racelint.explaining.phrases import done, held_by, lock_names, state, where
from racelint.findings import Finding
from racelint.program import Program
from racelint.program.races.kinds.race import Problem
from racelint.rule import rule


@rule("RL103")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the accesses under another lock than the rest."""
    for race in program.races.of(Problem.DIFFERENT_LOCKS):
        if race.lock is None or race.other is None:
            continue
        there = [lock for lock in held_by(program, race.other) if lock != race.lock][:1]
        names = lock_names([race.lock, *there])
        here, *others = names.values()
        what, place = f"{state(race.access)} is {done(race.access)}", where(race.other, race.code)
        message = f"{what} under {here} here, but under {others[0] if others else 'no lock'} {place}: "
        message += "the two do not exclude each other. "
        guard = race.guard.lock.key if race.guard is not None and race.guard.lock != race.lock else None
        message += f"Hold {names.get(guard, 'the same lock') if guard else 'the same lock'} on both sides."
        yield check.finding(race, message, **details(program, race))
