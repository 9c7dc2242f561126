"""Stage 9: which accesses and sequences race? A chain of filters; what is left is told with both sides.

conflicting: two accesses of one Place, one of them a write -> shared: on one object, by contexts that may overlap
-> unguarded: no common lock over the whole sequence -> unexcused: none of the shapes that are right without a lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from racelint import facts
from racelint.facts import Span
from racelint.findings import Evidence
from racelint.knowledge.model import LockKind
from racelint.program.guards import Guard, Protection, exclude_each_other, infer_guard, protections, relation, steady
from racelint.program.locks import Lock
from racelint.program.locksets import LockSets
from racelint.program.places import Access, Kind, Place
from racelint.program.sequences import REMOVES, Composite, Sequences, Shape
from racelint.program.sharing import Sharing, is_confined
from racelint.program.source import Code
from racelint.program.threads import Context
from racelint.program.values import Instance, Library, LibraryObject


class Problem(Enum):
    """What is wrong with a racing access."""

    UPDATE = "update"
    INCONSISTENT = "inconsistent"
    DIFFERENT_LOCKS = "different locks"
    NO_EXCLUSION = "no exclusion"
    WRITE = "write"
    CHECK = "check"
    LAZY = "lazy"
    SPLIT = "split"
    DOUBLE_READ = "double read"


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
    plain_update: bool = False
    """An update with no call or loop between its read and its store: nothing can come between with the GIL."""

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


@dataclass(frozen=True, slots=True)
class _Partner:
    other: Access
    one: Context
    other_context: Context


def link_races(sharing: Sharing, locksets: LockSets, sequences: Sequences) -> Races:
    """Judge every Place."""
    by_place: dict[Place, list[Composite]] = {}
    for sequence in sequences.found:
        by_place.setdefault(sequence.first.place, []).append(sequence)
    races = Races()
    places = sharing.places
    for place in sorted(places.by_place, key=lambda place: (place.symbol, place.kind, place.owner)):
        accesses = places.by_place[place]
        if not any(access.kind.writes for access in accesses) or is_confined(places, place):
            continue
        judged = _Judge(place, accesses, by_place.get(place, []), sharing, locksets).judge()
        races.found.extend(_one_per_cause(judged))
    return races


THREAD_KEYS = frozenset({"threading.get_ident", "threading.current_thread", "threading.get_native_id"})
"""What names the running thread."""

HALF = 0.5
"""A lock that is held at fewer of the accesses is not the Place's guard, it only happens to be held."""

ORDER = (
    Problem.NO_EXCLUSION,
    Problem.DIFFERENT_LOCKS,
    Problem.SPLIT,
    Problem.LAZY,
    Problem.CHECK,
    Problem.DOUBLE_READ,
    Problem.UPDATE,
    Problem.INCONSISTENT,
    Problem.WRITE,
)


def _one_per_cause(races: Iterator[Race]) -> list[Race]:
    """One report for each access: the most telling one."""
    kept: list[Race] = []
    taken: set[tuple[int, int]] = set()
    starts: set[tuple[int, Problem]] = set()
    for race in sorted(
        races, key=lambda race: (ORDER.index(race.problem), race.code.path, race.span.line, race.span.column)
    ):
        key = (race.access.code.key, race.access.id)
        where = (-1 if race.problem is Problem.LAZY else race.code.key, race.problem)
        if (key in taken and race.problem is not Problem.UPDATE) or where in starts:
            continue
        taken.add(key)
        starts.add(where)
        kept.append(race)
    return kept


