"""Part of the signals stage: does who waits on a condition test what it waits for, with the lock, and again after?"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.containers import REMOVES
from racelint.knowledge.model import LockDomain, LockKind, LockRole
from racelint.program.callgraph.edges import Edge
from racelint.program.locking.locks import LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.locking.lockstate import ON_ENTRY, Section
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.sequences.misses import handled_misses
from racelint.program.signals.around import Around, surroundings, tests_of
from racelint.program.signals.beginning import wakes_what_it_started
from racelint.program.signals.waits import Limit, Signal
from racelint.program.sources.branching import unnegated
from racelint.program.sources.nodes import contains, extent, first_id, last_id
from racelint.program.sources.source import Code, span_of

DEPTH: Final = 3
"""How many callers up the test of a wait is looked for."""


class Flaw(Enum):
    """What is wrong with a wait."""

    UNTESTED = "never tested"
    ONCE = "tested once"
    STALE = "tested without the lock"


class BadWait(msgspec.Struct, frozen=True, eq=False):
    """A wait that can miss its notify, or go on although its predicate does not hold.

    `code` and `span` are where it is told: the wait, or the call that leads to it. `waker` is a notify for it, `tested`
    the read of the predicate that comes too early, if there is one.
    """

    flaw: Flaw
    wait: Signal
    code: Code
    span: Span
    waker: Signal
    tested: Access | None = None

    @property
    def path(self) -> str:
        """The file."""
        return self.code.path


class Waiting:
    """Judges the waits on conditions."""

    def __init__(self, locksets: LockSets, signals: list[Signal]) -> None:
        self._locksets = locksets
        self._places = locksets.places
        self._calls = locksets.threads.calls
        self._around: dict[int, dict[int, Around]] = {}
        conditions = [each for each in signals if each.kind is LockKind.CONDITION]
        self._waits = [each for each in conditions if each.role is LockRole.WAIT and not each.asks]
        self._wakers = [each for each in conditions if each.role is LockRole.NOTIFY]

    def bad(self) -> Iterator[BadWait]:
        """The waits that are wrong, in the order of the program."""
        for wait in self._waits:
            wakers = [each for each in self._wakers if each.concerns(wait)]
            if not wakers or wait.limit is Limit.SURELY or wait.answers:
                continue
            told: set[tuple[int, int]] = set()
            if wakes_what_it_started(self._locksets, wait.code, wait.id, wait.use, wakers):
                continue
            for flaw, code, id, tested in self._judge(wait, wakers, wait.code, wait.id, wait.use, DEPTH):
                # to ask too early costs an interval: as much as nobody knows here; to ask once costs nothing more
                matters = flaw is Flaw.STALE or wait.limit is not Limit.SOME_TIME
                if matters and (code.key, id) not in told:
                    told.add((code.key, id))
                    yield BadWait(flaw, wait, code, span_of(code, id), self._waker(wakers, tested), tested)

    def _waker(self, wakers: list[Signal], tested: Access | None) -> Signal:
        """The notify to tell of: rather one whose function changes what is tested."""
        for each in wakers:
            if tested is not None and any(write.place is tested.place for write in self._writes(each.code)):
                return each
        return wakers[0]

    def _judge(
        self, wait: Signal, wakers: list[Signal], code: Code, id: int, use: LockUse, depth: int
    ) -> Iterator[tuple[Flaw, Code, int, Access | None]]:
        """Judge a wait, or a call that leads to it, in one function."""
        section = self._locksets.held(code, id).get(use)
        around = self._surroundings(code).get(id)
        if section is None or around is None or self._is_in_loop(code, around, section):
            return
        inside = self._inside(code, around, use, section)
        if inside and not (section & ON_ENTRY and self._is_settled(code, inside)):
            if code is wait.code and self._goes_on(wait, wakers, inside, section):
                yield Flaw.ONCE, code, id, self._read(code, inside)
            return
        if section & ON_ENTRY:
            for edge in self._calls.callers(code) if depth else ():
                same = [each for each in self._locksets.held(edge.caller, edge.site) if each.lock == use.lock]
                for each in same[:1]:
                    yield from self._judge(wait, wakers, edge.caller, edge.site, each, depth - 1)
            return
        outside = self._outside(code, around, use, wakers)
        if wait.domain is LockDomain.TASK and self._is_asked_before(code, around):
            # from the test to the wait a task goes on without a break, unless the lock is taken
            return
        if outside is not None:
            yield Flaw.STALE, code, id, outside
        elif not around.tried and not any(self._is_blind(code, test) for test in around.tests):
            yield Flaw.UNTESTED, code, id, None

    def _is_asked_before(self, code: Code, around: Around) -> bool:
        """Whether anything is tested before the lock is taken: here, or by who awaits this."""
        found = [(code, around)]
        for edge in self._calls.callers(code):
            before = self._surroundings(edge.caller).get(edge.site)
            found.extend([(edge.caller, before)] if before is not None else [])
        return any(self._places.dataflow(each).sources(test) for each, where in found for test in where.tests)

    def _is_blind(self, code: Code, test: int) -> bool:
        """Whether a test asks a local value for more than whether it was given: it may be the state itself."""
        flow = self._places.dataflow(code)
        test, _ = unnegated(code, test)
        operation = flow.operation(test)
        is_none = isinstance(operation, facts.Compute) and any(flow.is_none(each) for each in operation.operands)
        reads = [id for id in flow.sources(test) if id >= len(code.function.parameters)]
        return not is_none and not flow.is_constant(test) and not reads

    def _surroundings(self, code: Code) -> dict[int, Around]:
        found = self._around.get(code.key)
        if found is None:
            found = self._around[code.key] = surroundings(code)
        return found

    # --- tests ---

    def _is_in_loop(self, code: Code, around: Around, section: Section) -> bool:
        """Whether a loop inside the critical section brings the wait back to a test."""
        waits = {each.id for each in self._waits if each.code is code}
        begun = section - waits
        return any(id < first_id([loop]) for loop in around.loops for id in begun)

    def _inside(self, code: Code, around: Around, use: LockUse, section: Section) -> list[int]:
        """The reads, in the critical section of the wait, on which it depends whether it happens."""
        flow = self._places.dataflow(code)
        reads = [read for test in around.tests for read in sorted(flow.sources(test))]
        return [read for read in (*reads, *around.tried) if self._held(code, read, use) & section]

    def _is_settled(self, code: Code, reads: list[int]) -> bool:
        """Whether what is read stays as it was made: nobody waits for that to change."""
        found = [self._reads(code, frozenset({read})) for read in reads]
        places = {access.place for accesses in found for access in accesses}
        writes = (each for place in places for each in self._places.by_place[place] if each.kind.writes)
        return all(found) and all(each.code.key in self._calls.constructing for each in writes)

    def _held(self, code: Code, id: int, use: LockUse) -> Section:
        return self._locksets.held(code, id).get(use, frozenset())

    def _outside(self, code: Code, around: Around, use: LockUse, wakers: list[Signal]) -> Access | None:
        """A read without the lock, on which the wait depends, of what some waker changes."""
        flow = self._places.dataflow(code)
        changed = {access.place for waker in wakers for access in self._changes(waker)}
        for test in around.tests:
            for access in self._reads(code, flow.sources(test)):
                site = access.id if access.code is code else test
                if access.code is code and flow.is_earlier_answer(access.id, test):
                    continue
                if access.place in changed and not self._held(code, site, use):
                    return access
        return None

    def _changes(self, waker: Signal) -> Iterator[Access]:
        """What a function changes that notifies, or whoever calls it to do so, before that."""
        yield from self._writes(waker.code)
        for edge in self._calls.callers(waker.code):
            yield from (each for each in self._places.of(edge.caller) if each.kind.writes and each.id < edge.site)

    def _writes(self, code: Code) -> list[Access]:
        """What a function changes, itself or by the methods that it calls."""
        codes = [code, *(edge.callee for edge in self._calls.sure_calls(code))]
        return [access for each in codes for access in self._places.of(each) if access.kind.writes]

    def _reads(self, code: Code, sources: frozenset[int]) -> list[Access]:
        """The accesses that are behind the reads of a test, those of methods that it asks included."""
        own = [each for each in self._places.of(code) if each.id in sources or each.load in sources]
        asked = {
            edge.callee.key: edge.callee
            for edge in self._calls.sure_calls(code)
            if self._callee_of(code, edge) in sources and not edge.callee.function.is_async
        }
        return own + [each for callee in asked.values() for each in self._places.of(callee)]

    def _callee_of(self, code: Code, edge: Edge) -> int:
        operation = code.operations[edge.site]
        if type(operation) is facts.Call:
            return operation.callee
        return edge.site if type(operation) is facts.LoadAttr else facts.NOTHING

    def _read(self, code: Code, reads: list[int]) -> Access | None:
        return next(iter(self._reads(code, frozenset(reads))), None)

    # --- after the wait ---

    def _goes_on(self, wait: Signal, wakers: list[Signal], inside: list[int], section: Section) -> bool:
        """Whether a wait that was tested by `if` goes on as if the predicate held, though it may not."""
        code, around = wait.code, wait.around
        places = {access.place for access in self._reads(code, frozenset(inside))}
        if not places or around.leaves or self._is_latch(places, wakers):
            return False
        end = last_id((*around.loops[-1].head, *around.loops[-1].body)) if around.loops else len(code.operations)
        again = [test for test in tests_of(code) if self._asks(code, test, places, wait.id, end)]
        if around.loops:
            late = [act for act in self._acts(code, places) if wait.id < act.id <= end]
            if any(not any(test < act.id for test in again) for act in late):
                return True
            return not again and self._works_on(wait, around.loops[-1], end)
        if again or (wait.limit is Limit.PERHAPS and self._is_answered(code, wait.id, places)):
            return False
        return not self._is_asked_again(code, places)

    def _works_on(self, wait: Signal, loop: facts.Loop, end: int) -> bool:
        """Whether each turn of a loop around the critical section waits once, and then does its work on an item."""
        code, body = wait.code, extent(loop.body)
        if loop.kind != "for" or wait.limit is Limit.PERHAPS or not self._uses_item(code, loop, wait.id, end):
            return False
        return all(body[0] <= id <= body[1] for id in self._held(code, wait.id, wait.use) if id >= 0)

    def _uses_item(self, code: Code, loop: facts.Loop, low: int, high: int) -> bool:
        """Whether a call between two operations is given what the loop draws."""
        flow = self._places.dataflow(code)
        drawn = [each.id for each in loop.head if isinstance(each, facts.Element)]
        calls = (each for each in code.operations[low + 1 : high + 1] if isinstance(each, facts.Call))
        given = (argument.value for call in calls for argument in call.arguments)
        return any(flow.comes_from(value, id) for value in given for id in drawn)

    def _asks(self, code: Code, test: int, places: set[Place], low: int, high: int) -> bool:
        """Whether a test between two operations asks for the same state, or for something that is not known."""
        sources = {id for id in self._places.dataflow(code).sources(test) if low < id <= high}
        if not sources:
            return False
        found = {access.place for access in self._reads(code, frozenset(sources))}
        return not found or not found.isdisjoint(places)

    def _acts(self, code: Code, places: set[Place]) -> list[Access]:
        """The accesses that fail, or do harm, where the predicate does not hold."""
        misses = handled_misses(code, self._places.dataflow(code))
        return [
            access
            for access in self._places.of(code)
            if access.place in places
            and access.id not in misses
            and not access.claims
            and (access.method in REMOVES or (access.method == "[]" and access.kind is not Kind.MUTATE))
        ]

    def _is_answered(self, code: Code, after: int, places: set[Place]) -> bool:
        """Whether the function returns the state: who called it sees that the time was over."""
        flow = self._places.dataflow(code)
        return any(self._asks(code, value, places, after, len(code.operations)) for value in code.returns) and bool(
            flow
        )

    def _is_asked_again(self, code: Code, places: set[Place]) -> bool:
        """Whether some caller comes back in a loop, and asks itself."""
        for edge in self._calls.callers(code):
            around = self._surroundings(edge.caller).get(edge.site)
            for loop in around.loops if around is not None else ():
                inside = [test for test in tests_of(edge.caller) if contains(loop, test) or test == loop.test]
                if any(self._asks(edge.caller, test, places, -1, len(edge.caller.operations)) for test in inside):
                    return True
        return False

    def _is_latch(self, places: set[Place], wakers: list[Signal]) -> bool:
        """Whether the state is set once and for all, and nobody notifies for another reason."""
        for place in places:
            stores = [each for each in self._places.by_place[place] if each.kind.writes]
            late = [each for each in stores if each.code.key not in self._calls.constructing]
            truths = {self._places.dataflow(each.code).truth(each.value) for each in late if each.kind is Kind.WRITE}
            constant = all(each.kind is Kind.WRITE for each in late) and len(truths) == 1 and None not in truths
            if constant and all(any(each.code is waker.code for each in late) for waker in wakers):
                return True
        return False
