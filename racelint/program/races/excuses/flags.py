"""Part of the races stage: flags that are looked at and then set, and what is done once on account of that."""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.knowledge.repeating import ASKS
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.repeats import Repeats
from racelint.program.sequences.composites import Composite, Sequences, Shape
from racelint.program.sharing.confined import is_of_request
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.branching import conditions, found_equal, is_handling
from racelint.program.sources.nodes import ids_in, walk
from racelint.program.sources.source import Code
from racelint.program.values.texts import is_record

CHANGES: Final = (facts.StoreAttr, facts.StoreItem, facts.DeleteAttr, facts.DeleteItem, facts.Await, facts.Yield)
"""What a function does that leaves a trace."""

FLAGS: Final = frozenset({"True", "False"})
"""What a flag is set to: other literals, as None, say that something is gone."""


def acts_once(case: Case, sequence: Composite) -> bool:
    """Whether more than the flag depends on the test: something is started, made, taken over or torn down once."""
    code, done = sequence.code, on_account(sequence)
    if not done.isdisjoint(read_between(case, sequence)):
        return True
    later = (code.operations[id] for id in done if id > sequence.first.id)
    calls = (each for each in later if type(each) is facts.Call and not is_record(code, each))
    return any(not _only_answers(case, code, each) for each in calls)


def is_only_settled(case: Case, sequence: Composite) -> bool:
    """Whether all that is done where a flag comes out unset may as well be done twice: closed, cancelled, signalled."""
    return _may_be_repeated(sequence, Repeats(case))


def _may_be_repeated(sequence: Composite, repeats: Repeats) -> bool:
    if sequence.asserted or sequence.first.code is not sequence.code or sequence.last.kind is not Kind.WRITE:
        return False
    if read_between(repeats.case, sequence):
        return False
    done = sorted(id for id in on_account(sequence) if id > sequence.first.id)
    return repeats.may(sequence.code, done)


def is_only_raised(case: Case, sequence: Composite) -> bool:
    """Whether a flag only ever goes the way that it goes here: each store has the same literal, or settles it."""
    values = {case.literal(each) for each in case.accesses if each.kind.writes}
    return None not in values and (len(values) == 1 or _is_settled(case, sequence))


def _is_settled(case: Case, sequence: Composite) -> bool:
    """Whether a flag that was None says yes or no from here on: nobody else stores anything there, and nobody None."""
    code = sequence.code
    if any(each.code is not code or case.literal(each) not in FLAGS for each in case.accesses if each.kind.writes):
        return False
    flow = case.sharing.places.dataflow(code)
    tests = (found_equal(code, test, truth) for test, truth in conditions(code, sequence.act))
    return any(equal and any(map(flow.is_none, values)) and sequence.first.read_id in values for equal, values in tests)


def is_raised_at_once(sequence: Composite) -> bool:
    """Whether who finds a flag down sets it before doing anything else."""
    code, first, act = sequence.code, sequence.first, sequence.act
    if first.code is not code or sequence.last.code is not code:
        return False
    return not any(type(code.operation(id)) is facts.Call for id in on_account(sequence) if first.id < id < act)


def is_set_at_the_end(case: Case, sequence: Composite) -> bool:
    """Whether who sets the flag goes on to end the program, as each who comes there must: `raise SystemExit`."""
    code = sequence.last.code
    end = code.function.body[-1] if code.function.body else None
    raised = code.operations[end.value] if type(end) is facts.Raise and end.value >= 0 else None
    return case.sharing.places.types.surely_calls(code, raised, ("SystemExit",))


def read_between(case: Case, sequence: Composite) -> list[int]:
    """Where the Place is read once more between the test and the act, for what it holds."""
    code, first = sequence.code, sequence.first
    reads = (each for each in case.accesses if each.code is code and not each.kind.writes and each.base == first.base)
    return [each.id for each in reads if first.id < each.id < sequence.act]


