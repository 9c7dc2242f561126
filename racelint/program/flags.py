"""Part of the races stage: flags that are looked at and then set, and what is done once on account of that."""

from __future__ import annotations

from racelint import facts
from racelint.program.case import Case
from racelint.program.composites import Composite
from racelint.program.lifetimes import contains
from racelint.program.places import Access, Kind
from racelint.program.source import walk
from racelint.program.swaps import TELLS


def acts_once(case: Case, sequence: Composite) -> bool:
    """Whether more than the flag depends on the test: something is started, made, taken over or torn down once."""
    calls = [each.id for each in sequence.code.operations if type(each) is facts.Call and not _tells(sequence, each)]
    ids = [id for id in calls if id > sequence.first.id] + _read_between(case, sequence)
    return any(_depends(sequence, id) for id in ids)


def _read_between(case: Case, sequence: Composite) -> list[int]:
    """Where the Place is read once more between the test and the act, for what it holds."""
    code, first = sequence.code, sequence.first
    reads = (each for each in case.accesses if each.code is code and not each.kind.writes and each.base == first.base)
    return [each.id for each in reads if first.id < each.id < sequence.act]


def _depends(sequence: Composite, id: int) -> bool:
    """Whether an operation is part of the test, or done where that comes out so that the flag is set."""
    for node in walk(sequence.code.function.body):
        if type(node) is facts.Branch and node.span == sequence.test:
            if id <= node.test:
                return True
            for arm in (node.body, node.orelse):
                if any(contains(each, sequence.act) for each in arm):
                    return any(contains(each, id) for each in arm)
            return not contains(node, id)
    return True


def _tells(sequence: Composite, call: facts.Call) -> bool:
    callee = sequence.code.operations[call.callee] if call.callee >= 0 else None
    return type(callee) is facts.LoadAttr and callee.name in TELLS


def is_set_alike(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether another store to a flag may as well have come after: it stores the same, and does not ask before."""
    last = sequence.last
    if last.kind is not Kind.WRITE or other.kind is not Kind.WRITE:
        return False
    if last not in case.asked_stores or other in case.asked_stores or _read_between(case, sequence):
        return False
    own = [each for each in case.accesses if each.kind.writes and each.code in (sequence.code, last.code)]
    values = {case.literal(each) for each in (*own, last, other)}
    return len(values) == 1 and None not in values
