"""`show sharing`: the memory that contexts have in common, who does what to it, and which lock guards it."""

from __future__ import annotations

from racelint.phrases import done, lock_name, state
from racelint.program import Program
from racelint.program.case import Case
from racelint.program.guards import Guard
from racelint.program.places import Access
from racelint.show.contexts import label
from racelint.show.entry import Entry, Line, is_asked


def show_sharing(program: Program, paths: frozenset[str]) -> list[Entry]:
    """The places that are accessed in these files and may be reached by two contexts at once."""
    entries = []
    for place in sorted(program.places.by_place, key=lambda place: (place.symbol, place.kind, place.owner)):
        if any(is_asked(access, paths) for access in program.places.by_place[place]):
            case = Case(place, program.sharing, program.locksets)
            if is_shared(case):
                entries.append(_entry(program, case))
    return entries


def is_shared(case: Case) -> bool:
    """Whether somebody may be at the Place while somebody else is, at least one of them a writer."""
    return any(case.partner(access, []) is not None for access in case.accesses) or case.is_assumed


def _entry(program: Program, case: Case) -> Entry:
    first = min(case.accesses, key=lambda access: (access.code.path, access.span.line))
    lines = [_guard(case.guard), *(_access(program, access) for access in case.accesses)]
    return Entry(f"`{case.place.symbol}`", tuple(lines), first.code.path, first.span.line)


def _guard(guard: Guard | None) -> Line:
    if guard is None:
        return Line("no lock guards it")
    return Line(f"{lock_name(guard.lock)} guards it, held at {guard.guarded} of {guard.total} accesses")


def _access(program: Program, access: Access) -> Line:
    runners = ", ".join(label(context) for context in program.threads.of(access.code)) or "nobody that is known"
    held = [lock_name(use.lock) for use in program.locksets.held(access.code, access.id) if use.lock.kind is not None]
    under = f" under {', '.join(held)}" if held else " with no lock"
    return Line(f"{state(access)} is {done(access)}{under}; run by {runners}", access.code.path, access.span.line)
