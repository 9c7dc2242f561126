"""The files of one run under one numbering: every function a `Code`, every class a `ClassInfo`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeGuard

import msgspec

from racelint import facts
from racelint.facts import Control, Node, Operation, Span
from racelint.program.sources.impossible import asks_for_version, without_impossible
from racelint.program.sources.nodes import parts

OPERATIONS: frozenset[type] = frozenset(Operation.__args__)

END: Final = 1 << 60
"""An id behind those of all operations of any function."""


class SourceModule(msgspec.Struct, frozen=True):
    """One file that was read: its dotted module name, the path to show, and its facts."""

    name: str
    path: str
    is_package: bool
    facts: facts.ModuleFacts


@dataclass(eq=False, slots=True)
class Code:
    """One function (or module or class body) of the program; `key` is its index in `Sources.codes`.

    `operations` holds the operations by id (None for parameters and unused ids), `offset` numbers them program-wide,
    `controls` are the nodes that are no operations, in the order of the text, `returns` the ids of what it returns.
    `loops`, `stored`, the names that are set and others see, `aliases`, what a module's names are other names for, and
    `conditions`, the tests on the way to an operation, are worked out where somebody asks.
    """

    key: int
    module: int
    function: facts.Function = field(repr=False)
    path: str
    qualname: str
    offset: int
    operations: list[Operation | None] = field(repr=False)
    controls: list[Control] = field(repr=False)
    returns: list[int] = field(default_factory=list, repr=False)
    loops: list[tuple[int, int]] | None = field(default=None, repr=False)
    stored: frozenset[str] | None = field(default=None, repr=False)
    aliases: dict[str, list[str]] | None = field(default=None, repr=False)
    conditions: dict[int, list[tuple[int, bool]]] = field(default_factory=dict, repr=False)
    parent: Code | None = field(default=None, repr=False)
    cls: ClassInfo | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return self.function.name

    def operation(self, id: int) -> Operation | None:
        """The operation with that id; None for a parameter or no value."""
        return self.operations[id] if 0 <= id < len(self.operations) else None

    def fetched(self, call: Operation | None) -> Operation | None:
        """The operation that gives what a call calls; None of what is no call."""
        return self.operation(call.callee) if type(call) is facts.Call else None

    def is_none(self, id: int) -> bool:
        """Whether a value is written down as None."""
        operation = self.operation(id)
        return type(operation) is facts.Const and operation.kind == "none"

    def literal(self, id: int) -> str:
        """A literal as it is written; "" for any other value."""
        operation = self.operation(id)
        return operation.text if type(operation) is facts.Const else ""

    @property
    def is_method(self) -> bool:
        """Whether it stands directly in a class body."""
        return self.cls is not None and self.function.kind == "function"

    @property
    def home(self) -> ClassInfo | None:
        """The class in whose body it stands, however deep."""
        code: Code | None = self
        while code is not None and code.cls is None:
            code = code.parent
        return None if code is None else code.cls

    @property
    def first_name(self) -> str:
        """What a function calls the first that it is given, the object where it is bound to one; "" if that is none."""
        return self.function.parameters[0].name if self.function.parameters else ""

    @property
    def own_name(self) -> str:
        """What a method calls its own object; "" if it is no method, or is given nothing."""
        return self.first_name if self.is_method else ""

    def is_own(self, id: int) -> bool:
        """Whether a value is the object that a method is called on, by the name that it has from the start."""
        return self.own_name != "" and self.given(id) == 0

    def given(self, id: int) -> int:
        """The parameter that a value is, by its number; `NOTHING` if it is none.

        One that an inner function sees too is read by its name; where it is set anew, that may be something else.
        """
        parameters = self.function.parameters
        if id < len(parameters):
            return id
        read = self.operation(id)
        if type(read) is not facts.LoadName or read.scope != "cell":
            return facts.NOTHING
        if self.stored is None:
            self.stored = frozenset(each.name for each in self.operations if type(each) is facts.StoreName)
        named = next((index for index, each in enumerate(parameters) if each.name == read.name), facts.NOTHING)
        return facts.NOTHING if read.name in self.stored else named

    def own_attribute(self, operation: Operation | None) -> str:
        """The attribute of the object that a method is called on which an operation reads; "" if it reads none."""
        return operation.name if type(operation) is facts.LoadAttr and self.is_own(operation.base) else ""

    def own_stores(self) -> Iterator[facts.StoreAttr]:
        """The stores of attributes of the object that a method is called on."""
        return (each for each in self.operations if type(each) is facts.StoreAttr and self.is_own(each.base))


@dataclass(eq=False, slots=True)
class ClassInfo:
    """One class of the program; `bases`, `mro` and `library_bases` are filled by the names stage."""

    key: int
    module: int
    facts: facts.Class = field(repr=False)
    qualname: str
    parent: Code = field(repr=False)
    body: Code = field(repr=False)
    bases: list[ClassInfo] = field(default_factory=list)
    library_bases: list[str] = field(default_factory=list)
    mro: list[ClassInfo] = field(default_factory=list, repr=False)
    subclasses: list[ClassInfo] = field(default_factory=list, repr=False)
    """All known subclasses, direct or not, without itself."""

    def is_apart(self, other: ClassInfo) -> bool:
        """Whether no object is of both classes, as far as subclasses are known."""
        own = {self.key, *(each.key for each in self.subclasses)}
        return own.isdisjoint(each.key for each in (other, *other.subclasses))

    def is_related(self, other: ClassInfo | None) -> bool:
        """Whether an object may be of both classes, as one is the other one or extends it."""
        return other is not None and (self in other.mro or other in self.mro)


@dataclass(eq=False, slots=True)
class Sources:
    """All modules, functions and classes of the program, in a fixed order."""

    modules: list[SourceModule]
    codes: list[Code]
    classes: list[ClassInfo]
    module_bodies: list[Code]
    first_classes: list[int]
    """For each module the key of its first class."""
    by_name: dict[str, int]
    size: int
    """How many values all codes have together: each code's ids lie in `offset .. offset + count`."""
    _offsets: list[int] = field(default_factory=list, repr=False)
    _children: dict[int, list[Code]] = field(default_factory=dict, repr=False)

    def function(self, module: int, index: int) -> Code:
        """The function with that number in a module."""
        return self.codes[self.module_bodies[module].key + index]

    def made_class(self, code: Code, made: facts.MakeClass) -> ClassInfo:
        """The class that an operation of a function makes."""
        return self.classes[self.first_classes[code.module] + made.cls]

    def children(self, code: Code) -> list[Code]:
        """The functions that stand directly in another."""
        if not self._children:
            for each in self.codes:
                if each.parent is not None:
                    self._children.setdefault(each.parent.key, []).append(each)
        return self._children.get(code.key, [])

    def operation_at(self, number: int) -> tuple[Code, Operation | None]:
        """The function and operation of a program-wide value number."""
        if not self._offsets:
            self._offsets.extend(code.offset for code in self.codes)
        code = self.codes[bisect_right(self._offsets, number) - 1]
        id = number - code.offset
        return code, code.operation(id)


