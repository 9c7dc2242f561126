"""Part of the races stage: what is looked at once more in the critical section of the act: double-checked.

Who tests once more within the lock is right whatever the first test has found; unless others see what is stored before
it is filled.
"""

from __future__ import annotations

from collections.abc import Sequence

from racelint import facts
from racelint.program.contexts.lifetimes import asked_for_end
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.caches import is_asked
from racelint.program.races.excuses.emptied import is_taken_whole
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import makes


def is_tested_again(case: Case, sequence: Composite, others: Sequence[Composite]) -> bool:
    """Double-checked: the act's own critical section tests once more, this or what goes with it (a version)."""
    code = sequence.code
    # a search tests in a loop of its own, which does not lie around the act
    same_act = (other for other in others if other.act == sequence.act and other.shape is not Shape.UPDATE)
    looks = [other.between[0] for other in same_act if other.code is code and other is not sequence]
    if any(case.locksets.in_one_section(code, id, sequence.act, exclusive=True) for id in (*sequence.tested, *looks)):
        return True
    if _is_kept_within(case, sequence) or is_taken_whole(case, sequence) or _is_waited_for(case, sequence):
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
    code = sequence.last.code
    flow = case.sharing.places.dataflow(code)
    for access in case.accesses:
        later = access.code is code and access.id > sequence.act and access.base == sequence.last.base
        if not later or access.kind is not Kind.READ:
            continue
        same = case.locksets.in_one_section(code, access.id, sequence.act)
        fetched = [use for use in flow.uses(access.id) if isinstance(use, facts.LoadAttr | facts.StoreAttr)]
        # what is only handed on of it, such as a method for later, does nothing to it
        called = any(
            type(use) is facts.Call and use.callee == each.id for each in fetched for use in flow.uses(each.id)
        )
        if same and (called or any(isinstance(each, facts.StoreAttr) for each in fetched)):
            return not _is_flagged_when_filled(case, sequence, access.id) and _is_used_without(case, sequence)
    return False


def _is_used_without(case: Case, sequence: Composite) -> bool:
    """Whether anybody goes on with what is stored there without the lock of the store, and does not only ask whether it
    is there."""
    taken = {use.lock.key for use in case.locksets.held(sequence.code, sequence.act)}
    for look in (each for each in case.accesses if not each.kind.writes):
        if any(use.lock.key in taken for use in case.locksets.held(look.code, look.id)):
            continue
        if not _only_asks(case.sharing.places.dataflow(look.code), look):
            return True
    return False


def _only_asks(flow: Dataflow, look: Access) -> bool:
    """Whether what is found is only asked whether it is there, and a thread whether it runs, before anything else."""
    path = flow.path(look.id)
    asked = [
        (method, truth) for test, truth in conditions(flow.code, look.id) if (method := asked_for_end(flow.code, test))
    ]
    if any(truth and flow.path(method.base) == path for method, truth in asked):
        return True
    return _is_only_asked(flow, look.id)


def _is_only_asked(flow: Dataflow, id: int) -> bool:
    """Whether all that a function does with a value is to ask whether it is there, or runs: `id and id.is_alive()`."""
    return id not in flow.code.returns and all(_asks(flow, id, use) for use in flow.uses(id))


def _asks(flow: Dataflow, id: int, use: facts.Operation) -> bool:
    if type(use) is facts.Choice:
        return use.kind == "and" and (use.operands[-1] != id or _is_only_asked(flow, use.id))
    if type(use) is facts.LoadAttr:
        return all(asked_for_end(flow.code, call.id) is use for call in flow.uses(use.id))
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
