"""Part of the races stage: sequences that others can come into, between the first access and the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from racelint.facts import Span
from racelint.findings import Evidence
from racelint.knowledge.containers import INSERTS
from racelint.knowledge.model import LockKind
from racelint.program.contexts.contexts import Context
from racelint.program.locking.guards import Guard, Protection, protections
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import HALF, Case, Partner
from racelint.program.races.cases.disturbances import read_again, takes_away
from racelint.program.races.cases.offspring import is_run_by_what_is_stored
from racelint.program.races.excuses.caches import is_worked_out_outside
from racelint.program.races.excuses.depths import is_deep, is_deep_down
from racelint.program.races.excuses.double_checked import is_filled_late, is_looked_at_within, is_tested_again
from racelint.program.races.excuses.emptied import is_wound_up
from racelint.program.races.excuses.excuses import can_outdate, is_excused
from racelint.program.races.excuses.flags import FLAGS, is_only_raised
from racelint.program.races.excuses.memos import is_kept_for_good, is_memo_of_calls, makes_object
from racelint.program.races.excuses.rough import is_rough, is_shown_number, is_tally
from racelint.program.races.kinds.believed import guarded_elsewhere, shown_beside
from racelint.program.races.kinds.keyed import has_own_item
from racelint.program.races.kinds.latches import is_made_by_taker
from racelint.program.races.kinds.oversights import wrong_lock
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.races.kinds.switching import can_interleave
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sequences.swaps import SWAPS
from racelint.program.sharing.beliefs import FOR_ALL
from racelint.program.sources.source import Code, span_of


def intruded(case: Case, beside: list[Composite], sequence: Composite) -> Iterator[Race]:
    """The race of a sequence, if others may come in; `beside` are all sequences of the Place."""
    held = case.over(sequence)
    if case.guard is not None and any(case.guard.protects(each) and _is_enough(sequence, each) for each in held):
        # it does what the program's rule asks; who does not is reported where that is
        return
    problem, span = (None, sequence.test) if is_excused(case, sequence) else _problem(case, beside, sequence)
    found = _evidence(case, beside, sequence, held) if problem is not None else None
    if problem is None or found is None:
        return
    evidence, partner = found
    if evidence == "lock" and _is_from_outside(sequence) and not case.is_assumed:
        # whoever uses the object from outside may have one of his own
        return
    guard, own = _example(case, sequence, held) if evidence in ("lock", "claim") else (case.guard, None)
    shown = shown_beside(case, sequence) if evidence == "lock" and not case.has_guard else None
    wrong = wrong_lock(case, sequence.last) if problem is Problem.UPDATE and partner is not None else None
    if wrong is not None and wrong[1].key in case.locksets.gates:
        # who comes to the other side may have asked whether it is open
        return
    if wrong is not None and partner is not None:
        problem = wrong[0]
        if problem is Problem.DIFFERENT_LOCKS and not _is_minority(case, sequence.last, partner.other):
            return
    yield Race(
        problem,
        sequence.code,
        span,
        sequence.last,
        evidence,
        partner.other if partner and (evidence == "threads" or wrong or shown) else own,
        partner.one if partner and evidence == "threads" else None,
        partner.other_context if partner and evidence == "threads" else None,
        guard,
        wrong[1] if wrong else None,
        sequence.first,
        not can_interleave(case, sequence, beside),
        between=(*sequence.between, *sequence.tested, sequence.act),
        beside=shown,
        again=read_again(case, sequence) if partner is not None and takes_away(partner.other) else None,
        filled_late=problem is Problem.LAZY and is_tested_again(case, sequence, beside) and _is_locked(case, sequence),
        slight=evidence == "threads" and partner is not None and is_deep_down(case, sequence, partner),
    )


def _example(case: Case, sequence: Composite, held: list[Protection]) -> tuple[Guard | None, Access | None]:
    """The guard, with where others hold it; the act instead where only another call of the same function does: that is
    no example of how others do it."""
    other = guarded_elsewhere(case, sequence, held) if case.guard is not None else None
    if case.guard is None or other is None or other is sequence.last:
        return case.guard, other
    return replace(case.guard, example=other), None


def _is_from_outside(sequence: Composite) -> bool:
    """Whether an update is made of two calls of another object's methods."""
    first, code = sequence.first, sequence.code
    return sequence.shape is Shape.UPDATE and first.code is not code and first.base != code.own_name


def _is_enough(sequence: Composite, held: Protection) -> bool:
    """Whether a guard is held in the way that a sequence needs: the side of the readers keeps no update apart."""
    return held.mode is not LockKind.READER or sequence.shape is not Shape.UPDATE


