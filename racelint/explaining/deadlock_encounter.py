"""Who waits for whom in a finding about locks, with which of them in hand, and the steps that lead there."""

from __future__ import annotations

from collections.abc import Sequence

from racelint.explaining.encounter import A, B, Encounter, caller_of, one_of
from racelint.explaining.phrases import called, state, who
from racelint.findings import Located, Side, Turn
from racelint.knowledge.model import LockDomain, LockKind
from racelint.program import Program
from racelint.program.contexts.contexts import OWN_THREADS, Context
from racelint.program.deadlocks.finalizers import Intrusion
from racelint.program.deadlocks.foreign import ForeignCall
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.deadlocks.rebinding import Rebound
from racelint.program.deadlocks.stall import Stall
from racelint.program.locking.locks import NON_REENTRANT, Lock
from racelint.program.tasks.holdups import Holdup
from racelint.program.tasks.loops import ForeignLock


def waiter(lock: Lock) -> str:
    """What waits for a lock: "thread", "task"."""
    return "task" if lock.domain is LockDomain.TASK else "thread"


def circle_sides(program: Program, cycle: Sequence[Nesting], outers: Sequence[str]) -> tuple[Side, ...]:
    """Who holds which lock in a circle of locks; `outers` names them. No two sides are the same one thread."""
    found: list[str] = []
    taking: dict[Context, str] = {}
    for nesting in cycle:
        started = [each for each in program.threads.of(nesting.code) if each.runs_on in OWN_THREADS]
        context = next((each for each in started if each.is_several or each not in taking), None)
        if context is None or nesting.outer.lock.domain is LockDomain.TASK:
            found.append(f"a {waiter(nesting.outer.lock)} in `{called(nesting.code)}`")
            continue
        runner = told = one_of(context, who(program, context, nesting.code))
        if runner in taking.values():
            told = "another of them" if context.is_several else f"another {runner.removeprefix('the ')}"
        taking[context] = runner
        begins_there = program.threads.trace(context, nesting.code)[0] is nesting.code
        found.append(told if begins_there else f"{told}, in `{called(nesting.code)}`")
    return tuple(Side(runner, (outer,)) for runner, outer in zip(found, outers, strict=True))


def circle_turns(cycle: Sequence[Nesting], taken: Sequence[Located], outers: Sequence[str]) -> tuple[Turn, ...]:
    """Each side takes its lock (at `taken`), then all of them wait for that of the next."""
    first = [Turn(side, at.path, at.span, f"takes {outers[side]}") for side, at in enumerate(taken)]
    waits = [
        Turn(side, each.path, each.span, f"waits for {outers[(side + 1) % len(outers)]}, for ever")
        for side, each in enumerate(cycle)
    ]
    return (*first, *waits)


def again_turns(nesting: Nesting, taken: Located, lock: str) -> tuple[Turn, ...]:
    """A thread or task takes a lock and waits for itself."""
    waits = Turn(A, nesting.path, nesting.span, f"waits for {lock}, which it holds itself, for ever")
    return Turn(A, taken.path, taken.span, f"takes {lock}"), waits


def stall(
    program: Program, found: Stall, taken: Located, lock: str, end: str = "for as long as that takes"
) -> Encounter:
    """Who waits with the lock held (taken at `taken`), and who needs it meanwhile: to answer, or merely to go on.

    `end` says how long a wait lasts that nobody is kept from answering.
    """
    need, entrance = found.need, found.entrance
    own = Side(f"a {waiter(found.lock.lock)} in `{called(found.code)}`", (lock,))
    takes = Turn(A, taken.path, taken.span, f"takes {lock}")
    if need is not None:
        other = f"a caller of `{need.answer}`"
        if need.context is not None:
            other = one_of(need.context, who(program, need.context, need.code))
        waits = Turn(A, found.path, found.span, "waits for B with the lock held")
        until = "until A gives up" if found.waiting.bounded else "for ever"
        stands = Turn(B, need.path, need.span, f"waits for {lock}, {until}")
        return Encounter(sides=(own, Side(other)), turns=(takes, waits, stands))
    if entrance is None:
        return Encounter(sides=(own,), turns=())
    other = f"{'another' if entrance.code is found.code else 'a'} caller of `{called(entrance.code)}`"
    waits = Turn(A, found.path, found.span, f"waits with the lock held, {end}")
    stands = Turn(B, entrance.path, entrance.span, f"waits for {lock} as long")
    return Encounter(sides=(own, Side(other)), turns=(takes, waits, stands))


