"""Stage 1: which definition does a name mean, across imports and re-exports, and which classes extend which?"""

from __future__ import annotations

import builtins
import sys
from collections import defaultdict
from typing import Final

import msgspec

from racelint import facts
from racelint.knowledge import Knowledge
from racelint.knowledge.definitions import OVERLOADS
from racelint.program.sources.source import ClassInfo, Code, Sources
from racelint.program.values.rebound import set_on_modules
from racelint.program.values.spare import spare_stores
from racelint.program.values.values import ClassRef, FunctionRef, Interner, Library, ModuleRef, Site, Value

GlobalName = tuple[int, str]
"""A variable of a module of the program: (module index, name)."""

BUILTINS: Final = frozenset(dir(builtins))


class Names(msgspec.Struct):
    """What names mean. `stores` holds, for each module, every store to each of its globals, from any function."""

    sources: Sources
    knowledge: Knowledge
    values: Interner
    stores: list[dict[str, list[tuple[Code, facts.StoreName]]]]
    stars: list[list[tuple[Code, facts.Import]]]
    class_stores: dict[int, dict[str, list[tuple[Code, facts.StoreName]]]]
    spare: set[Site] = msgspec.field(default_factory=set)
    """Stores that are left out: they are only made where an import fails that never does."""
    _static: dict[tuple[int, int], list[Value]] = msgspec.field(default_factory=dict)
    _libraries: dict[str, Library] = msgspec.field(default_factory=dict)
    _members: dict[GlobalName, Value | GlobalName | None] = msgspec.field(default_factory=dict)
    _homes: dict[GlobalName, GlobalName] = msgspec.field(default_factory=dict)
    _rebound: set[GlobalName] | None = None

    def variable(self, module: int, name: str) -> GlobalName | Library | None:
        """What a name of scope global means in a module: a variable of the program, a builtin, or unknown (None)."""
        found = self._bound_in(module, name, set())
        if found is not None:
            return found
        return self.values.library(name) if name in BUILTINS else None

    def _bound_in(self, module: int, name: str, seen: set[int]) -> GlobalName | None:
        if name in self.stores[module]:
            return module, name
        seen.add(module)
        for code, imported in self.stars[module]:
            target = self.module_of(code, imported)
            if target is not None and target not in seen:
                found = self._bound_in(target, name, seen)
                if found is not None:
                    return found
        return None

    def home(self, variable: GlobalName) -> GlobalName:
        """The variable that a module imports under this name, if nobody ever puts anything else in either.

        What is stored in the other module later, its importers do not see: theirs is what was there before.
        """
        home = self._homes.get(variable)
        if home is None:
            home = self._homes[variable] = self._find_home(variable)
        return home

    def _find_home(self, variable: GlobalName) -> GlobalName:
        seen = {variable}
        while (found := self._imported_as(variable)) is not None and found not in seen:
            variable = found
            seen.add(variable)
        return variable

    def _imported_as(self, variable: GlobalName) -> GlobalName | None:
        if self._rebound is None:
            self._rebound = set_on_modules(self.sources.codes, self.static)
        module, name = variable
        targets = {self._import_at(code, store) for code, store in self.stores[module][name]}
        target = targets.pop() if len(targets) == 1 else None
        is_steady = target is not None and self._is_steady(target) and self._rebound.isdisjoint((variable, target))
        return target if is_steady else None

    def _import_at(self, code: Code, store: facts.StoreName) -> GlobalName | None:
        """What an import binds of another module; None for any other store."""
        value = code.operation(store.value)
        if type(value) is not facts.Import or not value.name:
            return None
        target = self.imported(code, value)
        return target if isinstance(target, tuple) else None

    def _is_steady(self, variable: GlobalName) -> bool:
        """Whether a variable is stored once, by its module."""
        module, name = variable
        stores = self.stores[module].get(name, [])
        return len(stores) == 1 and stores[0][0].function.kind == "module"

    def absolute(self, code: Code, imported: facts.Import) -> str:
        """The absolute dotted name of the module that an import names."""
        if not imported.level:
            return imported.module
        module = self.sources.modules[code.module]
        parts = module.name.split(".")
        drop = imported.level - 1 if module.is_package else imported.level
        kept = parts[: len(parts) - drop] if drop else parts
        return ".".join([*kept, imported.module] if imported.module else kept)

    def module_of(self, code: Code, imported: facts.Import) -> int | None:
        """The module of the program that an import takes from, if it is one."""
        return self.sources.by_name.get(self.located(code, imported))

    def located(self, code: Code, imported: facts.Import) -> str:
        """The name by which the program knows the module that an import takes from.

        A script imports what lies beside it by its bare name.
        So does a package what lies beside the package; the folder of either need not be the one that names start at.
        """
        name = self.absolute(code, imported)
        top = name.partition(".")[0]
        by_name = self.sources.by_name
        if imported.level or top in by_name or top in sys.stdlib_module_names:
            return name
        folder = self.sources.modules[code.module].name.rpartition(".")[0]
        while folder:
            if f"{folder}.{top}" in by_name:
                return f"{folder}.{name}"
            folder = folder.rpartition(".")[0]
        return name

    def imported(self, code: Code, imported: facts.Import) -> Value | GlobalName | None:
        """What an import clause binds: a module, a variable of another module, or something of a library."""
        module = self.located(code, imported)
        by_name = self.sources.by_name
        if not imported.name:
            drop = imported.module.count(".") if not imported.leaf else 0
            wanted = module.rsplit(".", drop)[0] if drop else module
            return self.values.module(by_name[wanted]) if wanted in by_name else self.library(wanted)
        if imported.name == "*":
            return None
        full = f"{module}.{imported.name}"
        if self.knowledge.known(self.knowledge.canonical(full)):
            return self.library(full)
        return self.member(by_name[module], imported.name) if module in by_name else self._module_or_library(full)

    def _module_or_library(self, full: str) -> Value:
        by_name = self.sources.by_name
        return self.values.module(by_name[full]) if full in by_name else self.library(full)

    def member(self, module: int, name: str) -> Value | GlobalName | None:
        """`module.name`: a variable of that module, or one of its submodules."""
        asked = module, name
        if asked not in self._members:
            self._members[asked] = self._find_member(module, name)
        return self._members[asked]

    def _find_member(self, module: int, name: str) -> Value | GlobalName | None:
        full = f"{self.sources.modules[module].name}.{name}"
        if self.knowledge.known(self.knowledge.canonical(full)):
            return self.library(full)
        found = self._bound_in(module, name, set())
        if found is not None:
            return found
        submodule = self.sources.by_name.get(full)
        return None if submodule is None else self.values.module(submodule)

    def library(self, name: str) -> Library:
        """Something that is defined outside the program, by its canonical name."""
        found = self._libraries.get(name)
        if found is None:
            found = self._libraries[name] = self.values.library(self.knowledge.canonical(name))
        return found

    def bind(self, target: GlobalName, stores: list[tuple[Code, facts.StoreName]]) -> None:
        """Note what binds a name of a module that does not bind it itself."""
        module, name = target
        self.stores[module][name] = stores
        self._members.clear()
        self._homes.clear()

    def static(self, code: Code, id: int) -> list[Value]:
        """The functions, classes, modules and library names that a value surely names, without following calls.

        Enough for decorators, base classes and annotations: names, attributes of modules, and what they are bound to.
        """
        key = (code.key, id)
        known = self._static.get(key)
        if known is None:
            self._static[key] = []
            known = self._static[key] = list(dict.fromkeys(self._find(code, id)))
        return known

    def _find(self, code: Code, id: int) -> list[Value]:
        operation = code.operation(id)
        match operation:
            case facts.LoadName(name=name, scope="global"):
                return self._of_target(self.variable(code.module, name))
            case facts.LoadName(name=name, scope="class", owner=owner):
                stores = self.class_stores.get(self.sources.function(code.module, owner).key, {}).get(name)
                return self._of_stores(stores) if stores else self._of_target(self.variable(code.module, name))
            case facts.LoadName():
                return self._of_cell(code, operation)
            case facts.LoadAttr(base=base, name=name):
                return [value for owner in self.static(code, base) for value in self.attribute(owner, name)]
            case facts.Import():
                return self._of_target(self.imported(code, operation))
            case facts.MakeClass():
                return [self.values.cls(self.sources.made_class(code, operation))]
            case facts.MakeFunction(function=function):
                made = self.sources.function(code.module, function)
                return [] if self.is_overload(made) else [self.values.function(made, None)]
            case facts.LoadItem(base=base):
                return [value for value in self.static(code, base) if isinstance(value, ClassRef | Library)]
            case facts.Phi(inputs=inputs) | facts.Choice(operands=inputs):
                return [value for each in inputs for value in self.static(code, each)]
            case _:
                return []

    def is_overload(self, code: Code) -> bool:
        """Whether a definition only tells type checkers of one way to call the function that has its name."""
        if code.parent is None:
            return False
        decorators = (value for id in code.function.decorators for value in self.static(code.parent, id))
        return any(isinstance(each, Library) and each.qualname in OVERLOADS for each in decorators)

    def metaclasses(self, cls: ClassInfo) -> list[ClassInfo]:
        """The classes of the program that a class, or the nearest of its bases that says so, names as `metaclass=`."""
        for each in cls.mro or [cls]:
            named = [given.value for given in each.facts.keywords if given.name == "metaclass"]
            if named:
                return [found.cls for found in self.static(each.parent, named[0]) if isinstance(found, ClassRef)]
        return []

    def class_decorators(self, cls: ClassInfo) -> list[tuple[int, Code]]:
        """The functions of the program that decorate a class, each with the operation that names it."""
        values = ((id, value) for id in cls.facts.decorators for value in self.static(cls.parent, id))
        return [(id, value.code) for id, value in values if isinstance(value, FunctionRef)]

    def attribute(self, owner: Value, name: str) -> list[Value]:
        """The static values of `owner.name` for a module, class or library name."""
        match owner:
            case ModuleRef(module=module):
                return self._of_target(self.member(module, name))
            case Library(qualname=qualname):
                return [self.library(f"{qualname}.{name}")]
            case ClassRef(cls=cls):
                for each in cls.mro or [cls]:
                    stores = self.class_stores.get(each.body.key, {}).get(name)
                    if stores:
                        return self._of_stores(stores)
                return []
            case _:
                return []

    def _of_target(self, target: Value | GlobalName | None) -> list[Value]:
        if target is None:
            return []
        if not isinstance(target, tuple):
            return [target]
        module, name = target
        return self._of_stores(self.stores[module][name])

    def _of_stores(self, stores: list[tuple[Code, facts.StoreName]]) -> list[Value]:
        return [value for code, store in stores for value in self.static(code, store.value)]

    def _of_cell(self, code: Code, load: facts.LoadName) -> list[Value]:
        owner = self.sources.function(code.module, load.owner)
        stores = [
            (owner, operation)
            for operation in owner.operations
            if type(operation) is facts.StoreName and operation.name == load.name and operation.scope == "cell"
        ]
        return self._of_stores(stores)


