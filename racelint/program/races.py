"""Stage 9: which accesses and sequences race? A chain of filters; what is left is told with both sides.

conflicting: two accesses of one Place, one of them a write -> shared: on one object, by contexts that may overlap
-> unguarded: no common lock over the whole sequence -> unexcused: none of the shapes that are right without a lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from racelint.facts import Span
from racelint.findings import Evidence
from racelint.knowledge.model import LockKind
from racelint.program.breaches import Breaches, claimed_guard
from racelint.program.calls import Edge
from racelint.program.case import HALF, Case, Partner
from racelint.program.composites import Composite, Sequences, Shape
from racelint.program.contexts import Context
from racelint.program.disturbances import (
    Harm,
    changed_under,
    harm,
    harms,
    is_behind_view,
    is_no_setup,
    is_retried,
    is_taken_out,
    is_walked_outside,
    read_again,
    takes_away,
)
from racelint.program.excuses import (
    can_outdate,
    is_claim,
    is_excused,
    is_filled_late,
    is_snapshot,
    is_swapped_out,
    is_tested_again,
)
from racelint.program.guards import Guard, Protection, exclude_each_other, protections, relation
from racelint.program.harmless import acts_once, is_memo_of_calls, is_rough, is_single_step, loses_to, makes_object
from racelint.program.iterations import VIEWS
from racelint.program.locks import Lock
from racelint.program.locksets import LockSets
from racelint.program.pairs import Pair, find_pairs
from racelint.program.places import Access, Kind, Place
from racelint.program.reuse import left_for_exit, left_for_later, moves_on
from racelint.program.sharing import Sharing, is_confined
from racelint.program.source import Code, span_of
from racelint.program.splits import Split, find_splits
from racelint.program.switching import are_read_at_once, can_interleave


class Problem(Enum):
    """What is wrong with a racing access."""

    UPDATE = "update"
    INCONSISTENT = "inconsistent"
    DIFFERENT_LOCKS = "different locks"
    NO_EXCLUSION = "no exclusion"
    WRITE = "write"
    LEFT = "left"
    CHECK = "check"
    LAZY = "lazy"
    SPLIT = "split"
    DOUBLE_READ = "double read"
    ITERATION = "iteration"
    HANDED_OUT = "handed out"
    EMPTIED = "emptied"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, eq=False)
class Race:
    """One racing access (or sequence), the other side, and why it is believed.

    The finding stands at `span` in `code`. `one` runs this side and `other_context` the other, where contexts are the
    evidence; `guard` is the program's own lock for the Place; `lock` the wrong one that is held here.
    """

    problem: Problem
    code: Code
    span: Span
    access: Access
    evidence: Evidence
    other: Access | None = None
    one: Context | None = None
    other_context: Context | None = None
    guard: Guard | None = None
    lock: Lock | None = None
    first: Access | None = None
    needs_no_gil: bool = False
    """It strikes only where threads run without the GIL, or with that of CPython up to 3.10: see `switching`."""
    harm: Harm | None = None
    """What becomes of an iteration."""
    taken: Access | None = None
    """Where the container that is changed on account of a flag is looked at by who has set the flag; of a split
    section where it is changed."""
    between: tuple[int, ...] = ()
    """Of a sequence: the operations of `code` that must lie in one critical section."""
    again: Access | None = None
    """Where this side fetches again what it has stored, while the other side takes it away."""

    @property
    def path(self) -> str:
        """The file of the finding."""
        return self.code.path

    @property
    def place(self) -> Place:
        """The memory that is raced for."""
        return self.access.place


@dataclass(slots=True)
class Races:
    """All races, one for each Place and cause."""

    found: list[Race] = field(default_factory=list)

    def of(self, problem: Problem) -> list[Race]:
        """The races of one kind."""
        return [race for race in self.found if race.problem is problem]


def link_races(sharing: Sharing, locksets: LockSets, sequences: Sequences, breaches: Breaches) -> Races:
    """Judge every Place. Where an access breaks what is claimed of the Place, `breaches` tells so and nobody else."""
    by_place: dict[Place, list[Composite]] = {}
    for sequence in (*sequences.swaps, *sequences.found):
        by_place.setdefault(sequence.first.place, []).append(sequence)
    races = Races()
    places = sharing.places
    for place in sorted(places.by_place, key=lambda place: (place.symbol, place.kind, place.owner)):
        if not any(access.kind.writes for access in places.by_place[place]) or is_confined(places, place):
            continue
        if place in locksets.claims.owners or not _has_evidence(place, sharing, locksets):
            continue
        case = Case(place, sharing, locksets)
        case.guard = claimed_guard(case) or case.guard
        judged = _Judge(case, by_place.get(place, [])).judge()
        races.found.extend(_one_per_cause(race for race in judged if not breaches.tell(race.access, race.first)))
    told = {(race.path, race.span) for race in races.of(Problem.CHECK)}
    pairs = (_pair_race(pair) for pair in find_pairs(sharing, locksets, sequences))
    races.found.extend(race for race in pairs if (race.path, race.span) not in told)
    told = {(race.path, race.span) for race in races.found}
    told |= {(race.path, at.span) for race in races.found for at in (race.access, race.first) if at is not None}
    splits = (_split_race(each) for each in find_splits(sharing, locksets, sequences))
    races.found.extend(race for race in splits if (race.path, race.span) not in told)
    return races


def _has_evidence(place: Place, sharing: Sharing, locksets: LockSets) -> bool:
    """Whether there may be any evidence for a race: a claim, `--assume-shared`, a started context, or a lock."""
    if place in locksets.claims.guards or sharing.is_assumed(place):
        return True
    codes = {access.code.key: access.code for access in sharing.places.by_place[place]}
    started = (not context.is_main for code in codes.values() for context in sharing.threads.of(code))
    return any(started) or any(map(locksets.holds, codes.values()))


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
    )


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
    Problem.INCONSISTENT,
    Problem.WRITE,
    Problem.LEFT,
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
        taken.add(key)
        if race.problem in (Problem.EMPTIED, Problem.REPLACED) and race.first is not None:
            taken.add((race.first.code.key, race.first.id))
        starts.add(where)
        kept.append(race)
    return kept


def _how_telling(race: Race) -> tuple[int, bool, str, int, int]:
    """What is the same in all its parts where it is, before what is seen from afar."""
    afar = race.first is not None and race.first.code is not race.code
    return ORDER.index(race.problem), afar, race.code.path, race.span.line, race.span.column


class _Judge:
    """Judges the accesses and sequences of one Place."""

    def __init__(self, case: Case, sequences: list[Composite]) -> None:
        self._case = case
        self._sequences = sequences
        case.lazy_stores.update(each.last for each in sequences if each.shape is Shape.LAZY)
        tests = [each for each in sequences if each.shape in (Shape.CHECK, Shape.LAZY)]
        case.asked_stores.update(
            each.last for each in tests if each.last.code is not each.code or acts_once(case, each)
        )

    def judge(self) -> Iterator[Race]:
        """All races of the Place."""
        case = self._case
        if not any(access.kind.writes for access in case.accesses):
            return
        seen = set(case.accesses)
        for sequence in self._sequences:
            if sequence.last in seen or sequence.first in seen or sequence.last.code is not sequence.code:
                yield from self._sequence(sequence)
        for access in case.accesses if not case.holds_lock else ():
            if access.kind not in (Kind.UPDATE, Kind.ITEM_UPDATE):
                yield from self._inconsistent(access) if not self._is_walked(access) else self._iterated(access)
                yield from self._overwritten(access)
                yield from self._left(access)
        yield from self._handed_out()

    # --- sequences ---

    def _sequence(self, sequence: Composite) -> Iterator[Race]:
        case = self._case
        held = case.over(sequence)
        if case.guard is not None and any(case.guard.protects(each) for each in held):
            # it does what the program's rule asks; who does not is reported where that is
            return
        problem, span = (None, sequence.test) if is_excused(case, sequence) else self._problem(sequence)
        found = self._evidence(sequence, held) if problem is not None else None
        if problem is None or found is None:
            return
        evidence, partner = found
        wrong = self._wrong_lock(sequence.last) if problem is Problem.UPDATE and partner is not None else None
        if wrong is not None and wrong[1].key in case.locksets.gates:
            # who comes to the other side may have asked whether it is open
            return
        if wrong is not None and partner is not None:
            problem = wrong[0]
            if problem is Problem.DIFFERENT_LOCKS and not self._is_minority(sequence.last, partner.other):
                return
        yield Race(
            problem,
            sequence.code,
            span,
            sequence.last,
            evidence,
            partner.other if partner and (evidence == "threads" or wrong) else None,
            partner.one if partner and evidence == "threads" else None,
            partner.other_context if partner and evidence == "threads" else None,
            case.guard,
            wrong[1] if wrong else None,
            sequence.first,
            not can_interleave(case, sequence, self._sequences),
            between=(*sequence.between, *sequence.tested, sequence.act),
            again=read_again(case, sequence) if partner is not None and takes_away(partner.other) else None,
        )

    def _problem(self, sequence: Composite) -> tuple[Problem | None, Span]:
        """What is wrong with the sequence if others come in between, and where to say so."""
        split = self._is_split(sequence)
        again = is_tested_again(self._case, sequence, self._sequences)
        own = sequence.last.code is sequence.code
        act = sequence.last.span if own else span_of(sequence.code, sequence.act)
        match sequence.shape:
            case Shape.DOUBLE_READ:
                return Problem.DOUBLE_READ, act
            case Shape.EMPTIED:
                return Problem.EMPTIED, act
            case Shape.REPLACED:
                return Problem.REPLACED, act
            case _ if split:
                return (None if again or is_memo_of_calls(self._case, sequence) else Problem.SPLIT), act
            case Shape.UPDATE:
                return (None if is_rough(self._case) else Problem.UPDATE), act
            case shape if again and self._is_locked(sequence):
                # what is asked of a function may as well be whether it is filled
                late = shape is Shape.LAZY and sequence.first.code is sequence.code
                late = late and is_filled_late(self._case, sequence)
                return (Problem.LAZY if late else None), sequence.test
            case Shape.LAZY if makes_object(self._case, sequence):
                return Problem.LAZY, sequence.test
            case Shape.LAZY if not self._case.is_constant(sequence.last):
                return None, sequence.test
            case _:
                return Problem.CHECK, sequence.test

    def _is_split(self, sequence: Composite) -> bool:
        """Whether both ends are in critical sections of one lock, but not in the same one."""
        if self._case.over(sequence):
            return False
        locksets, code, first = self._case.locksets, sequence.code, sequence.first
        asked = first.code is not code
        before = protections(locksets.held(first.code, first.id if asked else sequence.between[0]), first)
        after = self._at_act(sequence)
        return any(one.excludes(other) for one in _known(before) for other in _known(after))

    def _at_act(self, sequence: Composite) -> list[Protection]:
        first, last = sequence.first, sequence.last
        if first.code is not sequence.code:
            return self._case.protections(last)
        held = self._case.locksets.held(sequence.code, sequence.act)
        return protections(held, last if last.code is sequence.code else first)

    def _is_locked(self, sequence: Composite) -> bool:
        inside = self._case.protections(sequence.last) if sequence.last.code is not sequence.code else []
        return bool(_known(self._at_act(sequence)) or _known(inside))

    def _evidence(self, sequence: Composite, held: list[Protection]) -> tuple[Evidence, Partner | None] | None:
        case, code = self._case, sequence.code
        seen = sequence.first if sequence.first.code is code and sequence.last.code is not code else sequence.last
        again = read_again(case, sequence) is not None
        partner = case.partner(seen, held, lambda other: again and takes_away(other), within=code)
        partner = partner or case.partner(seen, held, lambda other: can_outdate(case, sequence, other), within=code)
        if partner is not None:
            return "threads", partner
        if sequence.asserted:
            return None
        if self._is_guarded_elsewhere(sequence, held):
            return "claim" if case.place in case.locksets.claims.guards else "lock", None
        partner = case.assumed_partner(seen, held, lambda other: can_outdate(case, sequence, other))
        return None if partner is None else ("assumed", partner)

    def _is_guarded_elsewhere(self, sequence: Composite, held: list[Protection]) -> bool:
        """Evidence `lock`: other code changes the Place under a lock that is not held over this sequence."""
        case, guard = self._case, self._case.guard
        if guard is None or guard.share < HALF or not case.is_unguarded(held) or not case.is_reached(sequence.code):
            return False
        if not case.is_insider(sequence.first):
            return False
        own = {(sequence.code.key, id) for id in sequence.between}
        elsewhere = [
            access
            for access in case.accesses
            if (access.code.key, access.id) not in own
            and any(guard.protects(each) for each in case.protections(access))
            and not exclude_each_other(held, case.protections(access))
            and case.may_meet(sequence.last if sequence.last.code is sequence.code else sequence.first, access)
        ]
        if sequence.shape is Shape.DOUBLE_READ:
            return any(case.clears(access) for access in elsewhere)
        at_act = case.protections(sequence.last)
        act_guarded = any(map(guard.protects, at_act)) and not exclude_each_other(held, at_act)
        if sequence.shape in (Shape.CHECK, Shape.LAZY) and act_guarded:
            return True
        return any(access.kind.writes and can_outdate(case, sequence, access) for access in elsewhere)

    def _wrong_lock(self, access: Access) -> tuple[Problem, Lock] | None:
        """What is held here, though it does not help: no exclusion at all, or another lock than elsewhere."""
        for use in self._case.locksets.held(access.code, access.id):
            lock = use.lock
            if lock.kind is None:
                continue
            if not lock.excludes or use.mode is LockKind.READER or relation(use, access) == "instance":
                return Problem.NO_EXCLUSION, lock
            return Problem.DIFFERENT_LOCKS, lock
        return None

    def _is_minority(self, here: Access, there: Access) -> bool:
        """Of the two sides of a different-locks race, the one to report: not the guard's, else the later one."""
        guard = self._case.guard
        if guard is not None and guard.share > HALF:
            mine, theirs = (any(map(guard.protects, self._case.protections(each))) for each in (here, there))
            if mine != theirs:
                return not mine
        return (here.code.path, here.span.line) >= (there.code.path, there.span.line)

    # --- single accesses ---

    def _inconsistent(self, access: Access) -> Iterator[Race]:
        case, guard = self._case, self._case.guard
        if case.place in case.locksets.claims.guards:
            return
        if guard is None or guard.guarded < 2 or not case.is_unguarded(case.protections(access)):
            return
        if not case.is_reached(access.code) or not case.is_insider(access) or case.is_constant_state():
            return
        if not _is_forgotten(case, access, guard) or self._is_left_to_holder(access, guard):
            return
        if self._is_asked_again(access, guard):
            return
        if not access.kind.rebinds and case.guards_itself:
            return
        if is_swapped_out(case, access, guard) or is_snapshot(case, access) or is_claim(case, access):
            return
        if is_single_step(case, access, guard):
            return
        guarded = (each for each in case.accesses if any(map(guard.protects, case.protections(each))))
        meant = (each for each in guarded if each.kind.writes or access.kind.writes)
        held = case.protections(access)
        if all(exclude_each_other(held, case.protections(each)) or not case.may_meet(access, each) for each in meant):
            return
        wrong = self._wrong_lock(access)
        if wrong is not None and wrong[1].key == guard.lock.key:
            # a lock made by the same class: it may be another way to the guard, or there for this step alone
            return
        problem = wrong[0] if wrong is not None and access.kind.writes else Problem.INCONSISTENT
        lock = wrong[1] if wrong is not None else None
        for code, span in self._where_forgotten(access, guard):
            yield Race(problem, code, span, access, "lock", guard.example, guard=guard, lock=lock)

    def _is_left_to_holder(self, access: Access, guard: Guard) -> bool:
        """Whether the function goes on to try the very guard: who holds it meanwhile looks again when done."""
        holdings, code = self._case.locksets.holdings, access.code
        later = [edge.callee.key for edge in self._case.threads.calls.only_calls(code) if edge.site > access.id]
        holders = [holdings[key] for key in (code.key, *later) if key in holdings]
        tries = [each for holding in holders for each in holding.acquisitions.values()]
        return any(each.use.lock.key == guard.lock.key and not each.waits for each in tries)

    def _is_asked_again(self, access: Access, guard: Guard) -> bool:
        """Whether a read only saves taking the guard: the function goes on to take it, and looks again."""
        locksets, code = self._case.locksets, access.code

        def is_later(id: int) -> bool:
            return id > access.id and any(use.lock.key == guard.lock.key for use in locksets.held(code, id))

        called = {edge.callee.key for edge in self._case.threads.calls.calls(code) if is_later(edge.site)}
        looks = (each for each in self._case.accesses if each.kind is access.kind and not each.kind.writes)
        return any(each.code.key in called or (each.code is code and is_later(each.id)) for each in looks)

    def _where_forgotten(self, access: Access, guard: Guard) -> list[tuple[Code, Span]]:
        """The access itself; in a helper that other callers call with the lock held, the calls that forgot it."""
        locksets, calls = self._case.locksets, self._case.threads.calls
        callers = calls.callers(access.code)
        without = [
            edge
            for edge in callers
            if not any(use.lock.key == guard.lock.key for use in locksets.held(edge.caller, edge.site))
        ]
        if len(without) < len(callers) and access.code.key not in calls.escaping:
            return [
                (edge.caller, span_of(edge.caller, edge.site))
                for edge in without
                if self._case.threads.may_be_beside(edge.caller, edge.site) and not self._is_on_purpose(edge, guard)
            ]
        return [(access.code, access.span)]

    def _is_on_purpose(self, edge: Edge, guard: Guard) -> bool:
        """Whether a caller goes on without the guard knowingly: it has tried to get it, or nobody else is there yet."""
        holding = self._case.locksets.holdings.get(edge.caller.key)
        taken = holding.acquisitions.values() if holding is not None else ()
        if any(each.use.lock.key == guard.lock.key and not each.waits and each.id < edge.site for each in taken):
            return True
        return edge.caller.name in ("__enter__", "__aenter__") and all(
            self._case.sharing.places.dataflow(entered.caller).path(entered.site).startswith("%")
            for entered in self._case.threads.calls.callers(edge.caller)
        )

    # --- iterations ---

    def _is_walked(self, access: Access) -> bool:
        """Whether an access is an iteration, or fetches the view for one."""
        if access.kind is Kind.ITERATE:
            return True
        views = access.kind is Kind.CONTENT and access.method in VIEWS
        return views and any(
            each.kind is Kind.ITERATE and each.code is access.code and each.load == access.load
            for each in self._case.accesses
        )

    def _iterated(self, access: Access) -> Iterator[Race]:
        """An iteration while others change the size of what it goes over."""
        case, guard = self._case, self._case.guard
        held = case.protections(access)
        if access.kind is not Kind.ITERATE or is_retried(case, access) or is_taken_out(case, access):
            return
        if guard is not None and (any(map(guard.protects, held)) or is_swapped_out(case, access, guard)):
            return
        if self._is_handed_out(access) or is_behind_view(case, access):
            return
        partner = case.partner(access, held, harms(case, access), is_no_setup)
        if partner is not None:
            one, context = partner.one, partner.other_context
            yield self._iteration(access, partner.other, "threads", access.code, access.span, one, context)
        elif (changed := self._changed_under_guard(access, held)) is not None:
            for code, span in self._where_forgotten(access, changed[0]):
                yield self._iteration(access, changed[1], "lock", code, span)
        elif partner := case.assumed_partner(access, held, harms(case, access)):
            yield self._iteration(access, partner.other, "assumed", access.code, access.span)

    def _changed_under_guard(self, access: Access, held: list[Protection]) -> tuple[Guard, Access] | None:
        case, guard = self._case, self._case.guard
        if guard is None or guard.guarded < 2 or not case.is_unguarded(held):
            return None
        if not case.is_reached(access.code) or not case.is_insider(access) or self._is_left_to_holder(access, guard):
            return None
        changed = changed_under(case, access, guard, held)
        return None if changed is None else (guard, changed)

    def _iteration(
        self,
        access: Access,
        other: Access,
        evidence: Evidence,
        code: Code,
        span: Span,
        one: Context | None = None,
        context: Context | None = None,
    ) -> Race:
        return Race(
            Problem.ITERATION,
            code,
            span,
            access,
            evidence,
            other,
            one,
            context,
            self._case.guard,
            needs_no_gil=access.one_step_with_gil,
            harm=harm(self._case, access, other),
        )

    def _is_handed_out(self, access: Access) -> bool:
        knowledge = self._case.sharing.places.types.names.knowledge
        return access.id in access.code.returns and knowledge.is_lazy(access.method)

    def _handed_out(self) -> Iterator[Race]:
        """Live views that leave the critical section, for callers to go over without the lock."""
        case, guard = self._case, self._case.guard
        if guard is None or guard.guarded < 2:
            return
        for access in case.accesses:
            if access.id not in access.code.returns or not any(map(guard.protects, case.protections(access))):
                continue
            changed = changed_under(case, access, guard, [])
            is_view = access.method in VIEWS or self._is_handed_out(access)
            if is_view and changed is not None and is_walked_outside(case, access, guard):
                race = self._iteration(access, changed, "lock", access.code, access.span)
                yield replace(race, problem=Problem.HANDED_OUT)

    def _overwritten(self, access: Access) -> Iterator[Race]:
        """A write whose value this run wants back, while another run of the same code may write its own."""
        case = self._case
        if access.kind is not Kind.WRITE or case.is_constant(access) or access in case.lazy_stores:
            return
        held, harmful = case.protections(access), loses_to(case, access)
        partner = case.partner(access, held, harmful)
        is_run_beside_itself = partner is not None and partner.one is partner.other_context
        if not is_run_beside_itself and case.assumed_partner(access, held, harmful) is None:
            return
        # asked last, as it follows the calls from here through the whole program
        back = self._read_back(access) or left_for_exit(case, access)
        if back is None:
            return
        race = Race(Problem.WRITE, access.code, access.span, access, "assumed", back)
        if partner is not None and is_run_beside_itself:
            race = replace(race, evidence="threads", one=partner.one, other_context=partner.other_context)
        yield replace(race, needs_no_gil=are_read_at_once(case))

    def _left(self, access: Access) -> Iterator[Race]:
        """A call that leaves something in an object for a later one, while others make calls of their own."""
        case = self._case
        back = left_for_later(case, access)
        if back is None:
            return
        held, harmful = case.protections(access), moves_on(case, access)
        partner = case.partner(access, held, harmful)
        if partner is not None:
            one, other = partner.one, partner.other_context
            yield Race(Problem.LEFT, access.code, access.span, access, "threads", back, one, other)
        elif case.assumed_partner(access, held, harmful) is not None:
            yield Race(Problem.LEFT, access.code, access.span, access, "assumed", back)

    def _read_back(self, access: Access) -> Access | None:
        """A later read of the Place in the same run of the function, directly or in what it calls."""
        reads = [other for other in self._case.accesses if not other.kind.writes]
        for other in reads:
            if other.code is access.code and other.base == access.base and other.id > access.id:
                return other
        calls = self._case.threads.calls
        reached = calls.reachable([edge.callee for edge in calls.calls(access.code) if edge.site > access.id])
        return next((other for other in reads if other.code.key in reached and other.code is not access.code), None)


def _known(held: list[Protection]) -> list[Protection]:
    """The locks that surely are locks and exclude."""
    return [each for each in held if each.lock.excludes and each.lock.kind is not None]


def _is_forgotten(case: Case, access: Access, guard: Guard) -> bool:
    """Whether leaving out the lock here looks like an oversight and does harm."""
    if access.kind.writes:
        return guard.share >= HALF
    if access.kind is Kind.CONTENT:
        return guard.total - guard.guarded <= 1 and guard.guarded >= 4
    return False
