"""Part of the races stage: what shows that others come to a sequence: the lock of its Place, or one beside it."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.containers import GIVES_ELEMENT, INSERTS
from racelint.program.locking.guards import Guard, Protection, exclude_each_other, protections, steady
from racelint.program.locking.holding import Acquisition
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import HALF, Case
from racelint.program.races.cases.insiders import is_insider
from racelint.program.races.excuses.excuses import can_outdate
from racelint.program.races.excuses.flags import is_raised_at_once
from racelint.program.races.excuses.memos import makes_object
from racelint.program.races.kinds.oversights import callers_without
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sharing.beliefs import FOR_ALL, is_thread
from racelint.program.sharing.slots import is_drawn
from racelint.program.sources.source import Code


def guarded_elsewhere(case: Case, sequence: Composite, held: list[Protection]) -> Access | None:
    """Evidence `lock`: where other code changes the Place under a lock that is not held over this sequence."""
    guard = case.guard
    if guard is None or not case.is_unguarded(held) or not case.is_reached(sequence.code):
        return None
    if guard.lock.is_for_processes or (not guard.writes and not _is_more_than_set(case, sequence)):
        return None
    is_rule = guard.share >= HALF or guard.is_habit or _is_rule_to_change(case, sequence, guard)
    if not is_rule and (sequence.last.kind.writes or not _is_held_to_write(case, guard)):
        return None
    if not is_rule and sequence.code.function.is_async:
        # what a coroutine looks at is mostly changed in the same loop only
        return None
    if not (is_insider(case, sequence.first) or _is_worked_on_by_many(case, sequence)):
        return None
    if callers_without(case, sequence.code, guard) == []:
        return None
    if any(case.locksets.remarks.are_about(each.code, each.span) for each in (sequence.first, sequence.last)):
        return None
    own = {(sequence.code.key, id) for id in sequence.between}
    last = sequence.last
    seen = last if last.code is sequence.code else sequence.first
    elsewhere = [
        access
        for access in case.accesses
        if (access.code.key, access.id) not in own
        and any(guard.protects(each) for each in case.protections(access))
        and not exclude_each_other(held, case.protections(access))
        and case.may_meet_by_calls(seen, access)
    ]
    if sequence.shape is Shape.DOUBLE_READ:
        return next((access for access in elsewhere if case.clears(access)), None)
    changes = (access for access in elsewhere if access.kind.writes and can_outdate(case, sequence, access))
    at_act = case.protections(last)
    act_guarded = any(map(guard.protects, at_act)) and not exclude_each_other(held, at_act)
    is_enough = sequence.shape in (Shape.CHECK, Shape.LAZY) and act_guarded and case.may_meet_by_calls(last, last)
    if is_rule and elsewhere and _outdates_itself(case, sequence):
        return next(changes, last)
    return next(changes, guard.example if is_enough else None)


def _is_rule_to_change(case: Case, sequence: Composite, guard: Guard) -> bool:
    """Whether all others who change the Place take the guard, and one of them as here to look at it and change it.

    They may well look at it without. What the function calls itself is part of what it does.
    """
    last = sequence.last
    if not last.kind.writes or last.code is not sequence.code or sequence.code.function.is_async:
        return False
    if sequence.shape not in (Shape.UPDATE, Shape.CHECK) and not _is_claim(case, sequence):
        return False
    if case.clears(last):
        # what is taken away is so at its time, when others are mostly done
        return False
    own = {sequence.code.key, *(edge.callee.key for edge in case.threads.calls.calls(sequence.code))}
    others = [each for each in case.accesses if each.kind.writes and each.code.key not in own]
    if not all(any(guard.protects(held) for held in case.protections(each)) for each in others):
        return False
    # who takes it away or puts another in its place does not do the like of who changes what is there
    alike = (each for each in others if each.kind.rebinds is last.kind.rebinds and not case.clears(each))
    return any(_looks_first(case, each, guard) for each in alike if each not in case.lazy_stores)


def _is_more_than_set(case: Case, sequence: Composite) -> bool:
    """Whether it does not end alike who comes last, as where each stores what he was given: a claim, an update."""
    return sequence.shape is Shape.UPDATE or sequence.last.kind.is_of_contents or _is_claim(case, sequence)


def _is_claim(case: Case, sequence: Composite) -> bool:
    """Whether a flag is raised, at once, by whoever finds it down, so that something is done by one alone."""
    return sequence.shape is Shape.LAZY and case.is_constant(sequence.last) and is_raised_at_once(sequence)


def _looks_first(case: Case, write: Access, guard: Guard) -> bool:
    """Whether a function takes the guard for an update, or looks at what it changes in the same critical section."""
    if not any(guard.protects(each) and each.taken_here for each in case.protections(write)):
        return False
    if write.kind in (Kind.UPDATE, Kind.ITEM_UPDATE):
        return True
    held, code = case.locksets.held, write.code
    looks = (
        each
        for each in case.accesses
        if each.code is code
        and not each.kind.writes
        and each.base == write.base
        and each.id < write.id
        and each.id != write.load
    )
    over = (protections(steady((held(code, each.id), held(code, write.id))), write) for each in looks)
    return any(guard.protects(each) for found in over for each in found)


def _outdates_itself(case: Case, sequence: Composite) -> bool:
    """Whether another call of the function makes stale what this one has found out.

    Of a function that is handed out it is not known whether its calls are ever at once. What is made on first use is
    mostly right when it is made twice; what is done where a flag is raised is not.
    """
    last = sequence.last
    is_made = sequence.shape is Shape.LAZY and not case.is_constant(last)
    if is_made or sequence.code.key in case.threads.calls.escaping:
        return False
    if not last.kind.writes or last.code is not sequence.code or not can_outdate(case, sequence, last):
        return False
    return case.may_meet_by_calls(last, last)


def shown_beside(case: Case, sequence: Composite) -> Acquisition | Access | None:
    """What shows that others come here, where the Place has no guard: a lock beside it, or what each thread has."""
    first, last, beliefs = sequence.first, sequence.last, case.sharing.beliefs
    if case.has_guard or sequence.shape not in (Shape.UPDATE, Shape.CHECK, Shape.LAZY):
        return None
    if not case.is_reached(sequence.code):
        return None
    if is_drawn(last) and (slot := beliefs.of_keys(case.place)) is not None:
        return slot if is_insider(case, first) else None
    if case.place.kind not in FOR_ALL:
        found = beliefs.of_container(first, last) if first.code is last.code else None
        if found is None and (sequence.shape is Shape.UPDATE or _is_made_here(case, sequence)):
            found = beliefs.of_object(sequence.code, first, last)
            if found is not None and _is_left_out(case, sequence, found):
                return None
        if found is None and _starts_worker(case, sequence):
            found = beliefs.of_class(sequence.code)
        return (found or _used_by_each(case, sequence)) if is_insider(case, first) else None
    if sequence.shape is not Shape.UPDATE and case.is_constant(last):
        # what is done once by such a flag is mostly right when it is done twice
        return None
    own = beliefs.of_function(sequence.code) or _used_by_each(case, sequence)
    if own is None and sequence.shape is Shape.LAZY and makes_object(case, sequence) and not _is_refused(sequence):
        return beliefs.of_module(case.place, sequence.code)
    return own


def _is_refused(sequence: Composite) -> bool:
    """Whether who finds that it is made already is refused: it is made where a program sets itself up, by one."""
    branches = (node for node in sequence.code.controls if type(node) is facts.Branch and node.span == sequence.test)
    return any(arm and type(arm[-1]) is facts.Raise for node in branches for arm in (node.body, node.orelse))


def _is_left_out(case: Case, sequence: Composite, beside: Acquisition) -> bool:
    """Whether the function itself works on the Place under a lock on another way: here it does without on purpose."""
    lock = beside.use.lock.key
    there = (each for each in case.accesses if each.code is sequence.code)
    return any(each.lock.key == lock for access in there for each in case.protections(access))


def _used_by_each(case: Case, sequence: Composite) -> Access | None:
    """Where the function that makes an object on first use works on what each thread has.

    What it counts there is mostly a statistic, and what it puts back as it was before is a test's.
    """
    last = sequence.last
    if last.code is not sequence.code or sequence.first.code is not sequence.code:
        return None
    if sequence.shape is not Shape.LAZY or not makes_object(case, sequence):
        return None
    return case.sharing.beliefs.of_locals(last)


def _is_made_here(case: Case, sequence: Composite) -> bool:
    """Whether what is stored on first use is an object that the function has made, and goes on to use under a lock."""
    last, code = sequence.last, sequence.last.code
    if sequence.shape is not Shape.LAZY or type(code.operation(last.value)) is not facts.Call:
        return False
    flow = case.sharing.places.dataflow(code)
    later = (each for each in code.operations[last.id :] if type(each) is facts.Call)
    is_used = any(case.locksets.held(code, each.id) and flow.comes_from(each.callee, last.value) for each in later)
    return is_used and makes_object(case, sequence)


def _starts_worker(case: Case, sequence: Composite) -> bool:
    """Whether a method starts a thread of its object where none is there yet, and also leaves something for it, or is
    called by one that does.

    Who only starts it may be the owner, once. Who brings work is any of those for whom the object is there.
    """
    last, code = sequence.last, sequence.code
    if last.kind is not Kind.WRITE or last.code is not code or not last.is_of_self:
        return False
    if not any(map(is_thread, case.sharing.places.types.of(code, last.value))):
        return False
    callers = (edge.caller for edge in case.threads.calls.callers(code))
    return any(each.cls is code.cls and _brings(case, each, last) for each in (code, *callers))


def _brings(case: Case, code: Code, store: Access) -> bool:
    """Whether a method puts something into what its object has, and a thread looks there."""
    places, threads = case.sharing.places, case.threads
    accesses = (each for each in places.of(code) if each.is_of_self and each.place is not store.place)
    put = {each.place: None for each in accesses if each.method in INSERTS | GIVES_ELEMENT and each.kind.is_of_contents}
    users = (each.code for place in put for each in places.by_place[place])
    return any(not context.is_main for user in users for context in threads.of(user))


def _is_worked_on_by_many(case: Case, sequence: Composite) -> bool:
    """Whether only threads of which there are many run a function, and act by a method of what they are given.

    Any of them may be given the same object: it locks itself against them.
    """
    code, first = sequence.code, sequence.first
    contexts = case.threads.of(code)
    if first.code is not code or sequence.last.code is code or not first.base.isidentifier() or first.is_of_self:
        return False
    return bool(contexts) and all(
        each.many and not each.is_main and not case.sharing.is_own(each, code, first.base) for each in contexts
    )


def _is_held_to_write(case: Case, guard: Guard) -> bool:
    """Whether all who change the Place take the guard, in several functions, though most only look at it without."""
    writes = [access for access in case.accesses if access.kind.writes]
    held = all(any(guard.protects(each) and each.taken_here for each in case.protections(access)) for access in writes)
    return held and len({access.code.key for access in writes if not access.code.function.is_async}) > 1
