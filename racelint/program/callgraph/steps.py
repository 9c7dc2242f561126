"""Part of the calls stage: what a method does to its own object, step by step, through the methods that it calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Node
from racelint.program.sources.nodes import contains, parts
from racelint.program.sources.source import ClassInfo, Code, is_super
from racelint.program.values.types import Types
from racelint.program.values.values import ClassRef, FunctionRef, Instance

DEPTH: Final = 6
"""Steps are followed through at most this many calls."""

Frame = tuple[Code, int]
"""A function and one of its operations."""

Own = Callable[[Code, int], bool]
"""Whether a value of a function is the object that the steps are about."""


Taken = facts.LoadAttr | facts.StoreAttr | facts.Call
"""What may be a step."""


class Step(msgspec.Struct, frozen=True):
    """A load or store of an attribute of the object, or a call that is not followed (then `name` is "").

    `chain` leads from the first function to the one that makes the step, each with the id of its call; the last one
    with the id of the step itself.
    """

    operation: Taken
    name: str
    chain: tuple[Frame, ...]

    @property
    def code(self) -> Code:
        """The function that makes the step."""
        return self.chain[-1][0]

    @property
    def id(self) -> int:
        """The operation in it."""
        return self.chain[-1][1]


class Walker:
    """Lists the steps of functions on an object of one class: methods are those that this class has or inherits."""

    def __init__(self, types: Types, cls: ClassInfo, own: Own | None = None, *, anywhere: bool = False) -> None:
        """`anywhere`: functions that are called in any other way are followed too, where there is no doubt."""
        self._types = types
        self._attributes = types.attributes
        self._cls = cls
        self._own = own or self.is_receiver
        self._anywhere = anywhere
        self._known: dict[int, list[tuple[Taken, str, list[Code]]]] = {}

    def steps(self, code: Code, chain: tuple[Frame, ...] = ()) -> Iterator[Step]:
        """The steps in the order of evaluation, of all branches."""
        if len(chain) > DEPTH or any(each is code for each, _ in chain):
            return
        for operation, name, inner in self._taken(code):
            here = (*chain, (code, operation.id))
            for each in inner:
                yield from self.steps(each, here)
            if not inner:
                yield Step(operation, name, here)

    def makers(self, code: Code) -> set[int]:
        """The functions that make the steps of a function, by their keys."""
        found = {code.key}
        pending = [code]
        while pending:
            inner = {each.key: each for _, _, callees in self._taken(pending.pop()) for each in callees}
            pending.extend(each for key, each in inner.items() if key not in found)
            found.update(inner)
        return found

    def _taken(self, code: Code) -> list[tuple[Taken, str, list[Code]]]:
        """The steps that a function makes itself, each with the functions of the program that it runs instead."""
        found = self._known.get(code.key)
        if found is None:
            found = self._known[code.key] = list(self._find(code))
        return found

    def _find(self, code: Code) -> Iterator[tuple[Taken, str, list[Code]]]:
        for written in code.operations:
            operation = self._types.reflected.get((code.key, written.id), written) if written is not None else None
            match operation:
                case facts.LoadAttr(base=base, name=name) if operation is written and self._own(code, base):
                    method = self.method(name)
                    if method is None or self._attributes.is_property(method):
                        yield operation, name, [method] if method is not None else []
                case facts.StoreAttr(base=base, name=name) if self._own(code, base):
                    yield operation, name, self._setters(name)
                case facts.Call():
                    yield operation, "", self.callees(code, operation)
                case _:
                    pass

    def is_receiver(self, code: Code, id: int) -> bool:
        """Whether a value is the object that a method runs on, also seen from a function inside the method."""
        if id == 0 and code.function.parameters:
            return self._attributes.receiver_of(code) is not None
        operation = code.operation(id)
        if type(operation) is not facts.LoadName or operation.scope not in ("cell", "free"):
            return False
        sources = self._types.names.sources
        owner = sources.function(code.module, operation.owner)
        return self._attributes.receiver_of(owner) is not None and owner.own_name == operation.name

    def method(self, name: str, after: ClassInfo | None = None) -> Code | None:
        """The function that the class has under that name; behind `after` in the order of look-up, if given."""
        defining = self._attributes.defining(self._cls, name, after=after)
        return self._function(defining, name)

    def _function(self, defining: ClassInfo | None, name: str) -> Code | None:
        if defining is None:
            return None
        for code, store in reversed(self._attributes.class_level(defining)[name]):
            for value in self._types.names.static(code, store.value):
                if isinstance(value, FunctionRef):
                    return value.code
        return None

    def _setters(self, name: str) -> list[Code]:
        defining = self._attributes.defining(self._cls, name)
        if defining is None:
            return []
        values = (
            value
            for code, store in self._attributes.class_level(defining)[name]
            for value in self._types.names.static(code, store.value)
        )
        found = [value.code for value in values if isinstance(value, FunctionRef)]
        return [code for code in found if "setter" in self._attributes.shape(code)]

    def callees(self, code: Code, call: facts.Call) -> list[Code]:
        """The functions to follow from a call: methods of the object, functions of the function itself."""
        fetched = code.operation(call.callee)
        if type(fetched) is facts.LoadAttr:
            found = self._fetched(code, call, fetched)
            if found is not None:
                return [found]
        called = self._types.callees.get((code.key, call.id), {})
        functions = [value.code for value in called if isinstance(value, FunctionRef)]
        sure = self._anywhere and len(called) == 1
        return [each for each in functions if each.parent is code or sure]

    def _fetched(self, code: Code, call: facts.Call, fetched: facts.LoadAttr) -> Code | None:
        if self._own(code, fetched.base):
            return self.method(fetched.name)
        owner = code.operation(fetched.base)
        if is_super(code, owner):
            return self.method(fetched.name, after=class_around(code))
        given = next((each.value for each in call.arguments if each.name == ""), facts.NOTHING)
        if given >= 0 and self._own(code, given):
            for value in self._types.of(code, fetched.base):
                if isinstance(value, ClassRef) and value.cls in self._cls.mro:
                    return self._function(self._attributes.defining(value.cls, fetched.name), fetched.name)
        return None


def class_around(code: Code) -> ClassInfo | None:
    """The class in which a function stands, however deep."""
    around: Code | None = code
    while around is not None and around.cls is None:
        around = around.parent
    return around.cls if around is not None else None


def of_class(types: Types, cls: ClassInfo) -> Own:
    """Every value that may be an object of the class, as far as types tell."""

    def own(code: Code, id: int) -> bool:
        return any(isinstance(value, Instance) and cls.is_related(value.cls) for value in types.of(code, id))

    return own


def leads_to(nodes: Sequence[Node], first: int, second: int) -> bool:
    """Whether a run of these nodes can go on from operation `first` to operation `second` further down."""
    at, to = _index(nodes, first), _index(nodes, second)
    if at is None or to is None or at > to:
        return False
    if at < to:
        return _goes_on(nodes[at], first)
    node = nodes[at]
    inner = parts(node)
    here = next((index for index, part in enumerate(inner) if _index(part, first) is not None), None)
    there = next((index for index, part in enumerate(inner) if _index(part, second) is not None), None)
    if here is None or there is None:
        return True
    if here == there:
        return leads_to(inner[here], first, second)
    if type(node) is facts.Branch:
        return False
    if type(node) is facts.Try:
        # from the body to `else` and `finally`, from a handler to `finally`
        handlers = range(1, 1 + len(node.handlers))
        return there not in handlers and not (here in handlers and there == len(handlers) + 1)
    return True


def _goes_on(node: Node, first: int) -> bool:
    """Whether control comes out of a node at its end after operation `first` in it."""
    for part in parts(node):
        at = _index(part, first)
        if at is not None:
            left = any(isinstance(each, facts.Return | facts.Raise | facts.Continue) for each in part[at + 1 :])
            return not left and _goes_on(part[at], first)
    return True


def _index(nodes: Sequence[Node], id: int) -> int | None:
    for index, node in enumerate(nodes):
        if contains(node, id):
            return index
    return None
