"""Part of the places stage: what is an object given by who makes it, and is there a shorter way to that?

A `Client` with `self.conn = Conn(self)`, whose constructor keeps the argument as `self.client`: seen from the client,
`self.conn.client` is `self`. Names of objects that are taken the shorter way are one name for one object.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from racelint import facts
from racelint.program.dataflow.dataflow import UNKNOWN, Dataflow
from racelint.program.dataflow.frames import parameter_paths
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Types
from racelint.program.values.values import ClassRef, FunctionRef, Instance, LibraryObject, Site, Value

CLASSES: Final = 4
"""An attribute that may hold objects of more classes than this is not followed."""

CHAIN: Final = 3
"""So many constructors deep an argument is followed, each calling that of its base class."""

ROUNDS: Final = 20
"""So often a way is made shorter at most: what leads back to itself ends."""

Classes = tuple[ClassInfo, ...]
Stores = dict[tuple[int, str], list[tuple[Code, facts.StoreAttr]]]
"""Where each attribute is stored, by the key of the owning class and its name."""


class Ties:
    """Answers where attributes lead that constructors set, and properties that only return an attribute."""

    def __init__(self, types: Types, flow: Callable[[Code], Dataflow]) -> None:
        """`flow` gives the def-use chains of a function."""
        self._types = types
        self._flow = flow
        self.stores = _stores(types)
        self._stored: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for number, (owner, name) in enumerate(self.stores):
            self._stored[owner].append((number, name))
        self._given: dict[tuple[int, str], tuple[Code, int] | None] = {}
        self._calling: dict[int, list[tuple[int, FunctionRef]]] = {}
        self._kept: dict[int, list[str]] = {}
        self._holding: dict[tuple[Classes, str], Classes] = {}
        self._tails: dict[tuple[int, str, str], tuple[str, ...] | None] = {}
        self._fields: dict[tuple[int, str], tuple[str, ...] | None] = {}
        kept = {key[1] for key, stores in self.stores.items() if len(stores) == 1 and self._is_kept(*stores[0])}
        self._generated: dict[int, list[str]] = {}
        self.names = frozenset(kept) | self._properties() | self._kept_in_fields()

    def made(self, cls: ClassInfo) -> list[Site]:
        """Where the program makes objects of exactly this class."""
        return self._types.constructions.get(cls.key, [])

    def argument(self, site: Site, cls: ClassInfo, name: str) -> str | None:
        """The path, in the function of the site, of what an object made there is given as its attribute `name`."""
        given = self._parameter(cls, name)
        maker = self._types.names.sources.codes[site[0]]
        call = maker.operation(site[1])
        if type(call) is facts.Call and name in self._fields_of(cls):
            node = argument(call, self._types.attributes.fields(cls).index(name), name)
            path = UNKNOWN if node is None else self._flow(maker).path(node)
            return None if path.startswith(UNKNOWN) or "[" in path else path
        if given is None or type(call) is not facts.Call or any(each.name in ("*", "**") for each in call.arguments):
            return None
        constructor, index = given
        made = self._types.names.values.instance(cls, site)
        path = parameter_paths(self._flow(maker), constructor, site[1], made).get(
            constructor.function.parameters[index].name, UNKNOWN
        )
        return None if path.startswith(UNKNOWN) or "[" in path else path

    def shorten(self, code: Code, path: str) -> str:
        """The shortest path of an object, in a function's terms."""
        root, *steps = path.split(".")
        if "[" in path or not any(step in self.names for step in steps):
            return path
        return ".".join([root, *self.walk(classes_of(self._root(code, root)), steps)])

    def walk(self, classes: Classes, steps: Iterable[str]) -> list[str]:
        """The shortest way from an object of these classes to where the attributes `steps` lead."""
        ways: list[str] = []
        seen = [classes]
        pending = list(steps)[::-1]
        for _ in range(ROUNDS):
            if not pending:
                break
            step = pending.pop()
            tail = _agreed(self._field(cls, step) for cls in seen[-1]) if step in self.names else None
            if tail is None and ways and step in self.names:
                tail = _agreed(self._tail(cls, ways[-1], step) for cls in seen[-2])
                if tail is not None:
                    ways.pop()
                    seen.pop()
            if tail is not None:
                pending.extend(tail[::-1])
            else:
                ways.append(step)
                seen.append(self._held(seen[-1], step))
        return ways + pending[::-1]

    def is_steady(self, classes: Classes, steps: Iterable[str]) -> bool:
        """Whether the attributes `steps` lead from an object of these classes to the same one at any time."""
        for step in steps:
            if not classes or not all(self._is_steady(cls, step) for cls in classes):
                return False
            classes = self._held(classes, step)
        return True

    def known_inside(self, caller: Code, callee: Code, paths: dict[str, str]) -> dict[str, str]:
        """What the receiver of a call was given, by its path in the callee: as the caller knows it.

        `paths` are those of the arguments in the caller, by parameter.
        """
        receiver = callee.own_name
        base = paths.get(receiver, "")
        if "." not in base or callee.cls is None:
            return {}
        ways = [(f"{receiver}.{name}", f"{base}.{name}") for name in self.kept_by(callee.cls)]
        return {inside: short for inside, long in ways if (short := self.shorten(caller, long)) != long}

    # --- one step ---

    def held(self, classes: Classes, steps: Iterable[str]) -> Classes:
        """The classes of what the attributes `steps` lead to from an object of these classes."""
        for step in steps:
            classes = self._held(classes, step)
        return classes

    def _held(self, classes: Classes, name: str) -> Classes:
        found = self._holding.get((classes, name))
        if found is None:
            attribute, item, _ = name.partition("[")
            held = [value for cls in classes for value in self._types.of_attribute(cls, attribute)]
            if item:
                held = [each for value in held for each in self._elements(value)]
            referred = (each for value in held for each in self._types.referred(value))
            found = self._holding[classes, name] = classes_of([*held, *referred])
        return found

    def _elements(self, container: Value) -> Iterable[Value]:
        """What is in a container that the program makes."""
        site = container.site if isinstance(container, LibraryObject) else None
        return self._types.elements(site) if site is not None else ()

    def _root(self, code: Code, root: str) -> Iterable[Value]:
        """What the first part of a path may be."""
        names = self._types.names
        if root.startswith("g:"):
            _, module, name = root.split(":")
            target = names.variable(int(module), name)
            return self._types.of_global(*target) if isinstance(target, tuple) else ()
        if root.startswith("c:"):
            _, module, index, name = root.split(":")
            owner = names.sources.function(int(module), int(index))
            return self._types.of_cell(owner, name)
        if root.startswith("%"):
            return self._types.of(code, int(root[1:]))
        found = [index for index, each in enumerate(code.function.parameters) if each.name == root]
        return self._types.of(code, found[0]) if found else ()

    def _field(self, cls: ClassInfo, name: str) -> tuple[str, ...] | None:
        """The attributes that a property does nothing but return, be it that it sets them first."""
        key = (cls.key, name)
        if key not in self._fields:
            self._fields[key] = None
            attributes = self._types.attributes
            codes = attributes.nearest(cls, name)
            if len(codes) == 1 and not attributes.overriding(cls, name) and attributes.is_property(codes[0]):
                self._fields[key] = self._returned(codes[0])
        return self._fields[key]

    def _returned(self, code: Code) -> tuple[str, ...] | None:
        """The attributes of its object that lead to whatever a method returns, by whichever of its returns."""
        paths = {path for each in code.returns for path in self._kept_at(code, each, set())}
        if len(paths) != 1:
            return None
        first, *steps = paths.pop().split(".")
        own = code.function.parameters
        return tuple(steps) if steps and own and first == own[0].name and "[" not in "".join(steps) else None

    def _kept_at(self, code: Code, id: int, seen: set[int]) -> set[str]:
        """The paths of a value; of what a function has just made, that of the attribute in which it keeps that.

        None is no object, and what has been `seen` is asked for already.
        """
        flow = self._flow(code)
        path, operation = flow.path(id), self._types.reflected.get((code.key, id), flow.operation(id))
        if type(operation) is facts.LoadAttr:
            path = f"{flow.path(operation.base)}.{operation.name}"
        if not path.startswith("%") or "." in path:
            return {path}
        if id in seen or (type(operation) is facts.Const and operation.kind == "none"):
            return set()
        seen.add(id)
        if type(operation) is facts.Phi:
            return {path for each in operation.inputs for path in self._kept_at(code, each, seen)}
        stores = (each for each in flow.uses(id) if type(each) is facts.StoreAttr)
        return {next((f"{flow.path(each.base)}.{each.name}" for each in stores), path)}

    def _tail(self, cls: ClassInfo, held: str, name: str) -> tuple[str, ...] | None:
        """The way from an object to the attribute `name` of what its attribute `held` is, if all that are made for it
        are given the same."""
        attribute, item, _ = held.partition("[")
        owner = self._types.attributes.owner(cls, attribute).key
        key = (owner, held, name)
        if key not in self._tails:
            self._tails[key] = None
            if item:
                filled = [each for value in self._types.of_attribute(cls, attribute) for each in self._elements(value)]
                found = {self._tail_of_item(cls, each, name) for each in filled}
            else:
                found = {self._tail_of(code, store, name) for code, store in self.stores.get((owner, held), ())}
            self._tails[key] = found.pop() if len(found) == 1 else None
        return self._tails[key]

    def _tail_of_item(self, owner: ClassInfo, item: Value, name: str) -> tuple[str, ...] | None:
        """The way from an object, which has made what is in a container of its own, to what that was given."""
        site = item.site if isinstance(item, Instance) else None
        code = self._types.names.sources.codes[site[0]] if site is not None else None
        if not isinstance(item, Instance) or site is None or code is None or code.cls is None:
            return None
        path = self.argument(site, item.cls, name)
        if path is None or path.split(".")[0] != code.own_name or not owner.is_related(code.cls):
            return None
        steps = tuple(path.split(".")[1:])
        return steps if not steps or (len(steps) == 1 and self._is_steady(owner, steps[0])) else None

    def _tail_of(self, code: Code, store: facts.StoreAttr, name: str) -> tuple[str, ...] | None:
        """The way from the object on which something just made is stored to what that was given as `name`."""
        values = self._types.callees.get((code.key, store.value), {})
        flow = self._flow(code)
        base = flow.path(store.base)
        tails: set[tuple[str, ...] | None] = set()
        for value in values:
            path = self.argument((code.key, store.value), value.cls, name) if isinstance(value, ClassRef) else None
            if path is None or path.split(".")[0] != base or base == UNKNOWN:
                return None
            steps = path.split(".")[1:]
            owners = classes_of(self._types.of(code, store.base))
            steady = len(steps) == 0 or (len(steps) == 1 and all(self._is_steady(cls, steps[0]) for cls in owners))
            tails.add(tuple(steps) if steady else None)
        return tails.pop() if len(tails) == 1 else None

    def _is_steady(self, cls: ClassInfo, name: str) -> bool:
        """Whether an attribute is stored at one place only, in the constructor."""
        stores = self.stores.get((self._types.attributes.owner(cls, name).key, name), ())
        return len(stores) == 1 and stores[0][0].name == "__init__"

    # --- what constructors keep ---

    def kept_by(self, cls: ClassInfo) -> list[str]:
        """The attributes of a class that are what its constructor was given."""
        found = self._kept.get(cls.key)
        if found is None:
            stored = sorted(each for base in cls.mro for each in self._stored.get(base.key, ()))
            kept = [name for _, name in stored if self._parameter(cls, name) is not None]
            found = self._kept[cls.key] = kept + self._fields_of(cls)
        return found

    def _fields_of(self, cls: ClassInfo) -> list[str]:
        """The fields in which a generated constructor keeps objects that it is given, and nobody stores others."""
        found = self._generated.get(cls.key)
        if found is None:
            attributes = self._types.attributes
            is_generated = attributes.has_fields(cls) and attributes.defining(cls, "__init__") is None
            found = self._generated[cls.key] = [
                name
                for name in (attributes.fields(cls) if is_generated else ())
                if (attributes.owner(cls, name).key, name) not in self.stores
                and any(map(_is_made, self._types.of_attribute(cls, name)))
            ]
        return found

    def _kept_in_fields(self) -> frozenset[str]:
        classes = self._types.names.sources.classes
        return frozenset(name for cls in classes if self.made(cls) for name in self._fields_of(cls))

    def _parameter(self, cls: ClassInfo, name: str) -> tuple[Code, int] | None:
        """The constructor of a class and the parameter of it that the attribute always is."""
        key = (cls.key, name)
        if key not in self._given:
            self._given[key] = None
            stores = self.stores.get((self._types.attributes.owner(cls, name).key, name), ())
            if len(stores) == 1 and self._is_kept(*stores[0]):
                code, store = stores[0]
                for constructor in self._types.attributes.nearest(cls, "__init__"):
                    given = code.given(self._types.behind(code, store.value))
                    index = self._climb(constructor, code, given, CHAIN)
                    self._given[key] = None if index is None else (constructor, index)
        return self._given[key]

    def _is_kept(self, code: Code, store: facts.StoreAttr) -> bool:
        """Whether a constructor stores what it was given, as it is or by a weak reference."""
        given = code.given(self._types.behind(code, store.value))
        return code.name == "__init__" and code.is_own(store.base) and given > 0

    def _climb(self, constructor: Code, target: Code, index: int, depth: int) -> int | None:
        """The parameter of `constructor` that comes to be parameter `index` of `target`, which it calls."""
        if constructor is target:
            return index
        for site, called in self._called(constructor) if depth else ():
            inner = self._climb(called.code, target, index, depth - 1)
            if inner is not None:
                paths = parameter_paths(self._flow(constructor), called.code, site, called.receiver)
                path = paths.get(called.code.function.parameters[inner].name)
                names = [each.name for each in constructor.function.parameters]
                return names.index(path) if path in names else None
        return None

    def _called(self, constructor: Code) -> list[tuple[int, FunctionRef]]:
        """The other constructors that one calls, and where."""
        found = self._calling.get(constructor.key)
        if found is None:
            sites = ((each.id, (constructor.key, each.id)) for each in constructor.operations if each is not None)
            runs = ((id, value) for id, site in sites for value in self._types.callees.get(site, ()))
            found = self._calling[constructor.key] = [
                (id, value) for id, value in runs if isinstance(value, FunctionRef) and value.code.name == "__init__"
            ]
        return found

    def _properties(self) -> frozenset[str]:
        codes = self._types.names.sources.codes
        return frozenset(code.name for code in codes if code.is_method and self._types.attributes.is_property(code))


def classes_of(values: Iterable[Value]) -> Classes:
    """The classes of the program's objects among values; none where there are too many."""
    found = dict.fromkeys(value.cls for value in values if isinstance(value, Instance))
    return tuple(found) if len(found) <= CLASSES else ()


def _is_made(value: Value) -> bool:
    """Whether a value is an object that the program makes."""
    return isinstance(value, Instance | LibraryObject) and value.site is not None


def _agreed(answers: Iterable[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    """The one answer that all give."""
    found = set(answers)
    return found.pop() if len(found) == 1 else None


def _stores(types: Types) -> Stores:
    """Where each attribute is stored; stores of None say nothing."""
    found: Stores = defaultdict(list)
    for code in types.names.sources.codes:
        for operation in code.operations:
            if type(operation) is not facts.StoreAttr or operation.value < 0:
                continue
            value = code.operation(operation.value)
            if type(value) is facts.Const and value.kind == "none":
                continue
            owners = {
                types.attributes.owner(cls, operation.name).key for cls in classes_of(types.of(code, operation.base))
            }
            for owner in owners:
                found[owner, operation.name].append((code, operation))
    return dict(found)
