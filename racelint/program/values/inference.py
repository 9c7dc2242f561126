"""Part of the types stage: each operation of each function as a constraint, solved by propagation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from racelint import facts
from racelint.program.sources.source import Code
from racelint.program.values.annotated import Annotations
from racelint.program.values.attributes import Attributes
from racelint.program.values.by_use import tell_parameters
from racelint.program.values.contents import Contents
from racelint.program.values.decorated_starts import find_decorated_starts
from racelint.program.values.elements import Elements
from racelint.program.values.fetching import Fetching
from racelint.program.values.flow import Flow
from racelint.program.values.handing_back import returned
from racelint.program.values.invocation import Invocation
from racelint.program.values.lent_starts import LentStarts
from racelint.program.values.names import Names
from racelint.program.values.passing import arguments
from racelint.program.values.texts import literal_text
from racelint.program.values.types import Passed, Types
from racelint.program.values.values import (
    ClassRef,
    FunctionRef,
    Generator,
    Instance,
    Value,
)


class Inference:
    """Builds the constraints. One handler per operation type, found by type."""

    def __init__(self, types: Types, flow: Flow) -> None:
        self._types = types
        self._flow = flow
        self._names = types.names
        self._values = types.names.values
        self._attributes = types.attributes
        self._elements = Elements(flow, types.names.values)
        self._invocation = Invocation(types, flow, self._elements, self._reflect)
        self.task_starts = self._invocation.task_starts
        self.lent_starts = LentStarts(types, self._invocation.bind)
        self._annotations = Annotations(types.names, flow)
        self._fetching = Fetching(types, flow, self._invocation, self._annotations)
        self._contents = Contents(types, flow, self._elements, self._invocation)
        self._handlers: dict[type, Callable[[Code, Any], None]] = {
            facts.LoadName: self._load_name,
            facts.StoreName: self._store_name,
            facts.LoadAttr: self._fetching.load,
            facts.StoreAttr: self._fetching.store,
            facts.LoadItem: self._contents.load_item,
            facts.StoreItem: self._contents.store_item,
            facts.Call: self._call,
            facts.Build: self._contents.build,
            facts.Choice: self._choice,
            facts.Phi: self._phi,
            facts.MakeFunction: self._make_function,
            facts.MakeClass: self._make_class,
            facts.Import: self._import,
            facts.Await: self._await,
            facts.Yield: self._yield,
            facts.Element: self._contents.element,
            facts.Unpack: self._contents.unpack,
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
            self._return(code)
        if code.function.returns is not None:
            self._annotations.add(code, code.function.returns, self._flow.node("returns", code.key))

    def _return(self, code: Code) -> None:
        """What it returns for every call; what a parameter holds each call has back for itself."""
        returns = self._flow.node("returns", code.key)
        given = returned(code)
        for id in given.values:
            self._flow.copy(code.offset + id, returns)
        for index in given.parameters:
            annotation = code.function.parameters[index].annotation
            if annotation is not None:
                self._annotations.add(code, annotation, returns)

    # --- definitions ---

    def _parameters(self, code: Code) -> None:
        cls = code.cls
        if cls is not None and code.is_method and code.function.parameters and not self._attributes.is_static(code):
            is_class = self._attributes.is_class_method(code)
            self._flow.add(code.offset, self._values.cls(cls) if is_class else self._values.instance(cls, None))
        for index, parameter in enumerate(code.function.parameters):
            node = code.offset + index
            if parameter.annotation is not None and parameter.kind in ("positional", "keyword"):
                self._annotations.add(code, parameter.annotation, node)
            if parameter.kind == "vararg":
                self._flow.add(node, self._values.library_object("tuple", (code.key, index)))
            elif parameter.kind == "kwarg":
                self._flow.add(node, self._values.library_object("dict", (code.key, index)))
            if parameter.default >= 0 and code.parent is not None:
                self._flow.copy(code.parent.offset + parameter.default, node)

    def _make_function(self, code: Code, operation: facts.MakeFunction) -> None:
        made = self._names.sources.function(code.module, operation.function)
        if self._names.is_overload(made):
            return
        node = code.offset + operation.id
        self._flow.add(node, self._values.function(made, None))
        for decorator in made.function.decorators:
            self._flow.watch(code.offset + decorator, self._decorate, code, operation, made)

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
        cls = self._names.sources.made_class(code, operation)
        self._flow.add(code.offset + operation.id, self._values.cls(cls))
        for annotation in cls.facts.annotations:
            owner = self._attributes.owner(cls, annotation.name)
            self._annotations.add(cls.body, annotation.type, self._flow.node("instance", owner.key, annotation.name))

    def _import(self, code: Code, operation: facts.Import) -> None:
        target = self._names.imported(code, operation)
        self._fetching.copy_target(target, code.offset + operation.id)

    # --- names and attributes ---

    def _load_name(self, code: Code, operation: facts.LoadName) -> None:
        node = code.offset + operation.id
        if operation.scope == "global":
            self._fetching.copy_target(self._names.variable(code.module, operation.name), node)
            return
        owner = self._names.sources.function(code.module, operation.owner)
        if operation.scope == "class" and owner.cls is not None:
            if operation.name in self._attributes.class_level(owner.cls):
                self._flow.copy(self._flow.node("class", owner.cls.key, operation.name), node)
            else:
                self._fetching.copy_target(self._names.variable(code.module, operation.name), node)
            return
        self._flow.copy(self._cell(owner, operation.name), node)

    def _store_name(self, code: Code, operation: facts.StoreName) -> None:
        if (code.key, operation.id) in self._names.spare:
            return
        if operation.scope == "global":
            node = self._flow.node("global", code.module, operation.name)
        elif operation.scope == "class" and code.cls is not None:
            node = self._flow.node("class", code.cls.key, operation.name)
        else:
            node = self._cell(self._names.sources.function(code.module, operation.owner), operation.name)
        if operation.value >= 0:
            self._flow.copy(code.offset + operation.value, node)
        if operation.annotation is not None:
            self._annotations.add(code, operation.annotation, node)

    def _cell(self, owner: Code, name: str) -> int:
        """The node of a variable that inner functions see; a parameter flows into it once somebody asks."""
        node = self._flow.node("cell", owner.key, name)
        for index, parameter in enumerate(owner.function.parameters):
            if parameter.name == name:
                self._flow.copy(owner.offset + index, node)
        return node

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
            self._flow.watch(code.offset + operation.value, self._elements.draw, yields)
        else:
            self._flow.copy(code.offset + operation.value, yields)

    def _entered(self, code: Code, operation: facts.Entered) -> None:
        if operation.manager >= 0:
            self._flow.watch(code.offset + operation.manager, self._enter, code, operation)

    def _enter(self, code: Code, operation: facts.Entered, manager: Value) -> None:
        node = code.offset + operation.id
        match manager:
            case Instance():
                site = (code.key, operation.manager)
                name = "__enter__" if self._attributes.defining(manager.cls, "__enter__") else "__aenter__"
                if not self._invocation.method(site, manager, name, Passed((), ()), node):
                    self._flow.add(node, manager)
            case Generator():
                self._elements.draw(node, manager)
            case _:
                self._flow.add(node, manager)

    def _cast(self, code: Code, operation: facts.Cast) -> None:
        told = operation.value if operation.value >= 0 else operation.id
        self._annotations.add(code, operation.annotation, code.offset + told)

    # --- calls ---

    def _call(self, code: Code, operation: facts.Call) -> None:
        if operation.callee < 0:
            return
        passed = arguments(code, operation)
        site, result = (code.key, operation.id), code.offset + operation.id
        self._flow.watch(code.offset + operation.callee, self._invocation.call, site, passed, result)
        callee = code.operation(operation.callee)
        if type(callee) is facts.LoadName and callee.name in ("getattr", "setattr", "delattr", "hasattr"):
            self._reflect(code, operation, callee.name)

    def _reflect(self, code: Code, call: facts.Call, function: str) -> None:
        """`getattr(x, "name")` and `setattr(x, "name", value)` mean `x.name` and `x.name = value`."""
        values = [each.value for each in call.arguments if each.name == ""]
        if len(values) < 2 or min(values) < 0:
            return
        text = literal_text(code, values[1])
        if text is None:
            return
        site = (code.key, call.id)
        if function in ("getattr", "hasattr"):
            load = facts.LoadAttr(call.id, call.span, values[0], text)
            self._types.reflected[site] = load
            self._fetching.load(code, load)
        elif function == "setattr" and len(values) == 3:
            store = facts.StoreAttr(call.id, call.span, values[0], text, values[2], False, None)
            self._types.reflected[site] = store
            self._fetching.store(code, store)
        elif function == "delattr":
            self._types.reflected[site] = facts.DeleteAttr(call.id, call.span, values[0], text)


def link_types(names: Names, by_use: bool = False) -> Types:
    """Infer the values of all functions of the program; `by_use`: also where only the use of an object tells."""
    flow = Flow(names.sources.size)
    types = Types(names, Attributes(names), flow)
    inference = Inference(types, flow)
    for code in names.sources.codes:
        inference.add(code)
    flow.run()
    inference.lent_starts.move()
    find_decorated_starts(types, flow)
    flow.run()
    if by_use:
        tell_parameters(types, flow)
        flow.run()
    inference.task_starts.note()
    flow.settle()
    return types
