"""Stage 4: which memory does each function touch, and how? Every access of a Place, classified by what it does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from racelint import facts
from racelint.facts import Operation, Span
from racelint.knowledge.model import Access as Effected
from racelint.knowledge.model import Effect
from racelint.program.dataflow import Dataflow
from racelint.program.frames import argument
from racelint.program.source import ClassInfo, Code
from racelint.program.types import Types
from racelint.program.values import (
    ClassRef,
    FunctionRef,
    Instance,
    Library,
    LibraryMethod,
    LibraryObject,
    ModuleRef,
    Value,
    ValueSet,
)

PlaceKind = Literal["global", "attribute", "class", "closure"]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Memory that several functions can reach: `owner` is a module index, class key or code key, by kind.

    `symbol` is its dotted name. A container and what it holds are one Place. `Places.place` makes each once.
    """

    kind: PlaceKind
    owner: int
    name: str
    symbol: str


class Kind(Enum):
    """What an access does: the word for a message, whether it changes the Place or what it holds, whether it stores to
    the Place itself."""

    READ = ("read", False, False)
    WRITE = ("written", True, True)
    UPDATE = ("updated", True, True)
    DELETE = ("deleted", True, True)
    CONTENT = ("looked into", False, False)
    ITERATE = ("iterated", False, False)
    MUTATE = ("changed", True, False)
    ITEM_UPDATE = ("updated by item", True, False)

    def __init__(self, word: str, writes: bool, rebinds: bool) -> None:
        self.word = word
        self.writes = writes
        self.rebinds = rebinds


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """One access: operation `id` of `code`, on the object that `base` names there (`bases` are its possible values).

    `load` is the id of the read of the Place that a content access starts from, `value` what a write stores,
    `method` the method that a mutation calls, `claims`: it takes one item atomically, or adds one.
    """

    place: Place
    kind: Kind
    code: Code
    id: int
    span: Span
    base: str
    bases: tuple[Value, ...]
    load: int = facts.NOTHING
    value: int = facts.NOTHING
    key: int = facts.NOTHING
    method: str = ""
    claims: bool = False
    """The one call tests and takes (or adds) at once: `setdefault`, `pop` with a default."""


