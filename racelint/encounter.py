"""Who meets whom in a finding, with which locks held; of tasks and of locks also the steps that go wrong."""

from __future__ import annotations

from collections.abc import Sequence

from racelint.findings import Located, Side, Turn
from racelint.knowledge.model import LockDomain, LockKind
from racelint.phrases import (
    called,
    does_the_same,
    first_side,
    held_by,
    lock_name,
    lock_used,
    other_side,
    state,
    task,
    usual,
    who,
)
from racelint.program import Program
from racelint.program.contexts.contexts import Context
from racelint.program.deadlocks.finalizers import Intrusion
from racelint.program.deadlocks.foreign import ForeignCall
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.deadlocks.rebinding import Rebound
from racelint.program.deadlocks.stall import Stall
from racelint.program.locking.locks import NON_REENTRANT, Lock
from racelint.program.memory.places import Access, Place
from racelint.program.process.processwide import Disturbance
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.sources.source import span_of
from racelint.program.tasks.holdups import Holdup
from racelint.program.tasks.interleavings import Interleaving
from racelint.program.tasks.rounds import Round
from racelint.program.tasks.trespasses import Trespass

A, B = 0, 1
ANYBODY = "any other thread (--assume-shared)"


# --- races ---


def sides(program: Program, race: Race) -> tuple[Side, ...]:
    """Both sides of a race, the one on which the finding stands first."""
    guard = usual(race)
    lacks = _named(guard.lock, race.place) if guard is not None else ""
    share = _beside(race) if guard is None else ""
    if guard is not None:
        share = f"{lacks} is held at {guard.guarded} of {guard.total} accesses to {state(race.access)}"
    held = _held_over(program, race)
    partly = tuple(each for each in held_names(program, race.access) if each not in held)
    own = Side(_own(program, race), held, lacks, share, partly)
    other, context = race.other, race.other_context
    if context is not None and (other is None or does_the_same(program, race)) and context is race.one:
        return own, Side("another of them" if context.many else own.runner, held_names(program, other or race.access))
    if context is not None and other is not None:
        return own, Side(one_of(context, other_side(program, race)), held_names(program, other))
    if race.evidence == "assumed":
        return own, Side(ANYBODY, held_names(program, other or race.access))
    if race.evidence is None:
        return own, Side(f"another call of what `{called(race.code).rpartition('.')[0]}` decorates")
    shown = example(race)
    if shown is None:
        return own, Side("another thread")
    verb = "another caller" if shown.code is race.code else "a caller"
    return own, Side(f"{verb} of `{called(shown.code)}`", held_names(program, shown))


def _beside(race: Race) -> str:
    """The lock that is taken for other state, and shows that several threads are expected."""
    if race.beside is None:
        return ""
    return f"{lock_used(race.beside.use)} is taken in `{called(race.beside.code)}`, as others come at the same time"


def _own(program: Program, race: Race) -> str:
    if race.one is None:
        return f"a caller of `{called(race.code)}`" if race.code.function.kind == "function" else "the main thread"
    return one_of(race.one, first_side(program, race))


def one_of(context: Context, runner: str) -> str:
    """A context in words as the one side that it is, of several threads one."""
    return f"one of {runner}" if context.many else runner


def held_names(program: Program, access: Access) -> tuple[str, ...]:
    """The locks that are held at an access, by names as short as one understands them there."""
    return tuple(dict.fromkeys(_named(lock, access.place) for lock in held_by(program, access)))


def _named(lock: Lock, place: Place) -> str:
    """A lock by its name; with that of its class where the state belongs to another one."""
    owner, _, name = lock.symbol.rpartition(".")
    if lock.key[0] != "attribute" or name != lock.name or place.kind != "attribute":
        return lock_name(lock)
    return lock_name(lock) if owner == place.symbol.rpartition(".")[0] else f"`{owner.rpartition('.')[2]}.{name}`"


