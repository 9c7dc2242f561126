"""Part of the locksets stage: locks that an object may have or not, and what is done without where there is none.

`if self._lock is None: self._add(item)`, and else the same with the lock: who made the object without a lock uses it
alone, and so is as good as one who holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from racelint import facts
from racelint.facts import Node
from racelint.program.locking.identities import Locks
from racelint.program.locking.locks import LockUse
from racelint.program.locking.lockstate import Exits, State
from racelint.program.sources.branching import is_there
from racelint.program.sources.nodes import is_within
from racelint.program.sources.source import Code

TriedBy = Callable[[int], LockUse | None]


def done_without(code: Code, locks: Locks, tried_by: TriedBy, node: facts.Branch, truth: bool) -> LockUse | None:
    """The lock that is not there on an arm of a branch, and that the function takes where it is; None if none is.

    Where one is made on that arm it is there from then on. `tried_by` tells which lock a call takes.
    """
    arm = node.body if truth else node.orelse
    test, there = is_there(code, node.test)
    asked = locks.use(code, test) if arm and there is not truth else None
    if asked is None or asked.lock.kind is None or not asked.lock.excludes or _is_made(asked, arm):
        return None
    entered = (each.manager for each in code.controls if type(each) is facts.With)
    taken = [each for each in entered if locks.use(code, each) == asked]
    taken += [each.id for each in code.operations if type(each) is facts.Call and tried_by(each.id) == asked]
    is_taken = bool(taken) and not any(is_within(arm, each) for each in taken)
    return LockUse(replace(asked.lock, kind=None), asked.base) if is_taken else None


def _is_made(use: LockUse, arm: Sequence[Node]) -> bool:
    """Whether a lock, as it seems, is stored on an arm."""
    stores = (each for each in arm if isinstance(each, facts.StoreAttr | facts.StoreName))
    return any(each.name == use.lock.key[2] for each in stores)


def over(use: LockUse, exits: Exits, outer: Exits, end: State | None) -> State | None:
    """The state behind an arm of which it was said that it holds a lock; its `exits` go on to the `outer` ones."""
    for inner, target in zip(exits.kinds(), outer.kinds(), strict=True):
        target.extend((span, _without(state, use)) for span, state in inner)
    return None if end is None else _without(end, use)


def _without(state: State, use: LockUse) -> State:
    return replace(state, held={each: section for each, section in state.held.items() if each != use})
