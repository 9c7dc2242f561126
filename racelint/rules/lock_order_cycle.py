"""Two or more locks are taken in different orders, so threads can wait for each other for ever.

*What it does*: collects for the whole program which lock is taken while which other is held, through any number of
calls, and reports each circle once, at the place that closes it; where a few functions take two locks against the order
of all others, each of these functions. Attempts that give up (`blocking=False`, a timeout) close none, nor do orders
that a common outer lock keeps apart.

*Why is this bad?*: one thread holds the first lock and waits for the second, another holds the second and waits for
the first. Neither ever goes on, and the program hangs with no error.

*Fix*: takes both locks at once, in the order of the others, where the one `with` stands in the other; unsafe, since the
second one is held for longer.

*Known false alarms*: orders that never meet, because they belong to different phases of the program or to different
objects.

*References*: [CWE-833](https://cwe.mitre.org/data/definitions/833.html) (deadlock),
[CWE-667](https://cwe.mitre.org/data/definitions/667.html) (improper locking); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.deadlock_encounter import circle_sides, circle_turns, waiter
from racelint.explaining.deadlock_notes import begins, behind, taken
from racelint.explaining.deadlock_phrases import takes, through
from racelint.explaining.notes import defined, lock_details
from racelint.explaining.phrases import lock_names
from racelint.explaining.prescribing import against_wrong_order
from racelint.findings import Finding, note
from racelint.program import Program
from racelint.rule import rule


@rule("RL301")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the circles of locks."""
    for cycle in program.lockorder.cycles:
        here, *rest = cycle
        names = lock_names(nesting.inner.lock for nesting in cycle)
        inner, outer = names[here.inner.lock.key], names[here.outer.lock.key]
        pairs = [(names[nesting.inner.lock.key], names[nesting.outer.lock.key]) for nesting in rest]
        turned = "the other way round" if len(rest) == 1 else " and ".join(f"{one} while {two}" for one, two in pairs)
        message = f"{takes(here, inner)} while {outer} is held, and elsewhere {turned}: "
        message += f"the {waiter(here.inner.lock)}s can wait for each other for ever. "
        message += "Take these locks in the same order everywhere."
        related = [*begins(program, here, outer), *behind(here, inner)]
        for side, (nesting, (one, two)) in enumerate(zip(rest, pairs, strict=True), start=1):
            related.append(note(nesting, f"{one} is taken here while {two} is held{through(nesting.chain)}", side))
        for nesting in rest:
            related.extend(defined(nesting.inner.lock))
        outers = [outer, *(two for _, two in pairs)]
        sides, at = circle_sides(program, cycle, outers), [taken(program, nesting) for nesting in cycle]
        turns = circle_turns(cycle, at, outers)
        details = lock_details(here.inner.lock, here.code, related, "lock", sides, turns)
        yield check.finding(here, message, **details, remedy=against_wrong_order(cycle))
