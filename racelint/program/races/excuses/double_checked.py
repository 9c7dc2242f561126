"""Part of the races stage: what is looked at once more in the critical section of the act: double-checked.

Who tests once more within the lock is right whatever the first test has found; unless others see what is stored before
it is filled.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Final

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.threads import BEGINS, TELLS_END
from racelint.program.dataflow.dataflow import UNKNOWN, Dataflow
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.caches import is_asked
from racelint.program.races.excuses.emptied import is_taken_whole
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sources.branching import conditions
from racelint.program.sources.nodes import contains
from racelint.program.sources.source import Code, makes
from racelint.program.values.values import LibraryMethod

Part = facts.LoadAttr | facts.StoreAttr | facts.LoadItem | facts.StoreItem
"""The operations that read, or store, a part of something."""

ASKED: Final = frozenset(name for name, is_over in TELLS_END.items() if not is_over)
"""The methods that say of what has been begun whether it still runs."""


def is_tested_again(case: Case, sequence: Composite, others: Sequence[Composite]) -> bool:
    """Double-checked: the act's own critical section tests once more, this or what goes with it (a version)."""
    code = sequence.code
    # a search tests in a loop of its own, which does not lie around the act
    same_act = (other for other in others if other.act == sequence.act and other.shape is not Shape.UPDATE)
    looks = [other.between[0] for other in same_act if other.code is code and other is not sequence]
    looks += [id for id in sequence.tested if _is_about(case, sequence, id)]
    # the container may have been read once, and be asked twice; or be an item that was fetched before
    asked = {test for test, _ in conditions(code, sequence.act)} - {sequence.first.id}
    again = (each for each in case.accesses if each.code is code and each.id in asked)
    key = case.sharing.places.dataflow(code).key
    looks += [each.id for each in again if each.key >= 0 and key(each.key) == key(sequence.first.key)]
    looks += [test for test in asked if _asks_for(code, test, key, sequence)]
    if any(case.locksets.in_one_section(code, id, sequence.act, exclusive=True) for id in looks):
        return True
    if _is_kept_within(case, sequence) or is_taken_whole(case, sequence) or _is_waited_for(case, sequence):
        return True
    if _is_counted_in(case, sequence):
        return True
    inner = sequence.last.code
    if inner is code or not case.locksets.held(inner, sequence.last.id):
        return False
    about = [other for other in others if other.code is inner and other.act == sequence.last.id]
    if any(other.shape is not Shape.UPDATE for other in about):
        return True
    # what `+=` reads it only adds to: that is no second look; who picks out what stays has looked at all there is
    added_to = {id for other in about if not _is_picked(case, other.last) for id in other.between}
    # the callee looks at the Place itself before it acts, in the same critical section
    return any(
        each.code is inner
        and each.id < sequence.last.id
        and each.id not in added_to
        and case.locksets.in_one_section(inner, each.id, sequence.last.id)
        for each in case.accesses
    )


def _asks_for(code: Code, test: int, key: Callable[[int], str], sequence: Composite) -> bool:
    """Whether a test asks what was fetched first for the key under which the act stores."""
    match code.operation(test):
        case facts.Compute(kind="in" | "not in", operands=(asked, container)):
            return container == sequence.first.id and sequence.last.key >= 0 and key(asked) == key(sequence.last.key)
        case _:
            return False


def _is_about(case: Case, sequence: Composite, id: int) -> bool:
    """Whether what a test reads has to do with the act: a loop that has ended since may have waited for something
    else."""
    code, act = sequence.code, sequence.act
    waits = any(type(node) is facts.Loop and contains(node, id) and not contains(node, act) for node in code.controls)
    return not waits or any(each.code is code and id in (each.id, each.read_id) for each in case.accesses)


