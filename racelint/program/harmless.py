"""Part of the races stage: what ends alike whoever comes first, so that nobody needs to be kept out."""

from __future__ import annotations

from collections.abc import Callable

from racelint import facts
from racelint.knowledge import Knowledge
from racelint.knowledge.model import SafetyKind
from racelint.program.case import Case
from racelint.program.composites import REMOVES, Composite, Shape
from racelint.program.lifetimes import contains
from racelint.program.places import Access, Kind
from racelint.program.source import walk
from racelint.program.swaps import TELLS
from racelint.program.values import Instance, LibraryObject, Value


def acts_once(sequence: Composite) -> bool:
    """Whether more than the flag depends on the test: something is started, made or torn down once."""
    calls = [each for each in sequence.code.operations if type(each) is facts.Call and each.id > sequence.first.id]
    return any(not _only_tells(sequence, each) and _depends(sequence, each.id) for each in calls)


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


def _only_tells(sequence: Composite, call: facts.Call) -> bool:
    callee = sequence.code.operations[call.callee] if call.callee >= 0 else None
    return type(callee) is facts.LoadAttr and callee.name in TELLS


def is_set_alike(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether another store to a flag may as well have come after: it stores the same, and does not ask before."""
    last = sequence.last
    if last.kind is not Kind.WRITE or other.kind is not Kind.WRITE:
        return False
    if last not in case.asked_stores or other in case.asked_stores:
        return False
    own = [each for each in case.accesses if each.kind.writes and each.code in (sequence.code, last.code)]
    values = {case.literal(each) for each in (*own, last, other)}
    return len(values) == 1 and None not in values


def loses_to(case: Case, access: Access) -> Callable[[Access], bool]:
    """Whether what another write leaves differs from what this one stores and wants back."""
    changed = any(each.kind.writes and each.kind is not Kind.WRITE for each in case.accesses)
    flow = case.sharing.places.dataflow(access.code)
    repeated = not changed and flow.is_repeatable(access.value)
    return lambda other: other is not access or not repeated


def is_memo(case: Case, sequence: Composite) -> bool:
    """`if key not in memo: memo[key] = compute(key)`: computing it twice is only a waste, if it has no identity."""
    last = sequence.last
    if sequence.shape is not Shape.CHECK or last.method != "[]=" or last.key < 0 or case.guard is not None:
        return False
    if last.kind is Kind.ITEM_UPDATE or sequence.first.method not in ("in", "get", "[]"):
        return False
    flow = case.sharing.places.dataflow(last.code)
    made = flow.operation(last.value)
    if type(made) is facts.Await:
        made = flow.operation(made.value)
    if not isinstance(made, facts.Call | facts.Compute) or not flow.comes_from(last.value, last.key):
        return False
    if isinstance(made, facts.Call):
        method = flow.operation(made.callee)
        if type(method) is facts.LoadAttr and method.name in REMOVES:
            # taken out elsewhere: who comes second finds nothing
            return False
    known = isinstance(made, facts.Compute) or bool(case.sharing.places.types.of(last.code, last.value))
    return known and not makes_object(case, sequence)


def makes_object(case: Case, sequence: Composite) -> bool:
    """Whether the lazily made value has an identity or a state: two of them are not as good as one."""
    last = sequence.last
    if case.is_constant(last):
        return False
    types = case.sharing.places.types
    return case.guard is not None or any(
        _has_identity(value, types.names.knowledge) for value in types.of(last.code, last.value)
    )


def _has_identity(value: Value, knowledge: Knowledge) -> bool:
    if isinstance(value, Instance):
        return True
    if not isinstance(value, LibraryObject):
        return False
    safety = knowledge.safety(value.qualname)
    return safety is None or safety.kind is not SafetyKind.IMMUTABLE
