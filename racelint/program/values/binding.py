"""Part of the types stage: which parameters do arguments come to, be they handed on as `*args` and `**kwargs`?"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from racelint import facts
from racelint.program.sources.source import Code, Sources
from racelint.program.values.elements import Elements
from racelint.program.values.flow import Flow
from racelint.program.values.types import Passed
from racelint.program.values.values import LibraryObject, Value

POSITIONS: Final = 6
"""So many arguments behind the named parameters are told apart."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a function takes: its parameters by position and by name, and whether there is a `**kwargs`."""

    slots: list[int]
    by_name: dict[str, int]
    takes_more: bool


def _taken(code: Code) -> _Taken:
    parameters = list(enumerate(code.function.parameters))
    return _Taken(
        [index for index, each in parameters if each.kind == "positional"],
        {each.name: index for index, each in parameters if each.kind in ("positional", "keyword")},
        any(each.kind == "kwarg" for _, each in parameters),
    )


class Binding:
    """Lets arguments flow into parameters. What is behind the named ones is kept by position and by keyword."""

    def __init__(self, sources: Sources, flow: Flow, elements: Elements) -> None:
        self._sources = sources
        self._flow = flow
        self._elements = elements
        self._asked: dict[int, set[str]] = defaultdict(set)
        self._givers: dict[int, list[int]] = defaultdict(list)
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
            elif taken.takes_more:
                self._flow.copy(node, self.keyword(callee.key, name))
        behind = len(passed.positional)
        if behind > len(slots):
            self._rest(callee, passed.positional[len(slots) :])
        for node in passed.starred:
            self._flow.watch(node, self._hand_on, callee, slots[behind:], max(behind - len(slots), 0))
        if passed.mappings:
            free = [index for index in taken.by_name.values() if index not in slots[:behind]]
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

    def keyword(self, key: int, name: str) -> int:
        """The node of what stands under a name in the `**kwargs` of the function with that key."""
        node = self._flow.node("keyword", key, name)
        if name not in self._asked[key]:
            self._asked[key].add(name)
            for giver in self._givers[key]:
                self._flow.copy(self.keyword(giver, name), node)
        return node

    def named(self, container: Value, code: Code, id: int) -> int | None:
        """The node of what stands in a `**kwargs` under a literal name, which is the value `id` of `code`."""
        key = code.operation(id)
        if type(key) is not facts.Const or key.kind != "str" or not isinstance(container, LibraryObject):
            return None
        owner = self._owner(container, "kwarg")
        return None if owner is None else self.keyword(owner.key, ast.literal_eval(key.text))

    def _owner(self, container: LibraryObject, kind: str) -> Code | None:
        """The function whose `*args` or `**kwargs` a container is."""
        if container.site is None or container.site[1] < 0:
            return None
        code, index = self._sources.codes[container.site[0]], container.site[1]
        parameters = code.function.parameters
        return code if index < len(parameters) and parameters[index].kind == kind else None

    def _rest(self, callee: Code, nodes: tuple[int, ...]) -> None:
        """What comes behind the named parameters goes to `*args`."""
        rest = [index for index, each in enumerate(callee.function.parameters) if each.kind == "vararg"]
        for number, node in enumerate(nodes if rest else ()):
            self._flow.copy(node, self._elements.held((callee.key, rest[0])))
            if number < POSITIONS:
                self._flow.copy(node, self._flow.node("argument", callee.key, number))

    def _hand_on(self, callee: Code, slots: list[int], behind: int, container: Value) -> None:
        """`f(*args)`: what a function was given comes to the parameters in its order, the rest to `*args`."""
        rest = [index for index, each in enumerate(callee.function.parameters) if each.kind == "vararg"]
        if rest:
            self._elements.draw(self._elements.held((callee.key, rest[0])), container)
        giver = self._owner(container, "vararg") if isinstance(container, LibraryObject) else None
        if giver is None:
            return
        for number in range(POSITIONS):
            node = self._flow.node("argument", giver.key, number)
            if number < len(slots):
                self._flow.copy(node, callee.offset + slots[number])
            elif rest:
                self._flow.copy(node, self._flow.node("argument", callee.key, number - len(slots) + behind))

    def _hand_on_keywords(self, callee: Code, free: list[int], container: Value) -> None:
        """`f(**kwargs)`: what a function was given under a name comes to the parameter of that name."""
        giver = self._owner(container, "kwarg") if isinstance(container, LibraryObject) else None
        if giver is None or giver is callee:
            return
        parameters = callee.function.parameters
        for index in free:
            self._flow.copy(self.keyword(giver.key, parameters[index].name), callee.offset + index)
        if any(each.kind == "kwarg" for each in parameters) and giver.key not in self._givers[callee.key]:
            self._givers[callee.key].append(giver.key)
            for name in sorted(self._asked[callee.key]):
                self._flow.copy(self.keyword(giver.key, name), self.keyword(callee.key, name))
