"""Inside one function: which operations use a value, which reads a value comes from, and how an object is reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from racelint import facts
from racelint.facts import Operation
from racelint.program.sources.source import Code, is_super
from racelint.program.values.texts import literal_text

LOADS: Final = (facts.LoadName, facts.LoadAttr)
UNKNOWN: Final = "?"
"""The path of an object that cannot be named."""

FALSE: Final = frozenset({"None", "False", "0", "0.0", "''", "b''"})
"""The literals that count as false."""

_OPERANDS: Final[dict[type[Operation | None], Callable[[Any], tuple[int, ...]]]] = {
    facts.LoadAttr: lambda each: (each.base,),
    facts.DeleteAttr: lambda each: (each.base,),
    facts.LoadItem: lambda each: (each.base, each.key),
    facts.DeleteItem: lambda each: (each.base, each.key),
    facts.StoreAttr: lambda each: (each.base, each.value),
    facts.StoreItem: lambda each: (each.base, each.key, each.value),
    facts.StoreName: lambda each: (each.value,),
    facts.Unpack: lambda each: (each.value,),
    facts.Await: lambda each: (each.value,),
    facts.Yield: lambda each: (each.value,),
    facts.Call: lambda each: (each.callee, *[argument.value for argument in each.arguments]),
    facts.Build: lambda each: (*each.items, *each.keys),
    facts.Compute: lambda each: each.operands,
    facts.Choice: lambda each: each.operands,
    facts.Phi: lambda each: each.inputs,
    facts.Element: lambda each: (each.iterable,),
    facts.Entered: lambda each: (each.manager,),
}


def operands(operation: Operation) -> tuple[int, ...]:
    """The ids of the values that an operation takes in."""
    taken = _OPERANDS.get(type(operation))
    return () if taken is None else taken(operation)


class Dataflow:
    """The def-use chains of one function. Phis and casts are looked through on request only."""

    def __init__(
        self,
        code: Code,
        reflected: frozenset[int] = frozenset(),
        shorten: Callable[[Code, str], str] = lambda _, path: path,
        behind: Callable[[Code, int], int] = lambda _, id: id,
        stands_for_none: Callable[[Code, int], bool] = lambda _, id: False,
    ) -> None:
        """`reflected` are values that count as reads: calls of `getattr`, containers that came as arguments.

        `shorten` gives another path for a path that leads to the same object by attributes, `behind` the value that a
        call gives back, `stands_for_none` tells of a value whether it only stands for nothing: `MISSING = object()`.
        """
        self.code = code
        self._shorten = shorten
        self._behind = behind
        self._stands_for_none = stands_for_none
        self._reflected = reflected
        self._uses: dict[int, list[Operation]] | None = None
        self._sources: dict[tuple[int, bool, frozenset[int]], frozenset[int]] = {}
        self._paths: dict[int, str] = {}
        self._item_changes: dict[str, list[facts.StoreItem | facts.DeleteItem]] | None = None

    def operation(self, id: int) -> Operation | None:
        """The operation with that id; None for a parameter or no value."""
        return self.code.operation(id)

    def uses(self, id: int) -> list[Operation]:
        """The operations that take in a value."""
        if self._uses is None:
            chains: dict[int, list[Operation]] = defaultdict(list)
            self._uses = chains
            for operation in self.code.operations:
                take = _OPERANDS.get(type(operation))
                if take is not None and operation is not None:
                    taken = take(operation)
                    for each in taken if len(taken) < 2 else dict.fromkeys(taken):
                        chains[each].append(operation)
        return self._uses.get(id, [])

    def is_used(self, id: int) -> bool:
        """Whether anything is made of a value: it is taken in by an operation, returned or tested."""
        if self.uses(id) or id in self.code.returns:
            return True
        return any(isinstance(node, facts.Branch | facts.Loop) and node.test == id for node in self.code.controls)

    def is_result_used(self, id: int) -> bool:
        """The same of what a call gives, or of what awaiting it gives."""
        awaited = [use.id for use in self.uses(id) if type(use) is facts.Await]
        return any(map(self.is_used, awaited)) if awaited else self.is_used(id)

    def comes_from(self, id: int, origin: int) -> bool:
        """Whether a value was computed from another one, through locals, operators and calls."""
        seen: set[int] = set()
        pending = [id]
        while pending:
            each = pending.pop()
            if each == origin:
                return True
            operation = self.operation(each)
            if each not in seen and operation is not None:
                seen.add(each)
                pending.extend(operands(operation))
        return False

    def origins(self, id: int) -> frozenset[int]:
        """The values that a value `comes_from`, itself among them."""
        found: set[int] = set()
        pending = [id]
        while pending:
            each = pending.pop()
            if each not in found:
                found.add(each)
                operation = self.operation(each)
                pending.extend(operands(operation) if operation is not None else ())
        return frozenset(found)

    def behind(self, id: int, through: Callable[[Operation], Iterable[int]] = operands) -> Iterator[Operation]:
        """The operations that a value was computed with, itself first, each once; `through` says what is followed."""
        seen: set[int] = set()
        pending = [id]
        while pending:
            each = pending.pop()
            operation = self.operation(each)
            if each not in seen and operation is not None:
                seen.add(each)
                yield operation
                pending.extend(through(operation))

    def is_earlier_answer(self, id: int, value: int) -> bool:
        """Whether an operation is a call that has no part in a value, though it may be one on the same object."""
        return type(self.operation(id)) is facts.Call and all(each.id != id for each in self.behind(value))

    def calls(self, id: int) -> frozenset[int]:
        """The calls that a value was computed with, the arguments of these left out."""

        def through(operation: Operation) -> tuple[int, ...]:
            return () if type(operation) in (*LOADS, facts.Call) else operands(operation)

        return frozenset(each.id for each in self.behind(id, through) if type(each) is facts.Call)

    def sources(self, id: int, *, awaited: bool = True, without: frozenset[int] = frozenset()) -> frozenset[int]:
        """The reads (of names and attributes) that a value was computed from, through locals, operators and calls.

        Those of an awaited value only if `awaited`: it is the answer of somebody else. Nothing through `without`.
        """
        found = self._sources.get((id, awaited, without))
        if found is None:
            reads: set[int] = set()
            seen: set[int] = set()
            pending = [id]
            while pending:
                each = pending.pop()
                operation = self.operation(each)
                if each in self._reflected:
                    reads.add(each)
                if each in seen or each in without or operation is None:
                    continue
                seen.add(each)
                if type(operation) in LOADS or each in self._reflected:
                    reads.add(each)
                    if type(operation) is facts.LoadAttr:
                        pending.append(operation.base)
                if type(operation) not in LOADS and (awaited or type(operation) is not facts.Await):
                    pending.extend(operands(operation))
            found = self._sources[id, awaited, without] = frozenset(reads)
        return found

    def path(self, id: int) -> str:
        """A name for the object in this function's terms: `self.pool`, `g:pkg.mod.registry`, or `%7` for the value 7.

        Equal paths name the same object as long as nothing on the path is rebound in between.
        """
        found = self._paths.get(id)
        if found is None:
            self._paths[id] = UNKNOWN
            found = self._paths[id] = self._path(id)
        return found

    def _path(self, id: int) -> str:
        parameters = self.code.function.parameters
        if 0 <= id < len(parameters):
            return parameters[id].name
        match self.operation(id):
            case facts.LoadName(name=name, scope="cell") if any(each.name == name for each in parameters):
                return name
            case facts.LoadName(name=name, scope="global"):
                return f"g:{self.code.module}:{name}"
            case facts.LoadName(name=name, owner=owner):
                return f"c:{self.code.module}:{owner}:{name}"
            case facts.LoadAttr(base=base, name=name):
                return self._shorten(self.code, f"{self.path(base)}.{name}")
            case facts.LoadItem(base=base, key=key):
                return f"{self.path(base)}[{self.key(key)}]"
            case facts.Await(value=value) if value >= 0:
                return self.path(value)
            case facts.Phi(inputs=inputs) | facts.Choice(operands=inputs):
                paths = {self.path(each) for each in inputs if each not in (id, facts.NOTHING)} - {UNKNOWN}
                return paths.pop() if len(paths) == 1 else f"%{id}"
            case facts.Call(arguments=arguments) as call if is_super(self.code, call):
                # the object is that of the method, only its attributes are looked up further up
                if len(arguments) > 1:
                    return self.path(arguments[1].value)
                return self.code.first_name if parameters and not arguments else f"%{id}"
            case facts.Call() if (given := self._behind(self.code, id)) != id:
                return self.path(given)
            case _:
                return f"%{id}"

    def item_changes(self, path: str) -> list[facts.StoreItem | facts.DeleteItem]:
        """The operations that store an item of the container with a path, or take one out, in order."""
        if self._item_changes is None:
            self._item_changes = defaultdict(list)
            for each in self.code.operations:
                if type(each) is facts.StoreItem or type(each) is facts.DeleteItem:
                    self._item_changes[self.path(each.base)].append(each)
        return self._item_changes.get(path, [])

    def shortest(self, path: str) -> str:
        """The shortest path that leads to the same object."""
        return self._shorten(self.code, path)

    def key(self, id: int) -> str:
        """A name for a subscript: the literal, the expression over literals and paths, or the path of the value."""
        match self.operation(id):
            case facts.Const(text=text):
                return text
            case facts.Call(callee=callee, arguments=arguments):
                return f"{self.path(callee)}({','.join(self.key(each.value) for each in arguments)})"
            case facts.Compute(kind=kind, operands=inputs):
                return f"({kind}{','.join(self.key(each) for each in inputs)})"
            case facts.Build(kind="tuple", items=items):
                return f"({','.join(self.key(each) for each in items)})"
            case _:
                return self.path(id)

    def text(self, id: int) -> str | None:
        """The value of a string literal."""
        return literal_text(self.code, id)

    def ways(self, id: int) -> tuple[int, ...]:
        """The values one of which a value is: those that meet there, those that it is chosen from, or itself alone."""
        match self.operation(id):
            case facts.Phi(inputs=values) | facts.Choice(operands=values):
                return values
            case _:
                return (id,)

    def is_constant(self, id: int) -> bool:
        """Whether the value is a literal, or a choice between literals."""

        def parts(operation: Operation | None) -> Iterable[int] | None:
            match operation:
                case facts.Const():
                    return ()
                case facts.Phi(inputs=inputs) | facts.Choice(operands=inputs):
                    return inputs
                case facts.Compute(kind="-" | "not", operands=(only,)):
                    return (only,)
                case _:
                    return None

        return self.consists(id, parts)

    def consists(self, id: int, parts: Callable[[Operation | None], Iterable[int] | None]) -> bool:
        """Whether a value is made of nothing but what is allowed: `parts` gives of what a value is made in turn.

        It gives None for a value that is not allowed.
        """
        seen: set[int] = set()
        pending = [id]
        while pending:
            each = pending.pop()
            if each not in seen:
                seen.add(each)
                made_of = parts(self.operation(each))
                if made_of is None:
                    return False
                pending.extend(made_of)
        return True

    def is_empty(self, id: int) -> bool:
        """Whether the value is a display with nothing in it: `[]`, `{}`."""
        made = self.operation(id)
        return type(made) is facts.Build and not made.items and not made.keys and not made.comprehension

    def is_fraction(self, id: int) -> bool:
        """Whether the value is a product with a literal factor below one."""
        product = self.operation(id)
        factors = map(self.operation, product.operands) if type(product) is facts.Compute else ()
        parts = (each.text for each in factors if type(each) is facts.Const and each.kind == "float")
        return type(product) is facts.Compute and product.kind == "*" and any(float(each) < 1 for each in parts)

    def is_repeatable(self, id: int) -> bool:
        """Whether every run makes an equal value: a literal, or displays and operators over literals, never changed."""

        def parts(operation: Operation | None) -> Iterable[int] | None:
            match operation:
                case facts.Const():
                    return ()
                case facts.Build(id=made, items=items, keys=keys, comprehension=False) if self._is_left_alone(made):
                    return (*items, *keys)
                case facts.Phi(inputs=inputs) | facts.Choice(operands=inputs) | facts.Compute(operands=inputs):
                    return inputs
                case _:
                    return None

        return self.consists(id, parts)

    def _is_left_alone(self, display: int) -> bool:
        """Whether a display is only stored, and made part of other values: nobody gets hold of it to change it."""
        return all(
            type(use) in (facts.Build, facts.Compute, facts.StoreName, facts.StoreAttr) for use in self.uses(display)
        )

    def truth(self, id: int) -> bool | None:
        """Whether a literal counts as true; None for what is no literal."""
        operation = self.operation(id)
        if type(operation) is not facts.Const:
            return None
        return operation.text not in FALSE

    def is_told_apart(self, id: int) -> bool:
        """Whether it is only compared which object a value is: `found is MISSING`."""
        compared = [use for use in self.uses(id) if type(use) is facts.Compute]
        return bool(compared) and all(use.kind in ("is", "is not") for use in compared)

    def is_nothing(self, id: int) -> bool:
        """Whether the value is None, or an object of the module that stands for nothing."""
        return self.is_none(id) or self._stands_for_none(self.code, id)

    def is_none(self, id: int) -> bool:
        """Whether the value is the literal None."""
        operation = self.operation(id)
        return type(operation) is facts.Const and operation.kind == "none"
