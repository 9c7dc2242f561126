"""Part of the threads stage: threads that are kept in one container with others of their kind are several at once.

`self._workers.append(worker)` in the method that starts a worker tells what is started: nobody needs a list for one. A
list in which several kinds of threads are kept, one of each, tells nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from racelint import facts
from racelint.knowledge.containers import ADDS
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import Site

Container = tuple[str, int, str]
"""An attribute by the key of the owning class, or a global by its module, and its name."""


class Gathered:
    """Answers what is kept in a container with more of the same."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._sources = types.names.sources

    def is_kept(self, made: Site) -> bool:
        """Whether what a call makes is put into a container of an object, or of the module, and nothing else is."""
        return any(sites == {made} for sites in self._put.values())

    @cached_property
    def _put(self) -> dict[Container, set[Site]]:
        """By container: where all that is put into it is made; what comes from elsewhere stands for itself."""
        found: dict[Container, set[Site]] = defaultdict(set)
        for code in self._sources.codes:
            for container, value in _puts(code):
                key = self._container(code, container)
                if key is not None:
                    found[key].add((code.key, value))
        return found

    def _container(self, code: Code, id: int) -> Container | None:
        match code.operation(id):
            case facts.LoadAttr() as loaded if code.cls is not None and (name := code.own_attribute(loaded)):
                return "attribute", self._types.attributes.owner(code.cls, name).key, name
            case facts.LoadName(scope="global", name=name):
                return "global", code.module, name
            case _:
                return None


def _puts(code: Code) -> Iterator[tuple[int, int]]:
    """What a function puts into containers: the container, and the value. Under a literal key there is one only."""
    for operation in code.operations:
        if type(operation) is facts.StoreItem:
            if type(code.operation(operation.key)) is not facts.Const:
                yield operation.base, operation.value
        elif type(operation) is facts.Call and len(operation.arguments) == 1:
            fetched = code.fetched(operation)
            if type(fetched) is facts.LoadAttr and fetched.name in ADDS:
                yield fetched.base, operation.arguments[0].value