def _problem(case: Case, beside: list[Composite], sequence: Composite) -> tuple[Problem | None, Span]:
    """What is wrong with the sequence if others come in between, and where to say so."""
    split = _is_split(case, sequence)
    again = is_tested_again(case, sequence, beside)
    own = sequence.last.code is sequence.code
    act = sequence.last.span if own else span_of(sequence.code, sequence.act)
    match sequence.shape:
        case Shape.DOUBLE_READ:
            return (None if is_looked_at_within(case, sequence) else Problem.DOUBLE_READ), act
        case Shape.EMPTIED:
            return (None if is_tally(case) else Problem.EMPTIED), act
        case Shape.REPLACED:
            return (None if is_tally(case) else Problem.REPLACED), act
        case _ if split:
            spared = is_memo_of_calls(case, sequence) or is_worked_out_outside(case, sequence)
            return (None if again or spared else Problem.SPLIT), act
        case Shape.UPDATE if not own:
            # two methods that hold no lock say nothing of what belongs together
            return None, act
        case Shape.UPDATE:
            is_harmless = is_rough(case) or is_shown_number(case) or is_tally(case)
            return (None if is_harmless else Problem.UPDATE), act
        case shape if again and _is_locked(case, sequence):
            late = shape is Shape.LAZY and _is_filled_late(case, sequence)
            return (Problem.LAZY if late else None), sequence.test
        case Shape.LAZY if makes_object(case, sequence):
            return Problem.LAZY, sequence.test
        case Shape.LAZY if not case.is_constant(sequence.last):
            return (Problem.CHECK if case.is_assumed and _is_given(sequence) else None), sequence.test
        case _:
            return Problem.CHECK, sequence.test


def _is_given(sequence: Composite) -> bool:
    """Whether who calls gives what is stored unless another one was there before: each takes his to be the one."""
    last, parameters = sequence.last, len(sequence.code.function.parameters)
    return last.code is sequence.code and last.kind is Kind.WRITE and last.value in range(parameters)


def _is_filled_late(case: Case, sequence: Composite) -> bool:
    """Whether others see what is made before it is filled; a function may as well ask whether it is filled."""
    return sequence.first.code is sequence.code and is_filled_late(case, sequence)


def _is_split(case: Case, sequence: Composite) -> bool:
    """Whether both ends are in critical sections of one lock, but not in the same one."""
    if case.over(sequence):
        return False
    locksets, code, first = case.locksets, sequence.code, sequence.first
    asked = first.code is not code
    if asked and sequence.shape is Shape.UPDATE:
        # who is asked knows the object by a name of its own
        first = next((each for each in case.accesses if (each.code, each.id) == (first.code, first.id)), first)
    before = protections(locksets.held(first.code, first.id if asked else sequence.between[0]), first)
    after = _at_act(case, sequence)
    return any(one.excludes(other) for one in _known(before) for other in _known(after))


def _at_act(case: Case, sequence: Composite) -> list[Protection]:
    first, last = sequence.first, sequence.last
    if first.code is not sequence.code:
        return case.protections(last)
    held = case.locksets.held(sequence.code, sequence.act)
    return protections(held, last if last.code is sequence.code else first)


def _is_locked(case: Case, sequence: Composite) -> bool:
    inside = case.protections(sequence.last) if sequence.last.code is not sequence.code else []
    return bool(_known(_at_act(case, sequence)) or _known(inside))


def _evidence(
    case: Case, beside: list[Composite], sequence: Composite, held: list[Protection]
) -> tuple[Evidence, Partner | None] | None:
    code = sequence.code
    seen = sequence.first if sequence.first.code is code and sequence.last.code is not code else sequence.last
    again = read_again(case, sequence) is not None
    partner = case.partner(seen, held, lambda other: again and takes_away(other), within=code)
    partner = partner or _outdating(case, beside, sequence, seen, held)
    if partner is not None:
        return "threads", partner
    if sequence.asserted or (sequence.shape in SWAPS and is_wound_up(case, sequence.first)):
        return None
    if guarded_elsewhere(case, sequence, held) is not None:
        if case.place in case.locksets.claims.guards:
            return "claim", None
        return ("lock", None) if case.is_assumed or sequence.last.kind.writes or _is_outdated(case, sequence) else None
    if is_made_by_taker(case, sequence):
        return "lock", None
    if case.sharing.fresh.is_fresh(sequence.first):
        return None
    is_believed = not held and shown_beside(case, sequence) is not None
    partner = case.outside_partner(seen, held, lambda other: can_outdate(case, sequence, other))
    if partner is None or not (is_believed or case.is_assumed):
        return None
    return "lock" if is_believed else "assumed", partner


def _is_outdated(case: Case, sequence: Composite) -> bool:
    """Whether anybody at all makes stale what was found out."""
    return any(each.kind.writes and can_outdate(case, sequence, each) for each in case.accesses)