class Places:
    """All accesses of the program, by function and by Place."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.by_code: dict[int, list[Access]] = {}
        self.by_place: dict[Place, list[Access]] = {}
        self._places: dict[tuple[PlaceKind, int, str], Place] = {}
        self._dataflows: dict[int, Dataflow] = {}
        self._reflected: dict[int, frozenset[int]] = {}
        for key, id in types.reflected:
            self._reflected[key] = self._reflected.get(key, frozenset()) | {id}

    def dataflow(self, code: Code) -> Dataflow:
        """The def-use chains of a function."""
        found = self._dataflows.get(code.key)
        if found is None:
            found = self._dataflows[code.key] = Dataflow(code, self._reflected.get(code.key, frozenset()))
        return found

    def place(self, kind: PlaceKind, owner: int, name: str) -> Place:
        """The Place of that kind, owner and name."""
        found = self._places.get((kind, owner, name))
        if found is None:
            sources = self.types.names.sources
            if kind == "global":
                prefix = sources.modules[owner].name
            else:
                prefix = sources.codes[owner].qualname if kind == "closure" else sources.classes[owner].qualname
            found = self._places[kind, owner, name] = Place(kind, owner, name, f"{prefix}.{name}")
        return found

    def of(self, code: Code) -> list[Access]:
        """The accesses that a function makes itself, in order."""
        return self.by_code.get(code.key, [])

    def values(self, place: Place) -> ValueSet:
        """What the Place may hold."""
        sources = self.types.names.sources
        if place.kind == "global":
            return self.types.of_global(place.owner, place.name)
        if place.kind == "closure":
            return self.types.of_cell(sources.codes[place.owner], place.name)
        if place.kind == "class":
            return self.types.of_class_level(sources.classes[place.owner], place.name)
        return self.types.of_attribute(sources.classes[place.owner], place.name)

    def located(self, code: Code, operation: Operation) -> list[tuple[Place, str, tuple[Value, ...]]]:
        """The Places that a load, store or delete of a name or attribute touches: with base path and base objects."""
        operation = self.types.reflected.get((code.key, operation.id), operation)
        match operation:
            case facts.LoadName() | facts.StoreName() | facts.DeleteName():
                return self._named(code, operation)
            case facts.LoadAttr() | facts.StoreAttr() | facts.DeleteAttr():
                return self._attribute(code, operation.base, operation.name)
            case _:
                return []

    def _named(
        self, code: Code, operation: facts.LoadName | facts.StoreName | facts.DeleteName
    ) -> list[tuple[Place, str, tuple[Value, ...]]]:
        names = self.types.names
        if operation.scope == "global":
            target = names.variable(code.module, operation.name)
            if not isinstance(target, tuple):
                return []
            module, name = target
            return [(self.place("global", module, name), "", ())]
        owner = names.sources.codes[names.sources.module_bodies[code.module].key + operation.owner]
        if operation.scope == "class":
            return [(self.place("class", owner.cls.key, operation.name), "", ())] if owner.cls is not None else []
        return [(self.place("closure", owner.key, operation.name), "", ())]

    def _attribute(self, code: Code, base: int, name: str) -> list[tuple[Place, str, tuple[Value, ...]]]:
        found: dict[Place, list[Value]] = {}
        attributes = self.types.attributes
        kind: Literal["attribute", "class"]
        for value in self.types.of(code, base):
            match value:
                case Instance(cls=cls) if self._is_property(cls, name):
                    owner, kind = attributes.owner(cls, name), "attribute"
                case Instance(cls=cls) if attributes.is_class_level(cls, name):
                    owner, kind = attributes.defining(cls, name) or cls, "class"
                case Instance(cls=cls):
                    owner, kind = attributes.owner(cls, name), "attribute"
                case ClassRef(cls=cls):
                    owner, kind = attributes.defining(cls, name) or attributes.owner(cls, name), "class"
                case ModuleRef(module=module):
                    target = self.types.names.member(module, name)
                    if isinstance(target, tuple):
                        found.setdefault(self.place("global", *target), [])
                    continue
                case _:
                    continue
            if not self._is_method(owner.key, name):
                found.setdefault(self.place(kind, owner.key, name), []).append(value)
        path = self.dataflow(code).path(base)
        return [(place, "" if place.kind != "attribute" else path, tuple(values)) for place, values in found.items()]

    def _is_property(self, cls: ClassInfo, name: str) -> bool:
        """Whether the attribute is a property with a setter: memory of the object to those who use it."""
        defining = self.types.attributes.defining(cls, name)
        return defining is not None and self._has_setter(defining, name)

    def _has_setter(self, cls: ClassInfo, name: str) -> bool:
        stores = self.types.attributes.class_level(cls).get(name, ())
        return len(stores) > 1 and any(
            "setter" in self.types.attributes.shape(value.code)
            for code, store in stores
            for value in self.types.names.static(code, store.value)
            if isinstance(value, FunctionRef)
        )

    def _is_method(self, cls: int, name: str) -> bool:
        info = self.types.names.sources.classes[cls]
        stores = self.types.attributes.class_level(info).get(name, ())
        if self._has_setter(info, name):
            return False
        return any(
            type(code.operations[store.value]) is facts.MakeFunction for code, store in stores if store.value >= 0
        )


def link_places(types: Types) -> Places:
    """Find and classify every access of every function."""
    places = Places(types)
    for code in types.names.sources.codes:
        accesses = _Collector(places, code).collect()
        if accesses:
            places.by_code[code.key] = accesses
            for access in accesses:
                places.by_place.setdefault(access.place, []).append(access)
    return places


class _Collector:
    """Collects the accesses of one function."""

    def __init__(self, places: Places, code: Code) -> None:
        self._places = places
        self._types = places.types
        self._knowledge = places.types.names.knowledge
        self._code = code
        self._flow = places.dataflow(code)
        self._located: dict[int, list[tuple[Place, str, tuple[Value, ...]]]] = {}

    def collect(self) -> list[Access]:
        """All accesses in the order of their operations."""
        found: list[Access] = []
        for operation in self._code.operations:
            effective = self._types.reflected.get((self._code.key, operation.id), operation) if operation else None
            match effective:
                case facts.LoadName() | facts.LoadAttr():
                    found.extend(self._load(effective))
                case facts.StoreName() | facts.StoreAttr():
                    found.extend(self._store(effective))
                case facts.DeleteName() | facts.DeleteAttr():
                    found.extend(self._made(Kind.DELETE, effective, effective.id, effective.span))
                case _:
                    pass
        return sorted(found, key=lambda access: access.id)

    def _where(self, operation: Operation) -> list[tuple[Place, str, tuple[Value, ...]]]:
        found = self._located.get(operation.id)
        if found is None:
            found = self._located[operation.id] = self._places.located(self._code, operation)
        return found

    def _made(
        self,
        kind: Kind,
        operation: Operation,
        id: int,
        span: Span,
        *,
        value: int = facts.NOTHING,
        key: int = facts.NOTHING,
        method: str = "",
        claims: bool = False,
    ) -> list[Access]:
        load = operation.id if isinstance(operation, facts.LoadName | facts.LoadAttr) else facts.NOTHING
        return [
            Access(place, kind, self._code, id, span, base, bases, load, value, key, method, claims)
            for place, base, bases in self._where(operation)
        ]

    def _store(self, operation: facts.StoreName | facts.StoreAttr) -> list[Access]:
        reads = self.rereads(operation, operation.value)
        kind = Kind.UPDATE if reads or operation.augmented else Kind.WRITE
        return self._made(kind, operation, operation.id, operation.span, value=operation.value)

    def rereads(self, operation: Operation, value: int) -> list[int]:
        """The reads of the stored Place that the stored value was computed from."""
        where = [(place, base) for place, base, _ in self._where(operation)]
        found = []
        for id in sorted(self._flow.sources(value)) if where else ():
            load = self._flow.operation(id)
            if load is not None and any((place, base) in where for place, base, _ in self._where(load)):
                found.append(id)
        return found

    def _load(self, operation: facts.LoadName | facts.LoadAttr) -> list[Access]:
        if not self._where(operation):
            return []
        contents: list[Access] = []
        plain = False
        for use in self._flow.uses(operation.id):
            made = self._use(operation, operation.id, use)
            contents.extend(made)
            plain = plain or not made
        if plain or not contents:
            return self._made(Kind.READ, operation, operation.id, operation.span) + contents
        return contents

    def _use(self, load: facts.LoadName | facts.LoadAttr, id: int, use: Operation) -> list[Access]:
        """The content access that `use` makes of the loaded value `id`, if it is one."""
        match use:
            case facts.LoadItem(base=base) if base == id:
                return self._item(load, use)
            case facts.StoreItem(base=base) if base == id:
                updates = use.augmented or self._updates_item(load, use)
                kind = Kind.ITEM_UPDATE if updates else Kind.MUTATE
                return self._made(kind, load, use.id, use.span, value=use.value, key=use.key, method="[]=")
            case facts.DeleteItem(base=base) if base == id:
                return self._made(Kind.MUTATE, load, use.id, use.span, key=use.key, method="del")
            case facts.LoadAttr(base=base) if base == id:
                return self._method(load, use)
            case facts.Compute(kind="in" | "not in", operands=(left, right)) if right == id:
                return self._made(Kind.CONTENT, load, use.id, load.span, key=left, method="in")
            case facts.Element():
                return self._made(Kind.ITERATE, load, use.id, use.span)
            case facts.Call() if use.callee != id:
                return self._argument(load, id, use)
            case _:
                return []

    def _item(self, load: facts.LoadName | facts.LoadAttr, item: facts.LoadItem) -> list[Access]:
        nested = [
            access
            for use in self._flow.uses(item.id)
            if isinstance(use, facts.StoreItem | facts.DeleteItem)
            for access in self._use(load, item.id, use)
        ]
        inserts = any(
            isinstance(value, LibraryObject) and value.qualname == "collections.defaultdict"
            for value in self._types.of(self._code, load.id)
        )
        kind = Kind.MUTATE if inserts and not nested else Kind.CONTENT
        return nested + self._made(kind, load, item.id, item.span, key=item.key, method="[]")

    def _updates_item(self, load: facts.LoadName | facts.LoadAttr, store: facts.StoreItem) -> bool:
        """`d[k] = d.get(k, 0) + 1`: the stored value was computed from an item of the same container."""
        where = [(place, base) for place, base, _ in self._where(load)]
        key = self._flow.key(store.key)
        for id in self._flow.sources(store.value):
            read = self._flow.operation(id)
            if read is None or not any((place, base) in where for place, base, _ in self._where(read)):
                continue
            for use in self._flow.uses(id):
                if isinstance(use, facts.LoadItem) and self._flow.key(use.key) == key:
                    return True
                if isinstance(use, facts.LoadAttr) and use.name in ("get", "setdefault"):
                    calls = [each for each in self._flow.uses(use.id) if isinstance(each, facts.Call)]
                    if any(each.arguments and self._flow.key(each.arguments[0].value) == key for each in calls):
                        return True
        return False

    def _method(self, load: facts.LoadName | facts.LoadAttr, fetched: facts.LoadAttr) -> list[Access]:
        """`place.method(...)` on a container of a library: what the method does to it."""
        found: list[Access] = []
        for use in self._flow.uses(fetched.id):
            if not (isinstance(use, facts.Call) and use.callee == fetched.id):
                return []
            effect = self._effect_of_method(fetched)
            if effect is None:
                return []
            key = next((each.value for each in use.arguments if each.name == ""), facts.NOTHING)
            spared = effect.spared_by
            misses = effect.can_miss and (spared is None or argument(use, spared.position, spared.keyword) is None)
            claims = effect.claims and not misses
            kind = _kind(effect.access)
            if effect.access is Effected.VIEW:
                for step in self._flow.uses(use.id):
                    if type(step) is facts.Element:
                        found.extend(self._made(Kind.ITERATE, load, step.id, use.span, method=fetched.name))
            found.extend(self._made(kind, load, use.id, use.span, key=key, method=fetched.name, claims=claims))
        return found

    def _effect_of_method(self, fetched: facts.LoadAttr) -> Effect | None:
        for value in self._types.of(self._code, fetched.id):
            if isinstance(value, LibraryMethod) and isinstance(value.receiver, LibraryObject):
                effect = self._knowledge.effect(value.receiver.qualname, fetched.name)
                if effect is not None:
                    return effect
        return None

    def _argument(self, load: facts.LoadName | facts.LoadAttr, id: int, call: facts.Call) -> list[Access]:
        for callee in self._types.of(self._code, call.callee):
            if isinstance(callee, Library):
                effect = self._knowledge.builtin_effect(callee.qualname)
                if effect is not None and effect.subject is not None and effect.attribute is None:
                    position = effect.subject.position or 0
                    given = [each.value for each in call.arguments if each.name == ""]
                    if position < len(given) and given[position] == id:
                        return self._made(_kind(effect.access), load, call.id, call.span, method=callee.qualname)
        return []


def _kind(access: Effected) -> Kind:
    match access:
        case Effected.MUTATE:
            return Kind.MUTATE
        case Effected.ITERATE:
            return Kind.ITERATE
        case _:
            return Kind.CONTENT
