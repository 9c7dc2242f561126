"""Part of the locksets stage: who waits for a lock for some time only, and then goes on with it or without.

`locked = lock.acquire(timeout=5)`, and in the end `if locked: lock.release()`: that it may take too long is foreseen.
"""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.knowledge.model import LockMethod
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.conditions import is_literal
from racelint.program.values.passing import argument

NO_TIME: Final = ("0", "0.0")
"""Limits with which nobody waits: that is a question whether the lock is free."""


def goes_on_anyway(flow: Dataflow, call: facts.Call, method: LockMethod) -> bool:
    """Whether an acquire has a limit, and nothing depends on what it answers but that the lock is given back."""
    limit, waiting = method.timeout, method.blocking
    time = argument(call, limit.position, limit.keyword) if limit is not None else None
    if time is None or is_literal(flow, time, NO_TIME):
        return False
    asked = argument(call, waiting.position, waiting.keyword) if waiting is not None else None
    if asked is not None and not is_literal(flow, asked, ("True", "1")):
        return False
    tests = [node for node in flow.code.controls if type(node) is facts.Branch and node.test == call.id]
    if not tests or flow.uses(call.id) or call.id in flow.code.returns:
        return False
    return all(_only_releases(flow, node, call) for node in tests)


def _only_releases(flow: Dataflow, node: facts.Branch, acquire: facts.Call) -> bool:
    """Whether nothing is done on account of a test but that the lock is released."""
    done = [each for each in node.body if not isinstance(each, facts.LoadName | facts.LoadAttr)]
    released = [flow.code.fetched(each) if type(each) is facts.Call else None for each in done]
    taken = flow.code.fetched(acquire)
    return (
        bool(released)
        and not node.orelse
        and type(taken) is facts.LoadAttr
        and all(
            type(each) is facts.LoadAttr and each.name == "release" and flow.path(each.base) == flow.path(taken.base)
            for each in released
        )
    )
