"""Part of the races stage: what is only noted, so that to note it twice is as good as once."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.containers import CLEARS, FORGIVING
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.flags import on_account
from racelint.program.races.excuses.repeats import Repeats
from racelint.program.races.excuses.telling import is_text
from racelint.program.sequences.composites import Composite
from racelint.program.sequences.swaps import is_whole
from racelint.program.sources.branching import leaves
from racelint.program.sources.nodes import is_within, walk


def is_failure(case: Case, sequence: Composite) -> bool:
    """`if name not in failed: try: load(name) except OSError: failed.add(name)`: who is second fails alike."""
    tries = (node for node in sequence.code.controls if type(node) is facts.Try)
    bodies = [handler.body for node in tries for handler in node.handlers]
    notes = (each for each in case.accesses if each.code is sequence.code and each.kind.writes)
    return _is_noted(case, sequence) and all(any(is_within(body, each.id) for body in bodies) for each in notes)


def is_mark(case: Case, sequence: Composite) -> bool:
    """`if host not in slow: slow[host] = True`: the test spares the store, and nothing done once depends on it."""
    if not _is_noted(case, sequence) or sequence.asserted or _is_answered(sequence):
        return False
    done = {id for id in on_account(sequence) if id > sequence.first.id and id != sequence.act}
    return Repeats(case).may(sequence.code, sorted(done))


def is_unmarked(case: Case, sequence: Composite) -> bool:
    """`if run in ignored: ignored.discard(run)`: who is second finds it gone, and nothing done once depends on it."""
    first, last, code = sequence.first, sequence.last, sequence.code
    if first.method != "in" or last.method not in FORGIVING - CLEARS or not code is first.code is last.code:
        return False
    done = {id for id in on_account(sequence) if id > first.id}
    if sequence.asserted or _is_answered(sequence) or _is_remembered(case, sequence, done):
        return False
    return Repeats(case).may(code, sorted(done))


def _is_noted(case: Case, sequence: Composite) -> bool:
    """Whether it is noted in a container that is asked for nothing else, as it is not there yet."""
    first, last = sequence.first, sequence.last
    if first.method != "in" or first.code is not sequence.code or last.code is not sequence.code:
        return False
    match last.method:
        case "add":
            return True
        case "append":
            return _is_only_asked_what_is_in(case)
        case "[]=":
            return sequence.stores_item and _are_alike(case, last)
        case _:
            return False


def _is_only_asked_what_is_in(case: Case) -> bool:
    """Whether of a list it is only asked what is in it, or text is made of it, and nothing is taken out but all."""
    return all(
        each.method == "append" or _is_anew(case, each)
        if each.kind.writes
        else each.method == "in" or _becomes_text(case, each)
        for each in case.accesses
    )


def _is_anew(case: Case, write: Access) -> bool:
    """Whether a list is replaced or emptied as a whole: what is in it is noted anew from then on."""
    flow = case.sharing.places.dataflow(write.code)
    is_emptied = write.method in CLEARS or (write.key >= 0 and is_whole(flow, write.key))
    return write.kind is Kind.WRITE or is_emptied


def _are_alike(case: Case, store: Access) -> bool:
    """Whether all items that are ever stored are the same literal."""
    stores = [each for each in case.accesses if each.kind in (Kind.MUTATE, Kind.ITEM_UPDATE) and each.key >= 0]
    literals = {case.literal(each) for each in stores if each.method == "[]="}
    return case.literal(store) is not None and len(literals) == 1


def _is_answered(sequence: Composite) -> bool:
    """Whether others are told what the test came to: by what is returned on account of it, or by an error.

    Where no arm of the test leaves the function, what comes after it is done whatever it has found.
    """
    code = sequence.code
    branches = [node for node in code.controls if type(node) is facts.Branch and node.span == sequence.test]
    arms = [arm for node in branches for arm in (node.body, node.orelse)]
    decided = arms if arms and not any(map(leaves, arms)) else [code.function.body]
    return any(
        type(node) is facts.Raise or (type(node) is facts.Return and node.value >= 0 and not code.is_none(node.value))
        for arm in decided
        for node in walk(arm)
    )


def _is_remembered(case: Case, sequence: Composite, done: set[int]) -> bool:
    """Whether what the test came to is known after it as well: it is asked once more or given back, or something that
    is done on account of it is kept in a local (`found = True`)."""
    code, found = sequence.code, sequence.first.id
    flow = case.sharing.places.dataflow(code)
    others = (each.test for each in code.controls if type(each) is facts.Branch and each.span != sequence.test)
    if any(flow.comes_from(each, found) for each in (*others, *code.returns)):
        return True
    joined = (each for each in code.operations if type(each) is facts.Phi and each.id not in done)
    return any(not done.isdisjoint(each.inputs) for each in joined)


def _becomes_text(case: Case, walk: Access) -> bool:
    """Whether each entry that is gone over is only made into text."""
    flow = case.sharing.places.dataflow(walk.code)
    entry = type(flow.operation(walk.id)) is facts.Element
    return entry and all(is_text(case.sharing.places, walk.code, use) for use in flow.uses(walk.id))
