"""Part of the races stage: numbers of which nobody needs to know exactly what they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from racelint import facts
from racelint.facts import Node, Operation
from racelint.knowledge.clocks import CLOCKS
from racelint.program.dataflow.dataflow import Dataflow, operands
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import HALF, Case
from racelint.program.races.excuses.telling import becomes_text, is_text
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sources.nodes import ids_in, walk
from racelint.program.sources.source import Code
from racelint.program.values.texts import is_filled_in, is_record

LIMITS: Final = frozenset({"<", ">", "<=", ">="})
"""With these a number is held against a limit."""

COMPARED: Final = LIMITS | {"==", "!="}
"""With these it is held against any number."""

ASKED_FOR: Final = CLOCKS | {"hasattr", "getattr"}
"""Functions that only answer."""

WITHOUT_TRACE: Final = (facts.Const, facts.LoadName, facts.LoadAttr, facts.Compute, facts.Choice)
"""What leaves everything as it was."""


def is_rough(case: Case) -> bool:
    """Whether the Place is a count that only grows, and is only held against limits: to come there later is no harm."""
    held_against = False
    for read, uses in _reads_of_count(case):
        code, flow = read.code, case.sharing.places.dataflow(read.code)
        if not all(_is_limit(each) or _is_stored_back(each) or _is_nth(code, flow, each) for each in uses):
            return False
        held_against |= not all(map(_is_stored_back, uses))
    return held_against


def _reads_of_count(case: Case) -> list[tuple[Access, list[Operation]]]:
    """The reads of a number to which no more than one is added, and what is done with it; none of any other Place."""
    found: list[tuple[Access, list[Operation]]] = []
    for access in case.accesses if case.guard is None else ():
        flow = case.sharing.places.dataflow(access.code)
        if access.kind is Kind.READ:
            found.append((access, [each for use in flow.uses(access.id) for each in _beyond_sums(flow, use)]))
        elif access.kind is not Kind.UPDATE or not _is_one_more(flow, access):
            return []
    return found


def _is_nth(code: Code, flow: Dataflow, use: Operation) -> bool:
    """Whether it is asked if the turn has come that comes once in so many: `if not self.seen % 100`."""
    if type(use) is not facts.Compute or use.kind != "%" or use.id in code.returns:
        return False
    return all(type(each) is facts.Compute and each.kind in ("not", "==", "!=") for each in flow.uses(use.id))


def is_reset_unseen(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether a change sets a number back that nobody reads but to go on with it: when it began does not matter."""
    if sequence.shape is not Shape.UPDATE or case.guard is not None or other.kind is not Kind.WRITE:
        return False
    updates = {(each.code, id) for each in case.accesses if each.kind is Kind.UPDATE for id in (each.load, each.id)}
    return case.is_constant(other) and all(
        each.kind.writes or (each.code, each.id) in updates or _is_only_read_back(case, each) for each in case.accesses
    )


def _is_only_read_back(case: Case, read: Access) -> bool:
    """Whether a number is read for nothing but to add to it."""
    flow = case.sharing.places.dataflow(read.code)
    uses = [each for use in flow.uses(read.id) for each in _beyond_sums(flow, use)]
    return read.kind is Kind.READ and bool(uses) and all(map(_is_stored_back, uses))


def is_shown_number(case: Case) -> bool:
    """Whether each object notes the number that has come to it, and that is only made into text: `<Failure 7>`."""
    noted = False
    for read, uses in _reads_of_count(case):
        others = [each for each in uses if not _is_back(case, read, each)]
        if not all(_is_note(case, read, each) for each in others):
            return False
        noted |= bool(others)
    return noted


def _is_back(case: Case, read: Access, use: Operation) -> bool:
    return any(each.code is read.code and each.id == use.id for each in case.accesses)


def _is_note(case: Case, read: Access, use: Operation) -> bool:
    """Whether a number is stored in an attribute of which only text is made."""
    places = case.sharing.places
    stores = [each for each in places.of(read.code) if type(use) is facts.StoreAttr and each.id == use.id]
    kept = [each for store in stores for each in places.by_place[store.place] if not each.kind.writes]
    return bool(stores) and all(becomes_text(case, each) for each in kept)


