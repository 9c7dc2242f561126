"""The locks of two objects of one class, or for two keys, are taken in the order in which a caller names them.

*What it does*: reports a lock that is taken while the same lock of another object of the class is held, when nothing
orders the two objects: `transfer(a, b)` locks `a` first, `transfer(b, a)` locks `b` first. It is the same with two
locks of one table, `locks[a]` and `locks[b]`, and where several threads each take `locks[i]` and the next one,
`locks[(i + 1) % count]`: the last takes the first.

*Why is this bad?*: two threads that work on the same two objects the other way round each hold one lock and wait for
the other. Neither ever goes on.

*Known false alarms*: objects that are ordered by how they are made or found, such as parents and their children.

*References*: [CWE-833](https://cwe.mitre.org/data/definitions/833.html) (deadlock),
[CWE-667](https://cwe.mitre.org/data/definitions/667.html) (improper locking); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.deadlock_encounter import circle_sides, circle_turns
from racelint.explaining.deadlock_notes import begins, behind, taken
from racelint.explaining.deadlock_phrases import once_each, takes
from racelint.explaining.notes import lock_details
from racelint.explaining.phrases import lock_used
from racelint.findings import Finding
from racelint.program import Program
from racelint.program.dataflow.frames import as_written
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.locking.locks import LockUse
from racelint.rule import rule


@rule("RL303")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the pairs of sibling locks."""
    for nesting in once_each(program.lockorder.siblings):
        lock = nesting.inner.lock
        pair = f"two `{lock.symbol.split('.')[-2]}` objects" if lock.key[0] == "attribute" else "two keys"
        why = f"two threads that come to the same {pair} in opposite order wait for each other for ever. "
        why += "Take the two locks in a fixed order, for example "
        why += "by `id`." if lock.key[0] == "attribute" else "that of the sorted keys."
        outer = _named(nesting.outer)
        yield _finding(program, nesting, why, (f"{outer} of the one", f"{outer} of the other"))
    for nesting in once_each(program.lockorder.neighbours):
        why = "each lock is taken with the next one, and the last with the first, so if all threads hold one, "
        why += (
            "all wait for ever. Take the two locks in a fixed order, for example the one with the lower number first."
        )
        yield _finding(program, nesting, why, ("its first lock", "the next lock"))


def _finding(program: Program, nesting: Nesting, why: str, outers: tuple[str, str]) -> Finding:
    """A finding on two threads that each hold what the other one waits for: `outers` names that."""
    inner, outer = _named(nesting.inner), _named(nesting.outer)
    if inner == outer:
        outer += " of another object"
    related = [*begins(program, nesting, outer), *behind(nesting, inner)]
    both, at = (nesting, nesting), (taken(program, nesting),) * 2
    sides, turns = circle_sides(program, both, outers), circle_turns(both, at, outers)
    message = f"{takes(nesting, inner)} while {outer} is held: {why}"
    lock = nesting.inner.lock
    return check.finding(nesting, message, **lock_details(lock, nesting.code, related, "lock", sides, turns))


def _named(use: LockUse) -> str:
    """A lock as the function names it; one of a table with its key, if that is no expression."""
    if use.lock.key[0] == "item" and "(" not in use.base:
        return f"`{as_written(use.base)}`"
    used = lock_used(use)
    return used if "." in used else f"`{'.'.join(use.lock.symbol.split('.')[-2:])}`"
