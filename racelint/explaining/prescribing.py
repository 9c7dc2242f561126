"""Which remedy there is against what is found: which lock to hold, as code can write it, and what speaks against."""

from __future__ import annotations

from collections.abc import Sequence

from racelint import facts
from racelint.explaining.own_lock import doubtful, lock_here, runs_others, taking
from racelint.explaining.phrases import held_by, usual
from racelint.facts import Span
from racelint.knowledge.model import LockDomain, LockKind
from racelint.program import Program
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.locking.balance import Unreleased
from racelint.program.locking.holding import Acquisition
from racelint.program.memory.places import Access, Place
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.signals.waiting import BadWait, Flaw
from racelint.program.sources.source import Code, span_of
from racelint.program.starting.birth import EarlyStart
from racelint.program.values.values import LibraryObject
from racelint.remedies import (
    AnyRemedy,
    IterateCopy,
    LoopAround,
    MakeReentrant,
    ReadOnce,
    ShareLock,
    StartLast,
    TakeFirst,
    TakeLock,
    TestAgain,
    UsePop,
    UseSetdefault,
    UseWith,
)

OVER_ALL = frozenset({Problem.UPDATE, Problem.INCONSISTENT, Problem.TORN, Problem.CHECK, Problem.LAZY})
"""What goes away where the program's own lock is held from the first access to the last."""


def against(program: Program, race: Race) -> AnyRemedy | None:
    """What mends a race, if anything is known that does."""
    if race.problem is Problem.LAZY and held_by(program, race.access):
        own = race.access.code is race.code and not race.filled_late
        return TestAgain(True, race.span, race.access.span) if own else None
    if race.problem is Problem.DOUBLE_READ:
        return _read_once(program, race)
    if race.problem is Problem.ITERATION:
        return _iterate_copy(program, race)
    if race.problem in OVER_ALL and race.taken is None:
        return _take_lock(program, race) or _one_call(program, race)
    return None


# --- the program's own lock ---


def _take_lock(program: Program, race: Race) -> TakeLock | None:
    guard = race.guard
    written = lock_here(program, race, guard) if guard is not None else None
    if guard is None or written is None:
        return None
    holder, lock = written
    is_safe = usual(race) is not None and race.evidence != "assumed" and "." not in holder
    is_safe &= guard.lock.kind is LockKind.REENTRANT or not runs_others(program, guard.lock.key)
    between = race.between or _sequence(program, race.access)
    spans = dict.fromkeys([race.span, *(_span(race.code, id) for id in between)])
    harmful = () if guard.lock.kind is LockKind.REENTRANT else (*taking(program, race.code, guard.lock.key),)
    return TakeLock(
        is_safe,
        lock,
        holder,
        tuple(span for span in spans if span is not None),
        harmful,
        (*doubtful(program, race.code),),
    )


def _sequence(program: Program, access: Access) -> tuple[int, ...]:
    """What belongs together with an access: the test on which it depends."""
    found = (each for each in program.sequences.of(access.code).sequences if each.last is access)
    return next((each.between for each in found), ())


def _span(code: Code, id: int) -> Span | None:
    span = getattr(code.operations[id], "span", None) if 0 <= id < len(code.operations) else None
    return span if isinstance(span, Span) else None


# --- other remedies ---


def _one_call(program: Program, race: Race) -> AnyRemedy | None:
    """One call of a dictionary that tests and acts at once, where there is no lock to hold."""
    first, last = race.first, race.access
    if race.problem is not Problem.CHECK or first is None or not first.code is last.code is race.code:
        return None
    if usual(race) is not None or not _is_dictionary(program, last.place):
        return None
    if type(race.code.operations[last.id]) is facts.StoreItem:
        return UseSetdefault(True, race.span, last.span)
    if type(race.code.operations[last.id]) is facts.DeleteItem:
        return UsePop(True, race.span, last.span)
    return None


def _is_dictionary(program: Program, place: Place) -> bool:
    known = program.places.values(place)
    return bool(known) and all(
        isinstance(each, LibraryObject) and each.qualname in ("dict", "collections.OrderedDict") for each in known
    )


def _read_once(program: Program, race: Race) -> ReadOnce | None:
    first, last = race.first, race.access
    if first is None or not first.code is last.code is race.code or race.place.kind not in ("attribute", "global"):
        return None
    changing = [span_of(race.code, site) for site in program.sequences.sites(race.code, race.place)]
    return ReadOnce(True, first.span, last.span, tuple(changing))


def _iterate_copy(program: Program, race: Race) -> IterateCopy | TakeLock | None:
    if race.guard is None:
        can_be_copied = race.code is race.access.code and race.harm is not None and race.harm.copied_anywhere
        return IterateCopy(False, race.span) if can_be_copied else None
    lock = _take_lock(program, race)
    if lock is None or race.code is not race.access.code:
        return lock
    return IterateCopy(lock.is_safe, race.span, lock)


# --- remedies for what is no race ---


def against_leak(leak: Unreleased) -> UseWith | None:
    """What releases a lock on every path, if anything does that."""
    lock = leak.acquisition.use.lock
    return UseWith(lock.kind is not None, leak.span) if not leak.never else None


def against_bad_wait(bad: BadWait) -> LoopAround | None:
    """What tests again after a wait."""
    tested = bad.tested
    if bad.flaw is not Flaw.ONCE or tested is None or tested.code is not bad.code:
        return None
    return LoopAround(bad.code is bad.wait.code, tested.span, bad.span)


def against_fresh_lock(acquisition: Acquisition) -> ShareLock | None:
    """What makes a lock once that is made anew at each call."""
    kind, owner, made = acquisition.use.lock.key
    code = acquisition.code
    return ShareLock(False, span_of(code, int(made))) if kind == "site" and owner == code.key else None


def against_second_taking(nesting: Nesting) -> MakeReentrant | None:
    """What lets a thread take a lock again that is made in the same file."""
    lock = nesting.inner.lock
    is_here = lock.path == nesting.path and lock.domain is LockDomain.THREAD
    return MakeReentrant(False, lock.span) if is_here else None


def against_wrong_order(cycle: Sequence[Nesting]) -> TakeFirst | None:
    """What takes two locks in the order in which others take them."""
    here = cycle[0]
    return TakeFirst(False, here.span) if len(cycle) == 2 and not here.chain else None


def against_early_start(program: Program, early: EarlyStart) -> StartLast | None:
    """What starts a thread when all is set that it reads, if the same function sets it."""
    code = early.code
    if early.registers or early.began != early.start or any(late.store[0] is not code for late in early.late):
        return None
    stores = tuple(span_of(*late.store) for late in early.late)
    return StartLast(True, early.span, stores, (*doubtful(program, code),))
