"""Why two accesses of one Place are no race: the filters that a pair must pass, in their order."""

from __future__ import annotations

from enum import Enum
from functools import partial

from racelint.program import Program
from racelint.program.locking.guards import exclude_each_other
from racelint.program.memory.places import Access
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.excuses import can_outdate, excuse
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.sequences.composites import Composite


class Fate(Enum):
    """What becomes of a pair of accesses, one of them a write."""

    ALONE = "only the main thread, and callers outside, come to both"
    APART = "those who run them work on different objects"
    IN_TURN = "one is over before the other can begin"
    FAR = "it takes a thread too many calls of other objects to come there"
    NUMBERED = "each run has items of its own, whose number or key it was given"
    KEPT_OUT = "what they test, or have noted before, keeps one out while the other is there"
    GUARDED = "both hold a lock that keeps the other out"
    MEET = "nothing keeps them apart"


def fate(case: Case, access: Access, other: Access) -> Fate:
    """Which filter drops the pair first, if any does."""
    if case.is_assumed and not exclude_each_other(case.protections(access), case.protections(other)):
        return Fate.MEET
    threads = case.threads
    pairs = [
        (one, two)
        for one in threads.of(access.code)
        for two in threads.of(other.code)
        if not (one.is_main and two.is_main)
    ]
    if not pairs:
        return Fate.ALONE
    shared = [
        (one, two)
        for one, two in pairs
        if not case.meetings.have_other_receivers(access, one, other, two)
        and case.sharing.in_common(access, one, other, two)
    ]
    if not shared:
        return Fate.APART
    beside = [
        each for each in shared if threads.overlap(each[0], access.code, access.id, each[1], other.code, other.id)
    ]
    if not beside:
        return Fate.IN_TURN
    if all(case.meetings.are_far(access, one, other, two) for one, two in beside):
        return Fate.FAR
    numbered = case.sharing.numbered
    if all(one is two and numbered.are_apart(one, access, other) for one, two in beside):
        return Fate.NUMBERED
    return _where_both_are(case, access, other)


def _where_both_are(case: Case, access: Access, other: Access) -> Fate:
    """What keeps those out of each other's way who may be there at once, if anything does."""
    held = case.protections(access)
    if case.races_with(access, held, other):
        return Fate.MEET
    return Fate.GUARDED if exclude_each_other(held, case.protections(other)) else Fate.KEPT_OUT


def sequences_of(program: Program, access: Access) -> list[Composite]:
    """The sequences that begin or end with an access."""
    return [each for each in program.sequences.found if access in (each.first, each.last)]


def races_of(program: Program, access: Access) -> list[Race]:
    """What is reported of an access, by itself or together with others."""
    return [race for race in program.races.all if access in (race.access, race.first)]


def too_slight(program: Program, access: Access) -> str:
    """What is wanting in a race of an access that is therefore not told; "" if there is no such race."""
    race = next((race for race in program.races.slight if access in (race.access, race.first)), None)
    if race is None:
        return ""
    if race.problem is Problem.ITERATION:
        return "what a walk passes over could as well have been gone, where the items are only looked at"
    return "the other side comes here over so many calls that it is no evidence, and no lock says that it does"


def why_silent(case: Case, sequence: Composite) -> str:
    """Why a sequence that others may come into is not reported; "" if that is told of another one of the Place."""
    if case.guard is not None and any(case.guard.protects(each) for each in case.over(sequence)):
        return "the lock of the place is held from its first step to its last"
    if excused := excuse(case, sequence):
        return excused
    seen = sequence.last if sequence.last.code is sequence.code else sequence.first
    harms = partial(can_outdate, case, sequence)
    if case.partner(seen, case.over(sequence), harms, within=sequence.code) is None:
        return "nothing that others do meanwhile makes stale what it has found out"
    return ""
