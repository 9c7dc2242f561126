"""Part of the locks stage: of what kind is a lock, by the class of which it is and how it is made?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from racelint import facts
from racelint.knowledge import Knowledge
from racelint.knowledge.model import LockDomain, LockKind, LockModel
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.values import LibraryObject, Value


def kind_made(code: Code, call: facts.Call, model: LockModel) -> LockKind:
    """What a call makes: a semaphore that lets one in is a mutex."""
    if model.kind is not LockKind.SEMAPHORE or model.count is None:
        return model.kind
    given = argument(call, model.count.position, model.count.keyword)
    if given is None:
        return LockKind.MUTEX if model.count.default == 1 else LockKind.SEMAPHORE
    operation = code.operation(given)
    one = type(operation) is facts.Const and operation.text == "1"
    return LockKind.MUTEX if one else LockKind.SEMAPHORE


def common_kind(knowledge: Knowledge, locks: Sequence[Value]) -> tuple[LockKind, LockDomain] | None:
    """The kind that some locks have in common; None if there is none."""
    models = [knowledge.lock(value.qualname) for value in locks if isinstance(value, LibraryObject)]
    return one_kind((model.kind, model.domain) for model in models if model is not None)


def one_kind(kinds: Iterable[tuple[LockKind, LockDomain] | None]) -> tuple[LockKind, LockDomain] | None:
    """What may be said of a lock that is one of these kinds; None if nothing.

    What is a plain lock here and a reentrant one there keeps others out anyway, and may be taken again.
    """
    found = set(kinds)
    for domain in LockDomain:
        if found == {(LockKind.MUTEX, domain), (LockKind.REENTRANT, domain)}:
            return LockKind.REENTRANT, domain
    return found.pop() if len(found) == 1 else None


def is_for_tasks(knowledge: Knowledge, value: Value) -> bool | None:
    """Whether a lock is one between tasks; None of what is no lock."""
    model = knowledge.lock(value.qualname) if isinstance(value, LibraryObject) else None
    return None if model is None else model.domain is LockDomain.TASK
