"""Part of the blocking stage: is an item surely there when it is fetched, because that was asked with the lock held?"""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain

from racelint import facts
from racelint.knowledge.questions import GETS
from racelint.program.deadlocks.origins import receiver_of
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.branching import conditions, decided
from racelint.program.sources.nodes import is_within
from racelint.program.sources.source import Code
from racelint.program.values.values import LibraryMethod


def is_found_filled(locksets: LockSets, code: Code, call: facts.Call, takers: Collection[tuple[Code, int]]) -> bool:
    """Whether a `get` only runs where the queue was found filled, in a section of a lock that all `takers` hold."""
    flow = locksets.places.dataflow(code)
    queue = flow.path(receiver_of(code, call))
    turns = (node for node in code.controls if type(node) is facts.Loop and node.kind == "while")
    of_turns = (each for node in turns if is_within(node.body, call.id) for each in decided(code, node.test, True))
    for test, truth in chain(conditions(code, call.id), of_turns):
        asked, filled = _asked(locksets, code, test)
        question = code.operation(asked)
        if type(question) is not facts.Call or filled is not truth or flow.path(receiver_of(code, question)) != queue:
            continue
        before, after = locksets.held(code, asked), locksets.held(code, call.id)
        over = {use.lock.key for use in before if use.lock.excludes and before[use] == after.get(use)}
        if all(any(use.lock.key in over for use in locksets.held(*each)) for each in takers):
            return bool(over)
    return False


def _asked(locksets: LockSets, code: Code, test: int) -> tuple[int, bool | None]:
    """The call by which a test asks an object before something is taken of it, and what the test is if it is there."""
    operation = code.operation(test)
    if type(operation) is facts.Compute and len(operation.operands) == 2:
        asked, number = operation.operands
        limit = code.operation(number)
        of_none = type(limit) is facts.Const and limit.text == "0"
        filled = {">": True, "!=": True, "==": False, "<=": False}.get(operation.kind) if of_none else None
        return asked, filled if _wanted(locksets, code, asked) else None
    return test, _wanted(locksets, code, test)


def _wanted(locksets: LockSets, code: Code, id: int) -> bool | None:
    """The truth of the answer of a call after which something may be taken; None where it asks no such thing."""
    call = code.operation(id)
    types = locksets.places.types
    for callee in types.of(code, call.callee) if type(call) is facts.Call else ():
        if isinstance(callee, LibraryMethod):
            owner, _, name = callee.qualname.rpartition(".")
            question = types.names.knowledge.question(owner, name)
            if question is not None and not question.acts.isdisjoint(GETS):
                return question.wants is not False
    return None
