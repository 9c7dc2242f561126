"""Stage 4: which memory does each function touch, and how? Every access of a Place, classified by what it does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from enum import Enum
from functools import cached_property
from typing import Final, Literal

import msgspec

from racelint import facts
from racelint.facts import Operation, Span
from racelint.program.dataflow.dataflow import UNKNOWN, Dataflow
from racelint.program.dataflow.frames import parameter_paths, split_path
from racelint.program.memory.defaults import Defaults
from racelint.program.memory.handing import find_handed
from racelint.program.memory.lending import HOLDERS, OWNER, Lending, owner
from racelint.program.memory.owners import Owners
from racelint.program.memory.standing import find_standing
from racelint.program.memory.ties import Ties
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.types import Types
from racelint.program.values.values import (
    ClassRef,
    Instance,
    Library,
    LibraryObject,
    ModuleRef,
    Value,
    ValueSet,
)

PlaceKind = Literal["global", "attribute", "class", "closure", "object", "default"]
"""Of a container that is handed over by itself, the contents: an object, made where `owner` (a code key) makes it."""


ITEMS: Final = "[]"
"""Ends the name of the Place of what is in a container."""


class Place(msgspec.Struct, frozen=True, eq=False):
    """Memory that several functions can reach: `owner` is a module index, class key or code key, by kind.

    `symbol` is its dotted name. A container and what it holds are one Place. `Places.place` makes each once.
    """

    kind: PlaceKind
    owner: int
    name: str
    symbol: str

    @property
    def is_of_items(self) -> bool:
        """Whether it is what is in a container, whatever the key."""
        return self.name.endswith(ITEMS)


Located = list[tuple[Place, str, tuple[Value, ...]]]
"""Places that an operation touches, each with the path and the possible values of the object that it belongs to."""


class Kind(Enum):
    """What an access does: the word for a message, whether it changes the Place or what it holds, whether it stores to
    the Place itself, whether it is done to a container: to what the Place holds."""

    READ = ("read", False, False, False)
    WRITE = ("written", True, True, False)
    UPDATE = ("updated", True, True, False)
    DELETE = ("deleted", True, True, False)
    CONTENT = ("looked into", False, False, True)
    ITERATE = ("iterated", False, False, True)
    MUTATE = ("changed", True, False, True)
    ITEM_UPDATE = ("updated by item", True, False, True)

    def __init__(self, word: str, writes: bool, rebinds: bool, is_of_contents: bool) -> None:
        self.word = word
        self.writes = writes
        self.rebinds = rebinds
        self.is_of_contents = is_of_contents


class Access(msgspec.Struct, frozen=True, eq=False):
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
    one_step_with_gil: bool = False
    """Of an iteration: nobody can come in between where there is a GIL (`tuple(d)`)."""

    @property
    def read_id(self) -> int:
        """The operation that reads the Place: the load before an access of its contents, else the access itself."""
        return self.load if self.load >= 0 else self.id

    @property
    def given_as(self) -> str:
        """The parameter by which the function is given the container of which it touches the contents, if it is."""
        parameters = self.code.function.parameters
        return parameters[self.load].name if 0 <= self.load < len(parameters) else ""

    @property
    def is_lent(self) -> bool:
        """Whether the function was given the container itself, which an attribute of some object holds."""
        return OWNER in self.base

    @property
    def given_by(self) -> str:
        """The path by which the function has a container that is lent."""
        return self.base.partition(OWNER)[0]

    @property
    def is_of_self(self) -> bool:
        """Whether a method touches its own object."""
        return bool(self.base) and self.base == self.code.own_name

    @property
    def is_of_own(self) -> bool:
        """Whether a method touches its own object, or what attributes lead to from there."""
        own = self.code.own_name
        return own != "" and split_path(self.base)[0] == own


class Places:
    """All accesses of the program, by function and by Place.

    The containers that are in a container are a Place of their own, whatever the key. With `items_apart` that is all
    that has to be known for two to be about the same one.
    """

    def __init__(self, types: Types, *, items_apart: bool = False) -> None:
        self.types = types
        self.items_apart = items_apart
        self.by_code: dict[int, list[Access]] = {}
        self.by_place: dict[Place, list[Access]] = {}
        self._places: dict[tuple[PlaceKind, int, str], Place] = {}
        self._attributes: dict[tuple[int, str, bool], Place | None] = {}
        self._dataflows: dict[int, Dataflow] = {}
        self._passed: dict[tuple[int, int, int, bool], Mapping[str, str]] = {}
        self._reflected: dict[int, frozenset[int]] = {}
        for key, id in types.reflected:
            self._reflected[key] = self._reflected.get(key, frozenset()) | {id}
        self.ties = Ties(types, self.dataflow)
        # each look at a method makes a new object of it, and there are as many chains as functions
        self._beyond = self.ties.shorten, types.behind, self._stands_for_none
        self.owners = Owners(types)
        self.lending = Lending(types, self.ties.stores)
        self.defaults = Defaults(types)
        self.standing = find_standing(types, self.ties.stores)
        self._homes = {self.place(*at): self.place(*home) for at, home in self.standing.items()}
        self._handed = {value: self.place(*at) for value, at in find_handed(types, self.lending).items()}
        for code in types.names.sources.codes:
            ids = {id for id in range(len(code.function.parameters)) if self._is_handed(code, id)}
            if ids:
                self._reflected[code.key] = self._reflected.get(code.key, frozenset()) | ids

    def _is_handed(self, code: Code, parameter: int) -> bool:
        values = self.types.of(code, parameter)
        if any(value in self._handed for value in values) or self.defaults.of(code, parameter) is not None:
            return True
        return bool(self.lending.homes(values))

    def handed(self, code: Code, parameter: int) -> list[Place]:
        """The containers that a parameter may be, where that is known, and no attribute holds them."""
        handed = [self._handed[value] for value in self.types.of(code, parameter) if value in self._handed]
        return list(dict.fromkeys([*handed, *self.default(code, parameter)]))

    def default(self, code: Code, parameter: int) -> list[Place]:
        """The container that a parameter is where nothing is given: a global one, or one made for the function."""
        made = self.defaults.of(code, parameter)
        if made is None or code.parent is None:
            return []
        operation = code.parent.operation(made)
        if isinstance(operation, facts.LoadName | facts.LoadAttr):
            return [place for place, _, _ in self.located(code.parent, operation)]
        return [self.place("default", code.key, code.function.parameters[parameter].name)]

    def lent(self, code: Code, id: int) -> Located:
        """The Places that hold the container which a value of a function is, and has come to it by another way."""
        homes = self.lending.homes(self.types.of(code, id))
        handed = self._kept_of(code, id)
        path = self.dataflow(code).path(id) if homes or handed else UNKNOWN
        if path.startswith(("%", UNKNOWN)):
            return []
        lent: Located = [
            (
                self.place("attribute", key, name),
                owner(path, name) if self._is_of_holder(code, id, key, name) else f"{path}{OWNER}{name}",
                (),
            )
            for key, name in homes
        ]
        return [*lent, *((self._handed[each], path, (each,)) for each in handed)]

    def at_home(self, where: Located) -> Located:
        """The Places of the contents of what Places hold: that of a container that has another name at home, if all
        of them hold the one."""
        homes = {self._homes.get(place) for place, _, _ in where}
        home = homes.pop() if len(homes) == 1 else None
        return where if home is None else [(home, "", ())]

    def _is_of_holder(self, code: Code, id: int, key: int, name: str) -> bool:
        """Whether an attribute may be fetched from its holder, not from another object that has one of that name."""
        load = code.operation(id)
        values = self.types.of(code, load.base) if type(load) is facts.LoadAttr else {}
        classes = [each.cls for each in values if isinstance(each, Instance)]
        return not classes or any(self.types.attributes.owner(cls, name).key == key for cls in classes)

    def _kept_of(self, code: Code, id: int) -> list[Value]:
        """The containers made elsewhere that an attribute may hold, which others may have been given as well."""
        if type(code.operation(id)) is not facts.LoadAttr:
            return []
        found = [each for each in self.types.of(code, id) if each in self._handed]
        return found if len(found) <= HOLDERS else []

    def handed_over(self, container: Value) -> Place | None:
        """The Place of a container that is handed to a started function; None for all else."""
        return self._handed.get(container)

    def dataflow(self, code: Code) -> Dataflow:
        """The def-use chains of a function."""
        found = self._dataflows.get(code.key)
        if found is None:
            found = self._dataflows[code.key] = Dataflow(
                code,
                self._reflected.get(code.key, frozenset()),
                *self._beyond,
            )
        return found

    def passed(self, caller: Code, callee: Code, site: int, receiver: Value | None) -> Mapping[str, str]:
        """The `parameter_paths` of a call, which threads and tasks have in common."""
        call = caller.key, callee.key, site, receiver is None
        found = self._passed.get(call)
        if found is None:
            found = self._passed[call] = parameter_paths(self.dataflow(caller), callee, site, receiver)
        return found

    def _stands_for_none(self, code: Code, id: int) -> bool:
        """Whether a global is a bare object, which is good for nothing but to be told from all else."""
        operation = code.operation(id)
        if type(operation) is not facts.LoadName or operation.scope != "global":
            return False
        values = self.types.of(code, id)
        return bool(values) and all(isinstance(each, LibraryObject) and each.qualname == "object" for each in values)

    def forget(self, code: Code) -> None:
        """Drop the def-use chains of a function, which are made anew where they are asked for again."""
        self._dataflows.pop(code.key, None)

    def place(self, kind: PlaceKind, owner: int, name: str) -> Place:
        """The Place of that kind, owner and name."""
        found = self._places.get((kind, owner, name))
        if found is None:
            sources = self.types.names.sources
            if kind in ("object", "default"):
                prefix = sources.codes[owner].qualname
            elif kind == "global":
                prefix = sources.modules[owner].name
            else:
                prefix = sources.codes[owner].qualname if kind == "closure" else sources.classes[owner].qualname
            found = self._places[kind, owner, name] = Place(kind, owner, name, f"{prefix}.{name}")
        return found

    @cached_property
    def by_class(self) -> dict[int, list[Place]]:
        """The attributes of each class and of its objects, by its key; asked once all accesses are known."""
        found: dict[int, list[Place]] = defaultdict(list)
        for place in self.by_place:
            if place.kind in ("attribute", "class"):
                found[place.owner].append(place)
        return found

    def items(self, place: Place) -> Place:
        """What is in a container, as far as it is a container itself."""
        return self.place(place.kind, place.owner, f"{place.name}{ITEMS}")

    def of(self, code: Code) -> list[Access]:
        """The accesses that a function makes itself, in order."""
        return self.by_code.get(code.key, [])

    def values(self, place: Place) -> ValueSet:
        """What the Place may hold."""
        sources = self.types.names.sources
        if place.kind == "object" or place.name.endswith(ITEMS):
            return {}
        if place.kind == "default":
            code = sources.codes[place.owner]
            parameters = [each.name for each in code.function.parameters]
            return self.types.of(code, parameters.index(place.name))
        if place.kind == "global":
            return self.types.of_global(place.owner, place.name)
        if place.kind == "closure":
            return self.types.of_cell(sources.codes[place.owner], place.name)
        if place.kind == "class":
            return self.types.of_class_level(sources.classes[place.owner], place.name)
        return self.types.of_attribute(sources.classes[place.owner], place.name)

    def located(self, code: Code, operation: Operation) -> list[tuple[Place, str, tuple[Value, ...]]]:
        """The Places that a load, store or delete of a name or attribute touches: with base path and base objects."""
        if type(operation) is facts.Call:
            operation = self.types.reflected.get((code.key, operation.id), operation)
        match operation:
            case facts.LoadName() | facts.StoreName() | facts.DeleteName():
                return self._named(code, operation)
            case facts.LoadAttr() | facts.StoreAttr() | facts.DeleteAttr():
                return self._attribute(code, operation)
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
            module, name = names.home(target) if type(operation) is facts.LoadName else target
            return [(self.place("global", module, name), "", ())]
        owner = names.sources.function(code.module, operation.owner)
        if operation.scope == "class":
            return [(self.place("class", owner.cls.key, operation.name), "", ())] if owner.cls is not None else []
        return [(self.place("closure", owner.key, operation.name), "", ())]

    def _attribute(
        self, code: Code, operation: facts.LoadAttr | facts.StoreAttr | facts.DeleteAttr
    ) -> list[tuple[Place, str, tuple[Value, ...]]]:
        base, name = operation.base, operation.name
        found: dict[Place, list[Value]] = {}
        for value in self.types.of(code, base):
            if type(value) is ModuleRef:
                target = self.types.names.member(value.module, name)
                if isinstance(target, tuple):
                    home = self.types.names.home(target) if type(operation) is facts.LoadAttr else target
                    found.setdefault(self.place("global", *home), [])
            elif type(value) is Instance or type(value) is ClassRef:
                cls = self.types.attributes.seen_from(code, value.cls, name)
                place = self._of_attribute(cls, name, of_instance=type(value) is Instance)
                if place is not None:
                    found.setdefault(place, []).append(value)
            elif type(value) is Library:
                keeping = self.types.attributes.data_of(value.qualname, name)
                if keeping is not None:
                    found.setdefault(self.place("class", keeping.key, name), []).append(value)
        if not found:
            return []
        path = self.dataflow(code).path(base)
        return [(place, "" if place.kind != "attribute" else path, tuple(values)) for place, values in found.items()]

    def _of_attribute(self, cls: ClassInfo, name: str, *, of_instance: bool) -> Place | None:
        """The Place of an attribute of a class, or of its instances; None for a method, and for what it has not."""
        key = cls.key, name, of_instance
        if key not in self._attributes:
            owner, kind = self.owners.of(cls, name, of_instance=of_instance)
            is_none = self.owners.is_method(owner, name) or (not of_instance and self.owners.lacks(cls, name))
            self._attributes[key] = None if is_none else self.place(kind, owner.key, name)
        return self._attributes[key]

    def behind(self, place: Place) -> list[Code]:
        """The functions that set the Place where it is a property."""
        if place.kind != "attribute":
            return []
        cls = self.types.names.sources.classes[place.owner]
        defining = self.types.attributes.defining(cls, place.name)
        return self.owners.setters(defining, place.name) if defining is not None else []