def _outdating(
    case: Case, beside: list[Composite], sequence: Composite, seen: Access, held: list[Protection]
) -> Partner | None:
    """Who makes stale what was found out; not another run of a context where each has an item of its own."""

    def may_miss(one: Context, other: Context) -> bool:
        return not any(is_run_by_what_is_stored(case, sequence, each) for each in (one, other))

    def is_met(one: Context, other: Context) -> bool:
        return may_miss(one, other) and (one is not other or not has_own_item(case, sequence, one))

    def is_near(one: Context, other: Context) -> bool:
        return is_met(one, other) and not any(is_deep(case, sequence, each) for each in (one, other))

    def is_started(one: Context, other: Context) -> bool:
        return is_met(one, other) and not one.is_main and not other.is_main

    def is_started_near(one: Context, other: Context) -> bool:
        return is_started(one, other) and is_near(one, other)

    def outdates(other: Access) -> bool:
        return can_outdate(case, sequence, other) and not _is_given_up(case, sequence, other)

    def found(harms: Callable[[Access], bool], meets: Callable[[Context, Context], bool] = is_met) -> Partner | None:
        return case.partner(seen, held, harms, meets, sequence.code)

    partner = found(outdates) or found(lambda other: other.key < 0 and outdates(other), may_miss)
    if partner is not None and is_deep_down(case, sequence, partner):
        partner = found(outdates, is_started_near) or found(outdates, is_near) or partner
    if partner is not None and _is_slight(case, beside, sequence, partner):
        return found(outdates, is_started)
    return partner


def _is_given_up(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether what is read twice is taken away by who has waited for that thread, if only for some time.

    He has taken it upon himself that it may still be at work, which then is about to end.
    """
    if sequence.shape is not Shape.DOUBLE_READ:
        return False
    threads = case.threads
    return all(threads.is_waited_for(each, other.code, other.id) for each in threads.of(sequence.code))


def _is_slight(case: Case, beside: list[Composite], sequence: Composite, partner: Partner) -> bool:
    """Whether a caller outside would have to set the same as a thread does, in a moment that is hardly ever there.

    In which thread who calls is not known: that both are within a few steps at once that no build with a GIL leaves
    room in, or both for the first time where a flag is raised or a key kept for good, is no more than thinkable. That
    one of them comes with a lock shows that the program reckons with it.
    """
    other, last = partner.other, sequence.last
    sides = ((partner.one, sequence.code), (partner.other_context, other.code))
    if not any(_is_outside(case, *side) for side in sides):
        return False
    if _is_put_in_for_all(case, sequence, partner):
        return True
    if other is not last:
        asked = any(each.last is other and each.shape in (Shape.CHECK, Shape.LAZY) for each in beside)
        return asked and last.kind is other.kind is Kind.WRITE and not can_interleave(case, sequence, beside)
    if any(case.sharing.approaches.held(context, code, other.base, None) for context, code in sides):
        return False
    if last.kind is not Kind.WRITE or (sequence.shape is not Shape.CHECK and not case.is_constant(last)):
        return is_kept_for_good(case, sequence)
    raised = case.literal(last) in FLAGS and is_only_raised(case, sequence)
    return raised or not can_interleave(case, sequence, beside)


def _is_put_in_for_all(case: Case, sequence: Composite, partner: Partner) -> bool:
    """Whether something is put into a container of the whole program, beside one thread and with no lock anywhere.

    Who has started a thread with an object goes on with that object beside it. That callers come to the same global
    says nothing of when: they may set the program up, be a command of their own, or have only the one thread.
    """
    if case.place.kind not in FOR_ALL or case.is_assumed or sequence.last.method not in INSERTS:
        return False
    one, other = partner.one, partner.other_context
    if one.many or other.many or any(map(case.protections, case.accesses)):
        return False
    # who has started the thread itself, and goes on with the container, is beside it
    return not (_goes_on(other, sequence.last) or _goes_on(one, partner.other))


def _goes_on(started: Context, access: Access) -> bool:
    """Whether the function of an access has started a context before."""
    return any(starter is access.code and id < access.id for starter, id in started.starts)


def _is_outside(case: Case, context: Context, code: Code) -> bool:
    """Whether a context is callers outside, where they come to a function, and not the program's own main thread."""
    return context.is_main and case.threads.trace(context, code)[0].function.kind == "function"


def _is_minority(case: Case, here: Access, there: Access) -> bool:
    """Of the two sides of a different-locks race, the one to report: not the guard's, else the later one."""
    guard = case.guard
    if guard is not None and guard.share > HALF:
        mine, theirs = (any(map(guard.protects, case.protections(each))) for each in (here, there))
        if mine != theirs:
            return not mine
    return (here.code.path, here.span.line) >= (there.code.path, there.span.line)


def _known(held: list[Protection]) -> list[Protection]:
    """The locks that surely are locks and exclude."""
    return [each for each in held if each.lock.excludes and each.lock.kind is not None]