def _is_waited_for(case: Case, sequence: Composite) -> bool:
    """Whether the lock is only given up until it is so: `if not self.items: self.changed.wait_for(lambda: self.items)`.

    What a limit in time may end is asked whether it was so.
    """
    code = sequence.code
    holding = case.locksets.holdings.get(code.key)
    waits = holding.waits if holding is not None else ()
    is_keyed = sequence.first.key >= 0
    looks = (each for each in case.accesses if each.code.parent is code and not each.kind.writes)
    looking = [each.code for each in looks if (each.key >= 0) is is_keyed]
    flow = case.sharing.places.dataflow(code)
    asked = {id for test, _ in conditions(code, sequence.act) for id in flow.calls(test)}
    for call in code.operations if looking and waits else ():
        if type(call) is not facts.Call or call.span not in waits or not sequence.first.id < call.id < sequence.act:
            continue
        told = len(call.arguments) == 1 or call.id in asked
        if told and any(makes(code.operation(call.arguments[0].value), each) for each in looking):
            return not case.locksets.held(code, call.id).keys().isdisjoint(case.locksets.held(code, sequence.act))
    return False


def _is_counted_in(case: Case, sequence: Composite) -> bool:
    """Whether who found an item has noted in it, at once, that he uses it, and the act's section asks for that note:
    `entry.users += 1`, and in the end `entry.users -= 1; if not entry.users: del self.entries[key]`."""
    code, first = sequence.code, sequence.first
    if first.code is not code or first.key < 0:
        return False
    flow, in_one = case.sharing.places.dataflow(code), case.locksets.in_one_section
    of_item = [each for each in code.operations if isinstance(each, Part) and flow.comes_from(each.base, first.id)]
    noted = {
        _part(flow, each)
        for each in of_item
        if isinstance(each, facts.StoreAttr | facts.StoreItem)
        and each.augmented
        and in_one(code, first.id, each.id, exclusive=True)
    }
    asked = {each.id for test, _ in conditions(code, sequence.act) for each in flow.behind(test)}
    noted.discard(UNKNOWN)
    return any(
        each.id in asked and _part(flow, each) in noted and in_one(code, each.id, sequence.act, exclusive=True)
        for each in of_item
    )


def _part(flow: Dataflow, operation: Part) -> str:
    """The attribute of an object, or the item of a container, that is read or stored."""
    if isinstance(operation, facts.LoadAttr | facts.StoreAttr):
        return operation.name
    return flow.key(operation.key)


def _is_picked(case: Case, update: Access) -> bool:
    """Whether a container is made anew of those that are there: `[each for each in self.known if each.alive]`."""
    made = case.sharing.places.dataflow(update.code).operation(update.value)
    return type(made) is facts.Build and made.comprehension


def _is_kept_within(case: Case, sequence: Composite) -> bool:
    """Whether the act's critical section reads once more how far it may go: `free += min(size - free, given)`."""
    code, last = sequence.code, sequence.last
    if last.code is not code or last.kind is not Kind.UPDATE:
        return False
    flow, types = case.sharing.places.dataflow(code), case.sharing.places.types
    reads = [each for each in case.accesses if each.code is code and each.kind is Kind.READ and each.base == last.base]
    within = {each.read_id for each in reads if case.locksets.in_one_section(code, each.id, sequence.act)}
    for id in flow.calls(last.value):
        if types.may_call(code, code.operations[id], ("min", "max")) and within & flow.sources(id):
            return True
    return False


def is_looked_at_within(case: Case, sequence: Composite) -> bool:
    """Whether what is read once more was tested once more as well, in the critical section of that second read."""
    code, first = sequence.code, sequence.first
    return any(
        case.locksets.in_one_section(code, each.id, sequence.act, exclusive=True)
        for each in case.accesses
        if each.code is code and each.base == first.base and each.read_id in sequence.tested
    )


def is_filled_late(case: Case, sequence: Composite) -> bool:
    """Published, then filled: after the store the object is still being worked on in the critical section."""
    filled = {access.id: uses for access in case.accesses if (uses := _filling(case, sequence, access))}
    if not filled or _is_flagged_when_filled(case, sequence, min(filled)):
        return False
    is_begun_last = all(_calls_any(case, sequence.last.code, use, BEGINS) for use in filled[max(filled)])
    return _is_used_without(case, sequence, is_begun_last=is_begun_last)


