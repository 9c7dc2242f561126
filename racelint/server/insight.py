"""What an editor tells about state where the pointer rests or above the line: which lock guards it, and who runs it."""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.phrases import done, lock_name, state
from racelint.facts import Span
from racelint.program import Program
from racelint.program.locking.guards import Guard
from racelint.program.memory.places import Access, Place
from racelint.program.races.cases.case import Case
from racelint.server.survey import Hint
from racelint.show.contexts import label


def hints(program: Program, path: str) -> tuple[Hint, ...]:
    """For each access in a file what is known of its state, the narrower span first where one holds another."""
    found = []
    for case in _cases(program, path):
        here = [access for access in case.accesses if access.code.path == path]
        for access in here:
            # where a statement reads and stores, the store says more
            stored = [each for each in here if each.kind.writes and _start(each.span) == _start(access.span)]
            found.append(Hint(access.span, _told(program, case, next(iter(stored), access))))
    return tuple(sorted(found, key=lambda hint: _size(hint.span)))


def lenses(program: Program, path: str) -> tuple[Hint, ...]:
    """For each guarded state of a file a line at the first place where it is written."""
    found = []
    for case in _cases(program, path):
        here = [each for each in program.places.by_place[case.place] if each.kind.writes and each.code.path == path]
        if case.guard is not None and here:
            first = min(here, key=lambda access: (access.span.line, access.span.column))
            found.append(Hint(first.span, f"{state(first)}: {_guarded(case.guard)}".replace("`", "")))
    return tuple(sorted(found, key=lambda hint: (hint.span.line, hint.span.column)))


def _cases(program: Program, path: str) -> Iterator[Case]:
    """The state that a file has accesses of, and that changes after it was made."""
    for place, accesses in program.places.by_place.items():
        if any(access.code.path == path for access in accesses) and _changes(program, place):
            yield Case(place, program.sharing, program.locksets)


def _changes(program: Program, place: Place) -> bool:
    accesses = program.places.by_place[place]
    return any(access.kind.writes and not program.sharing.is_early(access) for access in accesses)


def _told(program: Program, case: Case, access: Access) -> str:
    runners = [label(context) for context in program.threads.of(access.code)]
    held = [lock_name(use.lock) for use in program.locksets.held(access.code, access.id) if use.lock.kind is not None]
    rows = [
        f"{state(access)} ({case.place.symbol}) is {done(access)} here",
        _guarded(case.guard) if case.guard is not None else "no lock guards it",
        f"held here: {', '.join(held) or 'no lock'}",
        f"run by: {'; '.join(runners) or 'nobody that is known'}",
    ]
    return "\n".join(f"- {row}" if index else f"{row}\n" for index, row in enumerate(rows))


def _guarded(guard: Guard) -> str:
    return f"guarded by {lock_name(guard.lock)} in {guard.guarded_steps} of {guard.steps} accesses"


def _start(span: Span) -> tuple[int, int]:
    return span.line, span.column


def _size(span: Span) -> tuple[int, int]:
    return span.end_line - span.line, span.end_column - span.column
