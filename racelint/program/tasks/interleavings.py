"""Which sequences of accesses can other tasks come into, because the task that makes them waits in between?

As for threads, with two differences: nobody comes in where nothing is awaited, and what is tested once more after the
last pause is fresh.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.findings import Evidence
from racelint.knowledge.containers import CLEARS, INSERTS
from racelint.program.contexts.threads import Threads
from racelint.program.locking.guards import BETWEEN_TASKS, Guard
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.races.cases.case import HALF, Case, Partner
from racelint.program.races.cases.insiders import is_insider
from racelint.program.races.excuses.excuses import can_outdate, is_excused
from racelint.program.races.excuses.memos import makes_object
from racelint.program.sequences.composites import Composite, Sequences, Shape
from racelint.program.sharing.sharing import Sharing, link_sharing
from racelint.program.sources.source import Code, span_of
from racelint.program.tasks.holdups import Holdup, link_holdups
from racelint.program.tasks.lingering import link_lingering
from racelint.program.tasks.pauses import Pause, pause_in
from racelint.program.tasks.renewals import is_renewed
from racelint.program.tasks.reserved import is_reserved
from racelint.program.tasks.room import asks_for_room
from racelint.program.tasks.rounds import Round, link_rounds, paused_walks
from racelint.program.tasks.suspension import Suspensions
from racelint.program.tasks.trespasses import Trespass, link_trespasses
from racelint.program.values.values import Instance, LibraryObject


class Interleaving(msgspec.Struct, frozen=True, eq=False):
    """A sequence, where its task waits inside it, and who can come in there.

    `partner` is None where the evidence is a lock: `guard` is the one that the program itself uses elsewhere.
    """

    sequence: Composite
    pause: Pause
    evidence: Evidence
    partner: Partner | None
    guard: Guard | None
    asks_for_room: bool
    """The test holds what there is against a limit."""

    @property
    def code(self) -> Code:
        """The function with the sequence."""
        return self.sequence.code

    @property
    def path(self) -> str:
        """The file of the finding."""
        return self.code.path

    @property
    def span(self) -> Span:
        """Where the finding stands: at the store of an update, else at the test."""
        sequence = self.sequence
        if sequence.shape is not Shape.UPDATE:
            return sequence.test
        return sequence.last.span if sequence.last.code is self.code else span_of(self.code, sequence.act)

    @property
    def pause_span(self) -> Span:
        """Where the task waits."""
        return span_of(self.code, self.pause.id)


class Interleavings(msgspec.Struct, frozen=True):
    """All of them, and the tasks that they are about."""

    tasks: Threads
    found: list[Interleaving]
    rounds: list[Round]
    holdups: list[Holdup]
    lingering: list[Holdup]
    trespasses: list[Trespass]


def link_interleavings(
    tasks: Threads,
    locksets: LockSets,
    sequences: Sequences,
    suspensions: Suspensions,
    assumed: Sequence[str] = (),
) -> Interleavings:
    """Judge every sequence in a coroutine, what is held while it waits, and what threads do to its loop."""

    def has_evidence(place: Place) -> bool:
        codes = {access.code.key: access.code for access in locksets.places.by_place[place]}
        started = any(not context.is_main for code in codes.values() for context in tasks.of(code))
        return bool(assumed) or started or any(map(locksets.holds, codes.values()))

    interrupted = _paused(sequences, suspensions)
    paused = {place: those for place, those in interrupted.items() if has_evidence(place)}
    walks = {place: those for place, those in paused_walks(locksets.places, suspensions).items() if has_evidence(place)}
    found: list[Interleaving] = []
    rounds: list[Round] = []
    if paused or walks:
        # to name what all tasks work on costs as much as for threads, and few of them come to any of these
        sharing = link_sharing(tasks, locksets, assumed, [*paused, *walks])
        found.extend(_judge_all(sharing, locksets, paused, suspensions))
        rounds.extend(link_rounds(sharing, locksets, walks))
    trespasses = link_trespasses(locksets, tasks, assumed)
    in_between = [each for those in interrupted.values() for each, pause in those if pause is not None]
    lingering = link_lingering(locksets, suspensions, in_between)
    return Interleavings(tasks, found, rounds, link_holdups(locksets, suspensions), lingering, trespasses)


Paused = dict[Place, list[tuple[Composite, Pause | None]]]
"""The sequences in coroutines by Place, each with its pause, for each Place that has any."""


def _paused(sequences: Sequences, suspensions: Suspensions) -> Paused:
    by_place: Paused = defaultdict(list)
    for sequence in (*sequences.found, *sequences.awaited):
        if sequence.code.function.is_async and (sequence.first.code is sequence.code or sequence.awaited):
            by_place[sequence.first.place].append((sequence, pause_in(sequence, suspensions)))
    return {place: those for place, those in by_place.items() if any(pause is not None for _, pause in those)}


def _judge_all(
    sharing: Sharing, locksets: LockSets, paused: Paused, suspensions: Suspensions
) -> Iterator[Interleaving]:
    for place, those in sorted(paused.items(), key=lambda item: (item[0].symbol, item[0].kind, item[0].owner)):
        case = Case(place, sharing, locksets, BETWEEN_TASKS)
        fresh = {_act(each) for each, pause in those if pause is None or _is_locked(case, each)}
        left = [(each, pause) for each, pause in those if pause is not None and _act(each) not in fresh]
        yield from _judge(case, left, suspensions)


def _act(sequence: Composite) -> tuple[int, int, bool]:
    """What is done, and whether on account of a test: `self.free -= 1` reads once more, but does not test again."""
    return sequence.code.key, sequence.act, sequence.shape is Shape.UPDATE


def _is_locked(case: Case, sequence: Composite) -> bool:
    return any(each.lock.excludes for each in case.over(sequence))


def _judge(case: Case, paused: Sequence[tuple[Composite, Pause]], suspensions: Suspensions) -> Iterator[Interleaving]:
    taken: set[tuple[int, Span | int]] = set()
    for sequence, pause in paused:
        # what several acts on one Place do behind one test is told, and mended, once
        keys: set[tuple[int, Span | int]] = {(sequence.last.code.key, sequence.last.id)}
        if sequence.shape is not Shape.UPDATE:
            keys.add((sequence.code.key, sequence.test))
        if keys & taken or sequence.last not in case.accesses:
            continue
        if _is_harmless(case, sequence) or is_renewed(case, sequence, pause) or is_reserved(case, sequence, pause):
            continue
        if _is_tested_again(case, sequence, pause, suspensions) or not _is_asked_itself(case, sequence):
            continue
        found = _evidence(case, sequence)
        if found is not None:
            taken |= keys
            yield Interleaving(sequence, pause, *found, case.guard, asks_for_room(case, sequence))


# --- evidence ---


def _evidence(case: Case, sequence: Composite) -> tuple[Evidence, Partner | None] | None:
    """Why it is believed that another task comes in: it is traced, the program guards the Place, or it is assumed."""
    harms = partial(_harms, case, sequence)
    partner = case.partner(sequence.last, [], harms)
    if partner is not None:
        return "threads", partner
    if _is_guarded_elsewhere(case, sequence):
        return "lock", None
    partner = case.assumed_partner(sequence.last, [], harms)
    return None if partner is None else ("assumed", partner)


def _harms(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether a write in between makes wrong what the task does then."""
    act = sequence.last
    if not can_outdate(case, sequence, other):
        return False
    if act.method in INSERTS:
        # what others have taken away meanwhile leaves room
        return other.method in INSERTS or other.kind in (Kind.WRITE, Kind.UPDATE)
    if sequence.shape is Shape.CHECK and act.kind is Kind.WRITE:
        # a state that is set late: wrong where another run of the same has got the same answer
        return other is act
    return True


