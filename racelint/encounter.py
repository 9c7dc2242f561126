"""How the sides of a finding meet: who runs each, which locks they hold, and an order of steps that goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from racelint.findings import Located, Side, Turn
from racelint.knowledge.iteration import Disturbance
from racelint.phrases import VERBS, called, guarded, held_by, lock_name, state, task, usual, who
from racelint.program import Program
from racelint.program.blocking import Stall
from racelint.program.contexts import Context
from racelint.program.interleavings import Interleaving
from racelint.program.lockorder import Nesting
from racelint.program.places import Access, Kind
from racelint.program.race import Problem, Race
from racelint.program.rounds import Round
from racelint.program.source import Code

A, B = 0, 1
UPDATES = (Kind.UPDATE, Kind.ITEM_UPDATE)
ANYBODY = "any other thread (--assume-shared)"
HARMS = {
    Disturbance.RAISES: "RuntimeError: its size has changed",
    Disturbance.SKIPS: "skips an item, or meets one twice",
}


# --- races ---


def sides(program: Program, race: Race) -> tuple[Side, ...]:
    """Both sides of a race, the one on which the finding stands first."""
    guard = usual(race)
    lacks = lock_name(guard.lock) if guard is not None else ""
    share = f"{lacks} is {guarded(guard)}" if guard is not None else ""
    own = Side(_own(program, race), _held_over(program, race), lacks, share)
    other, context = race.other, race.other_context
    if context is not None and context is race.one:
        return own, Side("another of them" if context.many else own.runner, _held(program, other or race.access))
    if context is not None and other is not None:
        return own, Side(_one(program, context, other.code), _held(program, other))
    if race.evidence == "assumed":
        return own, Side(ANYBODY, _held(program, other or race.access))
    example = _example(race)
    runner = f"whoever runs `{called(example.code)}`" if example is not None else "another thread"
    return own, Side(runner, _held(program, example) if example is not None else ())


def _own(program: Program, race: Race) -> str:
    if race.one is None:
        return f"whoever runs `{called(race.code)}`" if race.code.function.kind == "function" else "the main thread"
    return _one(program, race.one, race.code)


def _one(program: Program, context: Context, code: Code) -> str:
    runner = who(program, context, code)
    return f"one of {runner}" if context.many else runner


def _held(program: Program, access: Access) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lock_name(lock) for lock in held_by(program, access)))


def _held_over(program: Program, race: Race) -> tuple[str, ...]:
    """The locks held at both ends of what belongs together; where that is split, those of its second section."""
    held = _held(program, race.access)
    if race.first is None or race.problem is Problem.SPLIT:
        return held
    before = _held(program, race.first)
    return tuple(each for each in held if each in before)


def _example(race: Race) -> Access | None:
    """What the other side does, where no context shows it: an access with the lock held."""
    guard = race.guard
    return race.other or (guard.example if race.evidence in ("lock", "claim") and guard is not None else None)


def turns(race: Race) -> tuple[Turn, ...]:
    """Steps in an order that goes wrong; none if nothing shows what the other side does."""
    back = race.problem in (Problem.WRITE, Problem.LEFT)
    other = race.access if back or (race.evidence == "assumed" and race.other is None) else _example(race)
    if race.one is not None and other is None:
        other = race.access
    return tuple(STEPS[race.problem](race, other)) if other is not None else ()


def _turn(side: int, access: Access, effect: str) -> Turn:
    return Turn(side, access.code.path, access.span, effect)


def _before(race: Race, effect: str) -> Turn:
    """The first step of this side; a test is shown as the source has it."""
    first = race.first or race.access
    if first.code is race.code and race.problem in (Problem.CHECK, Problem.LAZY):
        return Turn(A, race.path, race.span, effect)
    return _turn(A, first, effect)


def _does(access: Access) -> str:
    return f"{VERBS.get(access.kind, 'read')}s {state(access)}"


def _update(race: Race, other: Access) -> Iterator[Turn]:
    name = state(race.access)
    yield _before(race, f"reads {name}")
    yield _turn(B, other, _does(other))
    yield _turn(A, race.access, f"stores what it has made of the old {name}: the change of B is lost")


def _check(race: Race, other: Access) -> Iterator[Turn]:
    yield _before(race, f"tests {state(race.first or race.access)}")
    if race.again is not None:
        yield _turn(A, race.access, "stores what was not there")
        yield _turn(B, other, _does(other))
        yield _turn(A, race.again, "no longer finds what it has stored")
        return
    yield _turn(B, other, _does(other))
    yield _turn(A, race.access, "acts on a test that no longer holds")
    if race.taken is not None:
        yield _turn(B, race.taken, "has looked already, and misses what A adds")


def _lazy(race: Race, other: Access) -> Iterator[Turn]:
    yield _before(race, f"finds no {state(race.access)}")
    if other.kind.writes:
        yield _turn(B, other, "finds none either, and stores its own")
    else:
        yield _turn(B, other, _does(other))
    yield _turn(A, race.access, "stores another one")


def _split(race: Race, other: Access) -> Iterator[Turn]:
    yield _before(race, f"reads {state(race.first or race.access)}, then lets go of the lock")
    yield _turn(B, other, _does(other))
    yield _turn(A, race.taken or race.access, "takes the lock again, and acts on what was true before")


def _double_read(race: Race, other: Access) -> Iterator[Turn]:
    yield _before(race, f"tests {state(race.access)}")
    yield _turn(B, other, "deletes it" if other.kind is Kind.DELETE else "sets it to None")
    yield _turn(A, race.access, "reads it again, and has None in hand")


def _iteration(race: Race, other: Access) -> Iterator[Turn]:
    yield _turn(A, race.access, f"goes over {state(race.access)}")
    yield _turn(B, other, _does(other))
    yield _turn(
        A, race.access, HARMS[race.harm.disturbance] if race.harm is not None else "goes on over what has changed"
    )


def _taken_over(race: Race, other: Access) -> Iterator[Turn]:
    yield _before(race, f"takes what is in {state(race.access)}")
    yield _turn(B, other, "adds to it")
    yield _turn(A, race.access, "throws away what B has added")


def _comes_in(race: Race, other: Access) -> Iterator[Turn]:
    if race.access.kind in UPDATES and other.kind.writes:
        yield from _update(race, other)
        return
    inside = race.guard is not None and other is race.guard.example
    yield _turn(B, other, f"{_does(other)}{' with the lock held' if inside else ''}")
    yield _turn(A, race.access, "comes in all the same")
    yield _turn(B, other, "goes on with what it finds now")


def _overwritten(race: Race, other: Access) -> Iterator[Turn]:
    yield _turn(A, race.access, f"sets {state(race.access)}")
    yield _turn(B, other, "sets it too")
    if race.other is not None:
        yield _turn(A, race.other, "gets what B has set")


STEPS: dict[Problem, Callable[[Race, Access], Iterator[Turn]]] = {
    Problem.UPDATE: _update,
    Problem.INCONSISTENT: _comes_in,
    Problem.DIFFERENT_LOCKS: _comes_in,
    Problem.NO_EXCLUSION: _comes_in,
    Problem.WRITE: _overwritten,
    Problem.LEFT: _overwritten,
    Problem.CHECK: _check,
    Problem.LAZY: _lazy,
    Problem.SPLIT: _split,
    Problem.DOUBLE_READ: _double_read,
    Problem.ITERATION: _iteration,
    Problem.HANDED_OUT: _iteration,
    Problem.EMPTIED: _taken_over,
    Problem.REPLACED: _taken_over,
}
"""What happens step by step, for each kind of race: (the race, what the other side does) -> the steps."""


# --- tasks ---


def task_sides(program: Program, found: Interleaving | Round) -> tuple[Side, ...]:
    """Both tasks, as far as they are traced."""
    partner, tasks = found.partner, program.interleavings.tasks
    if partner is None:
        return ()
    runners = (partner.one, found.code), (partner.other_context, partner.other.code)
    own, other = (f"{'one of ' if each.many else ''}{task(tasks, each, code)}" for each, code in runners)
    return Side(own), Side("another of them" if partner.one is partner.other_context else other)


def task_turns(found: Interleaving | Round) -> tuple[Turn, ...]:
    """What one task does, and the other while the first waits."""
    if found.partner is None:
        return ()
    waits = Turn(A, found.path, found.pause_span, "waits: other tasks run")
    meanwhile = _turn(B, found.partner.other, _does(found.partner.other))
    if isinstance(found, Round):
        effect = HARMS[found.harm.disturbance]
        return (
            _turn(A, found.access, f"goes over {state(found.access)}"),
            waits,
            meanwhile,
            _turn(A, found.access, effect),
        )
    first, last = found.sequence.first, found.sequence.last
    return (
        _turn(A, first, f"reads {state(first)}"),
        waits,
        meanwhile,
        _turn(A, last, "goes on with what was true before"),
    )


# --- locks ---


def circle_sides(cycle: Sequence[Nesting], outers: Sequence[str]) -> tuple[Side, ...]:
    """Who holds which lock in a circle of locks; `outers` names them."""
    pairs = zip(cycle, outers, strict=True)
    return tuple(Side(f"a thread in `{called(nesting.code)}`", (outer,)) for nesting, outer in pairs)


def circle_turns(cycle: Sequence[Nesting], taken: Sequence[Located], outers: Sequence[str]) -> tuple[Turn, ...]:
    """Each side takes its lock (at `taken`), then all of them wait for that of the next."""
    first = [Turn(side, at.path, at.span, f"takes {outers[side]}") for side, at in enumerate(taken)]
    waits = [
        Turn(side, each.path, each.span, f"waits for {outers[(side + 1) % len(outers)]}, for ever")
        for side, each in enumerate(cycle)
    ]
    return (*first, *waits)


def again_turns(nesting: Nesting, taken: Located, lock: str) -> tuple[Turn, ...]:
    """A thread takes a lock and waits for itself."""
    waits = Turn(A, nesting.path, nesting.span, f"waits for {lock}, which it holds itself, for ever")
    return Turn(A, taken.path, taken.span, f"takes {lock}"), waits


def stall_sides(program: Program, stall: Stall, lock: str) -> tuple[Side, ...]:
    """Who waits with the lock held, and who needs it to come to the end that is waited for."""
    own, need = Side(f"a thread in `{called(stall.code)}`", (lock,)), stall.need
    if need is None:
        return (own,)
    runner = f"whoever calls `{need.answer}`" if need.context is None else who(program, need.context, need.code)
    return own, Side(runner)


def stall_turns(stall: Stall, taken: Located, lock: str) -> tuple[Turn, ...]:
    """One side waits with the lock held, the other for the lock."""
    first = Turn(A, taken.path, taken.span, f"takes {lock}")
    waits = Turn(A, stall.path, stall.span, "waits for B with the lock held")
    need = stall.need
    until = "until A gives up" if stall.waiting.bounded else "for ever"
    return (first, waits, Turn(B, need.path, need.span, f"waits for {lock}, {until}")) if need is not None else ()
