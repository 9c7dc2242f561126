"""Part of the types stage: which class a parameter is of, where nobody is seen to call and only its use tells.

What asks for so much that only one class of the program has all of it is given objects of that class. That says no
more than an annotation would. What objects of built-in classes have says nothing, nor what a class hands on to another
object: then it may be such an object that is given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from racelint import facts
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.attributes import is_private
from racelint.program.values.flow import Flow
from racelint.program.values.types import Types

ENOUGH: Final = 3
"""So much has to be asked of a parameter before it is believed; what is private to a class counts twice."""

PLAIN: Final = frozenset(name for each in (dict, list, set, str, bytes, bytearray, tuple) for name in dir(each))
"""What objects of built-in classes have as well."""

DRAWN: Final = (facts.Element, facts.Unpack, facts.LoadItem, facts.Call)
"""The operations that give something of what is there: it may be of any class."""

OF_ALL: Final = frozenset(dir(object))
"""What all objects have."""


def tell_parameters(types: Types, flow: Flow) -> None:
    """Give each parameter of which nothing is known the class that alone has what is asked of it."""
    asked = _asked(types, flow)
    told = [(node, _class_of(types, flow, code, node, asked)) for code, node in _unknown(types, flow, asked)]
    for node, cls in told:
        if cls is not None:
            flow.add(node, types.names.values.instance(cls, None))


def _asked(types: Types, flow: Flow) -> dict[int, set[str]]:
    """The attributes that are fetched from, or stored on, each node of which nothing is known."""
    found: dict[int, set[str]] = defaultdict(set)
    for code in types.names.sources.codes:
        for each in code.operations:
            if isinstance(each, facts.LoadAttr | facts.StoreAttr) and each.base >= 0:
                node = code.offset + each.base
                if not flow.values(node):
                    found[node].add(each.name)
    return found


def _unknown(types: Types, flow: Flow, asked: Mapping[int, set[str]]) -> Iterator[tuple[Code, int]]:
    """The parameters without annotation, and what is drawn or called, where nothing is known of it."""
    for code in types.names.sources.codes:
        for index, each in enumerate(code.function.parameters):
            is_one = each.kind in ("positional", "keyword") and each.annotation is None
            if is_one and not flow.values(code.offset + index):
                yield code, code.offset + index
        for made in code.operations:
            drawn = code.offset + made.id if isinstance(made, DRAWN) else -1
            if any(name.startswith("_") for name in asked.get(drawn, ())):
                yield code, drawn


def _class_of(types: Types, flow: Flow, code: Code, node: int, asked: Mapping[int, set[str]]) -> ClassInfo | None:
    reached = flow.reached(node, lambda each: bool(flow.values(each)))
    names = set[str]().union(*(asked.get(each, ()) for each in reached)) - OF_ALL
    if _worth(names) < ENOUGH or any(map(is_private, names)):
        return None
    having = types.attributes.having(names)
    if len(having) != 1 or (code.home is not None and not having[0].is_apart(code.home)):
        return None
    telling = [name for name in names if not _is_handed_on(types, having[0], name)]
    return having[0] if _worth(telling) >= ENOUGH else None


def _worth(names: Iterable[str]) -> int:
    return sum(1 + name.startswith("_") for name in names if name not in PLAIN)


def _is_handed_on(types: Types, cls: ClassInfo, name: str) -> bool:
    """Whether a method asks the same of something unknown: a class may wrap what is like itself."""
    return any(
        type(each) is facts.LoadAttr and each.name == name and not types.of(ref.code, each.base)
        for owner in cls.mro
        for ref in types.attributes.methods(owner)
        if ref.code.name == name
        for each in ref.code.operations
    )