def _held_over(program: Program, race: Race) -> tuple[str, ...]:
    """The locks held at both ends of what belongs together; where that is split, those of its second section."""
    held = held_names(program, race.access)
    if race.first is None or race.problem is Problem.SPLIT:
        return held
    before = held_names(program, race.first)
    return tuple(each for each in held if each in before)


def example(race: Race) -> Access | None:
    """What the other side does: of a known context, or else an access with the lock held."""
    guard = race.guard
    return race.other or (guard.example if race.evidence in ("lock", "claim") and guard is not None else None)


# --- tasks ---


def task_sides(program: Program, found: Interleaving | Round) -> tuple[Side, ...]:
    """Both tasks, as far as they are traced."""
    partner, tasks = found.partner, program.interleavings.tasks
    if partner is None:
        return ()
    runners = (partner.one, found.code), (partner.other_context, partner.other.code)
    own, other = (f"{'one of ' if each.many else ''}{task(tasks, each, code)}" for each, code in runners)
    return Side(own), Side("another of them" if partner.one is partner.other_context else other)


def holdup_sides(found: Holdup, lock: str) -> tuple[Side, ...]:
    """A task that waits with a lock of threads in hand, and another one that wants it."""
    own, rival = f"a task in `{called(found.acquisition.code)}`", f"a task in `{called(found.rival.code)}`"
    return Side(own, (lock,)), Side("another of them" if found.rival is found.acquisition else rival)


def holdup_turns(found: Holdup, lock: str) -> tuple[Turn, ...]:
    """The thread that they share waits for itself, or lets both in."""
    taken, rival = found.acquisition, found.rival
    both = f"takes {lock} as well: it is of the same thread"
    stops = f"waits for {lock}, and with it the whole loop: A never goes on"
    return (
        Turn(A, taken.path, taken.span, f"takes {lock}"),
        Turn(A, found.path, found.pause_span, "waits with the lock held: other tasks run"),
        Turn(B, rival.path, rival.span, both if taken.use.lock.kind is LockKind.REENTRANT else stops),
    )


def trespass_sides(program: Program, found: Trespass) -> tuple[Side, ...]:
    """Who calls from another thread, and the loop."""
    stranger, code = found.stranger, found.code
    own = f"any caller of `{called(code)}`" if stranger is None else one_of(stranger, who(program, stranger, code))
    return Side(own), Side("the thread of the event loop")


def trespass_turns(found: Trespass) -> tuple[Turn, ...]:
    """What is called from another thread does not wake the loop."""
    where, id = found.home
    at_home = "makes or uses it in the loop" if found.stranger is not None else "runs the loop"
    return (
        Turn(B, where.path, span_of(where, id), f"{at_home}, which then sleeps until something wakes it"),
        Turn(A, found.path, found.span, "changes it from outside: nothing wakes the loop"),
    )


# --- the whole process ---


def disturbance_sides(program: Program, found: Disturbance) -> tuple[Side, ...]:
    """Who changes the state of the process, and who does so meanwhile."""
    own = Side(one_of(found.one, who(program, found.one, found.change.code)))
    if found.evidence == "assumed":
        return own, Side(ANYBODY)
    if found.one is found.other:
        return own, Side("another of them")
    if found.partner is None:
        return own, Side("another thread")
    return own, Side(one_of(found.other, who(program, found.other, found.partner.code)))


def disturbance_turns(found: Disturbance) -> tuple[Turn, ...]:
    """Both change it, and set back what they have found: the one that ends last leaves what the other had set."""
    change, other, back = found.change, found.partner, found.restored
    if other is None or back is None:
        return ()
    return (
        Turn(A, change.path, change.span, f"changes {change.state.what}"),
        Turn(B, other.path, other.span, "does so too, and takes what A has set for what was there before"),
        Turn(A, back.path, back.span, "sets it back, while B goes on"),
    )


# --- locks ---


def waiter(lock: Lock) -> str:
    """What waits for a lock: "thread", "task"."""
    return "task" if lock.domain is LockDomain.TASK else "thread"


