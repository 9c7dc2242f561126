"""Stage 2: what may each value be? A small points-to analysis: monotone, by allocation site, attributes by class.

Unknown stays unknown: a value that nothing of the program makes has no entry, and later stages then keep silent.
Calls are resolved on the way, since what a call returns and what its parameters get depends on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from functools import cached_property

import msgspec

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.containers import ITEM_METHODS, REFERENCES
from racelint.knowledge.model import Slot
from racelint.knowledge.running import Spawn
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.attributes import Attributes
from racelint.program.values.flow import Flow
from racelint.program.values.names import Names
from racelint.program.values.values import (
    NO_VALUES,
    ClassRef,
    Instance,
    Library,
    LibraryMethod,
    LibraryObject,
    Site,
    Value,
    ValueSet,
)

Load = facts.LoadName | facts.LoadAttr


class Passed(msgspec.Struct, frozen=True):
    """The arguments of a call: nodes by position and by keyword, the containers given with one star and with two."""

    positional: tuple[int, ...]
    keywords: tuple[tuple[str, int], ...]
    starred: tuple[int, ...] = ()
    mappings: tuple[int, ...] = ()

    @property
    def nodes(self) -> tuple[int, ...]:
        """The nodes of the arguments that are given singly."""
        return (*self.positional, *(node for _, node in self.keywords))

    def at(self, slot: Slot) -> int | None:
        """The node of the argument that a slot names."""
        for name, node in self.keywords:
            if name == slot.keyword:
                return node
        if slot.position is not None and slot.position < len(self.positional):
            return self.positional[slot.position]
        return None

    def after_first(self) -> Passed:
        """What is left for a function that is the first argument itself."""
        return Passed(self.positional[1:], self.keywords, self.starred, self.mappings)


class Spawned(msgspec.Struct, frozen=True):
    """A call that hands `target` to another context of execution, as `spawn` says, with the arguments `given`.

    `by` is the call of the library that starts it: the same one, but for a coroutine, which is made at `site`, and for
    what a helper starts for who calls it at `site`.
    """

    site: Site
    spawn: Spawn
    target: Value
    pool: Value | None
    given: Passed
    by: Site


class Types:
    """The answer of the stage; `of` is the question."""

    def __init__(self, names: Names, attributes: Attributes, flow: Flow) -> None:
        self.names = names
        self.attributes = attributes
        self._flow = flow
        self._held = flow.held
        self.callees: dict[Site, ValueSet] = {}
        self.implicit: dict[Site, ValueSet] = {}
        self.spawned: dict[Spawned, None] = {}
        self.given_back: dict[Site, int] = {}
        """For calls that give back what they are given, or a reference to it: the value that this is."""
        self.reflected: dict[Site, facts.LoadAttr | facts.StoreAttr | facts.DeleteAttr] = {}

    @cached_property
    def constructions(self) -> dict[int, list[Site]]:
        """Where objects of each class are made, by its key; asked once all calls are known."""
        found: dict[int, list[Site]] = defaultdict(list)
        for site, values in self.callees.items():
            for value in values:
                if site[1] >= 0 and isinstance(value, ClassRef):
                    found[value.cls.key].append(site)
        return found

    def library_calls(self, is_meant: Callable[[Library | LibraryMethod], bool]) -> list[Site]:
        """The calls that may be of a function or method of a library which `is_meant`, in order.

        Asked once all calls are known. There are many calls, and few things that they call.
        """
        found = (sites for callee, sites in self._by_callee.items() if is_meant(callee))
        return sorted({site for sites in found for site in sites})

    @cached_property
    def _by_callee(self) -> dict[Library | LibraryMethod, list[Site]]:
        found: dict[Library | LibraryMethod, list[Site]] = defaultdict(list)
        for site, values in self.callees.items():
            for value in values:
                if site[1] >= 0 and (type(value) is Library or type(value) is LibraryMethod):
                    found[value].append(site)
        return found

    @cached_property
    def method_calls(self) -> dict[tuple[Site, str], list[Site]]:
        """The calls of library methods on objects whose making is known: by where made and method name, in order."""
        found: dict[tuple[Site, str], list[Site]] = defaultdict(list)
        for callee, sites in self._by_callee.items():
            made = callee.receiver if isinstance(callee, LibraryMethod) else None
            if isinstance(made, LibraryObject | Instance) and made.site is not None:
                found[made.site, callee.qualname.rpartition(".")[2]].extend(sites)
        return {key: sorted(sites) for key, sites in found.items()}

    @cached_property
    def loose_names(self) -> frozenset[str]:
        """The attributes that are fetched from objects which are not known: it may be any method of that name."""
        codes = self.names.sources.codes
        fetched = ((code, each) for code in codes for each in code.operations if type(each) is facts.LoadAttr)
        return frozenset(each.name for code, each in fetched if not self.of(code, each.base))

    def loads(self, names: Iterable[str]) -> list[tuple[Code, Load]]:
        """Where names, and attributes of whatever object, that are called so are loaded, in order."""
        found = [each for name in names for each in self._loads.get(name, ())]
        return sorted(found, key=lambda each: (each[0].key, each[1].id))

    @cached_property
    def _loads(self) -> dict[str, list[tuple[Code, Load]]]:
        found: dict[str, list[tuple[Code, Load]]] = defaultdict(list)
        for code in self.names.sources.codes:
            for each in code.operations:
                if type(each) is facts.LoadAttr or type(each) is facts.LoadName:
                    found[each.name].append((code, each))
        return found

    @cached_property
    def attribute_stores(self) -> dict[str, list[tuple[Code, int]]]:
        """Where attributes of a name are stored, of whatever object."""
        found: dict[str, list[tuple[Code, int]]] = defaultdict(list)
        for code in self.names.sources.codes:
            for each in code.operations:
                if type(each) is facts.StoreAttr:
                    found[each.name].append((code, each.id))
        return dict(found)

    def note(self, table: dict[Site, ValueSet], site: Site, value: Value) -> None:
        """Add what a call may run; the sets of calls with one callee are shared, since most have no other."""
        known = table.get(site)
        if known is None:
            table[site] = self._flow.single(value)
        elif value not in known:
            table[site] = {**known, value: None}

    def behind(self, code: Code, id: int) -> int:
        """The value that a value refers to: `x` for `ref(x)`, for what calling that gives, and for `cast(T, x)`."""
        while (given := self.given_back.get((code.key, id))) is not None and given < id:
            id = given
        return id

    def of(self, code: Code, id: int) -> ValueSet:
        """What the value with that id in that function may be; nothing where unknown."""
        # asked more often than all else
        return self._held[code.offset + id] or NO_VALUES if id >= 0 else NO_VALUES

    def may_be(self, code: Code, id: int, names: Container[str]) -> bool:
        """Whether a value may be a function or class of a library that has one of these names."""
        return any(isinstance(each, Library) and each.qualname in names for each in self.of(code, id))

    def container_classes(self, value: Value) -> Sequence[str]:
        """The library classes of an object: its own, or those that its class extends and leaves as they are."""
        if isinstance(value, LibraryObject):
            return (value.qualname,)
        if isinstance(value, Instance) and not any(self.attributes.defining(value.cls, each) for each in ITEM_METHODS):
            return value.cls.library_bases
        return ()

    def may_call(self, code: Code, operation: Operation | None, names: Container[str]) -> bool:
        """Whether an operation is a call, and may call a function or class of a library with one of these names."""
        return type(operation) is facts.Call and self.may_be(code, operation.callee, names)

    def surely_calls(self, code: Code, operation: Operation | None, names: Container[str]) -> bool:
        """Whether an operation is a call that calls nothing but what has one of these names in a library."""
        callees = self.of(code, operation.callee) if type(operation) is facts.Call else NO_VALUES
        return bool(callees) and all(isinstance(each, Library) and each.qualname in names for each in callees)

    def of_node(self, node: int) -> ValueSet:
        """What a program-wide value number may be."""
        return self._flow.values(node)

    def of_attribute(self, cls: ClassInfo, name: str) -> ValueSet:
        """What the attribute of a class's instances may hold."""
        owner = self.attributes.owner(cls, name)
        own, shared = self._flow.values_of("instance", owner.key, name), self._flow.values_of("class", owner.key, name)
        return {**own, **shared} if own and shared else own or shared

    def of_own_attribute(self, value: Instance | LibraryObject, name: str) -> ValueSet:
        """What the attribute of an object may hold; of one of a library: what the program has put there."""
        if isinstance(value, Instance):
            return self.of_attribute(value.cls, name)
        return self._flow.values_of("endowed", value.site, name)

    def of_class_level(self, cls: ClassInfo, name: str) -> ValueSet:
        """What the class's own attribute may hold."""
        return self._flow.values_of("class", cls.key, name)

    def of_global(self, module: int, name: str) -> ValueSet:
        """What a module's variable may hold."""
        return self._flow.values_of("global", module, name)

    def of_cell(self, code: Code, name: str) -> ValueSet:
        """What a closure variable of `code` may hold."""
        return self._flow.values_of("cell", code.key, name)

    def referred(self, reference: Value) -> ValueSet:
        """What a weak reference refers to."""
        if not isinstance(reference, LibraryObject) or reference.qualname not in REFERENCES:
            return NO_VALUES
        return self.elements(reference.site) if reference.site is not None else NO_VALUES

    def elements(self, site: Site) -> ValueSet:
        """What the container made at a site may hold."""
        return self._flow.values_of("elements", site)
