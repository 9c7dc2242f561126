"""Part of the races stage: what is done by one thread only, as it tests and takes it in one critical section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from racelint import facts
from racelint.knowledge.lock_methods import PICKS_ONE
from racelint.knowledge.threads import THREAD_KEYS
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.flags import FLAGS
from racelint.program.races.excuses.memos import is_plain
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sources.branching import (
    ENDS,
    Outcome,
    branches_around,
    conditions,
    decided,
    is_last_word,
    is_there,
    loops_ended,
)
from racelint.program.sources.nodes import contains
from racelint.program.sources.source import Code
from racelint.program.values.values import Instance, LibraryMethod, LibraryObject

FLAG_USES: Final = (facts.LoadAttr, facts.StoreAttr)
"""How a flag is asked for, and raised."""


def is_done_once(case: Case, sequence: Composite) -> bool:
    """Whether the function that acts is only called behind such a flag: `once.do(make)`."""
    inner = sequence.last.code
    callers = case.threads.calls.callers(inner)
    return (
        inner is not sequence.code
        and bool(callers)
        and all(_is_first(case, each.caller, each.site) for each in callers)
    )


def is_put_in_before(case: Case, sequence: Composite) -> bool:
    """Whether the section of the test has put in an item under the key that the act is about, where there was none: it
    is the thread's own.

    `with lock: taken = name in names; if not taken: names[name] = user`, and `with lock: del names[name]` in the end.
    """
    code, first, last = sequence.code, sequence.first, sequence.last
    if last.code is not code or last.key < 0 or sequence.wants:
        return False
    flow = case.sharing.places.dataflow(code)
    puts = [each for each in _done_in_section(case, sequence) if each.method == "[]=" and each.base == last.base]
    return any(flow.key(each.key) == flow.key(last.key) and not flow.comes_from(each.value, first.id) for each in puts)


def is_announced(case: Case, sequence: Composite) -> bool:
    """Whether the section of the test has put in another table, where there was nothing under the key, that somebody is
    at work on it: `with lock: ...; if key not in pending: pending[key] = Future()`. Who comes next waits for that.

    So it is of what is no table: `if self.pending is None: self.pending = Future()`.
    """
    code, last = sequence.code, sequence.last
    if last.code is not code:
        return False
    key = case.sharing.places.dataflow(code).key
    beside = [each for each in case.sharing.places.of(code) if each.place is not case.place]
    if last.key >= 0:
        others = [each for each in beside if each.key >= 0 and key(each.key) == key(last.key)]
    else:
        others = [each for each in beside if each.base == last.base and each.kind in (Kind.READ, Kind.WRITE)]
    return any(
        look.place is mark.place
        and not look.kind.writes
        and (look.id, False) in _known(code, mark.id)
        # what was seen before the lock was taken, or before a wait, others have seen as well
        and case.locksets.in_one_section(code, look.id, mark.id, exclusive=True)
        for mark in _in_section(case, sequence, others)
        if mark.method == "[]=" or (mark.kind is Kind.WRITE and _truth(case, mark))
        if not _is_withdrawn(case, sequence, mark, others)
        for look in others
    )


def _is_withdrawn(case: Case, sequence: Composite, mark: Access, others: Iterable[Access]) -> bool:
    """Whether what a function has said is taken back before it comes to the act, for others to see."""
    code, act = sequence.code, sequence.act
    given = branches_around(code, act)
    return any(
        mark.id < each.id < act
        and each.kind is Kind.WRITE
        and _truth(case, each) is False
        and all(branch in given for branch in branches_around(code, each.id))
        and not is_last_word(code, each.id, act)
        and not case.locksets.in_one_section(code, each.id, act, exclusive=True)
        for each in others
        if each.place is mark.place
    )


def is_claimed(case: Case, sequence: Composite) -> bool:
    """Whether the flag is set in the critical section in which it was read: who comes next finds it set.

    `with self.lock: first, self.running = not self.running, True`, and then `if first: self.run()`
    """
    first = sequence.first
    if sequence.shape not in (Shape.CHECK, Shape.LAZY) or first.kind is not Kind.READ or sequence.wants is None:
        return False
    done = [each for each in _done_in_section(case, sequence) if each.base == first.base and each.kind is Kind.WRITE]
    return any(_truth(case, each) is (not sequence.wants) for each in done)


def _truth(case: Case, store: Access) -> bool | None:
    """Whether what is stored says yes or no to who asks for it: an object that was made for it is there."""
    places = case.sharing.places
    truth = places.dataflow(store.code).truth(store.value)
    values = places.types.of(store.code, store.value) if truth is None else ()
    made = values and all(isinstance(each, Instance | LibraryObject) and not is_plain(each) for each in values)
    return True if made or _is_running_thread(case, store) else truth


def _is_running_thread(case: Case, store: Access) -> bool:
    """Whether it is stored which thread it is: no thread has the number nought."""
    return case.sharing.places.types.surely_calls(store.code, store.code.operation(store.value), THREAD_KEYS)


def _done_in_section(case: Case, sequence: Composite) -> Iterator[Access]:
    """What the function does to the place on every way to the act, in the critical section of the test."""
    return _in_section(case, sequence, case.accesses)


def _in_section(case: Case, sequence: Composite, accesses: Iterable[Access]) -> Iterator[Access]:
    """Some accesses that are made on every way to the act, in the critical section of the test."""
    code, first = sequence.code, sequence.first
    if first.code is not code:
        return
    given = _known(code, sequence.act)
    for each in accesses:
        if each.code is not code or not first.id < each.id < sequence.act:
            continue
        is_within = case.locksets.in_one_section(
            code, first.id, each.id, exclusive=True
        ) or case.locksets.is_seen_in_section(code, each.id, first.id, _looks_again(case, sequence, given, each.id))
        # who has left the function before that does not come to the act
        around = (decided(code, branch.test, truth) for branch, truth in branches_around(code, each.id))
        if is_within and all(given.issuperset(_claims(code, outcomes)) for outcomes in around):
            yield each


def _looks_again(case: Case, sequence: Composite, given: set[Outcome], id: int) -> Iterator[int]:
    """The reads that ask the same as the test does, before an operation, and go on only if it comes out the same."""
    code, first = sequence.code, sequence.first
    wanted = {truth for value, truth in given if value == first.id}
    passed = {each for test, truth in _ways_past(code, id) for each in _claims(code, [(test, truth)])}
    asked = {value for value, truth in passed if truth in wanted}
    for read in case.accesses:
        is_later = read.code is code and first.id < read.id < id and read.base == first.base
        if is_later and not read.kind.writes and read.id in asked:
            yield read.id


def _ways_past(code: Code, id: int) -> Iterator[Outcome]:
    """The tests of which one arm ends the function, and how they have come out where it goes on to an operation; not
    those that are only asked in an arm of another one."""
    given = branches_around(code, id)
    for node in code.controls:
        if type(node) is facts.Branch and all(each in given for each in branches_around(code, node.test)):
            for arm, truth in ((node.body, False), (node.orelse, True)):
                if arm and isinstance(arm[-1], ENDS):
                    yield node.test, truth


def _known(code: Code, id: int) -> set[Outcome]:
    """What is known where a function comes to an operation: of values, whether they are there.

    A flag that is raised in an arm says what has led there.
    """
    ended = [each for test in loops_ended(code.function.body, id) for each in decided(code, test, False)]
    found = {*_claims(code, [*conditions(code, id), *ended])}
    for value, truth in list(found):
        flag = code.operation(value)
        ends = flag.inputs if type(flag) is facts.Phi else ()
        if ends and all(code.literal(each) in FLAGS for each in ends):
            arms = [{*_claims(code, conditions(code, each))} for each in ends if code.literal(each) == str(truth)]
            found |= set.intersection(*arms) if arms else set()
    return found


def _claims(code: Code, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """What tests that have come out so say of the values that they ask for: one, however it was asked."""
    for test, truth in outcomes:
        value, there = is_there(code, test)
        yield value, truth is there


def is_left_to_one(case: Case, sequence: Composite) -> bool:
    """Whether a barrier picks the one that writes, each time: `if barrier.wait() == 0: rounds += 1`.

    Those who wait at it get numbers of their own, and none comes to it again before all do.
    """
    calls, barrier = case.threads.calls, _picked_at(case, sequence.last.code, sequence.last.id)
    if not barrier or barrier.startswith("%"):
        # none, or one that each thread makes for itself
        return False
    writes = (each for each in case.accesses if each.kind.writes and each.code.key not in calls.constructing)
    return all(_picked_at(case, each.code, each.id) == barrier for each in writes)


def _picked_at(case: Case, code: Code, id: int) -> str:
    """The barrier that lets only one thread come to an operation; "" if none does."""
    flow, types = case.sharing.places.dataflow(code), case.sharing.places.types
    for test, truth in conditions(code, id):
        asked = code.operation(test)
        if type(asked) is not facts.Compute or asked.kind != ("==" if truth else "!="):
            continue
        calls = [each for each in map(code.operation, asked.operands) if type(each) is facts.Call]
        callees = [value for each in calls for value in types.of(code, each.callee)]
        is_wait = any(isinstance(each, LibraryMethod) and each.qualname in PICKS_ONE for each in callees)
        fetched = code.fetched(calls[0]) if is_wait and any(map(flow.is_constant, asked.operands)) else None
        if type(fetched) is facts.LoadAttr:
            return flow.path(fetched.base)
    return ""


def _is_first(case: Case, code: Code, site: int) -> bool:
    """Whether a call is only made as long as a flag is not set, which then is, before the lock is given back."""
    with_call = [
        each
        for each in code.operations
        if isinstance(each, FLAG_USES) and case.locksets.in_one_section(code, each.id, site, exclusive=True)
    ]
    raised = {(each.base, each.name) for each in with_call if type(each) is facts.StoreAttr}
    asked = {each.id for each in with_call if type(each) is facts.LoadAttr and (each.base, each.name) in raised}
    flow = case.sharing.places.dataflow(code)
    branches = (node for node in code.controls if type(node) is facts.Branch and node.test >= 0)
    return any(not asked.isdisjoint(flow.sources(node.test)) and contains(node, site) for node in branches)
