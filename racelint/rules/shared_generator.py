"""One generator is run on by several threads, of which all but one get ValueError.

*What it does*: reports loops over a generator and `next(it)`, where several threads do so with one generator and hold
no common lock: one that a generator function has made or that is a generator expression, and that they find in a
global, an attribute or a variable of the function around them, or are given as an argument.

*Why is this bad?*: a generator keeps its place in its own frame, which only one thread can run. Who asks for the next
item while another thread is on its way to a `yield` gets "ValueError: generator already executing". Counters made in C
(`itertools.count()`) do not have that trouble.

*Known false alarms*: generators that threads run on in turn, in a way that racelint cannot follow.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition),
[CWE-662](https://cwe.mitre.org/data/definitions/662.html) (improper synchronization); [iterator
synchronization](https://docs.python.org/3/library/threading.html#iterator-synchronization).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import details
from racelint.explaining.phrases import lock_name, runners, state, usual
from racelint.findings import Finding
from racelint.program import Program
from racelint.program.locking.guards import Guard
from racelint.program.races.kinds.race import Problem
from racelint.rule import rule


@rule("RL109")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the generators that several threads run on."""
    for race in program.races.of(Problem.ADVANCE):
        guard = usual(race)
        message = f"The generator in {state(race.access)} is run on here, and by {runners(program, race)} at once: who "
        message += f'comes second gets "ValueError: generator already executing". {_advice(guard)}'
        yield check.finding(race, message, **details(program, race))


def _advice(guard: Guard | None) -> str:
    if guard is not None:
        return f"Hold {lock_name(guard.lock)} around each `next` here too."
    return "Hold one lock around each `next`, or hand the items out by a `queue.Queue`."
