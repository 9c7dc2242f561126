"""State is tested or read under a lock, and acted upon under the same lock taken anew: in between it may change.

*What it does*: reports an act in a `with lock:` that relies on what an earlier `with lock:` of the same function
found, without testing it again; also where the test is of a flag that says the end, and the act fills a container
beside it.
A table that is asked under its lock, and given under it again what was worked out without, is none of these, unless an
object with a state of its own is kept there, who comes second is refused, somebody changes what is kept, or entries are
called back.

*Why is this bad?*: the lock was given back in between, and others had their turn. Two threads both find the last piece
in stock, and both sell it, each under the lock.

*Known false alarms*: state that nobody else can change in between, for a reason that is not in the source; a value
that may be stale by intention.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition),
[CWE-821](https://cwe.mitre.org/data/definitions/821.html) (incorrect synchronization),
[CWE-367](https://cwe.mitre.org/data/definitions/367.html) (time of check, time of use); [using locks in the `with`
statement](https://docs.python.org/3/library/threading.html#using-locks-conditions-and-semaphores-in-the-with-statement).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import details
from racelint.explaining.phrases import called, done, held_by, lock_name, missing, others_change, state
from racelint.findings import Finding
from racelint.program import Program
from racelint.program.races.kinds.race import Problem
from racelint.rule import rule


@rule("RL203")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the acts on what was found in an earlier critical section."""
    for race in program.races.of(Problem.SPLIT):
        held = [lock_name(lock) for lock in held_by(program, race.access)]
        lock = held[0] if held else missing(race)
        first = race.first or race.access
        found = f"line {first.span.line}" if first.code is race.code else f"`{called(first.code)}`"
        act = race.taken or race.access
        if race.taken is not None and race.lock is not None:
            found, lock = f"{found} found of {state(first)}", lock_name(race.lock)
        else:
            found += " found"
        message = f"{state(act)} is {done(act)} because of what {found}, but {lock} is released after "
        message += f"that: {others_change(program, race)}. Hold {lock} over both, or test again here."
        yield check.finding(race, message, **details(program, race))
