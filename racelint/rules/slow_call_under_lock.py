"""A call that may take long is made while a lock is held, so all who need the lock wait as long.

*What it does*: reports sleeping, waiting for threads, results, processes, events and queues, and network requests, made
while a lock is held, directly or through calls; also joining, with a timeout, a thread that needs the lock before it
ends. Waits that nobody can answer are the subject of RL304. Of a lock for tasks, any `await` at which the task may be
suspended counts, unless something is tested before it and done on account of that after it.

*Why is this bad?*: a lock is held for as long as its slowest call. One thread that sleeps or waits for a server stops
all others that come by, even where they need the lock for an instant only.

*Known false alarms*: locks that are there to let one thread at a time use a connection, a file or a process: with these
the wait is meant. Therefore the rule is off by default; it is on for locks of what `--assume-shared` names, if some
state is written with the lock held.

*References*: [CWE-667](https://cwe.mitre.org/data/definitions/667.html) (improper locking),
[CWE-410](https://cwe.mitre.org/data/definitions/410.html) (insufficient resource pool); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining import deadlock_encounter
from racelint.explaining.deadlock_notes import stalled, taken
from racelint.explaining.deadlock_phrases import needed, once_at_each_place, waits
from racelint.explaining.notes import lock_details, said_of
from racelint.explaining.phrases import called, lock_name, lock_used
from racelint.findings import Finding, Location, Related, note
from racelint.program import Program
from racelint.program.deadlocks.stall import Stall
from racelint.rule import rule


@rule("RL308", default=False, assumed=True)
def check(program: Program) -> Iterator[Finding]:
    """Ask for the waits that end some time."""
    vain = (stall for stall in program.blocking.vain if not stall.is_unanswered)
    for stall in once_at_each_place([*vain, *program.blocking.slow]):
        lock = lock_used(stall.lock)
        message = f"{waits(stall)} while {lock} is held"
        if stall.need is not None:
            message += f", which {needed(program, stall.need)}: it waits in vain until its timeout. "
        else:
            message += ": all who need the lock wait as long. "
        message += "Release the lock before."
        related = [*stalled(program, stall, lock), *_kept_out(stall)]
        encounter = deadlock_encounter.stall(program, stall, taken(program, stall), lock)
        evidence = said_of(program, stall.lock.lock)
        yield check.finding(stall, message, **lock_details(stall.lock.lock, stall.code, related, evidence, **encounter))
    for held in program.interleavings.lingering:
        own, at = held.acquisition, Location(held.path, held.pause_span)
        lock = lock_used(own.use)
        message = f"A task waits here while {lock} is held: all tasks that need it wait as long, such as those in "
        message += f"`{called(held.rival.code)}`. Release the lock before."
        notes = [note(own, f"{lock} is held from here on", 0, "before"), note(held.rival, f"{lock} is taken here", 1)]
        evidence = said_of(program, own.use.lock)
        encounter = deadlock_encounter.lingering(held, lock)
        yield check.finding(at, message, **lock_details(own.use.lock, own.code, notes, evidence, **encounter))


def _kept_out(stall: Stall) -> Iterator[Related]:
    """Where somebody else takes the lock."""
    entrance = stall.entrance
    if entrance is not None and entrance.code is not stall.code:
        yield note(entrance, f"{lock_name(entrance.use.lock)} is taken by `{called(entrance.code)}` here", 1)