def intrusion(found: Intrusion, lock: str) -> Encounter:
    """A thread takes a lock, and is interrupted by what waits for it: both are one thread, so that both hold it."""
    taken, inner = found.other, found.acquisition
    own = Side(f"`{called(found.entry.code)}` in the same thread", (lock,))
    steps = (
        Turn(B, taken.path, taken.span, f"takes {lock}"),
        Turn(A, inner.path, inner.span, f"runs amid that, in the same thread, and waits for {lock} for ever"),
    )
    return Encounter(sides=(own, Side(f"a thread in `{called(taken.code)}`", (lock,))), turns=steps)


def callback(found: ForeignCall, lock: str) -> Encounter:
    """What is called with the lock in hand puts in another one, for which it needs the lock or the container."""
    entrance, waits = found.entrance, found.lock.lock.kind in NON_REENTRANT
    back = f"waits for {lock}, which it holds itself, for ever" if waits else "changes what A is still going over"
    steps = (
        Turn(A, found.path, found.span, "calls what it was given"),
        Turn(A, entrance.path, entrance.span, f"comes back here from there, and {back}"),
    )
    return Encounter(sides=(Side(f"a thread in `{called(found.code)}`", (lock,)),), turns=steps)


def given_callback(found: ForeignCall, lock: str) -> Encounter:
    """What is called with the lock in hand may come back for it, or wait for a thread that does."""
    if found.lock.lock.kind in NON_REENTRANT:
        return callback(found, lock)
    entrance = found.entrance
    steps = (
        Turn(B, entrance.path, entrance.span, f"waits for {lock}"),
        Turn(A, found.path, found.span, "calls what it was given: if that waits for B, neither goes on"),
    )
    own, other = Side(f"a thread in `{called(found.code)}`", (lock,)), f"a caller of `{called(entrance.code)}`"
    return Encounter(sides=(own, Side(other)), turns=steps)


def rebound(program: Program, found: Rebound) -> Encounter:
    """One has the old lock while the other makes a new one, which a third takes."""
    store, user = found.store, found.user
    own, other = caller_of(store.code), f"a thread in `{called(user.code)}`"
    if found.one is not None and found.other is not None:
        own = one_of(found.one, who(program, found.one, store.code))
        other = one_of(found.other, who(program, found.other, user.code))
    steps = (
        Turn(B, user.path, user.span, f"takes {state(store)}"),
        Turn(A, store.code.path, store.span, "puts a new lock in its place: who takes that is not kept out by B"),
    )
    return Encounter(sides=(Side(own), Side(other)), turns=steps)


def foreign_lock(program: Program, found: ForeignLock, lock: str) -> Encounter:
    """Whoever has to wait for a lock of tasks in one loop is not known to the other one, which releases it."""
    here, there = found.acquisition, found.taken
    own = f"a task in the loop of {one_of(found.one, who(program, found.one, found.runs[A][0]))}"
    other = f"a task in the loop of {one_of(found.other, who(program, found.other, found.runs[B][0]))}"
    if found.one is found.other:
        other = "a task in the loop of another of them"
    steps = (
        Turn(B, there.path, there.span, f"takes {lock}"),
        Turn(A, here.path, here.span, f"has to wait for {lock} in its own loop: RuntimeError, or nothing wakes it"),
    )
    return Encounter(sides=(Side(own), Side(other, (lock,))), turns=steps)


def holdup(found: Holdup, lock: str) -> Encounter:
    """A task waits with a lock of threads in hand: the thread that all share waits for itself, or lets both in."""
    taken, rival = found.acquisition, found.rival
    other = "another of them" if rival is taken else f"a task in `{called(rival.code)}`"
    both = f"takes {lock} as well: it is of the same thread"
    stops = f"waits for {lock}, and with it the whole loop: A never goes on"
    steps = (
        Turn(A, taken.path, taken.span, f"takes {lock}"),
        Turn(A, found.path, found.pause_span, "waits with the lock held: other tasks run"),
        Turn(B, rival.path, rival.span, both if taken.use.lock.kind is LockKind.REENTRANT else stops),
    )
    return Encounter(sides=(Side(f"a task in `{called(taken.code)}`", (lock,)), Side(other)), turns=steps)


def lingering(found: Holdup, lock: str) -> Encounter:
    """A task waits with a lock of tasks in hand: the loop runs on, but who needs the lock waits as long."""
    taken, rival = found.acquisition, found.rival
    steps = (
        Turn(A, taken.path, taken.span, f"takes {lock}"),
        Turn(A, found.path, found.pause_span, "waits with the lock held, for as long as that takes"),
        Turn(B, rival.path, rival.span, f"waits for {lock} as long"),
    )
    own, other = Side(f"a task in `{called(taken.code)}`", (lock,)), f"a task in `{called(rival.code)}`"
    return Encounter(sides=(own, Side(other)), turns=steps)
