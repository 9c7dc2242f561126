"""Part of the types stage: what is in a container, a tuple, or what a generator gives."""

from __future__ import annotations

from functools import partial

from racelint import facts
from racelint.program.flow import Flow
from racelint.program.invocation import Invocation
from racelint.program.source import Code
from racelint.program.types import Passed, Types
from racelint.program.values import (
    ClassRef,
    Generator,
    Instance,
    Library,
    LibraryObject,
    Value,
)


class Contents:
    """The constraints of items, elements and unpacking."""

    def __init__(self, types: Types, flow: Flow, invocation: Invocation) -> None:
        self._flow = flow
        self._names = types.names
        self._values = types.names.values
        self._invocation = invocation

    def load_item(self, code: Code, operation: facts.LoadItem) -> None:
        """What `x[key]` may be."""
        if operation.base >= 0:
            self._flow.watch(code.offset + operation.base, partial(self._item_of, code, operation))

    def _item_of(self, code: Code, operation: facts.LoadItem, base: Value) -> None:
        node = code.offset + operation.id
        if isinstance(base, Instance):
            passed = Passed((code.offset + operation.key,) if operation.key >= 0 else (), ())
            self._invocation.method((code.key, operation.id), base, "__getitem__", passed, node)
        elif isinstance(base, ClassRef | Library):
            self._flow.add(node, base)
        else:
            self.copy_elements(base, node)

    def store_item(self, code: Code, operation: facts.StoreItem) -> None:
        """Where the value of `x[key] = value` goes."""
        if operation.base >= 0 and operation.value >= 0:
            self._flow.watch(code.offset + operation.base, partial(self._store_in, code, operation))

    def _store_in(self, code: Code, operation: facts.StoreItem, base: Value) -> None:
        if isinstance(base, Instance):
            given = (code.offset + operation.key, code.offset + operation.value)
            self._invocation.method((code.key, operation.id), base, "__setitem__", Passed(given, ()), None)
        elif isinstance(base, LibraryObject) and base.site is not None:
            self._flow.copy(code.offset + operation.value, self._flow.node("elements", base.site))

    def copy_elements(self, container: Value, node: int) -> None:
        """What a container holds, or a generator gives, may come to a node."""
        if isinstance(container, LibraryObject) and container.site is not None:
            self._flow.copy(self._flow.node("elements", container.site), node)
        elif isinstance(container, Generator):
            self._flow.copy(self._flow.node("yields", container.code.key), node)

    def build(self, code: Code, operation: facts.Build) -> None:
        """`[a, b]` and its like make a container."""
        if operation.kind == "slice":
            return
        site = (code.key, operation.id)
        self._flow.add(code.offset + operation.id, self._values.library_object(operation.kind, site))
        if operation.items:
            elements = self._flow.node("elements", site)
            for item in operation.items:
                if item >= 0:
                    self._flow.copy(code.offset + item, elements)

    def element(self, code: Code, operation: facts.Element) -> None:
        """What the variable of a loop may be."""
        if operation.iterable >= 0:
            self._flow.watch(code.offset + operation.iterable, partial(self._iterate, code, operation))

    def _iterate(self, code: Code, operation: facts.Element, iterable: Value) -> None:
        node = code.offset + operation.id
        self.copy_elements(iterable, node)
        if isinstance(iterable, Instance):
            iterator = self._flow.node("iterator", code.key, operation.id)
            self._invocation.method((code.key, operation.id), iterable, "__iter__", Passed((), ()), iterator)
            self._flow.watch(iterator, lambda value: self.copy_elements(value, node))

    def unpack(self, code: Code, operation: facts.Unpack) -> None:
        """What one name of `a, b = value` may be."""
        if operation.value >= 0:
            self._flow.watch(code.offset + operation.value, partial(self._unpack_from, code, operation))

    def _unpack_from(self, code: Code, operation: facts.Unpack, value: Value) -> None:
        node = code.offset + operation.id
        if isinstance(value, LibraryObject) and value.site is not None and value.site[1] >= 0:
            maker = self._names.sources.codes[value.site[0]]
            made = maker.operations[value.site[1]] if value.site[1] < len(maker.operations) else None
            if type(made) is facts.Build and made.kind == "tuple" and operation.index < len(made.items):
                if made.items[operation.index] >= 0:
                    self._flow.copy(maker.offset + made.items[operation.index], node)
                return
        self.copy_elements(value, node)
