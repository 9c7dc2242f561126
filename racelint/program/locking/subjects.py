"""Part of the claims stage: what a claim is about: the variables stored, the functions and classes defined on lines."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from racelint import facts
from racelint.facts import TypeRef
from racelint.program.memory.places import Place, Places
from racelint.program.sources.nodes import walk
from racelint.program.sources.source import ClassInfo, Code, span_of
from racelint.program.values.values import Instance

DEFINITIONS = (facts.MakeFunction, facts.MakeClass, facts.Import)
STORES = (facts.StoreName, facts.StoreAttr)


class Variable(msgspec.Struct, frozen=True):
    """A variable that is stored or annotated in `code`; `cls` is the class of the object or class that has it."""

    place: Place
    code: Code
    cls: ClassInfo | None


class Subject(msgspec.Struct, frozen=True):
    """What stands on some lines; `is_unknown`: an attribute of an object that cannot be told is stored there."""

    variables: tuple[Variable, ...] = ()
    functions: tuple[Code, ...] = ()
    classes: tuple[ClassInfo, ...] = ()
    is_unknown: bool = False
    lines: tuple[int, int] = (0, 0)


class Noted(msgspec.Struct, frozen=True):
    """A string in the metadata of an annotation, with what it is about and where that is."""

    text: str
    path: str
    span: facts.Span
    module: int
    subject: Subject


class Subjects:
    """The variables, functions and classes of the program, by where they stand."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._types = places.types
        self._sources = places.types.names.sources
        self._by_module: list[list[Code]] = [[] for _ in self._sources.modules]
        for code in self._sources.codes:
            self._by_module[code.module].append(code)
        self._stores: dict[int, list[tuple[Code, facts.StoreName | facts.StoreAttr]]] = {}

    def at(self, module: int, first: int, last: int) -> Subject:
        """What is stored and defined from one line to another one. A decorator stands for what it decorates."""
        variables: dict[Variable, None] = {}
        functions: list[Code] = []
        unknown = False
        for code, operation in self._stores_in(module):
            if first <= operation.span.line <= last:
                found = self.stored(code, operation)
                unknown |= found is None
                variables.update(dict.fromkeys(found or ()))
        for code in self._by_module[module]:
            if code.function.kind == "function" and any(first <= line <= last for line in _lines(code)):
                functions.append(code)
        classes = [each for each in self._sources.classes if each.module == module]
        for cls in classes:
            for annotation in cls.facts.annotations:
                if first <= annotation.span.line <= last:
                    variables.update(dict.fromkeys(self._fields(cls, annotation.name)))
        of_lines = [cls for cls in classes if first <= cls.facts.span.line <= last]
        return Subject(tuple(variables), tuple(functions), tuple(of_lines), unknown, (first, last))

    def _stores_in(self, module: int) -> list[tuple[Code, facts.StoreName | facts.StoreAttr]]:
        found = self._stores.get(module)
        if found is None:
            codes = self._by_module[module]
            found = [(code, each) for code in codes for each in code.operations if isinstance(each, STORES)]
            self._stores[module] = found
        return found

    def around(self, module: int, first: int, last: int) -> list[Code]:
        """The functions in whose bodies some lines are."""
        return [
            code
            for code in self._by_module[module]
            if code.function.kind == "function"
            and any(
                span is not None and first <= span.line <= last
                for span in (getattr(node, "span", None) for node in walk(code.function.body))
            )
        ]

    def noted(self) -> Iterator[Noted]:
        """The strings in the annotations of variables, fields and results."""
        for code in self._sources.codes:
            if code.function.returns is not None:
                for text in _notes(code.function.returns):
                    yield Noted(text, code.path, code.function.span, code.module, Subject(functions=(code,)))
            for operation in code.operations:
                if type(operation) is not facts.StoreName and type(operation) is not facts.StoreAttr:
                    continue
                if operation.annotation is not None:
                    is_field = type(operation) is facts.StoreName and operation.scope == "class"
                    for text in _notes(operation.annotation) if not is_field else ():
                        found = self.stored(code, operation)
                        subject = Subject(variables=tuple(found or ()), is_unknown=found is None)
                        yield Noted(text, code.path, operation.span, code.module, subject)
        for cls in self._sources.classes:
            for annotation in cls.facts.annotations:
                for text in _notes(annotation.type):
                    subject = Subject(variables=tuple(self._fields(cls, annotation.name)))
                    yield Noted(text, cls.body.path, annotation.span, cls.module, subject)

    def stored(self, code: Code, operation: facts.StoreName | facts.StoreAttr) -> list[Variable] | None:
        """The variables that a store binds; none for what it defines or imports, None if it cannot be told which."""
        value = code.operation(operation.value)
        if isinstance(value, DEFINITIONS):
            return []
        if type(operation) is facts.StoreName and operation.scope == "class" and code.cls is not None:
            return self._fields(code.cls, operation.name)
        found = self._places.located(code, operation)
        of_classes = {value.cls: None for _, _, values in found for value in values if isinstance(value, Instance)}
        receiver = self._types.attributes.receiver_of(code)
        cls = receiver if receiver in of_classes else next(iter(of_classes), None)
        owners = self._sources.classes
        return [
            Variable(place, code, cls or owners[place.owner] if place.kind in ("attribute", "class") else None)
            for place, _, _ in found
        ] or None

    def _fields(self, cls: ClassInfo, name: str) -> list[Variable]:
        """What a name in the body of a class stands for: an attribute of each object, or one of the class."""
        attributes = self._types.attributes
        defining = attributes.defining(cls, name)
        if defining is not None and attributes.is_class_level(cls, name):
            place = self._places.place("class", defining.key, name)
        else:
            place = self._places.place("attribute", attributes.owner(cls, name).key, name)
        return [Variable(place, cls.body, cls)]


def _lines(code: Code) -> Iterator[int]:
    """The lines on which the name of a function and its decorators begin."""
    yield code.function.span.line
    if code.parent is not None:
        for id in code.function.decorators:
            yield span_of(code.parent, id).line


def _notes(annotation: TypeRef) -> Iterator[str]:
    yield from annotation.notes
    for argument in annotation.arguments:
        yield from _notes(argument)
