"""Who meets whom in a finding, with which locks held; of tasks and of the process also the steps that go wrong."""

from __future__ import annotations

from typing import TypedDict

from racelint.explaining.phrases import (
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
from racelint.findings import Side, Turn
from racelint.program import Program
from racelint.program.contexts.contexts import Context
from racelint.program.locking.locks import Lock
from racelint.program.memory.places import Access, Place
from racelint.program.process.processwide import Disturbance
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.sources.source import Code, span_of
from racelint.program.tasks.interleavings import Interleaving
from racelint.program.tasks.rounds import Round
from racelint.program.tasks.trespasses import Trespass

A, B = 0, 1
"""The sides by their numbers: the one on which a finding stands, and the other."""

ANYBODY = "any other thread (--assume-shared)"


class Encounter(TypedDict):
    """The sides, the one on which the finding stands first, and an order of their steps that goes wrong."""

    sides: tuple[Side, ...]
    turns: tuple[Turn, ...]


# --- races ---


def sides(program: Program, race: Race) -> tuple[Side, ...]:
    """Both sides of a race, the one on which the finding stands first."""
    guard = usual(race)
    lacks = _named(guard.lock, race.place) if guard is not None else ""
    share = _beside(race) if guard is None else ""
    if guard is not None:
        share = f"{lacks} is held at {guard.guarded_steps} of {guard.steps} accesses to {state(race.access)}"
    held = _held_over(program, race)
    partly = tuple(each for each in held_names(program, race.access) if each not in held)
    own = Side(_own(program, race), held, lacks, share, partly)
    other, context = race.other, race.other_context
    if context is not None and (other is None or does_the_same(program, race)) and context is race.one:
        return own, Side(
            "another of them" if context.is_several else own.runner, held_names(program, other or race.access)
        )
    if context is not None and other is not None:
        return own, Side(one_of(context, other_side(program, race)), held_names(program, other))
    if race.evidence == "assumed":
        return own, Side(ANYBODY, held_names(program, other or race.access))
    if race.evidence is None and race.problem is Problem.ITERATION and other is not None:
        return own, Side(f"the same thread in `{called(other.code)}`, as a weak reference loses its object")
    if race.evidence is None:
        return own, Side(f"another call of what `{called(race.code).rpartition('.')[0]}` decorates")
    shown = example(race)
    if shown is None:
        return own, Side("another thread")
    verb = "another caller" if shown.code is race.code else "a caller"
    return own, Side(f"{verb} of `{called(shown.code)}`", held_names(program, shown))


def _beside(race: Race) -> str:
    """What shows that several threads are expected: a lock that is taken for other state, what each puts in, a wait."""
    if race.beside is None:
        return ""
    if isinstance(race.beside, Access) and not race.beside.kind.writes and race.taken is None:
        return f"`{called(race.beside.code)}` works on {state(race.beside)}, which each thread has for itself"
    if isinstance(race.beside, Access) and not race.beside.kind.writes:
        return f"`{called(race.beside.code)}` waits for {state(race.beside)}, which is set with what is tested here"
    if isinstance(race.beside, Access):
        return f"{state(race.beside)} has an item for each thread, which `{called(race.beside.code)}` puts in"
    return f"{lock_used(race.beside.use)} is taken in `{called(race.beside.code)}`, as others come at the same time"


def _own(program: Program, race: Race) -> str:
    if race.one is None:
        return caller_of(race.code)
    return one_of(race.one, first_side(program, race))


def caller_of(code: Code) -> str:
    """Who runs a function, where that is not traced."""
    return f"a caller of `{called(code)}`" if code.function.kind == "function" else "the main thread"


def one_of(context: Context, runner: str) -> str:
    """A context in words as the one side that it is, of several threads one."""
    return f"one of {runner}" if context.is_several else runner


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


def trespass(program: Program, found: Trespass) -> Encounter:
    """Who calls from another thread, and the loop: what is done there does not wake it."""
    stranger, code, (where, id) = found.stranger, found.code, found.home
    own = f"any caller of `{called(code)}`" if stranger is None else one_of(stranger, who(program, stranger, code))
    at_home = "makes or uses it in the loop" if stranger is not None or found.is_assumed else "runs the loop"
    steps = (
        Turn(B, where.path, span_of(where, id), f"{at_home}, which then sleeps until something wakes it"),
        Turn(A, found.path, found.span, "changes it from outside: nothing wakes the loop"),
    )
    return Encounter(sides=(Side(own), Side("the thread of the event loop")), turns=steps)


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