def _filling(case: Case, sequence: Composite, access: Access) -> list[Operation]:
    """The calls and stores by which an access after the store, in its critical section, works on the object."""
    code = sequence.last.code
    later = access.code is code and access.id > sequence.act and access.base == sequence.last.base
    if not later or access.kind is not Kind.READ or not case.locksets.in_one_section(code, access.id, sequence.act):
        return []
    flow = case.sharing.places.dataflow(code)
    uses = flow.uses(access.id)
    # what is only handed on of it, such as a method for later, does nothing to it
    fetched = (each.id for each in uses if type(each) is facts.LoadAttr)
    calls = [use for id in fetched for use in flow.uses(id) if type(use) is facts.Call and use.callee == id]
    return [*calls, *(each for each in uses if type(each) is facts.StoreAttr)]


def _calls_any(case: Case, code: Code, operation: Operation | None, methods: Container[str]) -> bool:
    """Whether an operation calls one of these methods of a library."""
    callees = case.sharing.places.types.of(code, operation.callee) if type(operation) is facts.Call else ()
    return any(isinstance(each, LibraryMethod) and each.qualname in methods for each in callees)


def _is_used_without(case: Case, sequence: Composite, *, is_begun_last: bool) -> bool:
    """Whether anybody goes on with what is stored there without the lock of the store, and does not only ask whether it
    is there; or whether it runs, if it is whole when it is begun."""
    taken = {use.lock.key for use in case.locksets.held(sequence.code, sequence.act)}
    for look in (each for each in case.accesses if not each.kind.writes):
        if any(use.lock.key in taken for use in case.locksets.held(look.code, look.id)):
            continue
        if not (is_begun_last and _is_found_running(case, look)) and not _is_only_asked(case, look.code, look.id):
            return True
    return False


def _is_found_running(case: Case, look: Access) -> bool:
    """Whether a thread was asked before whether it runs, and does."""
    code, path = look.code, case.sharing.places.dataflow(look.code).path
    return any(
        truth and type(asked := code.operation(test)) is facts.Call and _asks_for_end(case, code, asked, path(look.id))
        for test, truth in conditions(code, look.id)
    )


def _asks_for_end(case: Case, code: Code, asked: facts.Call, path: str) -> bool:
    method = code.operation(asked.callee)
    is_its = type(method) is facts.LoadAttr and case.sharing.places.dataflow(code).path(method.base) == path
    return is_its and _calls_any(case, code, asked, ASKED)


def _is_only_asked(case: Case, code: Code, id: int) -> bool:
    """Whether all that a function does with a value is to ask whether it is there, or runs: `id and id.is_alive()`."""
    uses = case.sharing.places.dataflow(code).uses(id)
    return id not in code.returns and all(_asks(case, code, id, use) for use in uses)


def _asks(case: Case, code: Code, id: int, use: Operation) -> bool:
    if type(use) is facts.Choice:
        return use.kind == "and" and (use.operands[-1] != id or _is_only_asked(case, code, use.id))
    if type(use) is facts.LoadAttr:
        uses = case.sharing.places.dataflow(code).uses(use.id)
        return all(getattr(each, "callee", None) == use.id and _calls_any(case, code, each, ASKED) for each in uses)
    return is_asked(use)


def _is_flagged_when_filled(case: Case, sequence: Composite, filled: int) -> bool:
    """Whether something else of the object is set after that, for which who looks without the lock asks as well."""
    code, base = sequence.last.code, sequence.last.base
    own = [each for each in case.sharing.places.of(code) if each.base == base and each.place is not case.place]
    set_then = {each.place for each in own if each.kind.rebinds and each.id > filled}
    return any(
        each.place in set_then
        and not each.kind.writes
        and each.id < sequence.act
        and not case.locksets.in_one_section(code, each.id, sequence.act)
        for each in own
    )