def link_names(sources: Sources, knowledge: Knowledge, values: Interner) -> Names:
    """Collect the stores to globals and class attributes, then fill in bases and method resolution orders."""
    stores: list[dict[str, list[tuple[Code, facts.StoreName]]]] = [{} for _ in sources.modules]
    stars: list[list[tuple[Code, facts.Import]]] = [[] for _ in sources.modules]
    class_stores: dict[int, dict[str, list[tuple[Code, facts.StoreName]]]] = defaultdict(dict)
    spare = {(code.key, id) for code in sources.module_bodies for id in spare_stores(code)}
    for code in sources.codes:
        for operation in code.operations:
            if type(operation) is facts.StoreName and (code.key, operation.id) not in spare:
                if operation.scope == "global":
                    stores[code.module].setdefault(operation.name, []).append((code, operation))
                elif operation.scope == "class":
                    class_stores[code.key].setdefault(operation.name, []).append((code, operation))
            elif type(operation) is facts.Import and operation.name == "*":
                stars[code.module].append((code, operation))
    names = Names(sources, knowledge, values, stores, stars, class_stores, spare)
    _link_classes(names)
    _link_modules(names)
    return names


def _link_modules(names: Names) -> None:
    """Names that other modules alone bind: `package.registry = Registry()`."""
    found: dict[GlobalName, list[tuple[Code, facts.StoreName]]] = defaultdict(list)
    for code in names.sources.codes:
        for operation in code.operations:
            if type(operation) is not facts.StoreAttr or not 0 <= operation.base < len(code.operations):
                continue
            if isinstance(code.operations[operation.base], facts.LoadName | facts.LoadAttr | facts.Import):
                store = facts.StoreName(
                    operation.id,
                    operation.span,
                    operation.name,
                    "global",
                    0,
                    operation.value,
                    operation.augmented,
                    None,
                )
                for value in names.static(code, operation.base):
                    if isinstance(value, ModuleRef) and names.member(value.module, operation.name) is None:
                        found[value.module, operation.name].append((code, store))
    for target, stores in found.items():
        names.bind(target, stores)