def _is_guarded_elsewhere(case: Case, sequence: Composite) -> bool:
    """Whether another coroutine changes the Place under an asynchronous lock that is not held over this sequence."""
    guard = case.guard
    if guard is None or guard.share < HALF or not is_insider(case, sequence.first):
        return False
    return any(
        access.code is not sequence.code
        and access.kind.writes
        and any(guard.protects(each) for each in case.protections(access))
        and _harms(case, sequence, access)
        for access in case.accesses
    )


# --- what is right without a lock ---


def _is_harmless(case: Case, sequence: Composite) -> bool:
    """Whether it does not matter that others came in: what is then made or taken away twice is as good as once."""
    act = sequence.last
    if sequence.shape in (Shape.LAZY, Shape.CHECK) and act.kind is Kind.WRITE and case.is_constant(act):
        return not _starts_once(case, sequence)
    if sequence.shape is Shape.LAZY:
        return is_excused(case, sequence) or not (_is_made(case, act) and makes_object(case, sequence))
    if sequence.shape is Shape.CHECK and act.method in CLEARS:
        return True
    if sequence.shape is Shape.CHECK and act.kind is Kind.WRITE:
        # a table in which something was not found may be read anew by two
        return sequence.first.kind is not Kind.READ or not (_is_made(case, act) and makes_object(case, sequence))
    return is_excused(case, sequence)


