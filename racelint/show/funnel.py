"""`show races`: how many pairs of accesses each filter leaves, from those in conflict to those that are reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations_with_replacement

from racelint.explaining.phrases import called, done, state
from racelint.program import Program
from racelint.program.memory.places import Access
from racelint.program.races.cases.case import Case
from racelint.program.races.kinds.race import Race
from racelint.show.entry import Entry, Line, at
from racelint.show.fate import Fate, fate, races_of, sequences_of, too_slight, why_silent

FUNNEL = (
    ("conflicting", "two accesses of one place, one of them a write"),
    ("shared", "by contexts that may have the same object"),
    ("overlapping", "which may be there at the same time"),
    ("unguarded", "with no lock that keeps one of them out"),
    ("unexcused", "in a sequence that is right only without the other"),
)
PASSED = {
    Fate.ALONE: 1,
    Fate.APART: 1,
    Fate.IN_TURN: 2,
    Fate.FAR: 2,
    Fate.NUMBERED: 3,
    Fate.KEPT_OUT: 3,
    Fate.GUARDED: 3,
    Fate.MEET: 4,
}
"""How many filters a pair has passed when it is dropped."""


def show_races(program: Program, paths: frozenset[str]) -> list[Entry]:
    """The funnel over all pairs with an end in these files, then the races that are left of them."""
    left: Counter[int] = Counter()
    dropped: Counter[tuple[int, str]] = Counter()
    for case in _cases(program):
        for access, other in _conflicts(case, paths):
            passed, reason = _judged(program, case, access, other)
            left.update(range(passed))
            if reason:
                dropped[passed, reason] += 1
    lines: list[Line] = []
    for step, (name, meaning) in enumerate(FUNNEL):
        lines.append(Line(f"{left[step]} {name}: {meaning}"))
        reasons = ((reason, count) for (passed, reason), count in dropped.most_common() if passed == step + 1)
        lines += [Line(f"    {count} dropped: {reason}") for reason, count in reasons]
    races = (race for race in program.races.all if race.path in paths)
    return [Entry("pairs of accesses", tuple(lines)), *(_left(race) for race in races)]


def _cases(program: Program) -> Iterator[Case]:
    for place in sorted(program.places.by_place, key=lambda place: (place.symbol, place.kind, place.owner)):
        yield Case(place, program.sharing, program.locksets)


def _conflicts(case: Case, paths: frozenset[str]) -> Iterator[tuple[Access, Access]]:
    for access, other in combinations_with_replacement(case.accesses, 2):
        if (access.kind.writes or other.kind.writes) and {access.code.path, other.code.path} & paths:
            yield access, other


def _judged(program: Program, case: Case, access: Access, other: Access) -> tuple[int, str]:
    """How many filters a pair passes, and why it is dropped then."""
    met = fate(case, access, other)
    if met is not Fate.MEET:
        return PASSED[met], met.value
    if races_of(program, access) or races_of(program, other):
        return 5, ""
    if slight := too_slight(program, access) or too_slight(program, other):
        return 4, slight
    if program.sharing.confined.covers(case.place) or case.holds_lock:
        return 4, "the place is a lock, or kept apart by thread, task or request"
    sequences = [each for end in (access, other) for each in sequences_of(program, end)]
    if not sequences:
        return 4, "each is one step by itself"
    silent = [reason for each in sequences if (reason := why_silent(case, each))]
    return 4, silent[0] if silent else "the report on the same place and function stands for it"


def _left(race: Race) -> Entry:
    title = f"{state(race.access)} is {done(race.access)} in `{called(race.code)}`: {race.problem.value}"
    other = race.other
    lines = [] if other is None else [at(f"the other side: it is {done(other)} here", other.code.path, other.span)]
    lines.append(Line(f"evidence: {race.evidence}"))
    return Entry(title, tuple(lines), race.path, race.span.line)