def is_operation(node: Node | None) -> TypeGuard[Operation]:
    """Whether a node is an operation, and not a control around such."""
    return type(node) in OPERATIONS


def is_super(code: Code, operation: Operation | None) -> bool:
    """Whether an operation is the call `super()`."""
    fetched = code.fetched(operation)
    return type(fetched) is facts.LoadName and fetched.name == "super" and fetched.scope == "global"


def _flatten(function: facts.Function) -> tuple[list[Operation | None], list[Control]]:
    found: list[Operation] = []
    controls: list[Control] = []
    pending = list(reversed(function.body))
    while pending:
        node = pending.pop()
        if is_operation(node):
            found.append(node)
            continue
        controls.append(node)  # type: ignore[arg-type]  # a node is one or the other
        for part in reversed(parts(node)):
            pending.extend(reversed(part))
    last = max((operation.id for operation in found), default=-1)
    by_id: list[Operation | None] = [None] * max(last + 1, len(function.parameters))
    for operation in found:
        by_id[operation.id] = operation
    return by_id, controls


def assemble(modules: Sequence[SourceModule]) -> Sources:
    """Number the functions and classes of all modules, in the order of module name and path."""
    ordered = sorted(modules, key=lambda module: (module.name, module.path))
    sources = Sources(ordered, [], [], [], [], {}, 0)
    for index, module in enumerate(ordered):
        sources.by_name.setdefault(module.name, index)
        _add_module(sources, index, module)
    return sources


def _add_module(sources: Sources, index: int, module: SourceModule) -> None:
    first_code, first_class = len(sources.codes), len(sources.classes)
    for written in module.facts.functions:
        function, (operations, controls) = written, _flatten(written)
        if any(each is not None and asks_for_version(each) for each in operations):
            function = without_impossible(written, operations)
            operations, controls = _flatten(function)
        returns = [node.value for node in controls if type(node) is facts.Return and node.value >= 0]
        qualname = f"{module.name}.{function.qualname}" if function.qualname else module.name
        sources.codes.append(
            Code(
                len(sources.codes), index, function, module.path, qualname, sources.size, operations, controls, returns
            )
        )
        sources.size += len(operations)
    sources.module_bodies.append(sources.codes[first_code])
    sources.first_classes.append(first_class)
    for cls in module.facts.classes:
        info = ClassInfo(
            len(sources.classes),
            index,
            cls,
            f"{module.name}.{cls.qualname}",
            sources.codes[first_code + cls.parent],
            sources.codes[first_code + cls.body],
        )
        sources.classes.append(info)
    for code in sources.codes[first_code:]:
        if code.function.parent >= 0:
            code.parent = sources.codes[first_code + code.function.parent]
        if code.function.cls >= 0:
            code.cls = sources.classes[first_class + code.function.cls]


class InCode(msgspec.Struct, frozen=True):
    """What stands in a function: a base for what the stages find."""

    code: Code

    @property
    def path(self) -> str:
        """The file."""
        return self.code.path


class AtOperation(InCode, frozen=True):
    """What is found at operation `id` of a function, and told of there."""

    id: int

    @property
    def span(self) -> Span:
        """Where it is told of."""
        return span_of(self.code, self.id)


def makes(operation: Operation | None, code: Code) -> bool:
    """Whether an operation of the function around makes the function (or lambda) `code`."""
    return type(operation) is facts.MakeFunction and operation.function == code.function.index


def makings(around: Code, code: Code) -> list[int]:
    """The operations of the function around by which it makes an inner one."""
    return [id for id, each in enumerate(around.operations) if makes(each, code)]


def span_of(code: Code, id: int) -> Span:
    """Where an operation of a function is written; the function's name for what has no place of its own."""
    span = getattr(code.operations[id], "span", None) if 0 <= id < len(code.operations) else None
    return span if isinstance(span, Span) else code.function.span