def _link_classes(names: Names) -> None:
    for cls in names.sources.classes:
        for base in cls.facts.bases:
            for value in names.static(cls.parent, base):
                if isinstance(value, ClassRef) and value.cls is not cls and value.cls not in cls.bases:
                    cls.bases.append(value.cls)
                elif isinstance(value, Library):
                    cls.library_bases.append(value.qualname)
    for cls in names.sources.classes:
        _order(cls, [])
    for cls in names.sources.classes:
        for ancestor in cls.mro[1:]:
            ancestor.subclasses.append(cls)
            cls.library_bases.extend(name for name in ancestor.library_bases if name not in cls.library_bases)


def _order(cls: ClassInfo, pending: list[ClassInfo]) -> list[ClassInfo]:
    """The C3 order; where the bases contradict each other or form a ring (broken code), depth first without repeats."""
    if cls.mro or cls in pending:
        return cls.mro or [cls]
    sequences = [list(_order(base, [*pending, cls])) for base in cls.bases] + [list(cls.bases)]
    order = [cls]
    while any(sequences):
        heads = [sequence[0] for sequence in sequences if sequence]
        good = next((head for head in heads if not any(head in rest[1:] for rest in sequences)), heads[0])
        if good not in order:
            order.append(good)
        sequences = [[each for each in sequence if each is not good] for sequence in sequences]
    cls.mro = order
    return order
