"""`show sharing`: the memory that contexts have in common, who does what to it, and which lock guards it."""

from __future__ import annotations

from racelint.program import Program
from racelint.show.entry import Entry, Line
from racelint.show.shared import GuardedBy, Row, Shared, shared_places


def show_sharing(program: Program, paths: frozenset[str]) -> list[Entry]:
    """The places that are accessed in these files and may be reached by two contexts at once."""
    return [_entry(shared) for shared in shared_places(program, paths)]


def _entry(shared: Shared) -> Entry:
    first = min(shared.rows, key=lambda row: (row.path, row.line))
    return Entry(f"`{shared.symbol}`", (_guard(shared.guard), *map(_access, shared.rows)), first.path, first.line)


def _guard(guard: GuardedBy | None) -> Line:
    if guard is None:
        return Line("no lock guards it")
    return Line(f"{guard.lock} guards it, held at {guard.held} of {guard.total} accesses")


def _access(row: Row) -> Line:
    under = f" under {', '.join(row.holds)}" if row.holds else " with no lock"
    return Line(f"{row.what}{under}; run by {', '.join(row.runners) or 'nobody that is known'}", row.path, row.line)