def _is_made(case: Case, act: Access) -> bool:
    """Whether what is stored is made by the function that stores it, not handed to it."""
    flow = case.sharing.places.dataflow(act.code)
    pending, seen = [act.value], set[int]()
    while pending:
        id = pending.pop()
        if id in seen:
            continue
        seen.add(id)
        match flow.operation(id):
            case facts.Call():
                return True
            case facts.Await(value=value) | facts.Unpack(value=value):
                pending.append(value)
            case facts.Phi(inputs=inputs) | facts.Choice(operands=inputs):
                pending.extend(inputs)
            case _:
                pass
    return False


def _starts_once(case: Case, sequence: Composite) -> bool:
    """Whether a flag is raised beside something that shall be made only once: `if not self.running` and so on."""
    code, act = sequence.code, sequence.last
    if sequence.wants is not False or case.sharing.places.dataflow(act.code).truth(act.value) is False:
        return False
    if act.code is not code or any(type(n) is facts.Loop and n.span == sequence.test for n in code.controls):
        # a loop that runs until the flag is raised
        return False
    types = case.sharing.places.types
    return any(
        each.kind is Kind.WRITE
        and each.id > sequence.first.id
        and any(isinstance(value, Instance | LibraryObject) for value in types.of(code, each.value))
        for each in case.sharing.places.of(code)
    )


def _is_tested_again(case: Case, sequence: Composite, pause: Pause, suspensions: Suspensions) -> bool:
    """Whether the Place is looked at once more after the pause: around the act, or in the function that acts."""
    last = sequence.last
    for each in case.sharing.places.of(sequence.code):
        again = {each.id, each.load} & set(sequence.tested)
        if each.place is last.place and each.id > pause.id and again:
            return True
    if last.code is sequence.code:
        return False
    return any(
        each.place is last.place and not each.kind.writes and each.id < until
        for code, until in ((last.code, last.id), *_on_the_way(case, sequence))
        for each in case.sharing.places.of(code)
    )


def _on_the_way(case: Case, sequence: Composite) -> Iterator[tuple[Code, int]]:
    """The functions between the sequence's own and the one that acts, each with the call by which it goes on."""
    calls = case.threads.calls
    for edge in calls.calls(sequence.code):
        if edge.site == sequence.act and edge.callee is not sequence.last.code:
            yield from (
                (edge.callee, each.site) for each in calls.calls(edge.callee) if each.callee is sequence.last.code
            )


def _is_asked_itself(case: Case, sequence: Composite) -> bool:
    """Whether the test is about what was read, not about the answer that somebody else gave to it."""
    if sequence.shape is Shape.UPDATE or sequence.first.code is not sequence.code:
        return True
    flow = case.sharing.places.dataflow(sequence.code)
    loads = {sequence.first.id, sequence.first.load}
    tests = [
        node.test
        for node in sequence.code.controls
        if isinstance(node, facts.Branch | facts.Loop) and node.span == sequence.test
    ]
    return not tests or any(loads & flow.sources(each, awaited=False) for each in tests)
