"""Part of the types stage: what is in a container, a tuple, or what a generator gives."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.containers import MAPPINGS, TAKES_ELEMENT
from racelint.program.sources.source import Code
from racelint.program.values.elements import Elements
from racelint.program.values.flow import Flow
from racelint.program.values.invocation import Invocation
from racelint.program.values.texts import literal_text
from racelint.program.values.types import Passed, Types
from racelint.program.values.values import (
    ClassRef,
    Instance,
    Library,
    LibraryObject,
    Site,
    Value,
)


class Contents:
    """The constraints of items, elements and unpacking."""

    def __init__(self, types: Types, flow: Flow, elements: Elements, invocation: Invocation) -> None:
        self._flow = flow
        self._elements = elements
        self._names = types.names
        self._values = types.names.values
        self._invocation = invocation

    def load_item(self, code: Code, operation: facts.LoadItem) -> None:
        """What `x[key]` may be."""
        if operation.base >= 0:
            self._flow.watch(code.offset + operation.base, self._item_of, code, operation)

    def _item_of(self, code: Code, operation: facts.LoadItem, base: Value) -> None:
        node = code.offset + operation.id
        if isinstance(base, Instance):
            passed = Passed((code.offset + operation.key,) if operation.key >= 0 else (), ())
            self._invocation.method((code.key, operation.id), base, "__getitem__", passed, node)
        elif isinstance(base, ClassRef | Library):
            self._flow.add(node, base)
        else:
            key = _number(code, operation.key)
            text = literal_text(code, operation.key)
            if text is not None:
                self._invocation.binding.take_item(node, base, text)
            elif key is None:
                self._elements.take(node, base)
            else:
                self._elements.take_at(node, base, key)

    def store_item(self, code: Code, operation: facts.StoreItem) -> None:
        """Where the value of `x[key] = value` goes."""
        if operation.base >= 0 and operation.value >= 0:
            self._flow.watch(code.offset + operation.base, self._store_in, code, operation)

    def _store_in(self, code: Code, operation: facts.StoreItem, base: Value) -> None:
        if isinstance(base, Instance):
            given = (code.offset + operation.key, code.offset + operation.value)
            self._invocation.method((code.key, operation.id), base, "__setitem__", Passed(given, ()), None)
        elif isinstance(base, LibraryObject) and base.site is not None:
            source = _taken_from(code, operation)
            if source is None or base.qualname not in MAPPINGS:
                self._elements.put(base.site, literal_text(code, operation.key), code.offset + operation.value)
            else:
                self._flow.watch(code.offset + source, self._move, base.site, code.offset + operation.value)
            if _is_computed(code, operation.key):
                self._flow.copy(code.offset + operation.key, self._elements.keys(base.site))

    def _move(self, site: Site, taken: int, source: Value) -> None:
        if isinstance(source, LibraryObject):
            self._elements.pour(site, source)
        else:
            self._elements.put(site, None, taken)

    def build(self, code: Code, operation: facts.Build) -> None:
        """`[a, b]` and its like make a container."""
        if operation.kind == "slice":
            return
        site = (code.key, operation.id)
        self._flow.add(code.offset + operation.id, self._values.library_object(operation.kind, site))
        if operation.kind == "dict":
            self._fill(code, operation, site)
        for item in operation.items if operation.kind != "dict" else ():
            if item >= 0:
                self._flow.copy(code.offset + item, self._elements.held(site))
        for key in operation.keys:
            if _is_computed(code, key):
                self._flow.copy(code.offset + key, self._elements.keys(site))

    def _fill(self, code: Code, display: facts.Build, site: Site) -> None:
        for key, item in zip(display.keys, display.items, strict=True):
            given = code.operation(item)
            if type(given) is facts.Compute and given.kind == "**" and key < 0:
                self._flow.watch(code.offset + given.operands[0], self._elements.pour, site)
            elif item >= 0:
                self._elements.put(site, literal_text(code, key), code.offset + item)

    def element(self, code: Code, operation: facts.Element) -> None:
        """What the variable of a loop may be."""
        if operation.iterable >= 0:
            self._flow.watch(code.offset + operation.iterable, self._iterate, code, operation)

    def _iterate(self, code: Code, operation: facts.Element, iterable: Value) -> None:
        node = code.offset + operation.id
        self._elements.draw(node, iterable)
        if isinstance(iterable, Instance):
            iterator = self._flow.node("iterator", code.key, operation.id)
            self._invocation.method((code.key, operation.id), iterable, "__iter__", Passed((), ()), iterator)
            self._flow.watch(iterator, self._elements.draw, node)

    def unpack(self, code: Code, operation: facts.Unpack) -> None:
        """What one name of `a, b = value` may be."""
        if operation.value >= 0:
            self._flow.watch(code.offset + operation.value, self._unpack_from, code, operation)

    def _unpack_from(self, code: Code, operation: facts.Unpack, value: Value) -> None:
        node = code.offset + operation.id
        if isinstance(value, LibraryObject) and value.site is not None and value.site[1] >= 0:
            maker = self._names.sources.codes[value.site[0]]
            made = maker.operation(value.site[1])
            if type(made) is facts.Build and made.kind == "tuple" and operation.index < len(made.items):
                if made.items[operation.index] >= 0:
                    self._flow.copy(maker.offset + made.items[operation.index], node)
                return
        self._elements.take_at(node, value, operation.index)


def _taken_from(code: Code, operation: facts.StoreItem) -> int | None:
    """The container of `x[key] = container[key]`: what stands under each key there comes to stand under it here."""
    match code.operation(operation.value):
        case facts.LoadItem(base=base, key=key) if _are_the_same(code, key, operation.key):
            return base if base >= 0 else None
        case facts.Call(callee=callee, arguments=(facts.Argument(name="", value=key), *_)):
            fetched = code.operation(callee)
            if type(fetched) is facts.LoadAttr and fetched.name in TAKES_ELEMENT and fetched.base >= 0:
                return fetched.base if _are_the_same(code, key, operation.key) else None
    return None


def _are_the_same(code: Code, one: int, other: int) -> bool:
    """Whether two keys are one value, or were read from one variable."""
    first, second = code.operation(one), code.operation(other)
    if type(first) is facts.LoadName and type(second) is facts.LoadName:
        return (first.name, first.owner) == (second.name, second.owner)
    return one == other >= 0 and type(first) is not facts.Const


def _number(code: Code, id: int) -> int | None:
    """The literal number that a subscript is."""
    operation = code.operation(id)
    return int(operation.text) if type(operation) is facts.Const and operation.text.isdigit() else None


def _is_computed(code: Code, id: int) -> bool:
    """Whether a key is no literal."""
    return id >= 0 and type(code.operation(id)) is not facts.Const
