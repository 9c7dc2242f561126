"""Part of the types stage: how the arguments of a call are handed about while it is followed."""

from __future__ import annotations

from collections.abc import Callable

from racelint import facts
from racelint.knowledge.containers import CAST, GIVES_ARGUMENT
from racelint.program.sources.source import Code
from racelint.program.values.types import Passed, Types
from racelint.program.values.values import Site, Value

Call = Callable[[Site, Passed, "int | None", Value], None]
"""How one possible callee of a call is followed: (the call, its arguments, the node of its result, the callee)."""


def arguments(code: Code, call: facts.Call) -> Passed:
    """The arguments of a call as nodes."""
    positional, starred, mappings = [], [], []
    keywords = []
    for each in call.arguments:
        node = code.offset + each.value
        if each.value < 0:
            continue
        if each.name == "":
            positional.append(node)
        elif each.name == "*":
            starred.append(node)
        elif each.name == "**":
            mappings.append(node)
        else:
            keywords.append((each.name, node))
    return Passed(tuple(positional), tuple(keywords), tuple(starred), tuple(mappings))


def argument(call: facts.Call, position: int | None, keyword: str) -> int | None:
    """The id of an argument by position or keyword; None where it is not given."""
    for each in call.arguments:
        if keyword and each.name == keyword:
            return each.value
    positional = [each.value for each in call.arguments if each.name == ""]
    if position is not None and position < len(positional):
        return positional[position]
    return None


def without_cast(types: Types, code: Code, value: int) -> int:
    """What a value is for who runs the program: `cast(T, value)` gives back what it is given."""
    call = code.operation(value)
    if type(call) is not facts.Call or not types.surely_calls(code, call, (CAST,)):
        return value
    given = argument(call, GIVES_ARGUMENT[CAST], "val")
    return value if given is None else given
