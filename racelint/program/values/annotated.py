"""Part of the types stage: which objects does an annotation allow?"""

from __future__ import annotations

from racelint.facts import TypeRef
from racelint.knowledge.annotations import FIRST_IS_HELD, LAST_IS_HELD, WRAPPERS
from racelint.program.sources.source import Code
from racelint.program.values.flow import Flow
from racelint.program.values.names import Names
from racelint.program.values.values import ClassRef, Instance, Library, Value


class Annotations:
    """What annotations mean to the inference."""

    def __init__(self, names: Names, flow: Flow) -> None:
        self._names = names
        self._flow = flow

    def add(self, code: Code, annotation: TypeRef, node: int) -> None:
        """What an annotation allows may come to a node."""
        for value in self.meaning(code, annotation):
            self._flow.add(node, value)

    def meaning(self, code: Code, annotation: TypeRef) -> list[Value]:
        """The objects that an annotation allows: instances of its classes; what it does not name is left out."""
        if not annotation.path:
            return []
        if annotation.path[-1] in WRAPPERS:
            arguments = annotation.arguments[WRAPPERS[annotation.path[-1]]]
            return [value for each in arguments for value in self.meaning(code, each)]
        found: list[Value] = []
        for value in self._path(code, annotation.path):
            if isinstance(value, ClassRef):
                found.append(self._names.values.instance(value.cls, None))
            elif isinstance(value, Library):
                found.extend(self._of_library(code, value.qualname, annotation.arguments))
        return found

    def _of_library(self, code: Code, name: str, arguments: tuple[TypeRef, ...]) -> list[Value]:
        if not self._names.knowledge.is_class(name):
            return []
        held = tuple(tuple(self.meaning(code, each)) for each in arguments)
        found: list[Value] = [self._names.values.library_object(name, None, _holds(name, arguments, held))]
        if name == "type" and held:
            found.extend(self._names.values.cls(each.cls) for each in held[0] if isinstance(each, Instance))
        return found

    def _path(self, code: Code, path: tuple[str, ...]) -> list[Value]:
        target = self._names.variable(code.module, path[0])
        if isinstance(target, tuple):
            stores = self._names.stores[target[0]][target[1]]
            found = [value for owner, store in stores for value in self._names.static(owner, store.value)]
        else:
            found = [] if target is None else [target]
        for name in path[1:]:
            found = [value for owner in found for value in self._names.attribute(owner, name)]
        return found


def _holds(
    name: str, arguments: tuple[TypeRef, ...], held: tuple[tuple[Value, ...], ...]
) -> tuple[tuple[Value, ...], ...]:
    """What an object holds, argument by argument; nothing where none is known."""
    if not any(held):
        return ()
    if name in FIRST_IS_HELD or (name == "tuple" and not arguments[-1].path):
        return held[:1]
    return held[-1:] if name in LAST_IS_HELD else held
