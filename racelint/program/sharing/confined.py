"""Part of the sharing stage: which Places keep what they hold apart, by thread, by task or by request?"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

import msgspec

from racelint import facts
from racelint.knowledge.model import LockDomain, SafetyKind
from racelint.knowledge.operators import PASSED_ON
from racelint.knowledge.threads import THREAD_KEYS
from racelint.program.callgraph.calls import constructs
from racelint.program.callgraph.protocols import is_lock_class
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import ITEMS, Place, Places
from racelint.program.sources.branching import conditions, found_equal
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.types import Types
from racelint.program.values.values import Instance, Library, LibraryObject, Value

APART: Final = frozenset({SafetyKind.CONFINED, SafetyKind.PROCESS})
"""What each thread, task or request has for itself, and what processes may share."""


class Confined(msgspec.Struct):
    """Tells which Places keep what they hold apart: each thread, task or request has its own."""

    places: Places
    locksets: LockSets
    _of_class: dict[ClassInfo, bool] = msgspec.field(default_factory=dict)

    def covers(self, place: Place) -> bool:
        """Whether the Place keeps its contents apart by thread, task or request, or is the inside of a lock."""
        types, places = self.places.types, self.places
        owner = types.names.sources.classes[place.owner] if place.kind in ("attribute", "class") else None
        if owner is not None and is_lock_class(types, owner):
            return True
        if owner is not None and place.kind == "attribute" and self._is_class_confined(owner):
            return True
        if place.kind == "global" and _is_brought(types, place) and not self._is_locked(place):
            return True
        for value in places.values(place):
            if isinstance(value, Library | LibraryObject) and _is_safe(types, value.qualname, APART):
                return True
            if isinstance(value, Instance) and _stands_for_own(types, value.cls):
                return True
        behind = [access.place for code in places.behind(place) for access in places.of(code) if access.kind.writes]
        return bool(behind) and all(each is not place and self.covers(each) for each in behind)

    def _is_locked(self, place: Place) -> bool:
        """Whether the program keeps other threads away from a Place as it changes what is there."""
        changes = (each for each in self.places.by_place[place] if each.kind.writes)
        held = (use for each in changes for use in self.locksets.held(each.code, each.id))
        return any(use.lock.kind is not None and use.lock.domain is LockDomain.THREAD for use in held)

    def _is_class_confined(self, cls: ClassInfo) -> bool:
        """Whether all that objects of a class hold is kept so."""
        if cls not in self._of_class:
            types = self.places.types
            self._of_class[cls] = _is_kept_apart(types, cls) or _refuses_other_threads(types, cls)
        return self._of_class[cls]


def _is_brought(types: Types, place: Place) -> bool:
    """Whether a global is only what is imported from outside the program: each thread may have its own behind it."""
    name = place.name.partition(ITEMS)[0]
    stores = types.names.stores[place.owner].get(name, [])
    brought = all(type(code.operation(store.value)) is facts.Import for code, store in stores)
    values = types.of_global(place.owner, name)
    return brought and bool(values) and all(isinstance(value, Library) for value in values)


def _is_kept_apart(types: Types, cls: ClassInfo) -> bool:
    """Whether objects of the class have their attributes for each thread, or the program makes a kind of it that has.

    Who makes a thread-local kind of a class uses that where threads share objects.
    """

    kinds = [each for each in cls.subclasses if types.constructions.get(each.key)]
    return is_class_of_thread(types, cls) or (bool(kinds) and all(is_class_of_thread(types, each) for each in kinds))


def _is_safe(types: Types, qualname: str, kinds: Container[SafetyKind]) -> bool:
    """Whether a class of a library is safe in one of some ways."""
    safety = types.names.knowledge.safety(qualname)
    return safety is not None and safety.kind in kinds


def _stands_for_own(types: Types, cls: ClassInfo) -> bool:
    """Whether objects of the class do no more than stand for what the running thread has under a name."""
    found = [method.code for method in types.attributes.methods(cls) if method.code.name in PASSED_ON]
    return len(found) == len(PASSED_ON) and all(
        any(
            is_of_thread(types, value)
            for each in code.operations
            if isinstance(each, facts.LoadName | facts.LoadAttr)
            for value in types.of(code, each.id)
        )
        for code in found
    )


def _refuses_other_threads(types: Types, cls: ClassInfo) -> bool:
    """Whether an object notes in which thread it is made, and its methods raise where another one runs them."""
    methods = types.attributes.all_methods(cls)
    noted = {
        each.name
        for code in methods
        if constructs(code)
        for each in code.operations
        if type(each) is facts.StoreAttr and types.may_call(code, code.operation(each.value), THREAD_KEYS)
    }
    raised = ((code, node.value) for code in methods if noted for node in code.controls if type(node) is facts.Raise)
    return any(
        _says_another_thread(types, code, test, truth, noted)
        for code, id in raised
        if id >= 0
        for test, truth in conditions(code, id)
    )


def _says_another_thread(types: Types, code: Code, test: int, truth: bool, noted: Container[str]) -> bool:
    """Whether a test that comes out so has compared the running thread with the noted one, and found another."""
    are_equal, operands = found_equal(code, test, truth)
    sides = [code.operation(each) for each in operands]
    is_noted = any(code.own_attribute(each) in noted for each in sides)
    return is_noted and not are_equal and any(types.may_call(code, each, THREAD_KEYS) for each in sides)


def is_of_thread(types: Types, value: Value) -> bool:
    """Whether each thread, task or request has its own of what an object holds."""
    if isinstance(value, Instance):
        return is_class_of_thread(types, value.cls)
    return isinstance(value, LibraryObject) and _is_safe(types, value.qualname, {SafetyKind.CONFINED})


def is_of_request(types: Types, value: Value) -> bool:
    """Whether a value is what a library has by one name for each thread, task or request, or an object of that kind."""
    if isinstance(value, Library):
        return _is_safe(types, value.qualname, {SafetyKind.CONFINED})
    return is_of_thread(types, value)


def is_class_of_thread(types: Types, cls: ClassInfo) -> bool:
    """Whether objects of a class have what they hold so, since it extends such a class of a library."""
    return any(_is_safe(types, base, {SafetyKind.CONFINED}) for base in cls.library_bases)
