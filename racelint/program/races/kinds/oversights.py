"""Part of the races stage: single accesses that leave out the lock that the program itself uses there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.containers import CHANGES, CLEARS
from racelint.knowledge.model import LockKind
from racelint.program.callgraph.edges import Edge, on_own_object
from racelint.program.callgraph.replaced import is_replaced
from racelint.program.locking.guards import Guard, exclude_each_other, relation
from racelint.program.locking.locks import Lock
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import HALF, Case
from racelint.program.races.cases.closed import is_closed_to
from racelint.program.races.cases.insiders import is_insider, kindred
from racelint.program.races.excuses.emptied import is_wound_up
from racelint.program.races.excuses.harmless import is_single_step
from racelint.program.races.excuses.rough import notes_time
from racelint.program.races.excuses.runs import is_new_state
from racelint.program.races.excuses.single import is_claim, is_of_version, is_snapshot, is_swapped_out
from racelint.program.races.excuses.unfelt import is_unfelt
from racelint.program.races.excuses.unused import is_left_to_users
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.sharing.single_flight import has_taken_over
from racelint.program.sources.branching import conditions, decided
from racelint.program.sources.source import Code, span_of
from racelint.program.values.values import FunctionRef, Instance

MANY: Final = 3
"""So many functions that leave out a lock where they do the same have not forgotten it."""


def forgotten(case: Case, access: Access) -> Iterator[Race]:
    """The race of a single access without the lock that guards the Place elsewhere, by the program's own habit."""
    guard = case.guard
    if guard is None or case.place in case.locksets.claims.guards or not _is_left_out(case, access, guard):
        return
    if _is_right_without(case, access, guard):
        return
    kin = kindred(case, access)
    guarded = [each for each in kin if any(map(guard.protects, case.protections(each)))]
    if kin != case.accesses and len(guarded) <= HALF * len(kin):
        # the habit is that of a sibling class
        return
    if is_left_to_users(case, access, guarded):
        return
    meant = (each for each in guarded if each.kind.writes or access.kind.writes)
    held = case.protections(access)
    met = [
        each for each in meant if not exclude_each_other(held, case.protections(each)) and case.may_meet(access, each)
    ]
    if all(is_closed_to(case, access, each) for each in met):
        return
    wrong = wrong_lock(case, access)
    if wrong is not None and access.kind.writes and not any(each.kind.writes for each in met):
        # all who change it hold this lock as well: what they hold beside it is for something else
        return
    if wrong is not None and wrong[1].key == guard.lock.key:
        # a lock made by the same class: it may be another way to the guard, or there for this step alone
        return
    if wrong is None and guard.lock.is_for_processes:
        return
    if wrong is None and not (_is_habit(case, guarded) and _is_exception(case, access, guard)):
        return
    if wrong is None and not case.is_assumed and is_unfelt(case, access, guard):
        return
    if wrong is not None and not case.is_assumed and _is_of_another(case, access, wrong[1]):
        # it may be the time that keeps others out: the owner sets the object up, or is about to drop it
        return
    if wrong is not None and all(_is_of_another(case, each, guard.lock) for each in guarded):
        # callers hold both locks for things of their own: neither was meant for this
        return
    problem = wrong[0] if wrong is not None and access.kind.writes else Problem.INCONSISTENT
    lock = wrong[1] if wrong is not None else None
    for code, span in where_forgotten(case, access, guard):
        if case.locksets.remarks.are_about(code, span):
            continue
        yield Race(problem, code, span, access, "lock", guard.example, guard=guard, lock=lock)


def _is_left_out(case: Case, access: Access, guard: Guard) -> bool:
    """Whether an access that the guard is meant for, by what the program does elsewhere, does without it."""
    if guard.guarded < 2 or not guard.writes or not case.is_unguarded(case.protections(access)):
        return False
    if not case.is_reached(access.code) or not is_insider(case, access) or case.is_constant_state():
        return False
    return _is_forgotten(case, access, guard)


def _is_right_without(case: Case, access: Access, guard: Guard) -> bool:
    """Whether an access is one of those that need no guard."""
    return (
        is_left_to_holder(case, access, guard)
        or is_asked_again(case, access, guard)
        or (case.guards_itself and not access.kind.rebinds)
        or is_swapped_out(case, access, guard)
        or is_snapshot(case, access)
        or is_of_version(case, access)
        or is_claim(case, access, guard)
        or is_single_step(case, access, guard)
        or access.code.key in case.threads.at_exit
        or (access.kind is Kind.WRITE and (_is_carried_on(case, guard) or notes_time(case, access)))
        or has_taken_over(case.locksets, access)
        or is_new_state(case, access)
        or (access.method in CLEARS and is_wound_up(case, access))
    )


def _is_of_another(case: Case, access: Access, lock: Lock) -> bool:
    """Whether a lock is one that callers hold for objects of another class, of which this class knows nothing."""
    if lock.key[0] != "attribute" or any(each.taken_here for each in case.protections(access)):
        return False
    types = case.sharing.places.types
    receiver, owner = types.attributes.receiver_of(access.code), types.names.sources.classes[lock.key[1]]
    return receiver is not None and owner not in receiver.mro and receiver not in owner.mro