class _Judge:
    """Judges the accesses of one Place."""

    def __init__(
        self,
        place: Place,
        accesses: list[Access],
        sequences: list[Composite],
        sharing: Sharing,
        locksets: LockSets,
    ) -> None:
        self._place = place
        self._sharing = sharing
        self._threads = sharing.threads
        self._locksets = locksets
        self._sequences = sequences
        self._accesses = [
            access for access in accesses if not self._is_early(access) and not self._is_thread_slot(access)
        ]
        self._held = {
            (access.code.key, access.id): protections(locksets.held(access.code, access.id), access)
            for access in self._accesses
        }
        self._guard = infer_guard([(access, self._protections(access)) for access in self._accesses])
        self._assumed = sharing.is_assumed(place)
        self._is_lock = any(
            isinstance(value, LibraryObject) and sharing.places.types.names.knowledge.lock(value.qualname) is not None
            for value in sharing.places.values(place)
        )

    def _is_early(self, access: Access) -> bool:
        if not self._sharing.is_early(access):
            return False
        return not any(
            code is access.code and id < access.id
            for context in self._threads.contexts[1:]
            for code, id in context.starts
        )

    def _is_thread_slot(self, access: Access) -> bool:
        """An item under the running thread's own key."""
        if access.key < 0:
            return False
        types = self._sharing.places.types
        flow = self._sharing.places.dataflow(access.code)
        operation = flow.operation(access.key)
        while isinstance(operation, facts.LoadAttr):
            operation = flow.operation(operation.base)
        return type(operation) is facts.Call and any(
            isinstance(value, Library) and value.qualname in THREAD_KEYS
            for value in types.of(access.code, operation.callee)
        )

    def judge(self) -> Iterator[Race]:
        """All races of the Place."""
        if not any(access.kind.writes for access in self._accesses):
            return
        for sequence in self._sequences:
            if (
                sequence.last in self._accesses
                or sequence.first in self._accesses
                or sequence.last.code is not sequence.code
            ):
                yield from self._sequence(sequence)
        if self._is_lock:
            return
        yield from self._single_accesses()

    # --- protection ---

    def _protections(self, access: Access) -> list[Protection]:
        found = self._held.get((access.code.key, access.id))
        if found is None:
            found = protections(self._locksets.held(access.code, access.id), access)
        return found

    def _over(self, sequence: Composite) -> list[Protection]:
        """The locks held over the whole sequence in one critical section."""
        code = sequence.code
        held = steady(self._locksets.held(code, id) for id in sequence.between)
        return protections(held, sequence.first)

    # --- the other side ---

    def _partner(self, access: Access, held: list[Protection], *, writes: bool = True) -> _Partner | None:
        """Somebody who changes the Place (or looks at it, if not `writes`) while `access` is under way."""
        best: _Partner | None = None
        for one in self._threads.of(access.code):
            for other in self._accesses:
                if not (other.kind.writes if writes else other is not access):
                    continue
                if exclude_each_other(held, self._protections(other)):
                    continue
                for other_context in self._threads.of(other.code):
                    if one.is_main and other_context.is_main:
                        continue
                    if self._threads.overlap(one, access.code, access.id, other_context, other.code, other.id):
                        if self._sharing.in_common(access, one, other, other_context):
                            found = _Partner(other, one, other_context)
                            if best is None or (other is access and best.other is not access):
                                best = found
        return best

    def _is_unguarded(self, held: list[Protection]) -> bool:
        """Whether what is held is surely not the guard, nor anything that may be a lock of unknown kind."""
        guard = self._guard
        assert guard is not None
        return not any(guard.protects(each) or each.lock.kind is None or each.relation == "other" for each in held)

    # --- sequences ---

    def _sequence(self, sequence: Composite) -> Iterator[Race]:
        held = self._over(sequence)
        first, last = sequence.first, sequence.last
        if self._guard is not None and any(self._guard.protects(each) for each in held):
            # it does what the program's rule asks; who does not is reported where that is
            return
        if sequence.shape is not Shape.UPDATE and self._is_excused(sequence):
            return
        problem, span = self._problem(sequence)
        if problem is None:
            return
        partner = self._partner(self._seen_here(sequence), held)
        code = sequence.code
        evidence: Evidence | None = None
        if partner is not None and self._matters(sequence, partner.other):
            evidence = "threads"
        elif self._guarded_elsewhere(sequence, held):
            evidence, partner = "lock", None
        elif self._assumed and not held and self._is_reached(code):
            evidence, partner = "assumed", None
        if evidence is None:
            return
        wrong = self._wrong_lock(last) if problem is Problem.UPDATE else None
        if wrong is not None and partner is not None:
            problem = wrong[0]
            if problem is Problem.DIFFERENT_LOCKS and not self._is_minority(sequence, partner):
                return
        yield Race(
            problem,
            code,
            span,
            last,
            evidence,
            partner.other if partner else None,
            partner.one if partner else None,
            partner.other_context if partner else None,
            self._guard,
            wrong[1] if wrong else None,
            first,
            problem is Problem.UPDATE and self._is_plain(sequence),
        )

    def _is_plain(self, sequence: Composite) -> bool:
        low, high = min(sequence.between), max(sequence.between)
        operations = sequence.code.operations[low:high]
        return not any(isinstance(each, facts.Call | facts.Await | facts.Yield | facts.Element) for each in operations)

    def _seen_here(self, sequence: Composite) -> Access:
        """The sequence as one access at its end, for the question who runs beside it."""
        return sequence.last if sequence.last.code is sequence.code else sequence.first

    def _problem(self, sequence: Composite) -> tuple[Problem | None, Span]:
        first, last = sequence.first, sequence.last
        code = sequence.code
        asked = first.code is not code
        before = protections(self._locksets.held(first.code, first.id if asked else sequence.between[0]), first)
        after = (
            self._protections(last)
            if asked
            else protections(self._locksets.held(code, sequence.act), last if last.code is code else first)
        )
        locked_before = [each for each in before if each.lock.excludes and each.lock.kind is not None]
        locked_after = [each for each in after if each.lock.excludes and each.lock.kind is not None]
        split = any(one.excludes(other) for one in locked_before for other in locked_after)
        act_span = last.span if last.code is code else _span_of(code, sequence.act)
        match sequence.shape:
            case Shape.UPDATE if split and not self._over(sequence):
                return (None if self._tested_again(sequence) else Problem.SPLIT), last.span
            case Shape.UPDATE:
                return Problem.UPDATE, last.span
            case Shape.DOUBLE_READ:
                return Problem.DOUBLE_READ, act_span
            case shape:
                if split and not self._over(sequence):
                    return (None if self._tested_again(sequence) else Problem.SPLIT), act_span
                if locked_after and self._tested_again(sequence):
                    filled_late = shape is Shape.LAZY and self._is_filled_late(sequence)
                    return (Problem.LAZY if filled_late else None), sequence.test
                lazy = shape is Shape.LAZY and self._makes_object(sequence)
                if shape is Shape.LAZY and not lazy and not self._is_flag(sequence):
                    return None, act_span
                return (Problem.LAZY if lazy else Problem.CHECK), sequence.test

    def _tested_again(self, sequence: Composite) -> bool:
        """Double-checked: the act's own critical section tests once more, this or what goes with it (a version)."""
        code = sequence.code
        held = self._locksets.held(code, sequence.act)
        for id in sequence.tested:
            tested = self._locksets.held(code, id)
            if any(held.get(use) == section for use, section in tested.items() if use.lock.excludes):
                return True
        if sequence.last.code is code:
            return False
        inner = self._locksets.held(sequence.last.code, sequence.last.id)
        return bool(inner) and any(
            other.first.code is sequence.last.code and other.act == sequence.last.id for other in self._sequences
        )

    def _is_flag(self, sequence: Composite) -> bool:
        return self._sharing.places.dataflow(sequence.last.code).is_constant(sequence.last.value)

    def _is_filled_late(self, sequence: Composite) -> bool:
        """Published, then filled: after the store the object is still being worked on in the critical section."""
        code = sequence.last.code
        held = self._locksets.held(code, sequence.act)
        flow = self._sharing.places.dataflow(code)
        for access in self._accesses:
            if (
                access.code is code
                and access.id > sequence.act
                and access.kind is Kind.READ
                and access.base == sequence.last.base
            ):
                same = any(held.get(use) == section for use, section in self._locksets.held(code, access.id).items())
                fetched = [use for use in flow.uses(access.id) if isinstance(use, facts.LoadAttr | facts.StoreAttr)]
                called = any(isinstance(use, facts.Call) for each in fetched for use in flow.uses(each.id))
                if same and (called or any(isinstance(each, facts.StoreAttr) for each in fetched)):
                    return True
        return False

    def _makes_object(self, sequence: Composite) -> bool:
        """Whether the lazily made value has an identity or a state: two of them are not as good as one."""
        last = sequence.last
        types = self._sharing.places.types
        flow = self._sharing.places.dataflow(last.code)
        if flow.is_constant(last.value):
            return False
        if self._guard is not None:
            return True
        values = types.of(last.code, last.value)
        safety = types.names.knowledge.safety
        return any(
            isinstance(value, Instance)
            or (
                isinstance(value, LibraryObject)
                and ((known := safety(value.qualname)) is None or known.kind.value != "immutable")
            )
            for value in values
        )

    def _is_excused(self, sequence: Composite) -> bool:
        flow = self._sharing.places.dataflow(sequence.code)
        if sequence.shape is Shape.DOUBLE_READ:
            return not any(
                (access.kind is Kind.DELETE or (access.kind is Kind.WRITE and self._sets_none(access)))
                for access in self._accesses
            )
        if sequence.shape is Shape.CHECK and sequence.last.kind is Kind.WRITE and sequence.last.code is sequence.code:
            # a flag that is only ever raised may be raised twice
            only_raised = flow.is_constant(sequence.last.value) and sequence.first.kind is Kind.READ
            return only_raised and not self._acts_once(sequence)
        return False

    def _acts_once(self, sequence: Composite) -> bool:
        """Whether more than the flag depends on the test: something is started, made or torn down once."""
        code = sequence.code
        low, high = sequence.first.id, sequence.act
        calls = [each for each in code.operations if type(each) is facts.Call and each.id > low]
        del high
        return bool(calls)

    def _sets_none(self, access: Access) -> bool:
        return self._sharing.places.dataflow(access.code).is_none(access.value)

    def _matters(self, sequence: Composite, other: Access) -> bool:
        """Whether what the other side does can make the test stale."""
        if sequence.shape is Shape.DOUBLE_READ:
            return any(
                access.kind is Kind.DELETE or (access.kind is Kind.WRITE and self._sets_none(access))
                for access in self._accesses
                if self._races_with(sequence, access)
            )
        act = sequence.last
        if act.kind is Kind.CONTENT or act.method in REMOVES:
            return any(
                access.method in REMOVES or access.kind.rebinds
                for access in self._accesses
                if self._races_with(sequence, access)
            )
        return True

    def _races_with(self, sequence: Composite, access: Access) -> bool:
        seen = self._seen_here(sequence)
        held = self._over(sequence)
        if exclude_each_other(held, self._protections(access)):
            return False
        return any(
            self._threads.overlap(one, seen.code, seen.id, other, access.code, access.id)
            and self._sharing.in_common(seen, one, access, other)
            for one in self._threads.of(seen.code)
            for other in self._threads.of(access.code)
            if not (one.is_main and other.is_main)
        )

    def _guarded_elsewhere(self, sequence: Composite, held: list[Protection]) -> bool:
        """Evidence `lock`: other code changes the Place under a lock that is not held over this sequence."""
        guard = self._guard
        if guard is None or not self._is_unguarded(held) or not self._is_reached(sequence.code):
            return False
        if not self._is_insider(sequence.first) or guard.share < HALF:
            return False
        own = {(sequence.code.key, id) for id in sequence.between}
        elsewhere = [
            access
            for access in self._accesses
            if (access.code.key, access.id) not in own
            and any(guard.protects(each) for each in self._protections(access))
        ]
        if sequence.shape is Shape.DOUBLE_READ:
            return any(
                access.kind is Kind.DELETE or self._sets_none(access) for access in elsewhere if access.kind.rebinds
            )
        act_guarded = any(guard.protects(each) for each in self._protections(sequence.last))
        if sequence.shape in (Shape.CHECK, Shape.LAZY) and act_guarded:
            return True
        return any(access.kind.writes for access in elsewhere)

    def _is_insider(self, access: Access) -> bool:
        """Whether the access is one that the guard was made for: of the object's own methods, of a global object, or of
        code beside the class. Others may have an object of their own: a test, a caller that has just made it."""
        code = access.code
        if access.place.kind != "attribute" or access.base.startswith(("g:", "c:")):
            return True
        receiver = self._sharing.places.types.attributes.receiver_of(code)
        if receiver is None or _is_test(receiver.library_bases):
            return False
        if any(each.lock.kind is not None for each in self._protections(access)):
            return True
        owner = self._sharing.places.types.names.sources.classes[access.place.owner]
        if access.base == code.function.parameters[0].name:
            return owner in receiver.mro or receiver in owner.mro
        return owner.module == code.module and access.base.startswith(code.function.parameters[0].name + ".")

    def _is_reached(self, code: Code) -> bool:
        """Whether anybody runs the function at all, as far as one can see."""
        return bool(self._threads.of(code)) and code.key not in self._threads.calls.constructing

    def _wrong_lock(self, access: Access) -> tuple[Problem, Lock] | None:
        """What is held here, though it does not help: no exclusion at all, or another lock than elsewhere."""
        for use in self._locksets.held(access.code, access.id):
            lock = use.lock
            if lock.kind is None:
                continue
            if not lock.excludes or use.mode is LockKind.READER or relation(use, access) == "instance":
                return Problem.NO_EXCLUSION, lock
            return Problem.DIFFERENT_LOCKS, lock
        return None

    def _is_minority(self, sequence: Composite, partner: _Partner) -> bool:
        """Of the two sides of a different-locks race, the one to report: not the guard's, else the later one."""
        mine = self._protections(sequence.last)
        if self._guard is not None:
            guarded = [
                any(self._guard.protects(each) for each in side) for side in (mine, self._protections(partner.other))
            ]
            if guarded[0] != guarded[1] and self._guard.guarded * 2 > self._guard.total:
                return not guarded[0]
        here, there = sequence.last, partner.other
        return (here.code.path, here.span.line) >= (there.code.path, there.span.line)

    # --- single accesses ---

    def _single_accesses(self) -> Iterator[Race]:
        for access in self._accesses:
            if access.kind in (Kind.UPDATE, Kind.ITEM_UPDATE):
                continue
            held = self._protections(access)
            yield from self._inconsistent(access, held)
            if access.kind.writes:
                yield from self._write(access, held)

    def _inconsistent(self, access: Access, held: list[Protection]) -> Iterator[Race]:
        guard = self._guard
        if guard is None or not self._is_unguarded(held) or not self._is_reached(access.code):
            return
        if not self._is_insider(access):
            return
        if self._all_constant() or guard.guarded < 2 or not self._is_forgotten(access, guard):
            return
        wrong = self._wrong_lock(access)
        problem = wrong[0] if wrong is not None and access.kind.writes else Problem.INCONSISTENT
        for code, span in self._where_forgotten(access, guard):
            yield Race(
                problem, code, span, access, "lock", guard.example, guard=guard, lock=wrong[1] if wrong else None
            )

    def _is_forgotten(self, access: Access, guard: Guard) -> bool:
        """Whether leaving out the lock here looks like an oversight and does harm."""
        if access.kind.writes:
            return guard.share >= HALF
        unguarded = guard.total - guard.guarded
        if access.kind is Kind.ITERATE:
            return guard.share >= HALF
        if access.kind is Kind.CONTENT:
            return unguarded <= 1 and guard.guarded >= 4
        return False

    def _where_forgotten(self, access: Access, guard: Guard) -> list[tuple[Code, Span]]:
        """The access itself; in a helper that other callers call with the lock held, the calls that forgot it."""
        callers = self._threads.calls.callers(access.code)
        without = [
            edge
            for edge in callers
            if not any(use.lock.key == guard.lock.key for use in self._locksets.held(edge.caller, edge.site))
        ]
        if callers and len(without) < len(callers) and access.code.key not in self._threads.calls.escaping:
            return [(edge.caller, _span_of(edge.caller, edge.site)) for edge in without]
        return [(access.code, access.span)]

    def _all_constant(self) -> bool:
        """Whether only literals are ever stored: a flag or a state, each store complete in itself."""
        stores = [access for access in self._sharing.places.by_place[self._place] if access.kind.writes]
        return all(
            access.kind is Kind.WRITE and self._sharing.places.dataflow(access.code).is_constant(access.value)
            for access in stores
        )

    def _write(self, access: Access, held: list[Protection]) -> Iterator[Race]:
        if access.kind is not Kind.WRITE or self._sharing.places.dataflow(access.code).is_constant(access.value):
            return
        back = self._read_back(access)
        if back is None:
            return
        partner = self._partner(access, held)
        if partner is not None and partner.one is partner.other_context:
            yield Race(
                Problem.WRITE, access.code, access.span, access, "threads", back, partner.one, partner.other_context
            )

    def _read_back(self, access: Access) -> Access | None:
        """A later read of the Place in the same run of the function, directly or in what it calls."""
        for other in self._accesses:
            if (
                other.code is access.code
                and other.base == access.base
                and other.id > access.id
                and not other.kind.writes
            ):
                return other
        calls = self._threads.calls
        later = [edge.callee for edge in calls.calls(access.code) if edge.site > access.id]
        reached = calls.reachable(later)
        for other in self._accesses:
            if other.code.key in reached and not other.kind.writes and other.code is not access.code:
                return other
        return None


def _is_test(bases: list[str]) -> bool:
    return any(base.startswith("unittest.") for base in bases)


def _span_of(code: Code, id: int) -> Span:
    span = getattr(code.operations[id], "span", None)
    return span if isinstance(span, Span) else code.function.span
