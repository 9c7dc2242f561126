"""Stage 9: which accesses and sequences race? A chain of filters; what is left is told with both sides.

conflicting: two accesses of one Place, one of them a write -> shared: on one object, by contexts that may overlap
-> unguarded: no common lock over the whole sequence -> unexcused: none of the shapes that are right without a lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from racelint.facts import Span
from racelint.findings import Evidence
from racelint.program.callgraph.forked import is_in_child
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import ITEMS, Kind, Place
from racelint.program.races.breaches.breaches import Breaches, claimed_guard
from racelint.program.races.cases.case import Case
from racelint.program.races.crowds import stand_ins
from racelint.program.races.excuses.flags import acts_once, is_of_first_use
from racelint.program.races.kinds.advances import advanced
from racelint.program.races.kinds.begun import Begun, find_begun
from racelint.program.races.kinds.callers import Uncovered, find_left_out, find_uncovered
from racelint.program.races.kinds.intrusions import intruded
from racelint.program.races.kinds.invalidations import handed_out, invalidated, is_walked
from racelint.program.races.kinds.oversights import forgotten
from racelint.program.races.kinds.overwrites import left_behind, overwritten
from racelint.program.races.kinds.pairs import Pair, find_pairs
from racelint.program.races.kinds.parted import Parted, find_parted
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.races.kinds.reverted import reverted
from racelint.program.races.kinds.splits import Split, find_splits
from racelint.program.races.kinds.torn import Torn, find_torn
from racelint.program.races.kinds.twice import taken_twice
from racelint.program.races.kinds.undone import undone
from racelint.program.sequences.composites import Composite, Sequences, Shape
from racelint.program.sharing.sharing import Sharing


class Races(msgspec.Struct):
    """All races, one for each Place and cause."""

    found: list[Race] = msgspec.field(default_factory=list)
    uncovered: list[Uncovered] = msgspec.field(default_factory=list)
    """Calls without the lock of the object that is called."""
    slight: list[Race] = msgspec.field(default_factory=list)
    """What is not told, as too little speaks for it or comes of it."""
    crowds: dict[Race, list[Race]] = msgspec.field(default_factory=dict)
    """For which others a race is told: they are of one object, between the same two, and mended with it."""

    @property
    def all(self) -> list[Race]:
        """Those that are told, and those that they stand for."""
        return [*self.found, *(race for others in self.crowds.values() for race in others)]

    def told_by(self, race: Race) -> Race:
        """The race that is told in its place, or itself."""
        return next((first for first, others in self.crowds.items() if race in others), race)

    def of(self, problem: Problem) -> list[Race]:
        """The races of one kind that are told."""
        return [race for race in self.found if race.problem is problem]


def link_races(
    found: Sequence[Place], sharing: Sharing, locksets: LockSets, sequences: Sequences, breaches: Breaches
) -> Races:
    """Judge the Places. Where an access breaks what is claimed of the Place, `breaches` tells so and nobody else."""
    by_place: dict[Place, list[Composite]] = {}
    for sequence in (*sequences.swaps, *sequences.found):
        by_place.setdefault(sequence.first.place, []).append(sequence)
    races = Races()
    for place in found:
        case = Case(place, sharing, locksets)
        case.guard = claimed_guard(case) or case.guard
        judged = _judge(case, by_place.get(place, []))
        judged = (race for race in judged if not _is_of_first_use(sharing, sequences, race))
        told = (race for race in judged if not breaches.tell(race.access, race.first))
        all_told = sharing.places.items_apart
        races.found.extend(_one_per_cause(race for race in told if all_told or _is_of_one(race)))
    pairs = map(_pair_race, find_pairs(sharing, locksets, sequences))
    races.found += _untold(pairs, _where_told(races.of(Problem.CHECK)))
    plain = [race for race in races.found if not race.slight]
    parts = {(race.path, at.span) for race in plain for at in (race.access, race.first) if at is not None}
    splits = map(_split_race, find_splits(sharing, locksets, sequences))
    races.found += _untold(splits, _where_told(races.found) | parts)
    torn = map(_torn_race, find_torn(sharing, locksets))
    races.found += _untold(torn, _where_told(races.found) | parts)
    parted = map(_parted_race, find_parted(sharing, locksets))
    races.found += _untold(parted, _where_told(races.found) | parts)
    begun = (_begun_race(each, sharing) for each in find_begun(locksets))
    races.found += _untold(begun, _where_told(races.found) | parts)
    races.found = _one_per_name(_once_for_items(races.found))
    races.crowds = stand_ins(races.found, sharing.assumed.covers)
    untold = {race for others in races.crowds.values() for race in others}
    races.slight = [race for race in races.found if race.slight]
    races.found = [race for race in races.found if race not in untold and not race.slight]
    races.uncovered.extend((*find_uncovered(locksets), *find_left_out(locksets, sharing.assumed)))
    return races


def _is_of_first_use(sharing: Sharing, sequences: Sequences, race: Race) -> bool:
    """Whether what is written and read back is written for all; of what is said to be shared that is told, too."""
    is_doubted = race.problem is Problem.WRITE and race.evidence != "assumed"
    return is_doubted and is_of_first_use(sharing, sequences, race.access)


def _is_of_one(race: Race) -> bool:
    """Whether both sides may be taken to be about the same object: not where each thread may have its own key.

    Of containers in a container that tells a lock: who holds it over what is done to one of them reckons with others.
    """
    return not race.place.is_of_items or race.evidence != "threads" or race.guard is not None


def _once_for_items(races: Sequence[Race]) -> list[Race]:
    """The races without those of what is in a container where something is told of that in the same line."""
    lines = {(race.path, race.span.line, race.place.symbol) for race in races if not race.slight}
    outer = ((race.path, race.span.line, race.place.symbol.removesuffix(ITEMS)) for race in races)
    return [race for race, at in zip(races, outer, strict=True) if not race.place.is_of_items or at not in lines]


def _where_told(races: Iterable[Race]) -> set[tuple[str, Span]]:
    """Where races are told of."""
    return {(race.path, race.span) for race in races if not race.slight}


def _untold(races: Iterable[Race], told: set[tuple[str, Span]]) -> list[Race]:
    return [race for race in races if (race.path, race.span) not in told]


def _begun_race(begun: Begun, sharing: Sharing) -> Race:
    return Race(
        Problem.CHECK,
        begun.code,
        begun.span,
        begun.change,
        "threads",
        begun.change,
        sharing.threads.of(begun.code)[0],
        begun.context,
        first=begun.tested,
        begun=True,
    )


def _split_race(split: Split) -> Race:
    flagged = split.flagged
    return Race(
        Problem.SPLIT,
        flagged.code,
        flagged.last.span,
        flagged.read,
        "lock",
        split.store,
        lock=split.lock,
        taken=flagged.last,
    )


def _torn_race(torn: Torn) -> Race:
    own = torn.code is torn.first.code
    return Race(
        Problem.TORN,
        torn.code,
        torn.span,
        torn.second,
        "lock",
        torn.stores[0],
        guard=torn.guard,
        first=torn.first,
        needs_no_gil=torn.needs_no_gil,
        between=(torn.first.id, torn.second.id) if own else (),
    )


def _parted_race(parted: Parted) -> Race:
    return Race(
        Problem.CHECK,
        parted.code,
        parted.span,
        parted.used,
        "lock",
        parted.clears,
        guard=parted.guard,
        first=parted.tested,
        clears=parted.clears,
        between=(parted.tested.id, parted.used.id),
    )


def _pair_race(pair: Pair) -> Race:
    flagged, partner = pair.flagged, pair.partner
    traced = partner if pair.evidence == "threads" else None
    return Race(
        Problem.CHECK,
        flagged.code,
        flagged.test,
        flagged.last,
        pair.evidence,
        traced.other if traced else None,
        traced.one if traced else None,
        traced.other_context if traced else None,
        pair.case.guard,
        first=flagged.read,
        needs_no_gil=pair.needs_no_gil,
        taken=pair.takes,
        beside=pair.beside,
    )


EVIDENCES: Final[tuple[Evidence, ...]] = ("claim", "threads", "lock", "assumed")
"""The most certain first."""

ORDER = (
    Problem.NO_EXCLUSION,
    Problem.DIFFERENT_LOCKS,
    Problem.EMPTIED,
    Problem.REPLACED,
    Problem.SPLIT,
    Problem.LAZY,
    Problem.CHECK,
    Problem.DOUBLE_READ,
    Problem.UPDATE,
    Problem.ITERATION,
    Problem.HANDED_OUT,
    Problem.ADVANCE,
    Problem.INCONSISTENT,
    Problem.TORN,
    Problem.WRITE,
    Problem.LEFT,
    Problem.UNDONE,
)


def _one_per_cause(races: Iterator[Race]) -> list[Race]:
    """One report for each access: the most telling one."""
    kept: list[Race] = []
    taken: set[tuple[int, int]] = set()
    starts: set[tuple[int, Problem]] = set()
    for race in sorted(races, key=_how_telling):
        key = (race.access.code.key, race.access.id)
        where = (-1 if race.problem is Problem.LAZY else race.code.key, race.problem)
        if (key in taken and race.problem is not Problem.UPDATE) or where in starts:
            continue
        if any(_is_part(race, whole) for whole in kept):
            continue
        taken.add(key)
        if race.problem in (Problem.EMPTIED, Problem.REPLACED) and race.first is not None:
            taken.add((race.first.code.key, race.first.id))
        starts.add(where)
        kept.append(race)
    return kept


def _is_part(race: Race, whole: Race) -> bool:
    """Whether a second read lies between a test and its act of which it is told already that they belong together.

    Of a test on whose account something is made it is not told again that what is made is filled.
    """
    if (whole.problem, race.problem) == (Problem.LAZY, Problem.CHECK):
        return whole.code is race.code and whole.span == race.span
    if (whole.problem, race.problem) != (Problem.CHECK, Problem.DOUBLE_READ) or whole.code is not race.code:
        return False
    parts = [each.id for each in (race.first, race.access) if each is not None]
    return whole.first is not None and all(whole.first.id <= part <= whole.access.id for part in parts)


def _one_per_name(races: list[Race]) -> list[Race]:
    """One report for what an access names, of whatever class its object may be, and whoever has made it: the best
    believed."""
    best: dict[tuple[Problem, str, Span, str], Race] = {}
    for race in races:
        if (key := _named(race)) not in best or _strength(race) < _strength(best[key]):
            best[key] = race
    return [race for race in races if best[_named(race)] is race]


def _named(race: Race) -> tuple[Problem, str, Span, str]:
    return race.problem, race.path, race.span, race.place.name if race.place.kind != "object" else ""


def _strength(race: Race) -> tuple[bool, int]:
    """How much is believed that others come: the less, the more. That calls within each other do needs no evidence."""
    return race.slight, -1 if race.evidence is None else EVIDENCES.index(race.evidence)


def _how_telling(race: Race) -> tuple[bool, int, bool, str, int, int]:
    """What is told at all, then what is the same in all its parts where it is, before what is seen from afar."""
    afar = race.first is not None and race.first.code is not race.code
    return race.slight, ORDER.index(race.problem), afar, race.code.path, race.span.line, race.span.column


def _judge(case: Case, sequences: list[Composite]) -> Iterator[Race]:
    """All races of the Place."""
    if not any(access.kind.writes for access in case.accesses):
        return
    sequences = [each for each in sequences if not _is_apart(case, each)]
    case.lazy_stores.update(each.last for each in sequences if each.shape is Shape.LAZY)
    tests = [each for each in sequences if each.shape in (Shape.CHECK, Shape.LAZY)]
    case.asked_stores.update(each.last for each in tests if each.last.code is not each.code or acts_once(case, each))
    seen = set(case.accesses)
    for sequence in sequences:
        if sequence.last in seen or sequence.first in seen or sequence.last.code is not sequence.code:
            yield from intruded(case, sequences, sequence)
    for access in case.accesses if not case.holds_lock else ():
        if access.kind not in (Kind.UPDATE, Kind.ITEM_UPDATE):
            yield from forgotten(case, access) if not is_walked(case, access) else invalidated(case, access)
            yield from reverted(case, access, sequences)
            yield from overwritten(case, access)
            yield from left_behind(case, access)
            yield from undone(case, access)
            yield from taken_twice(case, access)
            yield from advanced(case, access)
    yield from handed_out(case)


def _is_apart(case: Case, sequence: Composite) -> bool:
    """Whether a sequence is not run beside others: it is run in steps with them, or in a process of its own."""
    code = sequence.code
    return code.key in case.locksets.stepped or is_in_child(case.sharing.threads.calls, code, sequence.act)
