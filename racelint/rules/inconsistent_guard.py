"""State is accessed without the lock that guards it nearly everywhere else.

*What it does*: finds the lock that a program holds at most accesses of an attribute or a variable, and reports the
write or the change that was left out. Accesses while the object is being made do not count, nor do plain reads, but
for two that one value is computed from and that are elsewhere stored together, and for one that asks after an update
under the lock whether that was the last one (`if self.users == 0`); iterations are RL104. Where the lock is held at an
update (`self.hits += 1`) that another thread makes, a store without it (`self.hits = 0`) is reported however
many other accesses do without. Likewise a call of a method of another object without the lock of that object, which all
other such calls of the class hold. What `--assume-shared` names is also guarded by the lock of who keeps it: what is
done to it, or called on it, without that lock is reported, beside another call with it that works on the same state.
Who says in a comment at the line that no lock is needed, or that the race is known, has not forgotten it; no rule takes
the lock for evidence there. A TODO, or that nobody may do without the lock, says the contrary.

*Why is this bad?*: a lock protects only if all take it. The one method that forgot it, often `clear`, `stop` or
`__len__`, changes the state in the middle of what the others do under the lock, or sees it half done.

*Fix*: holds the lock there, over the test as well on which the access depends; unsafe if functions are called there
that racelint does not know.

*Known false alarms*: functions that run only before the other threads start or after they ended, if that cannot be
seen in the source; a lock that is held at most accesses by chance, because it guards something else.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition),
[CWE-820](https://cwe.mitre.org/data/definitions/820.html) (missing synchronization),
[CWE-414](https://cwe.mitre.org/data/definitions/414.html) (missing lock check); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import details, lock_details
from racelint.explaining.phrases import called, done, guarded, lock_name, lock_used, state
from racelint.findings import Finding, Location, note
from racelint.program import Program
from racelint.program.locking.guards import Guard
from racelint.program.memory.places import Access
from racelint.program.races.kinds.callers import Uncovered
from racelint.program.races.kinds.race import Problem, Race
from racelint.rule import rule


@rule("RL102")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the accesses that forgot the lock."""
    for race in program.races.of(Problem.INCONSISTENT):
        if race.guard is not None:
            yield check.finding(race, _forgotten(race, race.guard), **details(program, race))
    for race in program.races.of(Problem.TORN):
        if race.guard is not None and race.first is not None:
            yield check.finding(race, _torn(race, race.guard, race.first), **details(program, race))
    for call in program.races.uncovered:
        yield _uncovered(call)


def _forgotten(race: Race, guard: Guard) -> str:
    what, lock = f"{state(race.access)} is {done(race.access)}", lock_name(guard.lock)
    if race.undone_by_update:
        return (
            f"{what} without {lock}, which is held where it is updated: the update can take it back. Hold it here too."
        )
    if race.code is race.access.code:
        return f"{what} without {lock}, which is {guarded(guard)}. Hold it here too."
    helper = f"`{called(race.access.code)}`"
    return f"{helper} is called without {lock}, which its other callers hold: {what} there. Hold it here too."


def _torn(race: Race, guard: Guard, first: Access) -> str:
    lock = lock_name(guard.lock)
    where = "here" if race.code is first.code else f"in `{called(first.code)}`, called here,"
    return (
        f"{state(first)} and {state(race.access)} go into one value {where} without {lock}, under which both are "
        f"stored together: one may be older than the other. Hold {lock} over both reads."
    )


def _uncovered(call: Uncovered) -> Finding:
    lock = lock_used(call.use)
    message = (
        f"`{call.method}` is called without {lock}, which is held at {call.guarded} other calls in the class: what it "
        "does is left to its callers to guard. Hold it here too."
    )
    if call.evidence == "assumed":
        message = (
            f"`{call.method}` is called without {lock}, which is held where `{called(call.example[0])}` has it work on "
            "the same state: what it does is left to its callers to guard. Hold it here too."
        )
    code, span = call.example
    related = [note(Location(code.path, span), f"`{call.method}` is called with {lock} held here", 1)]
    about = lock_details(call.use.lock, call.code, related, call.evidence)
    about["symbol"] = call.symbol
    return check.finding(call, message, **about)
