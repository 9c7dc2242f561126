"""Part of the types stage: each operation of each function as a constraint, solved by propagation."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from racelint import facts
from racelint.facts import TypeRef
from racelint.program.attributes import Attributes
from racelint.program.flow import Flow
from racelint.program.invocation import Invocation
from racelint.program.names import Names
from racelint.program.source import ClassInfo, Code
from racelint.program.types import Passed, Types
from racelint.program.values import (
    ClassRef,
    FunctionRef,
    Generator,
    Instance,
    Library,
    LibraryObject,
    ModuleRef,
    Super,
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
OVERRIDES: Final = 12
"""A method that more subclasses than this override is followed into its own class only: who knows which one runs."""


class Inference:
    """Builds the constraints. One handler per operation type, found by type."""

    def __init__(self, types: Types, flow: Flow) -> None:
        self._types = types
        self._flow = flow
        self._names = types.names
        self._values = types.names.values
        self._attributes = types.attributes
        self._invocation = Invocation(types, flow, self._reflect)
        self._handlers: dict[type, Callable[[Code, Any], None]] = {
            facts.LoadName: self._load_name,
            facts.StoreName: self._store_name,
            facts.LoadAttr: self._load_attr,
            facts.StoreAttr: self._store_attr,
            facts.LoadItem: self._load_item,
            facts.StoreItem: self._store_item,
            facts.Call: self._call,
            facts.Build: self._build,
            facts.Choice: self._choice,
            facts.Phi: self._phi,
            facts.MakeFunction: self._make_function,
            facts.MakeClass: self._make_class,
            facts.Import: self._import,
            facts.Await: self._await,
            facts.Yield: self._yield,
            facts.Element: self._element,
            facts.Unpack: self._unpack,
            facts.Entered: self._entered,
            facts.Cast: self._cast,
        }

    def add(self, code: Code) -> None:
        """Add the constraints of one function."""
        self._parameters(code)
        handlers = self._handlers
        for operation in code.operations:
            handler = handlers.get(type(operation))
            if handler is not None:
                handler(code, operation)
        if code.returns:
            returns = self._flow.node("returns", code.key)
            for id in code.returns:
                self._flow.copy(code.offset + id, returns)
        if code.function.returns is not None:
            self._annotated(code, code.function.returns, self._flow.node("returns", code.key))

    # --- definitions ---

    def _parameters(self, code: Code) -> None:
        cls = code.cls
        if cls is not None and code.is_method and code.function.parameters and not self._attributes.is_static(code):
            is_class = self._attributes.is_class_method(code)
            self._flow.add(code.offset, self._values.cls(cls) if is_class else self._values.instance(cls, None))
        for index, parameter in enumerate(code.function.parameters):
            node = code.offset + index
            if parameter.annotation is not None and parameter.kind in ("positional", "keyword"):
                self._annotated(code, parameter.annotation, node)
            if parameter.kind == "vararg":
                self._flow.add(node, self._values.library_object("tuple", (code.key, index)))
            elif parameter.kind == "kwarg":
                self._flow.add(node, self._values.library_object("dict", (code.key, index)))
            if parameter.default >= 0 and code.parent is not None:
                self._flow.copy(code.parent.offset + parameter.default, node)
            self._flow.copy(node, self._flow.node("cell", code.key, parameter.name))

    def _make_function(self, code: Code, operation: facts.MakeFunction) -> None:
        made = self._function(code, operation.function)
        node = code.offset + operation.id
        self._flow.add(node, self._values.function(made, None))
        for decorator in made.function.decorators:
            self._flow.watch(code.offset + decorator, partial(self._decorate, code, operation, made))

    def _decorate(self, code: Code, operation: facts.MakeFunction, made: Code, decorator: Value) -> None:
        """A class as decorator makes an object of the function.

        What a function makes of it is told by `Calls.wrappers`: the name stands for the function itself then, so that
        calls of other decorated functions are kept apart.
        """
        if isinstance(decorator, FunctionRef) and made.cls is not None and made.is_method:
            # its wrapper runs in the place of the method, on the same object
            for wrapper in self._names.sources.children(decorator.code):
                if wrapper.function.parameters and wrapper.function.parameters[0].kind == "positional":
                    self._flow.add(wrapper.offset, self._values.instance(made.cls, None))
        if isinstance(decorator, ClassRef):
            node = code.offset + operation.id
            given = self._flow.node("undecorated", made.key)
            self._flow.add(given, self._values.function(made, None))
            self._invocation.call((code.key, operation.id), Passed((given,), ()), node, decorator)

    def _make_class(self, code: Code, operation: facts.MakeClass) -> None:
        body = self._names.sources.modules[code.module].facts.classes[operation.cls].body
        cls = self._function(code, body).cls
        assert cls is not None
        self._flow.add(code.offset + operation.id, self._values.cls(cls))
        for annotation in cls.facts.annotations:
            owner = self._attributes.owner(cls, annotation.name)
            self._annotated(cls.body, annotation.type, self._flow.node("instance", owner.key, annotation.name))

    def _function(self, code: Code, index: int) -> Code:
        return self._names.sources.codes[self._names.sources.module_bodies[code.module].key + index]

    def _import(self, code: Code, operation: facts.Import) -> None:
        target = self._names.imported(code, operation)
        self._copy_target(target, code.offset + operation.id)

    def _copy_target(self, target: Value | tuple[int, str] | None, node: int) -> None:
        if isinstance(target, tuple):
            self._flow.copy(self._flow.node("global", *target), node)
        elif target is not None:
            self._flow.add(node, target)

    def _annotated(self, code: Code, annotation: TypeRef, node: int) -> None:
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
                found.append(self._values.instance(value.cls, None))
            elif isinstance(value, Library):
                name = CONTAINER_ANNOTATIONS.get(value.qualname, value.qualname)
                if self._names.knowledge.is_class(name):
                    found.append(self._values.library_object(name, None))
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

    # --- names and attributes ---

    def _load_name(self, code: Code, operation: facts.LoadName) -> None:
        node = code.offset + operation.id
        if operation.scope == "global":
            self._copy_target(self._names.variable(code.module, operation.name), node)
            return
        owner = self._function(code, operation.owner)
        if operation.scope == "class":
            assert owner.cls is not None
            if operation.name in self._attributes.class_level(owner.cls):
                self._flow.copy(self._flow.node("class", owner.cls.key, operation.name), node)
            else:
                self._copy_target(self._names.variable(code.module, operation.name), node)
            return
        self._flow.copy(self._flow.node("cell", owner.key, operation.name), node)

    def _store_name(self, code: Code, operation: facts.StoreName) -> None:
        if operation.scope == "global":
            node = self._flow.node("global", code.module, operation.name)
        elif operation.scope == "class":
            assert code.cls is not None
            node = self._flow.node("class", code.cls.key, operation.name)
        else:
            node = self._flow.node("cell", self._function(code, operation.owner).key, operation.name)
        if operation.value >= 0:
            self._flow.copy(code.offset + operation.value, node)
        if operation.annotation is not None:
            self._annotated(code, operation.annotation, node)

    def _load_attr(self, code: Code, operation: facts.LoadAttr) -> None:
        if operation.base >= 0:
            self._flow.watch(code.offset + operation.base, partial(self._attribute_of, code, operation))

    def _attribute_of(self, code: Code, operation: facts.LoadAttr, base: Value) -> None:
        node, name = code.offset + operation.id, operation.name
        match base:
            case Instance(cls=cls):
                self._instance_attribute(code, operation, base, cls)
            case ClassRef(cls=cls):
                self._class_attribute(code, operation, base, cls, None)
            case Super(cls=cls, receiver=receiver):
                self._class_attribute(code, operation, receiver, _class_of(receiver) or cls, cls)
            case LibraryObject(qualname=qualname):
                self._flow.add(node, self._values.library_method(f"{qualname}.{name}", base))
            case _:
                for value in self._names.attribute(base, name):
                    if isinstance(value, Library):
                        self._flow.add(node, value)
                self._module_attribute(base, name, node)

    def _module_attribute(self, base: Value, name: str, node: int) -> None:

        if isinstance(base, ModuleRef):
            self._copy_target(self._names.member(base.module, name), node)

    def _instance_attribute(self, code: Code, operation: facts.LoadAttr, base: Instance, cls: ClassInfo) -> None:
        owner = self._attributes.owner(cls, operation.name)
        self._flow.copy(self._flow.node("instance", owner.key, operation.name), code.offset + operation.id)
        found = self._class_attribute(code, operation, base, cls, None)
        if base.site is None:
            overriding = self._attributes.overriding(cls, operation.name)
            for each in overriding if len(overriding) <= OVERRIDES else ():
                self._bind_from(each, code, operation, self._values.instance(each, None))
        if not found and not self._attributes.declares(owner, operation.name):
            self._library_attribute(cls.library_bases, code, operation, base)

    def _class_attribute(
        self, code: Code, operation: facts.LoadAttr, receiver: Value, cls: ClassInfo, after: ClassInfo | None
    ) -> bool:
        defining = self._attributes.defining(cls, operation.name, after=after)
        if defining is None:
            if operation.name == "__new__":
                self._flow.add(code.offset + operation.id, self._names.library("object.__new__"))
            elif not isinstance(receiver, Instance) or after is not None:
                self._library_attribute((after or cls).library_bases, code, operation, receiver)
            return False
        self._bind_from(defining, code, operation, receiver)
        return True

    def _library_attribute(self, bases: list[str], code: Code, operation: facts.LoadAttr, receiver: Value) -> None:
        for base in bases:
            name = f"{base}.{operation.name}"
            value = self._names.library(name) if isinstance(receiver, ClassRef) else None
            self._flow.add(code.offset + operation.id, value or self._values.library_method(name, receiver))

    def _bind_from(self, cls: ClassInfo, code: Code, operation: facts.LoadAttr, receiver: Value) -> None:
        node = self._flow.node("class", cls.key, operation.name)
        self._flow.watch(node, partial(self._bind, code, operation, receiver))

    def _bind(self, code: Code, operation: facts.LoadAttr, receiver: Value, value: Value) -> None:
        """What fetching the class-level `value` through `receiver` gives."""
        node = code.offset + operation.id
        if not isinstance(value, FunctionRef) or value.code.cls is None or value.receiver is not None:
            self._flow.add(node, value)
            return
        method = value.code
        if self._attributes.is_static(method):
            self._flow.add(node, value)
        elif self._attributes.is_class_method(method):
            cls = _class_of(receiver)
            bound = receiver if cls is None else self._values.cls(cls)
            self._flow.add(node, self._values.function(method, bound))
        elif isinstance(receiver, ClassRef):
            self._flow.add(node, value)
        elif self._attributes.is_property(method):
            getter = self._values.function(method, receiver)
            self._types.note(self._types.implicit, (code.key, operation.id), getter)
            self._invocation.bind(method, receiver, Passed((), ()))
            self._flow.copy(self._flow.node("returns", method.key), node)
        elif "setter" not in self._attributes.shape(method):
            self._flow.add(node, self._values.function(method, receiver))

    def _store_attr(self, code: Code, operation: facts.StoreAttr) -> None:
        if operation.base >= 0:
            self._flow.watch(code.offset + operation.base, partial(self._store_on, code, operation))

    def _store_on(self, code: Code, operation: facts.StoreAttr, base: Value) -> None:
        match base:
            case Instance(cls=cls):
                self._call_setter(code, operation, base)
                node = self._flow.node("instance", self._attributes.owner(cls, operation.name).key, operation.name)
            case ClassRef(cls=cls):
                owner = self._attributes.defining(cls, operation.name) or cls
                node = self._flow.node("class", owner.key, operation.name)
            case ModuleRef(module=module):
                target = self._names.member(module, operation.name)
                if not isinstance(target, tuple):
                    return
                node = self._flow.node("global", *target)
            case _:
                return
        if operation.value >= 0:
            self._flow.copy(code.offset + operation.value, node)
        if operation.annotation is not None:
            self._annotated(code, operation.annotation, node)

    def _call_setter(self, code: Code, operation: facts.StoreAttr, base: Instance) -> None:
        defining = self._attributes.defining(base.cls, operation.name)
        if defining is None:
            return
        for _, store in self._attributes.class_level(defining)[operation.name]:
            for value in self._names.static(defining.body, store.value):
                if isinstance(value, FunctionRef) and "setter" in self._attributes.shape(value.code):
                    bound = self._values.function(value.code, base)
                    self._types.note(self._types.implicit, (code.key, operation.id), bound)
                    self._invocation.bind(value.code, base, Passed((code.offset + operation.value,), ()))

    # --- containers ---

    def _load_item(self, code: Code, operation: facts.LoadItem) -> None:
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
            self._copy_elements(base, node)

    def _store_item(self, code: Code, operation: facts.StoreItem) -> None:
        if operation.base >= 0 and operation.value >= 0:
            self._flow.watch(code.offset + operation.base, partial(self._store_in, code, operation))

    def _store_in(self, code: Code, operation: facts.StoreItem, base: Value) -> None:
        if isinstance(base, Instance):
            given = (code.offset + operation.key, code.offset + operation.value)
            self._invocation.method((code.key, operation.id), base, "__setitem__", Passed(given, ()), None)
        elif isinstance(base, LibraryObject) and base.site is not None:
            self._flow.copy(code.offset + operation.value, self._flow.node("elements", base.site))

    def _copy_elements(self, container: Value, node: int) -> None:
        if isinstance(container, LibraryObject) and container.site is not None:
            self._flow.copy(self._flow.node("elements", container.site), node)
        elif isinstance(container, Generator):
            self._flow.copy(self._flow.node("yields", container.code.key), node)

    def _build(self, code: Code, operation: facts.Build) -> None:
        if operation.kind == "slice":
            return
        site = (code.key, operation.id)
        self._flow.add(code.offset + operation.id, self._values.library_object(operation.kind, site))
        if operation.items:
            elements = self._flow.node("elements", site)
            for item in operation.items:
                if item >= 0:
                    self._flow.copy(code.offset + item, elements)

    def _element(self, code: Code, operation: facts.Element) -> None:
        if operation.iterable >= 0:
            self._flow.watch(code.offset + operation.iterable, partial(self._iterate, code, operation))

    def _iterate(self, code: Code, operation: facts.Element, iterable: Value) -> None:
        node = code.offset + operation.id
        self._copy_elements(iterable, node)
        if isinstance(iterable, Instance):
            iterator = self._flow.node("iterator", code.key, operation.id)
            self._invocation.method((code.key, operation.id), iterable, "__iter__", Passed((), ()), iterator)
            self._flow.watch(iterator, lambda value: self._copy_elements(value, node))

    def _unpack(self, code: Code, operation: facts.Unpack) -> None:
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
        self._copy_elements(value, node)

    # --- values that pass through ---

    def _choice(self, code: Code, operation: facts.Choice) -> None:
        # the first operand of `and` comes through only when it is false, and says nothing then
        operands = operation.operands[-1:] if operation.kind == "and" else operation.operands
        for id in operands:
            if id >= 0:
                self._flow.copy(code.offset + id, code.offset + operation.id)

    def _phi(self, code: Code, operation: facts.Phi) -> None:
        for id in operation.inputs:
            if id >= 0:
                self._flow.copy(code.offset + id, code.offset + operation.id)

    def _await(self, code: Code, operation: facts.Await) -> None:
        if operation.value >= 0:
            self._flow.copy(code.offset + operation.value, code.offset + operation.id)

    def _yield(self, code: Code, operation: facts.Yield) -> None:
        if operation.value < 0:
            return
        yields = self._flow.node("yields", code.key)
        if operation.delegates:
            self._flow.watch(code.offset + operation.value, lambda value: self._copy_elements(value, yields))
        else:
            self._flow.copy(code.offset + operation.value, yields)

    def _entered(self, code: Code, operation: facts.Entered) -> None:
        if operation.manager >= 0:
            self._flow.watch(code.offset + operation.manager, partial(self._enter, code, operation))

    def _enter(self, code: Code, operation: facts.Entered, manager: Value) -> None:
        node = code.offset + operation.id
        match manager:
            case Instance():
                site = (code.key, operation.manager)
                name = "__enter__" if self._attributes.defining(manager.cls, "__enter__") else "__aenter__"
                if not self._invocation.method(site, manager, name, Passed((), ()), node):
                    self._flow.add(node, manager)
            case Generator():
                self._copy_elements(manager, node)
            case _:
                self._flow.add(node, manager)

    def _cast(self, code: Code, operation: facts.Cast) -> None:
        node = code.offset + operation.id
        if operation.value >= 0:
            self._flow.copy(code.offset + operation.value, node)
        self._annotated(code, operation.annotation, node)

    # --- calls ---

    def _call(self, code: Code, operation: facts.Call) -> None:
        if operation.callee < 0:
            return
        passed = self._invocation.arguments(code, operation)
        site, result = (code.key, operation.id), code.offset + operation.id
        self._flow.watch(code.offset + operation.callee, partial(self._invocation.call, site, passed, result))
        callee = code.operations[operation.callee] if operation.callee < len(code.operations) else None
        if type(callee) is facts.LoadName and callee.name in ("getattr", "setattr", "delattr", "hasattr"):
            self._reflect(code, operation, callee.name)

    def _reflect(self, code: Code, call: facts.Call, function: str) -> None:
        """`getattr(x, "name")` and `setattr(x, "name", value)` mean `x.name` and `x.name = value`."""
        values = [each.value for each in call.arguments if each.name == ""]
        if len(values) < 2 or min(values) < 0:
            return
        name = code.operations[values[1]] if values[1] < len(code.operations) else None
        if type(name) is not facts.Const or name.kind != "str":
            return
        text = ast.literal_eval(name.text)
        site = (code.key, call.id)
        if function in ("getattr", "hasattr"):
            load = facts.LoadAttr(call.id, call.span, values[0], text)
            self._types.reflected[site] = load
            self._load_attr(code, load)
        elif function == "setattr" and len(values) == 3:
            store = facts.StoreAttr(call.id, call.span, values[0], text, values[2], False, None)
            self._types.reflected[site] = store
            self._store_attr(code, store)
        elif function == "delattr":
            self._types.reflected[site] = facts.DeleteAttr(call.id, call.span, values[0], text)


def _class_of(value: Value) -> ClassInfo | None:
    return value.cls if isinstance(value, Instance | ClassRef) else None


def link_types(names: Names) -> Types:
    """Infer the values of all functions of the program."""
    flow = Flow(names.sources.size)
    types = Types(names, Attributes(names), flow)
    inference = Inference(types, flow)
    for code in names.sources.codes:
        inference.add(code)
    flow.run()
    return types