def is_tally(case: Case) -> bool:
    """Whether the Place counts what has happened since it was told last: one more or less is no harm.

    It is set back now and then, or is only told in log records. What is given back, held against a number or handed on
    is a count that somebody may rely on; but for the sum of two, which numbers nothing, and where it only decides
    what is logged.
    """
    if case.guard is not None and case.guard.share >= HALF:
        return False
    is_set_back = any(access.kind is Kind.WRITE for access in case.accesses)
    told = False
    for access in case.accesses:
        flow = case.sharing.places.dataflow(access.code)
        if access.kind is Kind.UPDATE:
            if not _is_added_to(flow, access):
                return False
        elif access.kind is Kind.READ:
            uses = [each for each in flow.uses(access.id) if not _is_own_update(case, access, each)]
            if not all(_is_told(case, access, each, is_set_back) for each in uses):
                return False
            told |= bool(uses)
        elif access.kind is not Kind.WRITE or not case.is_constant(access):
            return False
    return told


def _is_added_to(flow: Dataflow, update: Access) -> bool:
    made = flow.operation(update.value)
    return type(made) is facts.Compute and made.kind == "+"


def _is_own_update(case: Case, read: Access, use: Operation) -> bool:
    """Whether a number is read to be added to, and stored again."""
    updates = (each for each in case.accesses if each.kind is Kind.UPDATE and each.code is read.code)
    return type(use) is facts.Compute and any(each.value == use.id for each in updates)


def _is_told(case: Case, read: Access, use: Operation, as_text: bool) -> bool:
    """Whether a number becomes part of a log record, or of a text if that will do, alone or in the sum of two."""
    code, flow = read.code, case.sharing.places.dataflow(read.code)
    if type(use) is facts.Compute and use.kind == "+" and not any(map(flow.is_constant, use.operands)):
        sums = flow.uses(use.id)
        return bool(sums or use.id in code.returns) and all(_is_told(case, read, each, as_text) for each in sums)
    if as_text and _chooses_record(case, code, use):
        return True
    return is_record(code, use) or (as_text and (is_filled_in(code, use) or is_text(case.sharing.places, code, use)))


def _chooses_record(case: Case, code: Code, use: Operation) -> bool:
    """Whether a number is only compared to choose how to log something."""
    if type(use) is not facts.Compute or use.kind not in COMPARED:
        return False
    flow = case.sharing.places.dataflow(code)
    parts = flow.uses(use.id)
    asked = {use.id, *(each.id for each in parts)}
    if not asked.isdisjoint(code.returns) or any(flow.uses(each.id) for each in parts):
        return False
    if not all(type(each) is facts.Choice or _is_not(each) for each in parts):
        return False
    decided = [each for each in code.controls if isinstance(each, facts.Branch | facts.Loop) and each.test in asked]
    return bool(decided) and all(
        type(branch) is facts.Branch
        and all(leaves_no_trace(case, code, each) for each in walk((*branch.body, *branch.orelse)))
        and not _is_kept_beyond(code, (*branch.body, *branch.orelse), asked)
        for branch in decided
    )


def _is_not(use: Operation) -> bool:
    return type(use) is facts.Compute and use.kind == "not"


def _is_kept_beyond(code: Code, arms: Sequence[Node], asked: set[int]) -> bool:
    """Whether a local keeps for later what is made there: `changed = True`, `5 if late else 1`; not what is `asked`."""
    inside = ids_in(arms) | asked
    joined = (each for each in code.operations if isinstance(each, facts.Phi | facts.Choice) and each.id not in inside)
    return any(not inside.isdisjoint(operands(each)) for each in joined)


