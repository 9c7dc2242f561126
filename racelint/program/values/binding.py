"""Part of the types stage: which parameters do arguments come to, be they handed on as `*args` and `**kwargs`?"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import msgspec

from racelint.knowledge.containers import MAPPINGS
from racelint.program.sources.source import Code, Sources
from racelint.program.values.elements import Elements
from racelint.program.values.flow import Flow
from racelint.program.values.types import Passed
from racelint.program.values.values import LibraryObject, Site, Value

POSITIONS: Final = 6
"""So many arguments behind the named parameters are told apart."""


class _Taken(msgspec.Struct, frozen=True):
    """What a function takes: its parameters by position and by name."""

    slots: list[int]
    by_name: dict[str, int]
    rest: int | None
    """The parameter that takes what is behind the positions: `*args`."""
    mapping: int | None
    """The parameter that takes what has no other: `**kwargs`."""


def _taken(code: Code) -> _Taken:
    parameters = list(enumerate(code.function.parameters))
    return _Taken(
        [index for index, each in parameters if each.kind == "positional"],
        {each.name: index for index, each in parameters if each.kind in ("positional", "keyword")},
        next((index for index, each in parameters if each.kind == "vararg"), None),
        next((index for index, each in parameters if each.kind == "kwarg"), None),
    )


class Binding:
    """Lets arguments flow into parameters. What is behind the named ones is kept by position and by keyword."""

    def __init__(self, sources: Sources, flow: Flow, elements: Elements) -> None:
        self._sources = sources
        self._flow = flow
        self._elements = elements
        self._asked: dict[Site, set[str]] = defaultdict(set)
        self._givers: dict[Site, list[Site]] = defaultdict(list)
        self._taken: dict[int, _Taken] = {}

    def bind(self, callee: Code, receiver: Value | None, passed: Passed) -> None:
        """Let the arguments flow into the parameters of `callee`."""
        taken = self._takes(callee)
        slots = taken.slots
        if receiver is not None and slots:
            self._flow.add(callee.offset + slots[0], receiver)
            slots = slots[1:]
        for node, index in zip(passed.positional, slots, strict=False):
            self._flow.copy(node, callee.offset + index)
        for name, node in passed.keywords:
            if name in taken.by_name:
                self._flow.copy(node, callee.offset + taken.by_name[name])
            elif taken.mapping is not None:
                self._flow.copy(node, self.keyword((callee.key, taken.mapping), name))
        behind = len(passed.positional)
        if behind > len(slots):
            self._rest(callee, passed.positional[len(slots) :])
        for node in passed.starred:
            self._flow.watch(node, self._hand_on, callee, slots[behind:], max(behind - len(slots), 0))
        if passed.mappings:
            # `self` is given: no keyword can be another one
            given = {*taken.slots[: len(taken.slots) - len(slots)], *slots[:behind]}
            free = [index for index in taken.by_name.values() if index not in given]
            for node in passed.mappings:
                self._flow.watch(node, self._hand_on_keywords, callee, free)

    def _takes(self, callee: Code) -> _Taken:
        taken = self._taken.get(callee.key)
        if taken is None:
            taken = self._taken[callee.key] = _taken(callee)
        return taken

    def hand_back(self, callee: Code, receiver: Value | None, passed: Passed, index: int, result: int) -> None:
        """Let what a call gives for one parameter of `callee` flow into its result."""
        slots = self._takes(callee).slots
        if receiver is not None and slots:
            if index == slots[0]:
                self._flow.add(result, receiver)
                return
            slots = slots[1:]
        parameter = callee.function.parameters[index]
        given = dict(zip(slots, passed.positional, strict=False)).get(index, dict(passed.keywords).get(parameter.name))
        if given is not None:
            self._flow.copy(given, result)
        elif passed.starred or passed.mappings:
            self._flow.copy(callee.offset + index, result)
        elif parameter.default >= 0 and callee.parent is not None:
            self._flow.copy(callee.parent.offset + parameter.default, result)

    def keyword(self, site: Site, name: str) -> int:
        """The node of what stands under a name in the `**kwargs` that is the parameter `site` of a function."""
        node = self._elements.item(site, name)
        if name not in self._asked[site]:
            self._asked[site].add(name)
            for giver in self._givers[site]:
                self._flow.copy(self.keyword(giver, name), node)
        return node

    def take_item(self, node: int, container: Value, key: str) -> None:
        """What stands under a literal key of a container: of `**kwargs`, what was handed on to it as well."""
        given = self._parameter(container, "kwarg")
        if given is not None:
            self.keyword(given, key)
        self._elements.take_item(node, container, key)

    def _parameter(self, container: Value, kind: str) -> Site | None:
        """The function and parameter of which a container is the `*args` or `**kwargs`."""
        if not isinstance(container, LibraryObject) or container.site is None:
            return None
        key, index = container.site
        parameters = self._sources.codes[key].function.parameters
        return (key, index) if 0 <= index < len(parameters) and parameters[index].kind == kind else None

    def _rest(self, callee: Code, nodes: tuple[int, ...]) -> None:
        """What comes behind the named parameters goes to `*args`."""
        rest = self._takes(callee).rest
        if rest is None:
            return
        for number, node in enumerate(nodes):
            self._flow.copy(node, self._elements.held((callee.key, rest)))
            if number < POSITIONS:
                self._flow.copy(node, self._flow.node("argument", callee.key, number))

    def _hand_on(self, callee: Code, slots: list[int], behind: int, container: Value) -> None:
        """`f(*args)`: what a function was given comes to the parameters in its order, the rest to `*args`."""
        rest = self._takes(callee).rest
        if rest is not None:
            self._elements.draw(self._elements.held((callee.key, rest)), container)
        given = self._parameter(container, "vararg")
        if given is None:
            return
        for number in range(POSITIONS):
            node = self._flow.node("argument", given[0], number)
            if number < len(slots):
                self._flow.copy(node, callee.offset + slots[number])
            elif rest is not None:
                self._flow.copy(node, self._flow.node("argument", callee.key, number - len(slots) + behind))

    def _hand_on_keywords(self, callee: Code, free: list[int], container: Value) -> None:
        """`f(**kwargs)`: what stands under a name comes to the parameter of that name."""
        if not isinstance(container, LibraryObject) or container.site is None or container.qualname not in MAPPINGS:
            return
        parameters = callee.function.parameters
        for index in free:
            self.take_item(callee.offset + index, container, parameters[index].name)
        taken, given = self._takes(callee).mapping, self._parameter(container, "kwarg")
        if taken is None or given is None or given[0] == callee.key:
            return
        site = callee.key, taken
        if given not in self._givers[site]:
            self._givers[site].append(given)
            for name in sorted(self._asked[site]):
                self._flow.copy(self.keyword(given, name), self.keyword(site, name))
