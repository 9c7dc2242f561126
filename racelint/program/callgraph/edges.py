"""Part of the calls stage: one call, and which calls may be made at one place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator
from typing import Final

import msgspec

from racelint import facts
from racelint.program.sources.source import Code, is_super
from racelint.program.values.passing import argument
from racelint.program.values.values import Instance, Value

OVERRIDES: Final = 6
"""Of so many methods that override one another a call may run any, on objects that are known."""

ENTERING: Final = frozenset({"__enter__", "__exit__", "__aenter__", "__aexit__"})
"""What a `with` calls, beside what makes its context manager."""

Step = tuple[int, str]
"""One of the calls that an operation makes: its id, and which of the methods of a `with`, if it is one."""


class Edge(msgspec.Struct, frozen=True):
    """One call: operation `site` of `caller` may run `callee` on `receiver` (None for a plain function).

    `lent`: what is called there is a function that runs `callee`, which it is given as this value.
    """

    caller: Code
    site: int
    callee: Code
    receiver: Value | None
    lent: int = facts.NOTHING


NO_EDGES: Final[list[Edge]] = []
"""One for all functions that have none: nobody adds to a list of edges."""


def step_of(edge: Edge) -> Step:
    """What an edge is one of the choices of: `with make():` runs `make`, and both methods of what that returns."""
    return edge.site, edge.callee.name if edge.callee.name in ENTERING else ""


def are_dispatched(edges: list[Edge]) -> bool:
    """Whether calls are of the overrides of one method, on objects that the program makes of classes with one base."""
    classes = [edge.receiver.cls for edge in edges if isinstance(edge.receiver, Instance) and edge.receiver.site]
    methods = {edge.callee.key for edge in edges}
    if len(classes) < len(edges) or len(methods) > OVERRIDES or len({edge.callee.name for edge in edges}) > 1:
        return False
    return bool(set.intersection(*({each.key for each in cls.mro} for cls in classes)))


def overridden(edges: list[Edge], wrapping: Container[int]) -> Iterator[Edge]:
    """The calls of a method where all other possible callees are those of subclasses that override it.

    Any object of the class may be called there, and most classes are used as they are.
    """
    by_site: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.callee.key not in wrapping:
            by_site[edge.site].append(edge)
    for there in by_site.values():
        classes = {edge.callee.key: edge.callee.cls for edge in there}
        if len(classes) > 1 and len({edge.callee.name for edge in there}) == 1:
            yield from (edge for edge in there if all(cls and edge.callee.cls in cls.mro for cls in classes.values()))


def called_at(code: Code, site: int) -> int:
    """The value that is called at an operation."""
    call = code.operations[site]
    return call.callee if type(call) is facts.Call else facts.NOTHING


def passed(edge: Edge, parameter: int) -> int | None:
    """The argument that a call gives as a parameter of its callee, as a value of the caller; None if there is none."""
    call, position = edge.caller.operations[edge.site], parameter - (edge.receiver is not None)
    named = edge.callee.function.parameters[parameter]
    if type(call) is not facts.Call or position < 0 or named.kind not in ("positional", "keyword"):
        return None
    return argument(call, position, named.name)


def on_own_object(edge: Edge) -> bool:
    """Whether a method calls a method of the very object that it runs on."""
    caller, call = edge.caller, edge.caller.operations[edge.site]
    if edge.receiver is None or type(call) is not facts.Call:
        return False
    fetched = caller.operation(call.callee)
    if type(fetched) is not facts.LoadAttr or not caller.own_name:
        return False
    owner = caller.operation(fetched.base)
    if type(owner) is facts.Call:
        return is_super(caller, owner)
    captured = type(owner) is facts.LoadName and owner.name == caller.own_name
    return caller.is_own(fetched.base) or captured
