"""Part of the places stage: whose is an attribute? Its object's, or that of the class, and of which one."""

from __future__ import annotations

from typing import Final, Literal, TypeGuard

from racelint import facts
from racelint.facts import Operation
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Types
from racelint.program.values.values import ClassRef, FunctionRef, Instance, LibraryObject

OBJECT: Final = "object"
"""The base of all classes, where it is written."""

PROPERTY: Final = "property"
"""The class of what `property(get, set)` makes."""


class Owners:
    """Tells attributes of objects from those of classes."""

    def __init__(self, types: Types) -> None:
        self._types = types
        stores = self._stores()
        self._set_on_objects = self._find_set_on_objects(stores)
        self._set_on_classes = self._find_set_on_classes(stores)

    def _stores(self) -> list[tuple[Code, facts.StoreAttr]]:
        """All stores to attributes, those by `setattr` with them."""
        codes = self._types.names.sources.codes
        stores = [(code, each) for code in codes for each in code.operations if _stores_attr(each)]
        reflected = self._types.reflected.items()
        return stores + [(codes[key], each) for (key, _), each in reflected if _stores_attr(each)]

    def _find_set_on_objects(self, stores: list[tuple[Code, facts.StoreAttr]]) -> set[tuple[int, str]]:
        """The attributes that code sets on an object, wherever it stands: each object has its own then."""
        attributes = self._types.attributes
        found: set[tuple[int, str]] = set()
        for code, store in stores:
            for value in self._types.of(code, store.base):
                if isinstance(value, Instance):
                    seen = attributes.seen_from(code, value.cls, store.name)
                    owner = attributes.keeping(seen, store.name) or attributes.owner(seen, store.name)
                    found.add((owner.key, store.name))
        return found

    def _find_set_on_classes(self, stores: list[tuple[Code, facts.StoreAttr]]) -> set[tuple[int, str]]:
        """The attributes that are set on what is nothing but a class: `cls.instance = ...`."""
        found: set[tuple[int, str]] = set()
        for code, store in stores:
            values = self._types.of(code, store.base)
            if values and all(isinstance(value, ClassRef) for value in values):
                found.update((value.cls.key, store.name) for value in values if isinstance(value, ClassRef))
        return found

    def _is_kept_by_class(self, cls: ClassInfo, name: str) -> bool:
        """Whether a class has an attribute itself, as far as one can see: not only its objects, nor only a default.

        Where types cannot tell an object from its class, what only objects have says which of them it is.
        """
        attributes = self._types.attributes
        if name not in attributes.stored(cls):
            return True
        defining = attributes.defining(cls, name)
        bound = attributes.class_level(defining).get(name, ()) if defining is not None else ()
        if not all(type(code.operation(store.value)) is facts.Const for code, store in bound):
            return True
        return any((each.key, name) in self._set_on_classes for each in (*cls.mro, *cls.subclasses))

    def lacks(self, cls: ClassInfo, name: str) -> bool:
        """Whether a class surely has no such attribute, nor have its objects: what is asked for it is something else.

        A class that stands for "nothing found" is never the one whose attribute is used.
        """
        return not any(
            self._types.attributes.declares(each, name) or (each.key, name) in self._set_on_classes
            for each in (*cls.mro, *cls.subclasses)
        ) and all(map(_is_plain, cls.mro))

    def _is_of_class(self, cls: ClassInfo, name: str) -> bool:
        """Whether all instances share the attribute."""
        attributes = self._types.attributes
        keeping = attributes.keeping(cls, name)
        if keeping is None or (attributes.defining(cls, name) and not attributes.is_class_level(cls, name)):
            return False
        return (keeping.key, name) not in self._set_on_objects

    def of(self, cls: ClassInfo, name: str, *, of_instance: bool) -> tuple[ClassInfo, Literal["class", "attribute"]]:
        """The class of an attribute that is asked of a class or an instance, and whether the class itself has it."""
        attributes = self._types.attributes
        if not of_instance and self._is_kept_by_class(cls, name):
            return attributes.keeping(cls, name) or attributes.owner(cls, name), "class"
        if not self._is_property(cls, name) and self._is_of_class(cls, name):
            return attributes.keeping(cls, name) or attributes.owner(cls, name), "class"
        return attributes.owner(cls, name), "attribute"

    def _is_property(self, cls: ClassInfo, name: str) -> bool:
        """Whether the attribute is a property with a setter: memory of the object to those who use it."""
        defining = self._types.attributes.defining(cls, name)
        return defining is not None and bool(self.setters(defining, name))

    def setters(self, cls: ClassInfo, name: str) -> list[Code]:
        """The functions that set an attribute of a class body which is a property."""
        stores = self._types.attributes.class_level(cls).get(name, ())
        values = (value for code, store in stores for value in self._types.names.static(code, store.value))
        found = [value.code for value in values if isinstance(value, FunctionRef)]
        if len(stores) > 1:
            return [each for each in found if "setter" in self._types.attributes.shape(each)]
        return [setter for code, store in stores for setter in self._given_setters(cls, code, store.value)]

    def _given_setters(self, cls: ClassInfo, code: Code, value: int) -> list[Code]:
        """The method of the class that `property(get, set)` is given to set the attribute."""
        call, static = code.operation(value), self._types.names.static
        if type(call) is not facts.Call or self._types.names.library(PROPERTY) not in static(code, call.callee):
            return []
        given = argument(call, 1, "fset")
        named = static(code, given) if given is not None else ()
        return [each.code for each in named if isinstance(each, FunctionRef) and each.code.cls is cls]

    def is_method(self, cls: ClassInfo, name: str) -> bool:
        """Whether a class binds the name to a function, and not to a property that can be set.

        A property that is made elsewhere is no memory either: its functions know where they keep what is set.
        """
        stores = self._types.attributes.class_level(cls).get(name, ())
        if self.setters(cls, name):
            return False
        if any(type(code.operations[store.value]) is facts.MakeFunction for code, store in stores if store.value >= 0):
            return True
        made = self._types.of_class_level(cls, name) if stores else ()
        return any(isinstance(each, LibraryObject) and each.qualname == PROPERTY for each in made)


def _is_plain(cls: ClassInfo) -> bool:
    """Whether all that a class has is written in the program: no unknown base, decorator or metaclass gives it more."""
    known = len(cls.bases) + cls.library_bases.count(OBJECT)
    return not cls.facts.keywords and not cls.facts.decorators and known >= len(cls.facts.bases)


def _stores_attr(operation: Operation | None) -> TypeGuard[facts.StoreAttr]:
    return type(operation) is facts.StoreAttr
