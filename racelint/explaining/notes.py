"""What findings have beside their message: the other places that belong to them, and who runs what there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypedDict

from racelint.explaining import encounter, turns
from racelint.explaining.phrases import (
    done,
    held_by,
    lock_name,
    lock_used,
    other_side,
    other_way,
    owner,
    state,
    steps,
    task,
    usual,
    way,
    who,
)
from racelint.explaining.prescribing import against
from racelint.findings import (
    EVERY_BUILD,
    FREE_THREADED_ONLY,
    Build,
    Evidence,
    Location,
    Related,
    Side,
    Turn,
    note,
)
from racelint.program import Program
from racelint.program.contexts.contexts import Context
from racelint.program.locking.guards import Guard
from racelint.program.locking.locks import Lock
from racelint.program.memory.places import Access
from racelint.program.process.processwide import Disturbance
from racelint.program.process.registries import RegistryWalk
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.sources.source import Code
from racelint.program.tasks.interleavings import Interleaving
from racelint.program.tasks.rounds import Round
from racelint.remedies import AnyRemedy


class Details(TypedDict):
    """What a finding has beside its place and its message: `check.finding(at, message, **details)`."""

    symbol: str
    function: str
    evidence: Evidence | None
    live_on: tuple[Build, ...]
    related: list[Related]
    sides: tuple[Side, ...]
    turns: tuple[Turn, ...]


class RaceDetails(Details):
    """Of a race also what would mend it."""

    remedy: AnyRemedy | None


def details(program: Program, race: Race) -> RaceDetails:
    """All of a race that its message does not say."""
    return RaceDetails(
        symbol=race.place.symbol,
        function=race.code.qualname,
        evidence=race.evidence,
        live_on=FREE_THREADED_ONLY if race.needs_no_gil else EVERY_BUILD,
        related=[*_own(race), *_others(program, race), *_starts(program, race), *_locks(program, race)],
        sides=encounter.sides(program, race),
        turns=turns.turns(program, race),
        remedy=against(program, race),
    )


def task_details(program: Program, found: Interleaving) -> Details:
    """All of a finding about tasks that its message does not say."""
    sequence = found.sequence
    first, last = sequence.first, sequence.last
    related = [
        note(at(first), f"{state(first)} is {done(first)} here first", 0, "before"),
        note(Location(found.path, found.pause_span), "here the task waits, and others run", 0, "before"),
    ]
    if at(last) != Location(found.path, found.span):
        related.append(note(at(last), f"{state(last)} is {done(last)} here", side=0))
    return Details(
        symbol=first.place.symbol,
        function=found.code.qualname,
        evidence=found.evidence,
        live_on=EVERY_BUILD,
        related=[*related, *_other_task(program, found), *_task_lock(found)],
        sides=encounter.task_sides(program, found),
        turns=turns.task_turns(found),
    )


def round_details(program: Program, found: Round) -> Details:
    """All of a walk that waits in its turns that its message does not say."""
    return Details(
        symbol=found.access.place.symbol,
        function=found.code.qualname,
        evidence=found.evidence,
        live_on=EVERY_BUILD,
        related=[
            note(Location(found.path, found.pause_span), "here the task waits, and others run", 0),
            *_other_task(program, found),
        ],
        sides=encounter.task_sides(program, found),
        turns=turns.task_turns(found),
    )


def _other_task(program: Program, found: Interleaving | Round) -> Iterator[Related]:
    """What the other task does, and where both start, as far as that is traced."""
    partner, tasks = found.partner, program.interleavings.tasks
    if partner is None:
        return
    other = partner.other
    if other is not (found.access if isinstance(found, Round) else found.sequence.last):
        yield note(at(other), f"{state(other)} is {done(other)} here", side=1)
    both = partner.one is partner.other_context
    for context, code, side in ((partner.one, found.code, None if both else 0), (partner.other_context, other.code, 1)):
        if not context.is_main and (side != 1 or not both):
            verb = "start" if context.is_several else "starts"
            chain = tasks.trace(context, code)
            path = f": {steps(chain)}" if len(chain) > 1 else ""
            yield note(context, f"{task(tasks, context, code)} {verb} here{path}", side, "start")


def _task_lock(found: Interleaving) -> Iterator[Related]:
    """Where the lock is held that is missing here, and where it is made."""
    guard = found.guard
    if guard is not None and found.evidence == "lock":
        yield note(at(guard.example), _with_lock(guard), side=1)
        yield from defined(guard.lock)


def _with_lock(guard: Guard) -> str:
    """What is done where the lock is held."""
    return f"{state(guard.example)} is {done(guard.example)} here with {lock_name(guard.lock)} held"


def lock_details(
    lock: Lock,
    code: Code,
    related: Iterable[Related] = (),
    evidence: Evidence | None = None,
    sides: tuple[Side, ...] = (),
    turns: tuple[Turn, ...] = (),
) -> Details:
    """All of a finding on a lock that its message does not say; the last note tells where the lock is made."""
    return Details(
        symbol=lock.symbol,
        function=code.qualname,
        evidence=evidence,
        live_on=EVERY_BUILD,
        related=[*related, *defined(lock)],
        sides=sides,
        turns=turns,
    )


def said_of(program: Program, lock: Lock) -> Evidence:
    """Whether `--assume-shared` tells that others come for the lock: it names it, and the lock guards state."""
    is_named = program.sharing.assumed.names(lock.symbol) and program.locksets.guards_state(lock.key)
    return "assumed" if is_named else "lock"


def at(access: Access) -> Location:
    """An access as something to point to."""
    return Location(access.code.path, access.span)


# --- races ---


def _own(race: Race) -> Iterator[Related]:
    """The other accesses of this side: what was read or tested before, what is done about it after."""
    first, last = race.first, race.access
    if first is not None and first.code is race.code and first.span.line != race.span.line:
        yield note(at(first), f"{state(first)} is {done(first)} here first", 0, "before")
    if (last.code.path, last.span.line) != (race.path, race.span.line):
        yield _here(race, last, side=0)


def _others(program: Program, race: Race) -> Iterator[Related]:
    """The access of the other side, one that holds the lock that is missing here, and races that are told with it."""
    other, guard = race.other, usual(race)
    if other is not None and at(other) != at(race.access):
        runner = f" by {other_side(program, race)}" if race.other_context is not None else ""
        back = race.problem in (Problem.WRITE, Problem.LEFT)
        if back:
            yield note(at(other), f"{state(other)} is read back here", side=0)
        else:
            yield _here(race, other, runner, side=1)
    if isinstance(race.beside, Access):
        what = f"each thread puts its item into {state(race.beside)} here"
        if not race.beside.kind.writes:
            done = "used here, which each thread has for itself" if race.taken is None else "waited for here"
            what = f"{state(race.beside)} is {done}"
        yield note(at(race.beside), f"{what}, as others come at the same time")
    elif race.beside is not None:
        yield note(race.beside, f"{lock_used(race.beside.use)} is taken here, as others come at the same time")
    told = [at(each) for each in (race.access, other) if each is not None]
    if race.evidence == "lock" and guard is not None and at(guard.example) not in told:
        if other is race.access:
            # not those who hold it are whom this side has to fear
            yield note(at(guard.example), f"{_with_lock(guard)}, as others come at the same time")
        else:
            yield _here(race, guard.example, side=1)
    if more := program.races.crowds.get(race):
        same = all(owner(each) == owner(race) for each in more)
        of = f"for what `{owner(race)}` has" if same else "of the same thread, for what others have,"
        shown = f"{state(more[0].access)} here"
        untold = f"{len(more)} more races {of} are not told one by one: {shown} is the next"
        alone = f"one more race {of} is not told by itself: {shown} is the next"
        yield note(at(more[0].access), untold if len(more) > 1 else alone)


def _here(race: Race, access: Access, runner: str = "", *, side: int) -> Related:
    guard = usual(race)
    shown = guard is not None and at(access) == at(guard.example)
    held = f" with {lock_name(guard.lock)} held" if guard is not None and shown else ""
    return note(at(access), f"{state(access)} is {done(access)} here{runner}{held}", side)


def _starts(program: Program, race: Race) -> Iterator[Related]:
    """Where the contexts of both sides start, and by which calls they come here; one that both share is of no side."""
    both = race.one is race.other_context
    if race.one is not None:
        yield from start(program, race.one, race.code, None if both else 0, way(program, race))
    if race.other_context is not None and race.other is not None and not both:
        yield from start(program, race.other_context, race.other.code, 1, other_way(program, race))


def start(
    program: Program, context: Context, code: Code, side: int | None, chain: Sequence[Code] = ()
) -> Iterator[Related]:
    """Where a context starts, and by which calls it comes to the function; of callers outside, what they call first.

    `chain` is the way that is known better than for the function alone.
    """
    chain = chain or program.threads.trace(context, code)
    path = f": {steps(chain)}" if len(chain) > 1 else ""
    if not context.is_main:
        verb = "start" if context.is_several else "starts"
        yield note(context, f"{who(program, context, code, chain)} {verb} here{path}", side, "start")
    elif path and chain[0].function.kind == "function":
        begun = Location(chain[0].path, chain[0].function.span)
        yield note(begun, f"{who(program, context, code, chain)} begins here{path}", side, "start")


def _locks(program: Program, race: Race) -> Iterator[Related]:
    """Where the locks are made that are missing or held here."""
    guard = usual(race)
    locks = [guard.lock if guard is not None else None, race.lock, *held_by(program, race.access)]
    for lock in dict.fromkeys(lock for lock in locks if lock is not None):
        yield from defined(lock)


# --- locks ---


def defined(lock: Lock) -> list[Related]:
    """Where a lock is made, if that is known."""
    return [note(lock, f"{lock_name(lock)} is created here")] if lock.path else []


# --- the whole process ---


def registry_details(program: Program, walk: RegistryWalk) -> Details:
    """All of a walk over a container of the interpreter that its message does not say."""
    related = start(program, walk.context, walk.code, 0)
    return Details(
        symbol=walk.name,
        function=walk.code.qualname,
        evidence="threads",
        live_on=EVERY_BUILD,
        related=[*related],
        sides=(),
        turns=(),
    )


def disturbance_details(program: Program, found: Disturbance) -> Details:
    """All of a change of the process's state that its message does not say."""
    change, back, partner = found.change, found.restored, found.partner
    related = []
    if back is not None and back is not change:
        related.append(note(back, "it is set back here", 0))
    if partner is not None and partner.code is not change.code:
        related.append(note(partner, f"{partner.state.what}: changed here as well", 1))
    both = found.one is found.other
    related.extend(start(program, found.one, change.code, None if both else 0))
    if partner is not None and not both:
        related.extend(start(program, found.other, partner.code, 1))
    return Details(
        symbol=change.state.variable or change.by,
        function=change.code.qualname,
        evidence=found.evidence,
        live_on=EVERY_BUILD,
        related=related,
        sides=encounter.disturbance_sides(program, found),
        turns=encounter.disturbance_turns(found),
    )
