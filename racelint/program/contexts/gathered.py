"""Part of the threads stage: threads that are kept in one container with others of their kind are several at once.

`self._workers.append(worker)` in the method that starts a worker tells what is started: nobody needs a list for one. A
list in which several kinds of threads are kept, one of each, tells nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from racelint import facts
from racelint.knowledge.containers import ADDS
from racelint.program.dataflow.dataflow import FALSE
from racelint.program.sources.branching import found_nothing, is_handling
from racelint.program.sources.nodes import contains
from racelint.program.sources.source import ClassInfo, Code
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

    def makes_several(self, classes: Iterable[ClassInfo], waits: Mapping[int, int]) -> bool:
        """Whether objects of one of some classes are made one after the other, and all of them are kept.

        `waits` tells of functions where they wait for the end of what such an object has started.
        """
        sites = (site for cls in classes for site in self._types.constructions.get(cls.key, ()))
        return any(_is_one_of_several(self._sources.codes[key], id, waits.get(key, id)) for key, id in sites)

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


def keeps_off(code: Code, start: int) -> set[str]:
    """The flags of its object that are down where a method starts what it keeps, and that it raises itself.

    `if self._running: return`: the list then has those that were started before, and are over. Who takes the flag down
    again before he returns only keeps others off meanwhile, and one that is worked out says when there are enough.
    """
    flags = {code.own_attribute(code.operation(each)) for each, _ in found_nothing(code, start)} - {""}
    stores = list(code.own_stores())
    taken_down = {each.name for each in stores if _is_nothing(code, each.value) and not is_handling(code, each.id)}
    return {each.name for each in stores if each.name in flags - taken_down and _is_something(code, each.value)}


def takes_down(code: Code, flags: Collection[str]) -> bool:
    """Whether a method takes a flag of its object down."""
    return any(each.name in flags and _is_nothing(code, each.value) for each in code.own_stores())


def _is_nothing(code: Code, id: int) -> bool:
    value = code.operation(id)
    return type(value) is facts.Const and value.text in FALSE


def _is_something(code: Code, id: int) -> bool:
    return type(code.operation(id)) in (facts.Const, facts.Call) and not _is_nothing(code, id)


def _is_one_of_several(code: Code, made: int, wait: int) -> bool:
    """Whether a comprehension makes a value for each element, or a loop does, puts it into a container and goes on."""
    around = [each for each in code.controls if type(each) is facts.Loop and contains(each, made)]
    if not around or around[-1].kind == "while" or (wait > made and contains(around[-1], wait)):
        return False
    return around[-1].kind == "comprehension" or any(value == made for _, value in _puts(code))


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
