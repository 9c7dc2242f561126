"""An order of the steps of both sides of a race that goes wrong, with the locks that are held at each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from racelint.explaining.encounter import A, B, example, held_names
from racelint.explaining.phrases import VERBS, state
from racelint.facts import Span
from racelint.findings import Turn
from racelint.knowledge.iteration import Disturbance
from racelint.program import Program
from racelint.program.memory.places import Access, Kind
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.sequences.composites import Shape
from racelint.program.tasks.interleavings import Interleaving
from racelint.program.tasks.rounds import Round

UPDATES = (Kind.UPDATE, Kind.ITEM_UPDATE)
HARMS = {
    Disturbance.RAISES: "RuntimeError: its size has changed",
    Disturbance.SKIPS: "skips an item, or meets one twice",
}

Step = tuple[int, Access, Span, str]
"""The side, what it does and where, and what comes of it."""


def turns(program: Program, race: Race) -> tuple[Turn, ...]:
    """Steps in an order that goes wrong; none if nothing shows what the other side does."""
    back = race.problem in (Problem.WRITE, Problem.LEFT)
    other = race.access if back or (race.evidence == "assumed" and race.other is None) else example(race)
    if race.one is not None and other is None:
        other = race.access
    steps = STEPS[race.problem](race, other) if other is not None else ()
    return tuple(
        Turn(side, access.code.path, span, effect, held_names(program, access)) for side, access, span, effect in steps
    )


def does(access: Access) -> str:
    """As a step: "sets `self.count`"."""
    return f"{VERBS.get(access.kind, 'read')}s {state(access)}"


def _step(side: int, access: Access, effect: str) -> Step:
    return side, access, access.span, effect


def _before(race: Race, effect: str) -> Step:
    """The first step of this side."""
    return _step(A, race.first or race.access, effect)


def _tested(race: Race, effect: str) -> Step:
    """A test as the source has it, and where that was read which it asks about."""
    first = race.first or race.access
    if first.code is not race.code:
        return _step(A, first, effect)
    if first.span == race.span and first.method == "[]":
        return A, first, race.span, f"looks it up in {state(first)}, and does not find it"
    if race.span.line <= first.span.line <= race.span.end_line:
        return A, first, race.span, effect
    return A, first, race.span, f"tests what it has read of {state(first)} at line {first.span.line}"


def _update(race: Race, other: Access) -> Iterator[Step]:
    name = state(race.access)
    yield _before(race, f"reads {name}")
    yield _step(B, other, does(other))
    yield _step(A, race.access, f"stores a value made from the old {name}: what B did is lost")


def _check(race: Race, other: Access) -> Iterator[Step]:
    yield _tested(race, f"tests {state(race.first or race.access)}")
    if race.begun:
        yield _tested(race, "tests it again, for the next start, and finds the same")
        yield _step(B, other, f"{does(other)}, too late")
        return
    if race.again is not None:
        yield _step(A, race.access, "stores what was not there")
        yield _step(B, other, does(other))
        yield _step(A, race.again, "no longer finds what it has stored")
        return
    yield _step(B, other, does(other))
    yield _step(A, race.access, f"{does(race.access)}, though the test no longer holds")
    if race.taken is not None:
        yield _step(B, race.taken, "has looked already, and misses what A adds")


def _lazy(race: Race, other: Access) -> Iterator[Step]:
    if race.filled_late:
        yield _step(B, race.access, f"stores {state(race.access)}, and goes on to fill it")
        yield _tested(race, "finds it there, and uses it half made")
        return
    yield _tested(race, f"finds no {state(race.access)}")
    both = other.kind is Kind.WRITE
    yield _step(B, other, "has found none either, and stores its own" if both else does(other))
    yield _step(
        A, race.access, "stores another one in its place" if both else f"sets {state(race.access)} all the same"
    )


def _split(race: Race, other: Access) -> Iterator[Step]:
    yield _before(race, f"reads {state(race.first or race.access)}, then releases the lock")
    yield _step(B, other, does(other))
    yield _step(A, race.taken or race.access, "takes the lock again, and acts on what was true before")


def _torn(race: Race, other: Access) -> Iterator[Step]:
    yield _before(race, f"reads {state(race.first or race.access)}")
    partner = race.first if race.first is not None and other.place is race.access.place else race.access
    yield _step(B, other, f"{does(other)}, and {state(partner)} with it")
    yield _step(A, race.access, f"reads {state(race.access)}: it is newer than what it goes with")


def _double_read(race: Race, other: Access) -> Iterator[Step]:
    yield _before(race, f"tests {state(race.access)}")
    yield _step(B, other, "deletes it" if other.kind is Kind.DELETE else "sets it to None")
    yield _step(A, race.access, "reads it again: it is gone, and the use of it fails")


def _iteration(race: Race, other: Access) -> Iterator[Step]:
    ends = HARMS[race.harm.disturbance] if race.harm is not None else "goes on over what has changed"
    if race.problem is Problem.HANDED_OUT:
        left = ", and releases the lock" if race.evidence == "lock" else ""
        yield _step(A, race.access, f"gives out a live view of {state(race.access)}{left}")
        yield _step(B, other, does(other))
        yield _step(A, race.access, f"the caller, in the middle of its loop: {ends}")
        return
    yield _step(A, race.access, f"iterates over {state(race.access)}")
    yield _step(B, other, does(other))
    yield _step(A, race.access, ends)


def _advance(race: Race, other: Access) -> Iterator[Step]:
    yield _step(A, race.access, f"runs {state(race.access)} on")
    yield _step(B, other, "asks it for the next item before it has come to a `yield`: ValueError")


def _taken_over(race: Race, other: Access) -> Iterator[Step]:
    yield _before(race, f"takes what is in {state(race.access)}")
    yield _step(B, other, "adds to it")
    yield _step(A, race.access, "throws away what B has added")


def _comes_in(race: Race, other: Access) -> Iterator[Step]:
    if race.access.kind in UPDATES and other.kind.writes:
        yield from _update(race, other)
        return
    if not race.access.kind.writes and other.kind.writes:
        yield _step(B, other, f"begins to change {state(other)}")
        yield _step(A, race.access, "looks in between: nothing keeps it out")
        yield _step(B, other, "completes the change, of which A has seen a part")
        return
    yield _step(B, other, f"has fetched {state(other)}" if other.kind is not Kind.WRITE else f"works on {state(other)}")
    yield _step(A, race.access, f"{does(race.access)}: nothing keeps it out")
    yield _step(B, other, _upset(race.access, other))


def _upset(access: Access, other: Access) -> str:
    """What becomes of a critical section that somebody has come into with `access`."""
    if other.kind is Kind.WRITE:
        return "sets it as well: what A has done is lost"
    if other.kind in UPDATES:
        return "stores a value made from the old one: what A has done is lost"
    if access.kind.rebinds and other.kind is Kind.MUTATE:
        return "changes the old one, which A has replaced: that is lost"
    if access.kind.rebinds:
        return "goes on with the old one, which A has replaced"
    return "goes on, though it is no longer as it was when the lock was taken"


def _overwritten(race: Race, other: Access) -> Iterator[Step]:
    yield _step(A, race.access, f"sets {state(race.access)}")
    yield _step(B, other, "sets it too")
    if race.other is not None:
        yield _step(A, race.other, "gets what B has set")


def _undone(race: Race, other: Access) -> Iterator[Step]:
    yield _step(B, other, f"sets {state(other)}, for A to stop")
    yield _step(A, race.access, "begins only now, sets it back, and goes on")


STEPS: dict[Problem, Callable[[Race, Access], Iterator[Step]]] = {
    Problem.UPDATE: _update,
    Problem.INCONSISTENT: _comes_in,
    Problem.DIFFERENT_LOCKS: _comes_in,
    Problem.NO_EXCLUSION: _comes_in,
    Problem.WRITE: _overwritten,
    Problem.LEFT: _overwritten,
    Problem.UNDONE: _undone,
    Problem.CHECK: _check,
    Problem.LAZY: _lazy,
    Problem.SPLIT: _split,
    Problem.TORN: _torn,
    Problem.DOUBLE_READ: _double_read,
    Problem.ITERATION: _iteration,
    Problem.HANDED_OUT: _iteration,
    Problem.ADVANCE: _advance,
    Problem.EMPTIED: _taken_over,
    Problem.REPLACED: _taken_over,
}
"""What happens step by step, for each kind of race: (the race, what the other side does) -> the steps."""


# --- tasks ---


def task_turns(found: Interleaving | Round) -> tuple[Turn, ...]:
    """What one task does, and the other while the first waits."""
    if found.partner is None:
        return ()
    waits = Turn(A, found.path, found.pause_span, "waits: other tasks run")
    meanwhile = _task_turn(B, found.partner.other, does(found.partner.other))
    if isinstance(found, Round):
        effect = HARMS[found.harm.disturbance]
        return (
            _task_turn(A, found.access, f"iterates over {state(found.access)}"),
            waits,
            meanwhile,
            _task_turn(A, found.access, effect),
        )
    first, last = found.sequence.first, found.sequence.last
    verb, outcome = "reads", "goes on with what was true before"
    if found.sequence.shape in (Shape.CHECK, Shape.LAZY, Shape.DOUBLE_READ):
        verb, outcome = "tests", f"{does(last)}, though the test no longer holds"
    elif found.sequence.shape is Shape.UPDATE:
        outcome = f"stores a value made from the old {state(last)}: what B did is lost"
    return (_task_turn(A, first, f"{verb} {state(first)}"), waits, meanwhile, _task_turn(A, last, outcome))


def _task_turn(side: int, access: Access, effect: str) -> Turn:
    return Turn(side, access.code.path, access.span, effect)
