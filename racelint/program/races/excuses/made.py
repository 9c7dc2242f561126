"""Part of the races stage: objects that stay as they were made, so that one is as good as another made alike."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.containers import PLAIN
from racelint.knowledge.model import SafetyKind
from racelint.knowledge.records import ENDS, RECORDS
from racelint.program.callgraph.calls import Calls
from racelint.program.memory.places import Access, Places
from racelint.program.values.values import Instance, LibraryObject, Value


def is_left_as_made(places: Places, calls: Calls, made: Instance, around: frozenset[int] = frozenset()) -> bool:
    """Whether nobody changes an object, or what it holds, once it is made.

    `around` are the classes of the objects that hold it.
    """
    types, cls = places.types, made.cls
    classes = {each.key: each for each in (cls, *cls.mro, *(cls.subclasses if made.site is None else ()))}
    if any(not RECORDS.issuperset(each.library_bases) for each in classes.values()):
        return False
    if any(ref.code.name in ENDS for each in classes.values() for ref in types.attributes.methods(each)):
        return False
    held = around | classes.keys()
    return all(
        _is_left(places, calls, access) and all(_is_plain(places, calls, value, held) for value in places.values(place))
        for place, accesses in places.by_place.items()
        if place.owner in classes and place.kind in ("attribute", "class")
        for access in accesses
        if access.kind.writes
    )


def _is_left(places: Places, calls: Calls, write: Access) -> bool:
    """Whether an attribute is written while its object is made, and not with what came of a call out of sight."""
    if write.code.key not in calls.constructing and write.code.function.kind not in ("class", "module"):
        return False
    made = places.dataflow(write.code).operation(write.value)
    return type(made) is not facts.Call or bool(places.types.of(write.code, write.value))


def _is_plain(places: Places, calls: Calls, value: Value, around: frozenset[int]) -> bool:
    """Whether a value that an object holds has no state of its own that is changed later."""
    if isinstance(value, Instance):
        return value.cls.key in around or is_left_as_made(places, calls, value, around)
    if not isinstance(value, LibraryObject) or value.qualname in PLAIN:
        return True
    safety = places.types.names.knowledge.safety(value.qualname)
    return safety is not None and safety.kind is SafetyKind.IMMUTABLE
