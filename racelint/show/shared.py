"""The state that contexts have in common, as a table for each place: who does what to it, under which locks."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from racelint.explaining.phrases import done, lock_name, state
from racelint.program import Program
from racelint.program.locking.guards import Guard
from racelint.program.memory.places import Access
from racelint.program.races.cases.case import Case
from racelint.show.contexts import label
from racelint.show.entry import is_asked


@dataclass(frozen=True, slots=True)
class GuardedBy:
    """The lock that the program uses for a place: held at `held` of `total` accesses, made at `path` and `line`.

    An update is one access.
    """

    lock: str
    held: int
    total: int
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Row:
    """One access: what is done ("`self.count` is updated"), under which locks, and by whom.

    `is_guarded`: the lock that the program uses for the place is among them.
    """

    what: str
    holds: tuple[str, ...]
    runners: tuple[str, ...]
    path: str
    line: int
    writes: bool
    is_guarded: bool


@dataclass(frozen=True, slots=True)
class Shared:
    """A place with all that is done to it. `symbol` is its dotted name."""

    symbol: str
    guard: GuardedBy | None
    rows: tuple[Row, ...]


def shared_places(program: Program, paths: frozenset[str], also: frozenset[str] = frozenset()) -> list[Shared]:
    """The places that are accessed in these files and may be reached by two contexts at once.

    `also` are the symbols of others that are told of all the same, unless they are locks.
    """
    found = []
    for place in sorted(program.places.by_place, key=lambda place: (place.symbol, place.kind, place.owner)):
        if any(is_asked(access, paths) for access in program.places.by_place[place]):
            case = Case(place, program.sharing, program.locksets)
            if is_shared(case) or (place.symbol in also and not case.holds_lock):
                rows = tuple(_row(program, case, access) for access in case.accesses)
                found.append(Shared(place.symbol, _guarded_by(case.guard), rows))
    return found


def is_shared(case: Case) -> bool:
    """Whether somebody may be at the Place while somebody else is, at least one of them a writer.

    What is only there before anybody else can know it, as the methods of a class are, is not, whatever is assumed.
    """
    meetings = replace(case.meetings, by_the_way=False)
    pairs = ((one, other) for one in case.accesses for other in case.accesses if other.kind.writes)
    return (case.is_assumed and bool(case.accesses)) or any(
        next(meetings.of(one, [], other), None) is not None for one, other in pairs
    )


def _guarded_by(guard: Guard | None) -> GuardedBy | None:
    if guard is None:
        return None
    return GuardedBy(lock_name(guard.lock), guard.guarded_steps, guard.steps, guard.lock.path, guard.lock.span.line)


def _row(program: Program, case: Case, access: Access) -> Row:
    held = [use.lock for use in program.locksets.held(access.code, access.id) if use.lock.kind is not None]
    return Row(
        f"{state(access)} is {done(access)}",
        tuple(lock_name(lock) for lock in held),
        tuple(label(context) for context in program.threads.of(access.code)),
        access.code.path,
        access.span.line,
        access.kind.writes,
        case.guard is not None and any(case.guard.protects(each) for each in case.protections(access)),
    )
