"""Part of the types stage: which objects does an annotation allow?"""

from __future__ import annotations

from typing import Final

from racelint.facts import TypeRef
from racelint.program.flow import Flow
from racelint.program.names import Names
from racelint.program.source import Code
from racelint.program.values import (
    ClassRef,
    Library,
    Value,
)

CONTAINER_ANNOTATIONS: Final = {
    "typing.List": "list",
    "typing.Dict": "dict",
    "typing.Set": "set",
    "typing.Tuple": "tuple",
    "typing.FrozenSet": "frozenset",
    "typing.Deque": "collections.deque",
    "typing.DefaultDict": "collections.defaultdict",
    "typing.OrderedDict": "collections.OrderedDict",
    "typing.MutableMapping": "dict",
    "typing.Type": "type",
}
WRAPPERS: Final = frozenset({"Optional", "Union", "|", "Annotated", "Final", "ClassVar", "Awaitable"})


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
            arguments = annotation.arguments[:1] if annotation.path[-1] == "Annotated" else annotation.arguments
            return [value for each in arguments for value in self.meaning(code, each)]
        found: list[Value] = []
        for value in self._path(code, annotation.path):
            if isinstance(value, ClassRef):
                found.append(self._names.values.instance(value.cls, None))
            elif isinstance(value, Library):
                name = CONTAINER_ANNOTATIONS.get(value.qualname, value.qualname)
                if self._names.knowledge.is_class(name):
                    found.append(self._names.values.library_object(name, None))
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
