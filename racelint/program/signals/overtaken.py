"""Part of the signals stage: who waits once for an event until something is free, and then takes it without a look?

An event wakes all who wait for it, and does not keep out who comes in between and need not wait: what was free when it
was set may be taken when a wait ends. Where it is handed over, it is never free meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.containers import INSERTS, REMOVES
from racelint.knowledge.model import LockKind, LockRole
from racelint.program.locking.guards import protections, steady
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind
from racelint.program.sequences.retests import comes_out, is_compared
from racelint.program.sequences.ways import between
from racelint.program.signals.waits import Signal
from racelint.program.sources.branching import branches_around
from racelint.program.sources.nodes import last_id
from racelint.program.sources.source import Code
from racelint.program.values.values import LibraryMethod, LibraryObject

REVERSED: Final = {"+": "-", "-": "+"}


class Overtaken(msgspec.Struct, frozen=True, eq=False):
    """A wait for an event behind the test `tested`, after which `claim` takes what `freed` has given back."""

    wait: Signal
    tested: Access
    claim: Access
    freed: Access

    @property
    def path(self) -> str:
        """The file."""
        return self.wait.path

    @property
    def span(self) -> Span:
        """Where it is told: at the wait."""
        return self.wait.span


def find_overtaken(locksets: LockSets, signals: list[Signal]) -> Iterator[Overtaken]:
    """Judge the waits for events that stand in no loop, each with the test that leads to it."""
    for wait in signals:
        if wait.kind is LockKind.EVENT and wait.role is LockRole.WAIT and not wait.around.loops:
            found = next(_judge(locksets, wait), None)
            if found is not None:
                yield found


def _judge(locksets: LockSets, wait: Signal) -> Iterator[Overtaken]:
    code, places = wait.code, locksets.places
    for branch, truth in branches_around(code, wait.id):
        sources = places.dataflow(code).sources(branch.test)
        end = last_id((*branch.body, *branch.orelse))
        for tested in places.of(code):
            if tested.kind.writes or not {tested.id, tested.load} & sources:
                continue
            for claim in places.of(code):
                same = claim.place is tested.place and claim.base == tested.base and claim.kind.writes
                if not same or claim.id <= end or not _makes_true(locksets, branch.test, truth, tested, claim):
                    continue
                freed = next(_freed(locksets, wait, claim), None)
                if freed is not None and _is_open(locksets, wait, tested, claim):
                    yield Overtaken(wait, tested, claim, freed)


def _makes_true(locksets: LockSets, test: int, truth: bool, tested: Access, claim: Access) -> bool:
    """Whether who came out of the test so would do so again after the claim."""
    flow = locksets.places.dataflow(claim.code)
    operation = flow.operation(test)
    if type(operation) is facts.Compute and operation.kind in ("in", "not in") and tested.id == test:
        same_key = claim.key >= 0 and flow.key(claim.key) == flow.key(tested.key)
        return truth is (operation.kind == "in") and claim.method in INSERTS and same_key
    if comes_out(flow, test, tested, flow, claim) is truth:
        return True
    return is_compared(flow, test, tested) and (
        claim.kind is Kind.UPDATE or (tested.method == "len" and claim.method in INSERTS)
    )


def _freed(locksets: LockSets, wait: Signal, claim: Access) -> Iterator[Access]:
    """What undoes the claim where the event is set as well: on its way there, or from there."""
    places = locksets.places
    for access in places.by_place[claim.place]:
        code = access.code
        if code.key in locksets.threads.calls.constructing or not _undoes(locksets, access, claim):
            continue
        for id in _wakes(locksets, wait, code):
            if between(code, *sorted((id, access.id))) is not None:
                yield access


def _undoes(locksets: LockSets, access: Access, claim: Access) -> bool:
    flow, own = locksets.places.dataflow(access.code), locksets.places.dataflow(claim.code)
    match claim.kind:
        case Kind.WRITE:
            truth = flow.truth(access.value)
            return access.kind is Kind.WRITE and truth is not None and truth is not own.truth(claim.value)
        case Kind.UPDATE:
            added, taken = own.operation(claim.value), flow.operation(access.value)
            if type(added) is not facts.Compute or type(taken) is not facts.Compute:
                return False
            return access.kind is Kind.UPDATE and REVERSED.get(added.kind) == taken.kind
        case _:
            return access.method in REMOVES


def _wakes(locksets: LockSets, wait: Signal, code: Code) -> Iterator[int]:
    """Where a function sets the event, or gives away the method that does."""
    types = locksets.places.types
    for operation in code.operations:
        if type(operation) is not facts.LoadAttr:
            continue
        for value in types.of(code, operation.id):
            if isinstance(value, LibraryMethod) and isinstance(value.receiver, LibraryObject):
                method = locksets.locks.method(value)
                if method is not None and method.role is LockRole.NOTIFY and value.receiver.site in wait.sites:
                    yield operation.id


def _is_open(locksets: LockSets, wait: Signal, tested: Access, claim: Access) -> bool:
    """Whether others can come in between: nothing is looked at again, and no lock is held from test to claim."""
    code = wait.code
    if between(code, wait.id, claim.id) is None or _is_tested_again(locksets, wait, tested, claim):
        return False
    over = protections(steady(locksets.held(code, id) for id in (tested.id, wait.id, claim.id)), claim)
    return not any(each.lock.excludes for each in over)


def _is_tested_again(locksets: LockSets, wait: Signal, tested: Access, claim: Access) -> bool:
    """Whether a test after the wait looks at the same; what an `assert` says is taken for granted, and no look."""
    flow = locksets.places.dataflow(wait.code)
    later = {
        id
        for each in locksets.places.of(wait.code)
        if each.place is tested.place and not each.kind.writes
        for id in (each.id, each.load)
        if wait.id < id < claim.id
    }
    tests = (
        node.test
        for node in wait.code.controls
        if type(node) is facts.Branch and (node.body or not any(isinstance(each, facts.Raise) for each in node.orelse))
    )
    return any(later & flow.sources(test) for test in tests)
