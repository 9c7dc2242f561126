"""What a comment or an annotation claims is not so.

*What it does*: holds the [claims](../claims.md) in the source against the program. Reported are accesses of a variable
without the lock that it is `guarded-by`, calls of a function without the lock that it `requires`, calls that bring
another context to a function than it `runs-on`, and other contexts that touch what is `confined` or `owned-by` one.
Reads count, and so do single operations that are atomic. Accesses and calls on an object that is being made or
destroyed do not, nor does the code of a module before it starts anything.

*Why is this bad?*: all who rely on the claim, people and racelint, are wrong: the lock does not protect what it should.

*Known false alarms*: locks that are taken where racelint cannot follow, as by a callback of the caller; functions other
than `__init__` that have the object to themselves. Say so with `# racelint: ignore[RL106] -- reason`.

*References*: [CWE-820](https://cwe.mitre.org/data/definitions/820.html) (missing synchronization),
[CWE-821](https://cwe.mitre.org/data/definitions/821.html) (incorrect synchronization),
[CWE-414](https://cwe.mitre.org/data/definitions/414.html) (missing lock check); claims like these are checked for C++
by [Clang](https://clang.llvm.org/docs/ThreadSafetyAnalysis.html), for Java by
[Error Prone](https://errorprone.info/bugpattern/GuardedBy), for Go by
[checklocks](https://pkg.go.dev/gvisor.dev/gvisor/tools/checklocks).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import at, defined
from racelint.explaining.phrases import called, done, state, who
from racelint.findings import Finding, note
from racelint.program import Program
from racelint.program.races.breaches.breach import Breach, How
from racelint.rule import rule


@rule("RL106")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the places where a claim is broken."""
    for breach in program.breaches.found:
        related = [note(breach.claim, f"`{breach.claim.text}` is claimed here")]
        lock = breach.lock
        if breach.partner is not None:
            other = breach.partner.other
            runner = who(program, breach.partner.other_context, other.code)
            related.append(note(at(other), f"{state(other)} is {done(other)} here by {runner}", 1))
        if breach.context is not None and not breach.context.is_main and breach.how is not How.START:
            starts = "start" if breach.context.many else "starts"
            runner = who(program, breach.context, breach.code)
            related.append(note(breach.context, f"{runner} {starts} here", 0, "start"))
        yield check.finding(
            breach,
            _message(program, breach),
            symbol=breach.symbol,
            function=breach.code.qualname,
            evidence="claim",
            related=[*related, *(defined(lock) if lock is not None else ())],
        )


def _message(program: Program, breach: Breach) -> str:
    lock = f"`{breach.lock_name}`"
    callee = f"`{called(breach.callee)}`" if breach.callee is not None else ""
    home = breach.home.name if breach.home is not None else ""
    match breach.how:
        case How.ACCESS if breach.access is not None:
            what = f"{state(breach.access)} is {done(breach.access)}"
            return f"{what} without {lock}, which is claimed to guard it. Hold it here."
        case How.CALL:
            return f"{callee} is called without {lock}, which it is claimed to require. Hold it here."
        case How.START:
            what = f"{callee} is started here and claimed to require {lock}"
            return f"{what}, which a new thread does not hold. Take it there."
    runner = who(program, breach.context, breach.code) if breach.context is not None else "another context"
    if breach.access is None:
        return f"{callee} is claimed to run on {_named(home)} only, and is called here by {runner}. Hand the call over."
    where = f"to {_named(home)}" if home else "to one context"
    what = f"{state(breach.access)} is claimed to be confined {where}, and is {done(breach.access)}"
    return f"{what} here by {runner}. Guard it with a lock, or hand the work over."


def _named(home: str) -> str:
    return {"main": "the main thread", "loop": "the event loop"}.get(home, f"`{home}`")