def _is_habit(case: Case, guarded: Sequence[Access]) -> bool:
    """Whether the program follows a rule where it holds the lock: in several functions, or in a thread of its own.

    One function alone may hold it for something else that it does.
    """
    codes = {access.code.key: access.code for access in guarded}
    return len(codes) > 1 or any(not each.is_main for code in codes.values() for each in case.threads.of(code))


def _is_exception(case: Case, access: Access, guard: Guard) -> bool:
    """Whether the like is done to the container under the guard as well, or seldom: else to do without is the rule."""
    alike = [each for each in case.accesses if each.method and each.method == access.method]
    without = {each.code.key for each in alike if not any(map(guard.protects, case.protections(each)))}
    return len(without) < MANY or any(any(map(guard.protects, case.protections(each))) for each in alike)


def _is_carried_on(case: Case, guard: Guard) -> bool:
    """Whether a function stores without the guard what it wants back in a critical section of its own, later.

    Who came in between would spoil it, lock or not: the lock is there for what else the section works on.
    """
    wanted = [
        each
        for each in case.accesses
        if each.kind is Kind.READ and any(guard.protects(held) and held.taken_here for held in case.protections(each))
    ]
    return any(
        not any(map(guard.protects, case.protections(store)))
        and any(each.code is store.code and each.base == store.base and each.id > store.id for each in wanted)
        for store in case.accesses
        if store.kind is Kind.WRITE and not case.is_constant(store)
    )


def is_left_to_holder(case: Case, access: Access, guard: Guard) -> bool:
    """Whether the function goes on to try the very guard: who holds it meanwhile looks again when done."""
    holdings, code = case.locksets.holdings, access.code
    later = [edge.callee.key for edge in case.threads.calls.only_calls(code) if edge.site > access.id]
    holders = [holdings[key] for key in (code.key, *later) if key in holdings]
    tries = [each for holding in holders for each in holding.acquisitions.values()]
    return any(each.use.lock.key == guard.lock.key and not each.waits for each in tries)


def is_asked_again(case: Case, access: Access, guard: Guard) -> bool:
    """Whether a read only saves taking the guard: the function goes on to take it, and looks again."""
    locksets, code = case.locksets, access.code

    def is_later(id: int) -> bool:
        return id > access.id and any(use.lock.key == guard.lock.key for use in locksets.held(code, id))

    called = {edge.callee.key for edge in case.threads.calls.calls(code) if is_later(edge.site)}
    looks = (each for each in case.accesses if each.kind is access.kind and not each.kind.writes)
    if any(each.code.key in called or (each.code is code and is_later(each.id)) for each in looks):
        return True
    return _is_asked_by_callee(case, access, guard)


def _is_asked_by_callee(case: Case, access: Access, guard: Guard) -> bool:
    """Whether what is read decides about a call of who takes the guard and looks again: whether anything is there at
    all, or how much, or by taking all there is."""
    code, flow = access.code, case.sharing.places.dataflow(access.code)

    def hangs_on_it(site: int) -> bool:
        tests = (test for test, _ in conditions(code, site)) if site > access.id else ()
        return any({access.id, access.read_id} & (flow.sources(test) | flow.calls(test)) for test in tests)

    called = {edge.callee.key for edge in case.threads.calls.sure_calls(code) if hangs_on_it(edge.site)}
    alike = (access.kind, Kind.READ) if access.kind is Kind.CONTENT else (access.kind,)
    return not access.kind.writes and any(
        each.code.key in called and any(held.taken_here and guard.protects(held) for held in case.protections(each))
        for each in case.accesses
        if each.kind in alike
    )


def where_forgotten(case: Case, access: Access, guard: Guard) -> list[tuple[Code, Span]]:
    """The access itself; in a helper that other callers call with the lock held, the calls that forgot it.

    It is nowhere forgotten where the object has just been made.
    """
    preparing = case.sharing.preparing
    if access.is_of_self and preparing.is_initial(access.code):
        return []
    if preparing.is_first_use(access) and _takes_later(case, access, guard):
        return []
    forgetful = callers_without(case, access.code, guard)
    if forgetful is not None:
        return [(edge.caller, span_of(edge.caller, edge.site)) for edge in forgetful]
    return [(access.code, access.span)]


def _takes_later(case: Case, access: Access, guard: Guard) -> bool:
    """Whether a function goes on to take the guard, itself or by what it calls or has others call: it is the whole of
    the work."""
    holdings, code, types = case.locksets.holdings, access.code, case.sharing.places.types
    called = [edge.callee.key for edge in case.threads.calls.sure_calls(code) if edge.site > access.id]
    own = (each for each in code.operations[access.id :] if type(each) is facts.LoadAttr and code.is_own(each.base))
    given = (value for each in own for value in types.of(code, each.id))
    called += [value.code.key for value in given if isinstance(value, FunctionRef)]
    taken = (each for key in (code.key, *called) if key in holdings for each in holdings[key].acquisitions.values())
    return any(each.use.lock.key == guard.lock.key for each in taken)


