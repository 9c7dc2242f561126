"""Part of the locks stage: the locks that classes of libraries make for their objects."""

from __future__ import annotations

from collections.abc import Iterable

from racelint.program.memory.places import Place, Places
from racelint.program.sources.source import ClassInfo
from racelint.program.values.values import Instance, LibraryMethod, Value


def library_lock(places: Places, values: Iterable[Value]) -> Place | str | None:
    """The lock that one of some values is: `queue.Queue.mutex`, or the Place of it in a class that extends `Queue`.

    A condition over such a lock is that lock. None where there is no lock among the values.
    """
    knowledge = places.types.names.knowledge
    for value in values:
        if not isinstance(value, LibraryMethod):
            continue
        row = knowledge.attribute(value.qualname)
        if row is not None and knowledge.lock(row.type) is not None:
            base, _, name = value.qualname.rpartition(".")
            if isinstance(value.receiver, Instance):
                return inherited_place(places, value.receiver.cls, base, row.lock or name)
            return f"{base}.{row.lock or name}"
    return None


def inherited_place(places: Places, cls: ClassInfo, base: str, name: str) -> Place:
    """The attribute that a library class sets, as that of the class of the program which extends it first."""
    owner = next((each for each in reversed(cls.mro) if base in each.library_bases), cls)
    return places.place("attribute", owner.key, name)
