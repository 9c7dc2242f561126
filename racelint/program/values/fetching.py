"""Part of the types stage: what does an attribute hold, and what comes of a method that is fetched?"""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.knowledge.model import SafetyKind
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.annotated import Annotations
from racelint.program.values.attributes import is_private
from racelint.program.values.flow import Flow
from racelint.program.values.invocation import Invocation
from racelint.program.values.types import Passed, Types
from racelint.program.values.values import (
    ClassRef,
    FunctionRef,
    Instance,
    Library,
    LibraryMethod,
    LibraryObject,
    ModuleRef,
    Super,
    Value,
)

OVERRIDES: Final = 12
"""A method that more subclasses than this override is followed into its own class only: who knows which one runs."""


class Fetching:
    """The constraints of loads and stores of attributes."""

    def __init__(self, types: Types, flow: Flow, invocation: Invocation, annotations: Annotations) -> None:
        self._types = types
        self._flow = flow
        self._names = types.names
        self._values = types.names.values
        self._attributes = types.attributes
        self._invocation = invocation
        self._annotations = annotations
        self._apart: dict[tuple[int, int], bool] = {}
        self._beside: dict[tuple[int, int], bool] = {}

    def copy_target(self, target: Value | tuple[int, str] | None, node: int) -> None:
        """A name of a module, as `Names.variable` tells it, may come to a node."""
        if isinstance(target, tuple):
            self._flow.copy(self._flow.node("global", *target), node)
        elif target is not None:
            self._flow.add(node, target)

    def load(self, code: Code, operation: facts.LoadAttr) -> None:
        """What `x.name` may be."""
        if operation.base >= 0:
            self._flow.watch(code.offset + operation.base, self._attribute_of, code, operation)

    def _attribute_of(self, code: Code, operation: facts.LoadAttr, base: Value) -> None:
        node, name = code.offset + operation.id, operation.name
        match base:
            case Instance(cls=cls) if name == "__class__":
                self._flow.add(node, self._values.cls(cls))
            case Instance(cls=cls):
                self._instance_attribute(code, operation, base, self._attributes.seen_from(code, cls, name))
            case ClassRef(cls=cls):
                self._class_attribute(code, operation, base, self._attributes.seen_from(code, cls, name), None)
            case Super(cls=cls, receiver=receiver):
                self._class_attribute(code, operation, receiver, _class_of(receiver) or cls, cls)
            case LibraryObject(qualname=qualname):
                if not _is_missing(qualname, name):
                    self._flow.add(node, self._values.library_method(f"{qualname}.{name}", base))
                if self._takes_attributes(base) and name in self._types.attribute_stores:
                    self._flow.sieve(self._flow.node("endowed", base.site, name), node, _is_object)
            case LibraryMethod(qualname=qualname) if self._names.knowledge.spawns(f"{qualname}.{name}"):
                # `app.router.add_get`: of an attribute only what it starts is of interest
                self._flow.add(node, self._values.library_method(f"{qualname}.{name}", base.receiver))
            case _:
                for value in self._names.attribute(base, name):
                    if isinstance(value, Library):
                        self._flow.add(node, value)
                self._module_attribute(base, name, node)
                owner = self._attributes.data_of(base.qualname, name) if isinstance(base, Library) else None
                if owner is not None:
                    self._flow.copy(self._flow.node("class", owner.key, name), node)

    def _module_attribute(self, base: Value, name: str, node: int) -> None:
        if isinstance(base, ModuleRef):
            self.copy_target(self._names.member(base.module, name), node)

    def _instance_attribute(self, code: Code, operation: facts.LoadAttr, base: Instance, cls: ClassInfo) -> None:
        owner = self._attributes.owner(cls, operation.name)
        held, target = self._flow.node("instance", owner.key, operation.name), code.offset + operation.id
        if self._has_others(owner, cls):
            self._flow.sieve(held, target, self._may_have, cls, owner)
        else:
            self._flow.copy(held, target)
        found = self._class_attribute(code, operation, base, cls, None)
        if base.site is None and not is_private(operation.name):
            overriding = self._attributes.overriding(cls, operation.name)
            for each in overriding if len(overriding) <= OVERRIDES else ():
                self._bind_from(each, code, operation, self._values.instance(each, None))
        if not found and not self._attributes.declares(owner, operation.name):
            self._library_attribute(cls.library_bases, code, operation, base)

    def _may_have(self, cls: ClassInfo, owner: ClassInfo, value: Value) -> bool:
        """Whether objects of a class have what its base keeps: not what another subclass makes in an override."""
        site = value.site if isinstance(value, Instance | LibraryObject) else None
        method = self._names.sources.codes[site[0]] if site is not None else None
        if method is None or method.cls is None or owner not in method.cls.mro:
            return True
        is_override = self._attributes.defining(owner, method.name) is not None and method.name != "__init__"
        return not (is_override and self._are_apart(method.cls, cls))

    def _has_others(self, owner: ClassInfo, cls: ClassInfo) -> bool:
        """Whether a class has subclasses of which no object is of another class as well."""
        key = owner.key, cls.key
        if key not in self._beside:
            self._beside[key] = any(self._are_apart(each, cls) for each in owner.subclasses)
        return self._beside[key]

    def _are_apart(self, one: ClassInfo, other: ClassInfo) -> bool:
        key = one.key, other.key
        if key not in self._apart:
            self._apart[key] = one.is_apart(other)
        return self._apart[key]

    def _class_attribute(
        self, code: Code, operation: facts.LoadAttr, receiver: Value, cls: ClassInfo, after: ClassInfo | None
    ) -> bool:
        name = operation.name
        defining = self._attributes.defining(cls, name, after=after) if after else self._attributes.keeping(cls, name)
        if defining is None:
            if operation.name == "__new__":
                self._flow.add(code.offset + operation.id, self._names.library("object.__new__"))
            elif not isinstance(receiver, Instance) or after is not None:
                self._library_attribute((after or cls).library_bases, code, operation, receiver)
            return False
        self._bind_from(defining, code, operation, receiver)
        return True

    def _library_attribute(self, bases: list[str], code: Code, operation: facts.LoadAttr, receiver: Value) -> None:
        for base in bases:
            name = f"{base}.{operation.name}"
            value = self._names.library(name) if isinstance(receiver, ClassRef) else None
            self._flow.add(code.offset + operation.id, value or self._values.library_method(name, receiver))

    def _bind_from(self, cls: ClassInfo, code: Code, operation: facts.LoadAttr, receiver: Value) -> None:
        node = self._flow.node("class", cls.key, operation.name)
        self._flow.watch(node, self._bind, code, operation, receiver)

    def _bind(self, code: Code, operation: facts.LoadAttr, receiver: Value, value: Value) -> None:
        """What fetching the class-level `value` through `receiver` gives."""
        node = code.offset + operation.id
        if not isinstance(value, FunctionRef) or value.code.cls is None or value.receiver is not None:
            self._flow.add(node, value)
            return
        method = value.code
        if self._attributes.is_static(method):
            self._flow.add(node, value)
        elif self._attributes.is_class_method(method):
            cls = _class_of(receiver)
            bound = receiver if cls is None else self._values.cls(cls)
            self._flow.add(node, self._values.function(method, bound))
        elif isinstance(receiver, ClassRef):
            self._flow.add(node, value)
        elif self._attributes.is_property(method):
            getter = self._values.function(method, receiver)
            self._types.note(self._types.implicit, (code.key, operation.id), getter)
            self._invocation.function(method, receiver, Passed((), ()), node)
        elif "setter" not in self._attributes.shape(method):
            self._flow.add(node, self._values.function(method, receiver))

    def store(self, code: Code, operation: facts.StoreAttr) -> None:
        """Where the value of `x.name = value` goes."""
        if operation.base >= 0:
            self._flow.watch(code.offset + operation.base, self._store_on, code, operation)

    def _store_on(self, code: Code, operation: facts.StoreAttr, base: Value) -> None:
        match base:
            case Instance(cls=cls):
                self._call_setter(code, operation, base)
                seen = self._attributes.seen_from(code, cls, operation.name)
                node = self._flow.node("instance", self._attributes.owner(seen, operation.name).key, operation.name)
            case ClassRef(cls=cls):
                seen = self._attributes.seen_from(code, cls, operation.name)
                owner = self._attributes.keeping(seen, operation.name) or seen
                node = self._flow.node("class", owner.key, operation.name)
            case ModuleRef(module=module):
                target = self._names.member(module, operation.name)
                if not isinstance(target, tuple):
                    return
                node = self._flow.node("global", *target)
            case LibraryObject(site=site) if self._takes_attributes(base):
                # `server.app = app`: what a program gives to an object of a library it finds there again
                node = self._flow.node("endowed", site, operation.name)
            case _:
                return
        if operation.value >= 0:
            self._flow.copy(code.offset + operation.value, node)
        if operation.annotation is not None:
            self._annotations.add(code, operation.annotation, node)

    def _takes_attributes(self, value: LibraryObject) -> bool:
        """Whether an object of a library has for all what a program puts into it: lists take nothing, a
        `threading.local` has it for the running thread alone."""
        safety = self._names.knowledge.safety(value.qualname)
        is_confined = safety is not None and safety.kind is SafetyKind.CONFINED
        return value.site is not None and "." in value.qualname and not is_confined

    def _call_setter(self, code: Code, operation: facts.StoreAttr, base: Instance) -> None:
        defining = self._attributes.defining(base.cls, operation.name)
        if defining is None:
            return
        for _, store in self._attributes.class_level(defining)[operation.name]:
            for value in self._names.static(defining.body, store.value):
                if isinstance(value, FunctionRef) and "setter" in self._attributes.shape(value.code):
                    bound = self._values.function(value.code, base)
                    self._types.note(self._types.implicit, (code.key, operation.id), bound)
                    self._invocation.bind(value.code, base, Passed((code.offset + operation.value,), ()))


def _is_missing(qualname: str, name: str) -> bool:
    """Whether objects of a class surely lack an attribute: none of a built-in class is private."""
    return "." not in qualname and name.startswith("_") and not name.endswith("__")


def _is_object(value: Value) -> bool:
    """Whether a value is an object, and no function put in the place of one that the library has."""
    return isinstance(value, Instance | LibraryObject)


def _class_of(value: Value) -> ClassInfo | None:
    return value.cls if isinstance(value, Instance | ClassRef) else None
