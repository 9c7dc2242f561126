"""Part of the locksets stage: which locks do decorators of libraries hold around the functions that they are put on?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from racelint import facts
from racelint.knowledge.model import LockDecorator, LockKind, Slot
from racelint.program.locking.identities import Locks
from racelint.program.locking.locks import LockUse
from racelint.program.memory.places import Places
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.values import Library

OWN: Final = "<lock of the decorator>"
"""The name of a lock that a decorator makes for itself."""


def by_libraries(places: Places, locks: Locks, code: Code) -> Iterator[LockUse]:
    """The locks that decorators of a function take for as long as it runs, in its own terms: `@fasteners.locked`."""
    around = code.parent
    if around is None:
        return
    for id in code.function.decorators:
        made = around.operation(id)
        call = made if type(made) is facts.Call else None
        for value in places.types.of(around, call.callee if call is not None else id):
            row = places.types.names.knowledge.lock_decorator(value.qualname) if isinstance(value, Library) else None
            use = _use(places, locks, code, around, row, call) if row is not None and row.covers_body else None
            if row is not None and use is not None:
                yield _of_kind(use, row.kind)


def _of_kind(use: LockUse, kind: LockKind) -> LockUse:
    """A lock as a decorator takes it: one side of a read-write lock, or what only the decorator knows."""
    if kind in (LockKind.READER, LockKind.WRITER):
        return replace(use, mode=kind)
    return use if use.lock.kind is not None else replace(use, lock=replace(use.lock, kind=kind))


def _use(
    places: Places, locks: Locks, code: Code, around: Code, row: LockDecorator, call: facts.Call | None
) -> LockUse | None:
    """The lock that one decorator takes; None where it is not known which one."""
    if row.attribute is not None:
        return _own(places, locks, code, _literal(places, around, row.attribute, call))
    if row.identity is not None:
        name = _literal(places, around, row.identity, call)
        return locks.use_of(places.place("global", 0, f"<lock {name}>"), "") if name else None
    given = _given(row.lock, call)
    if given is not None:
        return locks.use(around, given)
    return _own(places, locks, code, OWN)


def _own(places: Places, locks: Locks, code: Code, name: str) -> LockUse | None:
    """The lock that the object of a method has under a name; of a function, the one that it has."""
    if not name:
        return None
    if code.cls is None or not code.own_name:
        return locks.use_of(places.place("global", code.module, f"{OWN} {code.function.qualname}"), "")
    # the methods of all classes of which an object is have one lock
    owner = places.types.attributes.owner(code.cls.mro[-1] if name == OWN else code.cls, name)
    return locks.use_of(places.place("attribute", owner.key, name), code.own_name)


def _given(slot: Slot | None, call: facts.Call | None) -> int | None:
    return argument(call, slot.position, slot.keyword) if slot is not None and call is not None else None


def _literal(places: Places, around: Code, slot: Slot, call: facts.Call | None) -> str:
    """The text of an argument that is a literal, or the default; "" if it is anything else."""
    given = _given(slot, call)
    return str(slot.default or "") if given is None else places.dataflow(around).text(given) or ""