def callers_without(case: Case, code: Code, guard: Guard) -> list[Edge] | None:
    """The calls that forget the lock, of a function that other callers call with it; None if none of them takes it."""
    locksets, calls = case.locksets, case.threads.calls
    callers = [edge for edge in calls.callers(code) if not calls.is_alone(edge)]
    without = [
        edge
        for edge in callers
        if not any(use.lock.key == guard.lock.key for use in locksets.held(edge.caller, edge.site))
    ]
    if len(without) == len(callers) or code.key in calls.escaping:
        return None
    return [
        edge
        for edge in without
        if case.threads.may_be_beside(edge.caller, edge.site)
        and not _is_never_made(case, edge)
        and not _is_on_purpose(case, edge, guard)
        and not _has_no_lock(case, edge, guard.lock)
    ]


def _has_no_lock(case: Case, edge: Edge, lock: Lock) -> bool:
    """Whether the object that is called is of a class of which only a subclass has the lock.

    What an object calls on itself is the subclass's own method where that has the lock, if it overrides it.
    """
    if lock.key[0] != "attribute" or not isinstance(edge.receiver, Instance):
        return False
    types = case.sharing.places.types
    cls, owner = edge.receiver.cls, types.names.sources.classes[lock.key[1]]
    if cls is owner or cls not in owner.mro:
        return False
    return not on_own_object(edge) or types.attributes.defining(owner, edge.callee.name) is not edge.callee.cls


def _is_never_made(case: Case, edge: Edge) -> bool:
    """Whether a method calls one of a subclass whose objects have another one in place of the caller."""
    callee = edge.callee.cls
    return callee is not None and on_own_object(edge) and is_replaced(case.threads.calls, edge.caller, callee)


def _is_on_purpose(case: Case, edge: Edge, guard: Guard) -> bool:
    """Whether a caller goes on without the guard knowingly: it has tried to get it, or nobody else is there yet."""
    holding = case.locksets.holdings.get(edge.caller.key)
    taken = holding.acquisitions.values() if holding is not None else ()
    if any(each.use.lock.key == guard.lock.key and not each.waits and each.id < edge.site for each in taken):
        return True
    return edge.caller.name in ("__enter__", "__aenter__") and all(
        case.sharing.places.dataflow(entered.caller).path(entered.site).startswith("%")
        for entered in case.threads.calls.callers(edge.caller)
    )


def wrong_lock(case: Case, access: Access) -> tuple[Problem, Lock] | None:
    """What is held here, though it does not help: no exclusion at all, or another lock than elsewhere."""
    for use in case.locksets.held(access.code, access.id):
        lock = use.lock
        if lock.kind is None or (lock.is_semaphore and case.locksets.is_signal(lock)):
            continue
        if use.mode is LockKind.READER:
            return Problem.NO_EXCLUSION, replace(lock, kind=LockKind.READER)
        if not lock.excludes or relation(use, access) == "instance":
            return Problem.NO_EXCLUSION, lock
        return Problem.DIFFERENT_LOCKS, lock
    return None


def _is_forgotten(case: Case, access: Access, guard: Guard) -> bool:
    """Whether leaving out the lock here looks like an oversight and does harm."""
    if access.kind is Kind.CONTENT or (access.kind.writes and _is_look(case, access)):
        return guard.total - guard.guarded <= 1 and guard.guarded >= 4
    if access.kind is Kind.READ:
        return guard.share > HALF and _asks_for_the_last(case, access, guard)
    return access.kind.writes and (guard.share > HALF or (guard.share == HALF and guard.writes > 1))


def _asks_for_the_last(case: Case, access: Access, guard: Guard) -> bool:
    """Whether a function counts under the guard, and asks after its release whether it was the last one: others may
    have counted meanwhile, and then two are, or nobody is."""
    code = access.code
    own = (each for each in case.accesses if each.code is code and each.base == access.base and each.id < access.id)
    if not any(each.kind is Kind.UPDATE and any(map(guard.protects, case.protections(each))) for each in own):
        return False
    tests = (node.test for node in code.controls if type(node) is facts.Branch)
    parts = {part for test in tests for truth in (True, False) for part, _ in decided(code, test, truth)}
    return any(part == access.read_id or _is_compared(code, part, access.read_id) for part in parts)


def _is_compared(code: Code, part: int, read: int) -> bool:
    """Whether a test tells a number from one that is the end of counting: it is equal to it, or below a constant."""
    match code.operation(part):
        case facts.Compute(kind="==" | "!=", operands=operands):
            return read in operands
        case facts.Compute(kind="<" | "<=", operands=(left, right)):
            return left == read and type(code.operation(right)) is facts.Const
        case _:
            return False


def _is_look(case: Case, access: Access) -> bool:
    """Whether a table with defaults is only looked into, which may make an item.

    It is no mere look where something is put into the item or taken out, nor where the item is gone over, which takes
    its time.
    """
    uses = case.sharing.places.dataflow(access.code).uses(access.id) if access.method == "[]" else []
    return bool(uses) and not any(map(_is_work, uses))


def _is_work(use: facts.Operation) -> bool:
    return type(use) is facts.Element or (type(use) is facts.LoadAttr and use.name in CHANGES)
