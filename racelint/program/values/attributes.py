"""Where an attribute lives: the class that owns it, and the class-level definition that a look-up finds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from racelint import facts
from racelint.knowledge.definitions import CONTEXT_MANAGERS, DATACLASSES, NAMED_TUPLE, PROPERTIES
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.names import Names
from racelint.program.values.values import FunctionRef, Library

NONE: Final[frozenset[int]] = frozenset()
UNDECORATED: Final[frozenset[str]] = frozenset()
ACCESSORS: Final = ("setter", "deleter", "getter")
"""What a property gives to decorate the functions beside it."""


def is_private(name: str) -> bool:
    """Whether an attribute belongs to one class alone, whatever its subclasses call theirs: `__name`."""
    return name.startswith("__") and not name.endswith("__")


class Attributes:
    """Look-up of attributes over the classes of the program."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._owners: dict[tuple[int, str], ClassInfo] = {}
        self._declared = [_declared(cls, names) for cls in names.sources.classes]
        self._binding: dict[str, set[int]] = defaultdict(set)
        """The classes whose body binds a name, by their keys."""
        for cls in names.sources.classes:
            for name in self.class_level(cls):
                self._binding[name].add(cls.key)
        self._declaring: dict[str, set[int]] = defaultdict(set, {name: {*keys} for name, keys in self._binding.items()})
        """Those of them, and those that store it on their instances or annotate it."""
        for key, declared in enumerate(self._declared):
            for name in declared:
                self._declaring[name].add(key)
        self._shapes: dict[int, frozenset[str]] = {}
        self._of_objects: dict[int, set[str]] = {}
        self._defining: dict[tuple[int, str], ClassInfo | None] = {}
        self._overriding: dict[tuple[int, str], list[ClassInfo]] = {}
        self._keeping: dict[tuple[int, str], ClassInfo | None] = {}
        self._methods: dict[int, list[FunctionRef]] = {}
        self._by_name = {cls.qualname: cls for cls in names.sources.classes}

    def seen_from(self, code: Code, cls: ClassInfo, name: str) -> ClassInfo:
        """Where to begin to look for an attribute of an instance of `cls`: a private one is that of the class around.

        https://docs.python.org/3/reference/expressions.html#private-name-mangling
        """
        home = code.home if is_private(name) else None
        return home if home in cls.mro else cls

    def declares(self, cls: ClassInfo, name: str) -> bool:
        """Whether the class itself stores the attribute on its instances, annotates it, or has it at class level."""
        return cls.key in self._declaring.get(name, NONE)

    def having(self, names: Iterable[str]) -> list[ClassInfo]:
        """The classes whose objects have all of these attributes, but for those that only inherit from one that has."""
        found: dict[int, ClassInfo] | None = None
        for name in sorted(names, key=lambda each: len(self._declaring.get(each, NONE))):
            classes = [self._names.sources.classes[key] for key in sorted(self._declaring.get(name, NONE))]
            having = {each.key: each for cls in classes for each in (cls, *cls.subclasses)}
            found = having if found is None else {key: cls for key, cls in found.items() if key in having}
        all_of = found or {}
        return [cls for cls in all_of.values() if not any(base.key in all_of for base in cls.mro if base is not cls)]

    def stored(self, cls: ClassInfo) -> set[str]:
        """The attributes that the class and its bases store on their instances."""
        return set().union(*(self._declared[each.key] for each in cls.mro))

    def is_class_level(self, cls: ClassInfo, name: str) -> bool:
        """Whether all instances share the attribute: the class body binds it, and no method stores it on `self`."""
        return self.defining(cls, name) is not None and not any(name in self._on_objects(each) for each in cls.mro)

    def keeping(self, cls: ClassInfo, name: str) -> ClassInfo | None:
        """The class that has the attribute for all its instances: its body binds it, or only class methods store it."""
        key = cls.key, name
        if key not in self._keeping:
            found = self.defining(cls, name)
            if found is None and not any(name in self._on_objects(each) for each in cls.mro):
                found = next((each for each in reversed(cls.mro) if self.declares(each, name)), None)
            self._keeping[key] = found
        return self._keeping[key]

    def _on_objects(self, cls: ClassInfo) -> set[str]:
        """The attributes that the class annotates, or that its plain methods store on `self`.

        What a class method stores on its first parameter is the class's own.
        """
        found = self._of_objects.get(cls.key)
        if found is None:
            found = self._of_objects[cls.key] = {annotation.name for annotation in cls.facts.annotations}
            for ref in self.methods(cls):
                if ref.code.cls is cls and not self.is_class_method(ref.code):
                    found.update(_stored_on_receiver(ref.code))
        return found

    def owner(self, cls: ClassInfo, name: str) -> ClassInfo:
        """The class whose attribute `name` is, seen from an instance of `cls`: the furthest ancestor that declares it.

        Where only subclasses declare it (an attribute that a base class expects), the nearest one of them that all
        share, else the class itself. A private one belongs to each class that declares it by itself.
        """
        found = self._owners.get((cls.key, name))
        if found is None:
            declaring = self._declaring.get(name, NONE)
            candidates = [each for each in cls.mro if each.key in declaring] if declaring else []
            below = [each for each in cls.subclasses if each.key in declaring] if declaring and not candidates else []
            if is_private(name):
                candidates = candidates[:1]
            found = candidates[-1] if candidates else below[0] if len(below) == 1 else cls
            self._owners[cls.key, name] = found
        return found

    def data_of(self, name: str, attribute: str) -> ClassInfo | None:
        """The class of the program that has this name and binds the attribute to data, though rows tell of the class.

        What rows say of a class is what its methods do: what it keeps for all its objects only its own body tells.
        """
        cls = self._by_name.get(name)
        stores = self.class_level(cls).get(attribute, ()) if cls is not None else ()
        made = [code.operations[store.value] for code, store in stores if store.value >= 0]
        is_data = bool(made) and not any(isinstance(each, facts.MakeFunction | facts.MakeClass) for each in made)
        return cls if is_data else None

    def class_level(self, cls: ClassInfo) -> dict[str, list[tuple[Code, facts.StoreName]]]:
        """What the class body binds."""
        return self._names.class_stores.get(cls.body.key, {})

    def defining(self, cls: ClassInfo, name: str, *, after: ClassInfo | None = None) -> ClassInfo | None:
        """The class of the method resolution order (behind `after`, if given) whose body binds `name`."""
        if after is not None:
            order = cls.mro[cls.mro.index(after) + 1 :] if after in cls.mro else after.mro[1:]
            return next((each for each in order if name in self.class_level(each)), None)
        key = (cls.key, name)
        if key not in self._defining:
            binding = self._binding.get(name, NONE)
            self._defining[key] = next((each for each in cls.mro if each.key in binding), None) if binding else None
        return self._defining[key]

    def overriding(self, cls: ClassInfo, name: str) -> list[ClassInfo]:
        """The subclasses whose body binds `name` anew."""
        found = self._overriding.get((cls.key, name))
        if found is None:
            binding = self._binding.get(name, NONE)
            found = [each for each in cls.subclasses if each.key in binding] if binding else []
            self._overriding[cls.key, name] = found
        return found

    def shape(self, code: Code) -> frozenset[str]:
        """The decorators of a function by canonical library name, and `setter`/`deleter` for those of a property."""
        found = self._shapes.get(code.key)
        if found is None:
            found = self._shapes[code.key] = frozenset(self._decorators(code)) or UNDECORATED
        return found

    def _decorators(self, code: Code) -> list[str]:
        if code.parent is None:
            return []
        operations = (code.parent.operations[id] for id in code.function.decorators)
        accessors = [each.name for each in operations if type(each) is facts.LoadAttr and each.name in ACCESSORS]
        return accessors + self._libraries(code.parent, code.function.decorators)

    def _libraries(self, around: Code, decorators: Iterable[int]) -> list[str]:
        """What of a library stands among decorators, by its name."""
        found: list[str] = []
        for id in decorators:
            operation = around.operations[id]
            values = self._names.static(around, operation.callee if type(operation) is facts.Call else id)
            found.extend(value.qualname for value in values if isinstance(value, Library))
        return found

    def is_dataclass(self, cls: ClassInfo) -> bool:
        """Whether a decorator writes the methods that a class has not: constructor and comparison of its fields."""
        return not DATACLASSES.isdisjoint(self._libraries(cls.parent, cls.facts.decorators))

    def has_fields(self, cls: ClassInfo) -> bool:
        """Whether an object of the class is told by what is in its annotated fields: of a dataclass or NamedTuple."""
        return self.is_dataclass(cls) or NAMED_TUPLE in cls.library_bases

    def fields(self, cls: ClassInfo) -> list[str]:
        """The annotated fields that the constructor of a dataclass or NamedTuple takes, in order."""
        annotated = (each.facts.annotations for each in reversed(cls.mro) if self.has_fields(each))
        return list(dict.fromkeys(name.name for annotations in annotated for name in annotations))

    def is_static(self, code: Code) -> bool:
        """Whether a method gets no receiver."""
        return "staticmethod" in self.shape(code)

    def is_class_method(self, code: Code) -> bool:
        """Whether a method gets its class as receiver."""
        return "classmethod" in self.shape(code) or code.name in ("__new__", "__init_subclass__", "__class_getitem__")

    def is_property(self, code: Code) -> bool:
        """Whether reading the attribute calls the function."""
        return not self.shape(code).isdisjoint(PROPERTIES)

    def is_context_manager(self, code: Code) -> bool:
        """Whether the function is a generator turned into a context manager."""
        return not self.shape(code).isdisjoint(CONTEXT_MANAGERS)

    def receiver_of(self, code: Code) -> ClassInfo | None:
        """The class whose instance is parameter 0 of a function, if it is a plain method."""
        if not code.is_method or not code.function.parameters or code.function.parameters[0].kind != "positional":
            return None
        return None if self.is_static(code) or self.is_class_method(code) else code.cls

    def methods(self, cls: ClassInfo) -> list[FunctionRef]:
        """The functions that the class body defines."""
        found = self._methods.get(cls.key)
        if found is None:
            stored = (each for stores in self.class_level(cls).values() for each in stores)
            values = (value for code, store in stored for value in self._names.static(code, store.value))
            found = self._methods[cls.key] = [value for value in values if isinstance(value, FunctionRef)]
        return found

    def all_methods(self, cls: ClassInfo) -> list[Code]:
        """The functions that the bodies of a class and of its bases define, the nearest first."""
        return [ref.code for each in cls.mro for ref in self.methods(each)]

    def nearest(self, cls: ClassInfo, name: str) -> list[Code]:
        """The functions of a name in the nearest body that binds it: one, if it is not defined in several branches."""
        defining = self.defining(cls, name)
        methods = self.methods(defining) if defining is not None else ()
        return [ref.code for ref in methods if ref.code.name == name]


def _declared(cls: ClassInfo, names: Names) -> set[str]:
    found = {annotation.name for annotation in cls.facts.annotations}
    for stores in names.class_stores.get(cls.body.key, {}).values():
        for code, store in stores:
            for value in names.static(code, store.value):
                if isinstance(value, FunctionRef) and value.code.cls is cls:
                    found.update(_stored_on_receiver(value.code))
    return found


def _stored_on_receiver(code: Code) -> list[str]:
    return [each.name for each in code.operations if type(each) is facts.StoreAttr and _is_receiver(code, each.base)]


def _is_receiver(code: Code, id: int) -> bool:
    """Whether a value is parameter 0, which is read by name where an inner function sees it too."""
    operation = code.operations[id] if id > 0 else None
    if type(operation) is not facts.LoadName or operation.scope != "cell":
        return id == 0
    return operation.name == code.own_name
