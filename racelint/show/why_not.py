"""`show why-not FILE:LINE`: why nothing is reported at a line, for each access of shared memory there."""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.phrases import called, done, lock_name, owner, state
from racelint.program import Program
from racelint.program.memory.places import Access
from racelint.program.races.cases.case import Case
from racelint.rule import load_rules
from racelint.show.contexts import label
from racelint.show.entry import Entry, Line, at
from racelint.show.fate import Fate, fate, races_of, sequences_of, too_slight, why_silent

NOTHING = "nothing here reads or writes memory that outlives the call and has a name: a global, an attribute, a closure"


def why_not(program: Program, path: str, line: int) -> list[Entry]:
    """The findings at a line, then what is known of each access there, and why no race is reported of it."""
    reported = [
        Entry(f"reported: {finding.code} {finding.name}", (Line(finding.message),), path, finding.span.line)
        for rule in load_rules()
        for finding in (rule.check(program) if rule.check else ())
        if finding.path == path and finding.span.line <= line <= finding.span.end_line
    ]
    found = [
        access
        for accesses in program.places.by_place.values()
        for access in accesses
        if access.code.path == path and access.span.line <= line <= access.span.end_line
    ]
    if not found and not reported:
        return [Entry(NOTHING, (), path, line)]
    ordered = sorted(found, key=lambda each: (each.span.line, each.span.column))
    return [*reported, *(_entry(program, access) for access in ordered)]


def _entry(program: Program, access: Access) -> Entry:
    case = Case(access.place, program.sharing, program.locksets)
    title = f"{state(access)} (`{access.place.symbol}`) is {done(access)} in `{called(access.code)}`"
    lines = (*_around(program, case, access), *_verdict(program, case, access))
    return Entry(title, lines, access.code.path, access.span.line)


def _around(program: Program, case: Case, access: Access) -> Iterator[Line]:
    runners = program.threads.of(access.code)
    yield Line(f"run by {', '.join(map(label, runners)) or 'nobody that is known'}")
    for context in runners:
        if context.path:
            yield at(f"{label(context)} starts here", context.path, context.span)
    held = [lock_name(use.lock) for use in program.locksets.held(access.code, access.id) if use.lock.kind is not None]
    yield Line(f"held here: {', '.join(held) or 'no lock'}")
    if case.guard is not None:
        guard = case.guard
        yield Line(f"{lock_name(guard.lock)} guards the place: held at {guard.guarded_steps} of {guard.steps} accesses")


def _verdict(program: Program, case: Case, access: Access) -> Iterator[Line]:
    races = races_of(program, access)
    for race in races:
        told = program.races.told_by(race)
        how = (
            "reported"
            if told is race
            else f"one report stands for others of `{owner(race)}` that the same two race for"
        )
        yield at(f"{how}: {told.problem.value}", told.path, told.span)
    if not races:
        slight = too_slight(program, access)
        yield from (Line(f"no race: {reason}") for reason in ([slight] if slight else _reasons(program, case, access)))
        yield from _others(case, access)


def _reasons(program: Program, case: Case, access: Access) -> Iterator[str]:
    if program.sharing.confined.covers(case.place) or case.holds_lock:
        yield "the place is a lock, or kept apart by thread, task or request"
    elif access not in case.accesses:
        yield "nobody else can know the object yet, or the item belongs to the running thread alone"
    elif not any(each.kind.writes for each in case.accesses):
        yield "nobody writes the place once others can know it"
    elif case.guard is not None and case.locksets.remarks.are_about(access.code, access.span):
        yield "a comment says that the lock is left out on purpose, or that the race is known"
    elif not any(fate(case, access, each) is Fate.MEET for each in case.accesses if _conflict(access, each)):
        yield "nobody who changes the place meets this access"
    else:
        sequences = sequences_of(program, access)
        if not sequences:
            yield "it is one step by itself, and right whatever others do before or after it"
        for each in sequences:
            yield why_silent(case, each) or "the report on the same place and function stands for it"


def _others(case: Case, access: Access) -> Iterator[Line]:
    for other in case.accesses:
        if _conflict(access, other):
            what = f"against where it is {done(other)}: {fate(case, access, other).value}"
            yield at(what, other.code.path, other.span)


def _conflict(access: Access, other: Access) -> bool:
    return access.kind.writes or other.kind.writes
