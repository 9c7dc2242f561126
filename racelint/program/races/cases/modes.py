"""Part of the races stage: an object is in one mode or the other, as a flag says that only its constructor stores.

`if self.receiving: Thread(target=self.receive).start()`: what is done where it is not receiving, the thread never sees.
"""

from __future__ import annotations

from racelint.knowledge.operators import TRUTH
from racelint.program.contexts.alternatives import are_parted
from racelint.program.contexts.contexts import Context
from racelint.program.memory.lending import is_container, is_of_containers
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.values import Instance, Value


def is_in_other_mode(sharing: Sharing, access: Access, beside: Access, other: Context) -> bool:
    """Whether an access is made only in a mode of its object in which that never starts the context of one `beside`."""
    if not access.is_of_self or not other.starts or not other.is_of_own_object:
        return False
    mine = _modes(sharing, access.code, access.id)
    return (
        bool(mine)
        and _is_on_its_object(sharing, beside, other)
        and all(
            any(theirs.get(flag) is (not truth) for flag, truth in mine.items())
            for theirs in (_modes(sharing, code, id) for code, id in other.starts)
        )
    )


def are_of_other_modes(sharing: Sharing, access: Access, one: Context, other: Access, beside: Context) -> bool:
    """Whether the object of both accesses starts the one context in one of its modes, and the other one in another.

    `if self.streaming: Stream(self.load).start()`, and else `Poll(self.load).start()`: an object never has both. Nor
    has one whose constructor makes the one thread or the other, whatever that depends on.
    """
    if one is beside or one.is_main or beside.is_main or not (access.is_of_self and other.is_of_self):
        return False
    cls = access.code.cls
    starts = (*one.starts, *beside.starts)
    if cls is None or not all(cls.is_related(code.cls) for code, _ in starts):
        return False
    if _has_its_like(sharing, cls):
        # the one may start the threads of the other
        return False
    if _are_arms_of_constructor(one, beside):
        return _is_kept_apart(sharing, access, one) and _is_kept_apart(sharing, other, beside)
    mine, theirs = ([_modes(sharing, *start) for start in context.starts] for context in (one, beside))
    return bool(mine and theirs) and all(
        any(second.get(flag) is (not truth) for flag, truth in first.items()) for first in mine for second in theirs
    )


def _are_arms_of_constructor(one: Context, other: Context) -> bool:
    """Whether the constructor of an object makes one of two threads for it, as it chooses."""
    code = one.code
    if code is None or code is not other.code or not (one.is_of_own_object and other.is_of_own_object):
        return False
    return code.is_method and code.name == "__init__" and are_parted(code, one.site, other.site)


def _is_kept_apart(sharing: Sharing, access: Access, context: Context) -> bool:
    """Whether a context comes to what only the object has that has started it: not to one that it was given, nor to
    what is in a container that others gave to the object."""
    if not _is_on_its_object(sharing, access, context):
        return False
    writes = (each for each in sharing.places.by_place[access.place] if each.kind is Kind.WRITE)
    stored = ((each.code, way) for each in writes for way in sharing.places.dataflow(each.code).ways(each.value))
    return access.load < 0 or not any(code.given(way) >= 0 for code, way in stored)


def _has_its_like(sharing: Sharing, cls: ClassInfo) -> bool:
    """Whether the objects of a class keep others of the class."""
    types = sharing.places.types
    values = (value for name in types.attributes.stored(cls) for value in types.of_attribute(cls, name))
    return any(isinstance(each, Instance) and not each.cls.is_apart(cls) for each in values)


def _is_on_its_object(sharing: Sharing, access: Access, context: Context) -> bool:
    """Whether a context comes to an access with nothing but the object that has started it."""
    names = sharing.naming.names
    own = [name for code, _ in context.entries for name in names(context, code, code.own_name)]
    return all(name in own for name in names(context, access.code, access.base))


def _modes(sharing: Sharing, code: Code, id: int) -> dict[Place, bool]:
    """The flags of the object of which it is known at an operation what they are, for as long as the object lives."""
    tests = dict(conditions(code, id))
    reads = (each for each in sharing.places.of(code) if each.kind is Kind.READ and each.is_of_self)
    return {each.place: tests[each.id] for each in reads if each.id in tests and _is_settled(sharing, each.place)}


def _is_settled(sharing: Sharing, place: Place) -> bool:
    """Whether only constructors store an attribute, and nothing of which the truth may change."""
    writes = [each for each in sharing.places.by_place[place] if each.kind.writes]
    constructing = sharing.threads.calls.constructing
    if place.kind != "attribute" or not writes or any(each.code.key not in constructing for each in writes):
        return False
    return not any(_may_turn(sharing, value) for value in sharing.places.values(place))


def _may_turn(sharing: Sharing, value: Value) -> bool:
    """Whether an object may be true at one time and false at another: a container, or what says so itself."""
    attributes, knowledge = sharing.places.types.attributes, sharing.places.types.names.knowledge
    if not isinstance(value, Instance):
        return is_container(value, knowledge)
    bases = {name for cls in value.cls.mro for name in cls.library_bases}
    says_so = any(attributes.defining(value.cls, name) is not None for name in TRUTH)
    return says_so or any(is_of_containers(name, knowledge) for name in bases)