def leaves_no_trace(case: Case, code: Code, node: Node) -> bool:
    """Whether a node only asks for something, logs, or notes when that was: twice is as good as once."""
    match node:
        case facts.Call():
            is_asked = case.sharing.places.types.surely_calls(code, node, ASKED_FOR)
            return is_asked or is_record(code, node)
        case facts.StoreAttr(id=id):
            stores = [each for each in case.sharing.places.of(code) if each.id == id]
            return bool(stores) and all(notes_time(case, each) for each in stores)
        case _:
            return isinstance(node, (*WITHOUT_TRACE, facts.Branch))


def is_estimate(case: Case) -> bool:
    """Whether the Place is a mean that follows what is measured, or a delay that grows by a factor up to a limit.

    `mean = 0.9 * mean + 0.1 * new`; `delay = min(2 * delay, longest)`: what it was a moment ago is as good.
    """
    updates = [access for access in case.accesses if access.kind is Kind.UPDATE]
    return bool(updates) and all(
        _is_weighted(case.sharing.places.dataflow(each.code), each) or _is_limited(case, each) for each in updates
    )


def _is_weighted(flow: Dataflow, update: Access) -> bool:
    """Whether one of the values stored is a sum of two parts, each with a weight below one."""
    made = flow.operation(update.value)
    stored = made.inputs if type(made) is facts.Phi else (update.value,)
    sums = (each for each in map(flow.operation, stored) if type(each) is facts.Compute and each.kind == "+")
    return any(all(map(flow.is_fraction, each.operands)) for each in sums)


def _is_limited(case: Case, update: Access) -> bool:
    """Whether what is stored is a multiple of what was there, or a limit."""
    types, flow = case.sharing.places.types, case.sharing.places.dataflow(update.code)
    made = flow.operation(update.value)
    if type(made) is not facts.Call or not types.may_call(update.code, made, ("min",)):
        return False
    given = (flow.operation(argument.value) for argument in made.arguments)
    return any(type(each) is facts.Compute and each.kind == "*" for each in given)


def is_time(case: Case, sequence: Composite) -> bool:
    """Whether it is only compared how long ago something was done, and noted when: twice at once is as good as once."""
    if sequence.shape is not Shape.CHECK or sequence.first.kind is not Kind.READ:
        return False
    flow = case.sharing.places.dataflow(sequence.code)
    uses = [each for use in flow.uses(sequence.first.id) for each in _beyond_sums(flow, use)]
    stores = [access for access in case.accesses if access.kind.writes]
    return (
        bool(uses)
        and all(map(_is_limit, uses))
        and all(each.kind is Kind.WRITE and _is_now(case, each) for each in stores)
    )


def _is_now(case: Case, store: Access) -> bool:
    """Whether a store notes what time it is, or so much later or earlier, or nothing."""
    return case.is_constant(store) or notes_time(case, store)


def notes_time(case: Case, store: Access) -> bool:
    """Whether a store notes what time it is, or so much later or earlier; in whole numbers, as it may be."""
    types, flow = case.sharing.places.types, case.sharing.places.dataflow(store.code)
    made = flow.operation(store.value)
    if type(made) is facts.Call and made.arguments and types.surely_calls(store.code, made, ("int", "round")):
        made = flow.operation(made.arguments[0].value)
    if type(made) is facts.Compute and made.kind in ("+", "-"):
        return any(types.surely_calls(store.code, flow.operation(each), CLOCKS) for each in made.operands)
    return types.surely_calls(store.code, made, CLOCKS)


def _beyond_sums(flow: Dataflow, use: Operation) -> list[Operation]:
    """A use of a number, or those of what something is added to it."""
    return flow.uses(use.id) if type(use) is facts.Compute and use.kind in ("+", "-") else [use]


def _is_limit(use: Operation) -> bool:
    return type(use) is facts.Compute and use.kind in LIMITS


def _is_stored_back(use: Operation) -> bool:
    return isinstance(use, facts.StoreAttr | facts.StoreName) and use.augmented


def _is_one_more(flow: Dataflow, update: Access) -> bool:
    made = flow.operation(update.value)
    added = flow.operation(made.operands[1]) if type(made) is facts.Compute and made.kind == "+" else None
    return type(added) is facts.Const and added.kind == "int"
