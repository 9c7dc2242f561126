"""A thread or task takes a lock that it already holds and that is not reentrant, and waits for itself for ever.

*What it does*: reports the `with`, the `acquire` or the call, made while a plain `Lock` is held, that takes the same
lock of the same object once more, through any number of calls and inherited methods. To write a log record is such a
call, if a log handler of the program itself takes a lock that all objects share. Also a thread that comes to its own
`join`, or to the `shutdown` of the pool that runs it, without a look at which thread it is, and a task that waits for
the result of what it has given to its own pool.

*Why is this bad?*: a `threading.Lock` does not know who holds it. The second `acquire` waits for a release that only
the waiting thread could make. A thread that joins itself gets a `RuntimeError` in place of the shutdown it wanted. The
tasks of a pool that wait for others of it go well until as many of them wait as it has workers: then nobody is left to
do what they wait for.

*Fix*: makes a lock of threads an `RLock` where it is made in the same file; unsafe, since code that runs inside may
rely on what the outer section has not finished yet.

*Known false alarms*: calls that never happen with the lock held, for a reason that is not in the source; log handlers
that are never given the records in question.

*References*: [CWE-764](https://cwe.mitre.org/data/definitions/764.html) (multiple locks of a critical resource),
[CWE-833](https://cwe.mitre.org/data/definitions/833.html) (deadlock); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects), [RLock
objects](https://docs.python.org/3/library/threading.html#rlock-objects),
[Thread.join](https://docs.python.org/3/library/threading.html#threading.Thread.join), [deadlocks of
executors](https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.deadlock_encounter import again_turns, circle_sides, waiter
from racelint.explaining.deadlock_notes import begins, behind, taken
from racelint.explaining.deadlock_phrases import once_each, takes
from racelint.explaining.encounter import A, one_of
from racelint.explaining.notes import lock_details, start
from racelint.explaining.phrases import kept_as, lock_used, spelled_method, who
from racelint.explaining.prescribing import against_second_taking
from racelint.findings import EVERY_BUILD, Finding, Side, Turn
from racelint.program import Program
from racelint.program.deadlocks.own_end import OF_TASKS, OwnEnd
from racelint.rule import rule


@rule("RL302")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the locks that are taken twice."""
    for nesting in once_each(program.lockorder.again):
        lock, who = lock_used(nesting.outer), waiter(nesting.outer.lock)
        if nesting.chain:
            message = f"{takes(nesting, lock)}, which is held here already: the {who} waits for itself for ever. "
            message += "Call a variant that expects it to be held"
        else:
            message = f"{lock} is taken again while it is held: the {who} waits for itself for ever. "
            message += "Take it once"
        message += ", or make it an `RLock`." if who == "thread" else "."
        related = [*begins(program, nesting, lock), *behind(nesting, lock)]
        sides = circle_sides(program, [nesting], [lock])
        turns = again_turns(nesting, taken(program, nesting), lock)
        details = lock_details(nesting.inner.lock, nesting.code, related, "lock", sides, turns)
        yield check.finding(nesting, message, **details, remedy=against_second_taking(nesting))
    for own in program.blocking.own:
        yield _own_end(program, own)


def _own_end(program: Program, own: OwnEnd) -> Finding:
    method = spelled_method(program, own.code, own.named)
    chain = [own.chain[0].caller, *(edge.callee for edge in own.chain)] if own.chain else [own.code]
    runner = who(program, own.context, own.code, chain)
    if own.what in OF_TASKS:
        pool = method.rpartition(".")[0]
        message = f"This waits for what was given to `{pool}`, the pool that runs it: when all workers wait so, none "
        message += "is left to do what they wait for. Collect the results outside of the pool, or use another one."
    else:
        waiting = f"`{method}`" if method else "This"
        message = f"{waiting} waits for {runner}, by which it is called: that raises `RuntimeError`. Leave it out "
        message += "where `threading.current_thread()` is the thread itself."
    return check.finding(
        own,
        message,
        symbol=kept_as(program, own.code, own.named),
        function=own.code.qualname,
        evidence="threads",
        live_on=EVERY_BUILD,
        related=list(start(program, own.context, own.code, 0, chain)),
        sides=(Side(one_of(own.context, runner)),),
        turns=(Turn(A, own.path, own.span, "waits for other tasks" if own.what in OF_TASKS else "waits for itself"),),
    )
