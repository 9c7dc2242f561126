"""Part of the locksets stage: which locks guard what their manager gives out, and which events stand behind a lock?"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from racelint import facts
from racelint.knowledge.model import LockKind
from racelint.program.locking.holding import Holding
from racelint.program.locking.identities import Locks
from racelint.program.locking.locks import EXCLUSIVE, LockKey
from racelint.program.locking.lockstate import Held
from racelint.program.sources.source import Code

Keys = frozenset[LockKey]


def lenders(holdings: Iterable[Holding]) -> Keys:
    """The locks of managers that give out something of theirs to who enters them: that is what they guard."""
    found: set[LockKey] = set()
    for holding in holdings:
        code = holding.code
        given = [code.operation(id) for id in code.returns] if code.name in ("__enter__", "__aenter__") else []
        if given and all(map(code.own_attribute, given)):
            found |= {use.lock.key for use in holding.effect.acquires}
    return frozenset(found)


def gates(holdings: Iterable[Holding], locks: Locks, held: Callable[[Code, int], Held]) -> Keys:
    """The events that are cleared, and tested, with one and the same lock held: who is inside is not joined."""
    cleared: dict[LockKey, list[Keys]] = {}
    tested: dict[LockKey, list[Keys]] = {}
    for holding in holdings:
        for operation in holding.code.operations:
            if type(operation) is facts.LoadAttr and operation.name in ("clear", "is_set"):
                use = locks.use(holding.code, operation.base)
                if use is not None and use.lock.kind is LockKind.EVENT:
                    around = held(holding.code, operation.id)
                    keys = frozenset(each.lock.key for each in around if each.lock.kind in EXCLUSIVE)
                    (cleared if operation.name == "clear" else tested).setdefault(use.lock.key, []).append(keys)
    common = {key: frozenset.intersection(*found) for key, found in cleared.items()}
    return frozenset(key for key, keys in common.items() if any(keys & each for each in tested.get(key, ())))
