"""Which operations call a function that is written in Python without being calls? Properties, operators, items."""

from __future__ import annotations

from collections.abc import Iterable

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.containers import DEFAULTDICT
from racelint.knowledge.operators import ARITHMETIC, ITEMS, ITERATION, KEYS, OPERATORS
from racelint.program.dataflow.dataflow import operands
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import ClassRef, FunctionRef, Generator, Instance, LibraryObject, Value


def runs_python(types: Types, code: Code, operation: Operation) -> bool:
    """Whether the operation itself calls a function in Python, as far as the types of its operands are known."""
    site = (code.key, operation.id)
    if site in types.implicit or any(isinstance(each, FunctionRef) for each in types.callees.get(site, ())):
        return True
    match operation:
        case facts.LoadAttr(base=base, name=name):
            return any(_is_computed(types, value, name) for value in types.of(code, base))
        case facts.StoreAttr(base=base):
            return has_python(types, code, [base], frozenset({"__setattr__"}))
        case facts.DeleteAttr(base=base):
            return has_python(types, code, [base], frozenset({"__delattr__"}))
        case facts.LoadItem(base=base, key=key) | facts.StoreItem(base=base, key=key):
            return has_python(types, code, [base], ITEMS) or _is_made(types, code, base) or _is_key(types, code, [key])
        case facts.DeleteItem(base=base, key=key):
            return has_python(types, code, [base], ITEMS) or _is_key(types, code, [key])
        case facts.Unpack(value=value):
            return has_python(types, code, [value], ITERATION)
        case facts.Build(kind="set", items=keys) | facts.Build(kind="dict", keys=keys):
            return _is_key(types, code, keys)
        case facts.Compute(kind=kind):
            return has_python(types, code, operands(operation), OPERATORS.get(kind, ARITHMETIC))
        case _:
            return False


def has_python(types: Types, code: Code, ids: Iterable[int], methods: frozenset[str]) -> bool:
    """Whether one of some values of a function may have one of these special methods written in Python."""
    return any(_has(types, value, methods) for id in ids for value in types.of(code, id))


def _has(types: Types, value: Value, methods: frozenset[str]) -> bool:
    knowledge = types.names.knowledge
    match value:
        case Instance(cls=cls):
            return (
                any(types.attributes.defining(cls, name) is not None for name in methods)
                or any(knowledge.runs_python(base, methods) for base in cls.library_bases)
                or (not KEYS.isdisjoint(methods) and any(types.attributes.is_dataclass(each) for each in cls.mro))
            )
        case LibraryObject(qualname=qualname):
            return knowledge.runs_python(qualname, methods)
        case Generator():
            return "__iter__" in methods
        case _:
            return False


def _is_key(types: Types, code: Code, ids: Iterable[int]) -> bool:
    """Whether to look something up by one of these keys calls their methods."""
    return has_python(types, code, ids, KEYS)


def _is_computed(types: Types, value: Value, name: str) -> bool:
    """Whether reading an attribute of the object calls a hook; properties are known as calls already."""
    if not isinstance(value, Instance):
        return False
    attributes = types.attributes
    if attributes.defining(value.cls, "__getattribute__") is not None:
        return True
    missing = attributes.defining(value.cls, name) is None and not any(
        attributes.declares(each, name) for each in value.cls.mro
    )
    if missing:
        return attributes.defining(value.cls, "__getattr__") is not None
    owner = attributes.defining(value.cls, name)
    held = types.of_class_level(owner, name) if owner is not None else {}
    return any(_has(types, each, frozenset({"__get__"})) for each in held)


def _is_made(types: Types, code: Code, container: int) -> bool:
    """Whether an item that is not there is made by a function in Python that the container was given."""
    for value in types.of(code, container):
        if isinstance(value, LibraryObject) and value.qualname == DEFAULTDICT and value.site is not None:
            maker = types.names.sources.codes[value.site[0]]
            call = maker.operation(value.site[1])
            given = call.arguments[:1] if type(call) is facts.Call else ()
            if any(isinstance(each, FunctionRef | ClassRef) for one in given for each in types.of(maker, one.value)):
                return True
    return False