def circle_sides(cycle: Sequence[Nesting], outers: Sequence[str]) -> tuple[Side, ...]:
    """Who holds which lock in a circle of locks; `outers` names them."""
    pairs = zip(cycle, outers, strict=True)
    return tuple(
        Side(f"a {waiter(nesting.outer.lock)} in `{called(nesting.code)}`", (outer,)) for nesting, outer in pairs
    )


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


def stall_sides(program: Program, stall: Stall, lock: str) -> tuple[Side, ...]:
    """Who waits with the lock held, and who needs it to come to the end that is waited for."""
    own, need = Side(f"a {waiter(stall.lock.lock)} in `{called(stall.code)}`", (lock,)), stall.need
    if need is None:
        return (own,)
    runner = f"a caller of `{need.answer}`" if need.context is None else who(program, need.context, need.code)
    return own, Side(runner)


def stall_turns(stall: Stall, taken: Located, lock: str) -> tuple[Turn, ...]:
    """One side waits with the lock held, the other for the lock."""
    first = Turn(A, taken.path, taken.span, f"takes {lock}")
    waits = Turn(A, stall.path, stall.span, "waits for B with the lock held")
    need = stall.need
    until = "until A gives up" if stall.waiting.bounded else "for ever"
    return (first, waits, Turn(B, need.path, need.span, f"waits for {lock}, {until}")) if need is not None else ()


def intrusion_sides(intrusion: Intrusion, lock: str) -> tuple[Side, ...]:
    """What comes in anywhere, and what holds the lock there: both in one thread, so that both hold it."""
    comes_in, holder = f"`{called(intrusion.entry.code)}`", f"`{called(intrusion.other.code)}`"
    return Side(f"{comes_in} in the same thread", (lock,)), Side(f"a thread in {holder}", (lock,))


def intrusion_turns(intrusion: Intrusion, lock: str) -> tuple[Turn, ...]:
    """A thread takes a lock, and is interrupted by what waits for it."""
    taken, inner = intrusion.other, intrusion.acquisition
    return (
        Turn(B, taken.path, taken.span, f"takes {lock}"),
        Turn(A, inner.path, inner.span, f"runs amid that, in the same thread, and waits for {lock} for ever"),
    )


def callback_sides(found: ForeignCall, lock: str) -> tuple[Side, ...]:
    """Who calls what it was given with the lock in hand."""
    return (Side(f"a thread in `{called(found.code)}`", (lock,)),)


def callback_turns(found: ForeignCall, lock: str) -> tuple[Turn, ...]:
    """What is called puts in another one, for which it needs the lock or the container."""
    entrance, waits = found.entrance, found.lock.lock.kind in NON_REENTRANT
    back = f"waits for {lock}, which it holds itself, for ever" if waits else "changes what A is still going over"
    return (
        Turn(A, found.path, found.span, "calls what it was given"),
        Turn(A, entrance.path, entrance.span, f"comes back here from there, and {back}"),
    )


def rebound_sides(program: Program, rebound: Rebound) -> tuple[Side, ...]:
    """Who makes a new lock, and who has the old one."""
    store, user = rebound.store, rebound.user
    if rebound.one is None or rebound.other is None:
        return Side(f"a caller of `{called(store.code)}`"), Side(f"a thread in `{called(user.code)}`")
    own = one_of(rebound.one, who(program, rebound.one, store.code))
    return Side(own), Side(one_of(rebound.other, who(program, rebound.other, user.code)))


def rebound_turns(rebound: Rebound) -> tuple[Turn, ...]:
    """One has the old lock while the other makes a new one, which a third takes."""
    store, user, name = rebound.store, rebound.user, state(rebound.store)
    return (
        Turn(B, user.path, user.span, f"takes {name}"),
        Turn(A, store.code.path, store.span, "puts a new lock in its place: who takes that is not kept out by B"),
    )
