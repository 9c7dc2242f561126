"""Part of the races stage: what ends alike whoever comes first, so that nobody needs to be kept out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Final

from racelint import facts
from racelint.facts import Node, Operation
from racelint.knowledge import Knowledge
from racelint.knowledge.model import SafetyKind
from racelint.program.case import Case
from racelint.program.composites import REMOVES, Composite, Shape
from racelint.program.dataflow import Dataflow
from racelint.program.disturbances import containers, harm, takes_away
from racelint.program.guards import Guard
from racelint.program.lifetimes import contains
from racelint.program.places import Access, Kind
from racelint.program.source import walk
from racelint.program.swaps import TELLS
from racelint.program.values import Instance, Library, LibraryObject, Value

ONCE: Final = frozenset({Kind.READ, Kind.WRITE, Kind.DELETE, Kind.CONTENT})
"""What is done to a Place in one step that stands for itself."""

APPENDS: Final = frozenset({"append", "extend", "appendleft"})
SEQUENCES: Final = frozenset({"list", "collections.deque"})
EMPTIES: Final = frozenset({"clear", "popitem"})
"""Adding to the end of a container is one step; who takes out an item or none cares for that, who empties it does."""

LIMITS: Final = frozenset({"<", ">", "<=", ">="})
"""With these a number is held against a limit."""


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


def loses_to(case: Case, access: Access) -> Callable[[Access], bool]:
    """Whether what another write leaves differs from what this one stores and wants back."""
    changed = any(each.kind.writes and each.kind is not Kind.WRITE for each in case.accesses)
    flow = case.sharing.places.dataflow(access.code)
    repeated = not changed and flow.is_repeatable(access.value)
    return lambda other: other is not access or not repeated


def is_single_step(case: Case, access: Access, guard: Guard) -> bool:
    """Whether a step is all that a function does to what the lock guards, and nobody with the lock looks twice.

    Then it comes before or after what they do: whoever reads, writes or tests once has one of the two values.
    """
    if not _is_all(case, access, guard):
        return False
    guarded = [each for each in case.accesses if _is_under(case, each, guard)]
    if access.kind is Kind.WRITE:
        return all(each.kind in ONCE for each in guarded) and not _looks_twice(case, guarded)
    if access.method not in APPENDS or not {*containers(case, access)} <= SEQUENCES:
        return False
    return not any(each.kind.rebinds or harm(case, each, access) is not None for each in guarded) and not _looks_twice(
        case, [each for each in guarded if each.method not in REMOVES - EMPTIES]
    )


def _looks_twice(case: Case, guarded: Sequence[Access]) -> bool:
    """Whether two of these accesses are in one critical section, neither of them a part of the other."""
    for one, other in itertools.combinations(guarded, 2):
        if one.code is other.code and one.load != other.id and other.load != one.id:
            before, after = (case.locksets.held(each.code, each.id) for each in (one, other))
            if any(after.get(use) == section for use, section in before.items()):
                return True
    return False


def _is_all(case: Case, store: Access, guard: Guard) -> bool:
    """Whether the function of a store neither takes the guard nor touches other state that is used under it."""
    holding = case.locksets.holdings.get(store.code.key)
    if holding is not None and any(each.use.lock.key == guard.lock.key for each in holding.acquisitions.values()):
        return False
    places = case.sharing.places
    beside = (each for each in places.of(store.code) if each is not store and each.base == store.base)
    return not any(_is_under(case, each, guard) for other in beside for each in places.by_place[other.place])


def _is_under(case: Case, access: Access, guard: Guard) -> bool:
    return any(use.lock.key == guard.lock.key for use in case.locksets.held(access.code, access.id))


def is_failure(sequence: Composite) -> bool:
    """`if name not in failed: try: return load(name) except OSError: failed.add(name)`: who is second fails alike."""
    last = sequence.last
    if sequence.first.method != "in" or last.method != "add" or last.code is not sequence.code:
        return False
    tries = (node for node in walk(sequence.code.function.body) if type(node) is facts.Try)
    return any(
        _returns(node.body) and contains(each, last.id)
        for node in tries
        for handler in node.handlers
        for each in handler.body
    )


def _returns(nodes: Sequence[Node]) -> bool:
    """Whether a run that gets through a body returns at its end."""
    last = nodes[-1] if nodes else None
    if type(last) is facts.Branch:
        return _returns(last.body) and _returns(last.orelse)
    return type(last) is facts.Return


def is_only_told(case: Case, sequence: Composite) -> bool:
    """`if name not in names: names.append(name)` for a list of which only text is made: twice there is no harm."""
    if sequence.first.method != "in" or sequence.last.method != "append":
        return False
    asked = [each for each in case.accesses if not each.kind.writes and each.method != "in"]
    return bool(asked) and all(_becomes_text(case, each) for each in asked)


def _becomes_text(case: Case, walk: Access) -> bool:
    """Whether each entry that is gone over is only made into text."""
    places = case.sharing.places
    flow = places.dataflow(walk.code)
    if type(flow.operation(walk.id)) is not facts.Element:
        return False
    for use in flow.uses(walk.id):
        called = places.types.of(walk.code, use.callee) if type(use) is facts.Call else ()
        text = any(isinstance(each, Library) and each.qualname in ("str", "repr") for each in called)
        if not text and not (type(use) is facts.Compute and use.kind == 'f""'):
            return False
    return True


def is_rough(case: Case) -> bool:
    """Whether the Place is a count that only grows, and is only held against limits: to come there later is no harm."""
    if case.guard is not None:
        return False
    held_against = False
    for access in case.accesses:
        flow = case.sharing.places.dataflow(access.code)
        if access.kind is Kind.UPDATE:
            if not _is_one_more(flow, access):
                return False
        elif access.kind is Kind.READ:
            uses = [each for use in flow.uses(access.id) for each in _beyond_sums(flow, use)]
            if not all(_is_limit(each) or _is_stored_back(each) for each in uses):
                return False
            held_against |= any(map(_is_limit, uses))
        else:
            return False
    return held_against


def _beyond_sums(flow: Dataflow, use: Operation) -> list[Operation]:
    """A use of a number, or those of what something is added to it."""
    return flow.uses(use.id) if type(use) is facts.Compute and use.kind == "+" else [use]


def _is_limit(use: Operation) -> bool:
    return type(use) is facts.Compute and use.kind in LIMITS


def _is_stored_back(use: Operation) -> bool:
    return isinstance(use, facts.StoreAttr | facts.StoreName) and use.augmented


def _is_one_more(flow: Dataflow, update: Access) -> bool:
    made = flow.operation(update.value)
    added = flow.operation(made.operands[1]) if type(made) is facts.Compute and made.kind == "+" else None
    return type(added) is facts.Const and added.kind == "int"


def is_memo(case: Case, sequence: Composite) -> bool:
    """`if key not in memo: memo[key] = compute(key)`: computing it twice is only a waste, if it has no identity."""
    last = sequence.last
    if case.guard is not None or not _is_stored_by_key(sequence):
        return False
    flow = case.sharing.places.dataflow(last.code)
    made = _made(flow, last)
    if made is None or not flow.comes_from(last.value, last.key):
        return False
    known = isinstance(made, facts.Compute) or bool(case.sharing.places.types.of(last.code, last.value))
    return known and not makes_object(case, sequence)


def is_memo_of_calls(case: Case, sequence: Composite) -> bool:
    """Whether a function keeps what calls gave back, by what they were given, for good, and gives back its own.

    Two that missed store the same. Where entries are called back it may be outdated when it is stored.
    """
    code, last = sequence.code, sequence.last
    if last.code is not code or not _is_stored_by_key(sequence):
        return False
    flow = case.sharing.places.dataflow(code)
    if type(_made(flow, last)) is not facts.Call or not any(flow.comes_from(id, last.value) for id in code.returns):
        return False
    parameters = enumerate(code.function.parameters)
    named = [id for id, each in parameters if each.kind != "kwarg" and (id > 0 or not code.is_method)]
    given = [id for id in named if flow.comes_from(last.value, id)]
    if not given or not all(flow.comes_from(last.key, id) for id in given):
        return False
    values = case.sharing.places.types.of(code, last.value)
    known = case.sharing.places.types.names.knowledge
    # of what may be all kinds of things it is not known that it has an identity
    surely = bool(values) and all(_has_identity(value, known) for value in values)
    return not surely and not _is_called_back(case)


def _is_stored_by_key(sequence: Composite) -> bool:
    last = sequence.last
    if sequence.shape is not Shape.CHECK or last.method != "[]=" or last.key < 0 or last.kind is Kind.ITEM_UPDATE:
        return False
    return sequence.first.method in ("in", "get", "[]")


def _made(flow: Dataflow, store: Access) -> facts.Call | facts.Compute | None:
    """The call or operator that makes what is stored; not one that takes it out elsewhere: who is second gets none."""
    made = flow.operation(store.value)
    if type(made) is facts.Await:
        made = flow.operation(made.value)
    if isinstance(made, facts.Call):
        method = flow.operation(made.callee)
        return None if type(method) is facts.LoadAttr and method.name in REMOVES else made
    return made if isinstance(made, facts.Compute) else None


def _is_called_back(case: Case) -> bool:
    """Whether anybody takes entries away, other than to make room for a new one."""
    filling = {access.code for access in case.accesses if access.method == "[]="}
    return any(takes_away(each) and each.code not in filling for each in case.accesses)


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