def on_account(sequence: Composite) -> set[int]:
    """The operations that are part of the test, or done where that comes out so that the flag is set."""
    everything = {id for id, each in enumerate(sequence.code.operations) if each is not None}
    for node in walk(sequence.code.function.body):
        if type(node) is facts.Branch and node.span == sequence.test:
            before = {id for id in everything if id <= node.test}
            for arm in (node.body, node.orelse):
                inside = ids_in(arm)
                if sequence.act in inside:
                    return before | inside
            return everything - (ids_in([node]) - before)
    return everything


def is_of_first_use(sharing: Sharing, sequences: Sequences, write: Access) -> bool:
    """Whether what is written and read back is written for all, on account of a test that says that it is missing.

    `if not loaded: table = load(); loaded = True`: that two do so is for who judges the test to tell. What this run was
    given, or its request says, is for this run alone.
    """
    if _is_of_run(sharing, write):
        return False
    return any(
        each.shape in (Shape.CHECK, Shape.LAZY)
        and each.last.kind is Kind.WRITE
        and each.first.code is each.last.code is write.code
        and each.first.id < write.id
        and write.id in on_account(each)
        for each in sequences.of(write.code).sequences
    )


def _is_of_run(sharing: Sharing, write: Access) -> bool:
    """Whether a value is made of arguments, or of what each thread or request has for itself."""
    code, types = write.code, sharing.places.types
    flow = sharing.places.dataflow(code)
    given = (each for each in range(len(code.function.parameters)) if not code.is_own(each))
    if any(flow.comes_from(write.value, each) for each in given):
        return True
    return any(is_of_request(types, value) for each in flow.behind(write.value) for value in types.of(code, each.id))


def _only_answers(case: Case, code: Code, call: facts.Call, depth: int = 1) -> bool:
    """Whether a call only asks, as for the time, itself or by a function that does no more."""
    types, calls = case.sharing.places.types, case.threads.calls
    if types.surely_calls(code, call, ASKS):
        return True
    callees = [edge.callee for edge in calls.sure_calls(code) if edge.site == call.id]
    return bool(callees and depth) and all(
        not any(isinstance(each, CHANGES) for each in callee.operations)
        and all(_only_answers(case, callee, each, depth - 1) for each in callee.operations if type(each) is facts.Call)
        for callee in callees
    )


def is_set_alike(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether another store to a flag may as well have come after: it stores the same, and does not ask before.

    Or it does ask, and what it goes on to do may as well be done twice.
    """
    last = sequence.last
    if last.kind is not Kind.WRITE or other.kind is not Kind.WRITE:
        return False
    own = [each for each in case.accesses if each.kind.writes and each.code in (sequence.code, last.code)]
    values = {case.literal(each) for each in (*own, last, other)}
    if None in values:
        return False
    if len(values) > 1:
        return _is_settled(case, sequence) and _is_harmless_twice(case, sequence)
    blindly = last in case.asked_stores and other not in case.asked_stores and not read_between(case, sequence)
    return blindly or is_only_settled(case, sequence) or _is_harmless_twice(case, sequence)


def _is_harmless_twice(case: Case, sequence: Composite) -> bool:
    """Whether who finds the flag as it was does nothing of which it is known that it goes wrong twice.

    A flag that goes back and forth keeps others out as long as it is set, unless it says that something has failed.
    """
    says_failure = is_handling(sequence.code, sequence.act)
    if case.literal(sequence.last) not in FLAGS or not (says_failure or is_only_raised(case, sequence)):
        return False
    return _may_be_repeated(sequence, Repeats(case, mildly=True, is_over=_is_set_last(case, sequence)))


def _is_set_last(case: Case, sequence: Composite) -> bool:
    """Whether nothing else is stored or called after the flag is set: who finds it set finds all that it stands for."""
    code = sequence.code
    later = {id for id in on_account(sequence) if id > sequence.act}
    others = (each for each in case.sharing.places.of(code) if each.place is not case.place)
    stored = any(each.id in later and each.kind.writes for each in others)
    return not stored and not any(edge.site in later for edge in case.threads.calls.calls(code))
