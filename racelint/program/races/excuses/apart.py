"""Part of the races stage: changes of a container that leave alone what a sequence is about: its key, its item."""

from __future__ import annotations

import itertools
from typing import Final

from racelint import facts
from racelint.knowledge.containers import EMPTIES, INSERTS, ITEM_ACCESSES, REMOVES, SEQUENCES
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.cases.disturbances import containers
from racelint.program.races.excuses.keys import Keys, LiteralKeys
from racelint.program.sequences.composites import Composite
from racelint.program.sources.branching import conditions, leaves, turns
from racelint.program.sources.nodes import is_within

WAYS: Final = {"+": True, "-": False}
"""Whether an operator makes a number more."""

ORDERS: Final = {">": True, ">=": True, "<": False, "<=": False}
"""Whether a comparison that is true has found the first number above the second."""

ITEMWISE: Final = frozenset({Kind.MUTATE, Kind.ITEM_UPDATE})
"""How a container is changed item by item."""


def is_apart(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether a change may come between test and act of a sequence without a trace in either."""
    return (
        _is_in_kept_item(case, sequence, other)
        or _is_deeper(case, sequence, other)
        or _leaves_as_empty(case, sequence, other)
        or _has_other_keys(case, sequence, other)
        or _leaves_absent(case, sequence, other)
        or _goes_further(case, sequence, other)
    )


def _goes_further(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether a number was tested to be above a limit, and the other adds to it; or below, and it takes away.

    `if self.running < self.most: self.running += 1` beside `self.running -= 1`. No value is made of what was tested,
    and none is stored over what the other has made: `if self.waiting > 3: self.waiting = 0`.
    """
    first, code = sequence.first, sequence.code
    if sequence.last.kind is Kind.WRITE and sequence.last.place is first.place:
        return False
    if first.kind is not Kind.READ or other.kind is not Kind.UPDATE or first.code is not code:
        return False
    flow, changed = case.sharing.places.dataflow(code), case.sharing.places.dataflow(other.code).operation(other.value)
    if sequence.last.code is code and flow.comes_from(sequence.last.value, first.id):
        return False
    way = WAYS.get(changed.kind) if type(changed) is facts.Compute else None
    tests = itertools.chain(conditions(code, sequence.act), turns(code, sequence.act))
    return way is not None and way in (_asked_way(flow, test, first.id, came_out) for test, came_out in tests)


def _asked_way(flow: Dataflow, test: int, load: int, came_out: bool) -> bool | None:
    """Whether a test that came out so has found a number above a limit (True) or below it; None: it asks else."""
    asked = flow.operation(test)
    if type(asked) is not facts.Compute or asked.kind not in ORDERS or load not in asked.operands:
        return None
    return (ORDERS[asked.kind] is came_out) is (asked.operands[0] == load)


def _leaves_absent(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether what was missing is put in, and the other only takes away: it is still missing, and put in all the same.

    `if name not in self.times: self.times[name] = now` beside `self.times = {}`
    """
    first, last, code = sequence.first, sequence.last, sequence.code
    if first.method not in ITEM_ACCESSES or last.method not in INSERTS:
        return False
    theirs = case.sharing.places.dataflow(other.code)
    empties = other.kind is Kind.WRITE and last.load != first.load and theirs.is_empty(other.value)
    if first.code is not code or last.code is not code or not (other.method in REMOVES or empties):
        return False
    looks = [each for each in case.accesses if each.code is code and each.method == "in" and each.base == last.base]
    flow = case.sharing.places.dataflow(code)
    same = [each for each in looks if each is first or (last.key >= 0 and flow.key(each.key) == flow.key(last.key))]
    return any(_is_where_missing(sequence, each) for each in same if each.id >= first.id)


def _is_where_missing(sequence: Composite, look: Access) -> bool:
    """Whether the act is done where a look did not find the key."""
    code = sequence.code
    for node in code.controls:
        asked = code.operations[node.test] if type(node) is facts.Branch and node.test == look.id else None
        if type(node) is facts.Branch and type(asked) is facts.Compute:
            inside = is_within(node.body, sequence.act)
            return inside if asked.kind == "not in" else asked.kind == "in" and not inside and not _goes_on(node)
    return False


def _goes_on(node: facts.Branch) -> bool:
    """Whether what follows a branch is done whatever its test has found."""
    return not node.orelse and not leaves(node.body)


def _is_in_kept_item(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether test and act look into an item that was fetched once, and the other only changes which items there are.

    `line = self.lines[row]; if column in line: del line[column]`
    """
    first, last = sequence.first, sequence.last
    if first.code is not sequence.code or last.code is not sequence.code:
        return False
    flow = case.sharing.places.dataflow(sequence.code)
    item = _item_of(flow, last)
    if item is None or item not in (first.id, _item_of(flow, first)):
        return False
    return _item_of(case.sharing.places.dataflow(other.code), other) is None


def _is_deeper(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether it is only asked which keys a container has, and the other changes what stands under one of them.

    `if name not in self.stock: self.stock[name] = {}` beside `self.stock[name]["left"] -= 1`
    """
    first = sequence.first
    if first.method != "in" or _item_of(case.sharing.places.dataflow(first.code), first) is not None:
        return False
    return _item_of(case.sharing.places.dataflow(other.code), other) is not None


def _leaves_as_empty(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether it is only asked if anything is in a container, and the other leaves that as it was found.

    `if not self.workers: self.begin()` beside `self.workers[number] = Worker()`, which a list must have already
    """
    if sequence.first.kind is not Kind.READ or other.kind is not Kind.MUTATE or sequence.wants is None:
        return False
    if sequence.wants:
        # what is put in before the whole is replaced or emptied is lost with it
        return other.method in INSERTS and not sequence.last.kind.rebinds and sequence.last.method not in EMPTIES
    return other.method in REMOVES or _replaces_one(case, other)


def _replaces_one(case: Case, change: Access) -> bool:
    """Whether an item of a list is replaced, which has as many as before; not a part of it, of whatever length."""
    kinds = {*containers(case, change)}
    key = case.sharing.places.dataflow(change.code).operation(change.key)
    is_part = type(key) is facts.Build and key.kind == "slice"
    return change.method == "[]=" and bool(kinds) and kinds <= SEQUENCES and not is_part


def _item_of(flow: Dataflow, access: Access) -> int | None:
    """The operation that has fetched the item in which an access is at work."""
    match flow.operation(access.id):
        case facts.StoreItem(base=base) | facts.DeleteItem(base=base) | facts.LoadItem(base=base):
            container = base
        case facts.Call(callee=callee) if type(method := flow.operation(callee)) is facts.LoadAttr:
            container = method.base
        case facts.Compute(kind="in" | "not in", operands=(_, container)):
            pass
        case _:
            return None
    return container if container != access.load and type(flow.operation(container)) is facts.LoadItem else None


def _key_of_item(flow: Dataflow, access: Access) -> Keys:
    """The literal key of the item in which an access is at work, however deep; None if it is none, or not known."""
    item, key = _item_of(flow, access), None
    while item is not None and type(fetched := flow.operation(item)) is facts.LoadItem:
        item, key = fetched.base, flow.text(fetched.key)
    return None if key is None else frozenset({key})


def _has_other_keys(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether the test asks for one key, by a literal, and the other side is only about others, or what is in there."""
    first = sequence.first
    if first.method not in ITEM_ACCESSES or first.kind.rebinds or other.kind not in ITEMWISE:
        return False
    flow = case.sharing.places.dataflow(first.code)
    asked = flow.text(first.key)
    if asked is None or _item_of(flow, first) is not None:
        return False
    keys = LiteralKeys(case.sharing.places, case.threads.calls)
    theirs = _key_of_item(case.sharing.places.dataflow(other.code), other) or keys.of_change(other)
    own = keys.of_change(sequence.last) if sequence.last.kind in ITEMWISE else None
    return theirs is not None and own is not None and asked not in theirs and not theirs & own
