"""Part of the races stage: locks that are made on first use, by whoever is about to take them.

That a lock is wanted says that several come here at once, whoever they are: two that come first make one each, and both
go in.
"""

from __future__ import annotations

from racelint.knowledge.model import LockDomain
from racelint.program.locking.locks import EXCLUSIVE, LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sources.source import Code
from racelint.program.values.values import LibraryObject


def is_made_by_taker(case: Case, sequence: Composite) -> bool:
    """Whether a sequence makes a lock between threads on first use, and goes on to take it, or gives it to who does.

    Where some function sets the lock up for others, it may run before there are any.
    """
    code, last = sequence.code, sequence.last
    if sequence.shape is not Shape.LAZY or not _makes_lock(case, sequence):
        return False
    if code.function.is_async or not case.is_reached(last.code) or case.over(sequence):
        return False
    key = case.locksets.locks.of_place(case.place).key
    gives = any(each.code is code and each.id in code.returns for each in case.accesses)
    return gives or _takes(case.locksets, code, sequence.act, key) or _is_called_before(case, code, key)


def _makes_lock(case: Case, sequence: Composite) -> bool:
    types, last = case.sharing.places.types, sequence.last
    for value in types.of(last.code, last.value):
        model = types.names.knowledge.lock(value.qualname) if isinstance(value, LibraryObject) else None
        if model is not None and model.kind in EXCLUSIVE and model.domain is LockDomain.THREAD:
            return True
    return False


def _takes(locksets: LockSets, code: Code, after: int, key: LockKey) -> bool:
    """Whether a function takes the lock later than `after`, where it was made."""
    holding = locksets.holdings.get(code.key)
    taken = holding.acquisitions.values() if holding is not None else ()
    return any(each.use.lock.key == key and each.id > after for each in taken)


def _is_called_before(case: Case, code: Code, key: LockKey) -> bool:
    """Whether some caller takes the lock when it has seen to it that there is one."""
    callers = case.threads.calls.callers(code)
    return any(_takes(case.locksets, edge.caller, edge.site, key) for edge in callers)
