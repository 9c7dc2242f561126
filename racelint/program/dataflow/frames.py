"""Naming one object on both sides of a call: paths of the caller in terms of the callee's parameters, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from racelint import facts
from racelint.program.dataflow.dataflow import UNKNOWN, Dataflow
from racelint.program.sources.source import Code
from racelint.program.values.values import Value

SCOPES: Final = re.compile(r"\b(?:g:\d+|c:\d+:\d+):")
"""How the paths of globals and of closure variables begin."""

LITERAL_KEY: Final = re.compile(r"\[(?:[bru]*(?:'[^'\\]*'|\"[^\"\\]*\")|-?\d+|None|True|False)\]")
"""A subscript that means the same in every function."""

PLAIN_KEY: Final = re.compile(r"(?:[gc]:|[^\W\d])[^(),]*$")
"""A key that is a variable, or what an attribute or a subscript leads to from one; no expression over several."""


def parameter_paths(flow: Dataflow, callee: Code, site: int, receiver: Value | None) -> dict[str, str]:
    """For each parameter of `callee` that the call at `site` fills: the path of the argument in the caller."""
    parameters = [each for each in callee.function.parameters if each.kind in ("positional", "keyword")]
    names = [each.name for each in parameters]
    paths: dict[str, str] = {}
    operation = flow.operation(site)
    if receiver is not None and names:
        paths[names.pop(0)] = _receiver_path(flow, callee, site)
    if type(operation) is facts.Call:
        positional = [each.value for each in operation.arguments if each.name == ""]
        for name, id in zip(names, positional, strict=False):
            paths[name] = flow.path(id)
        for each in operation.arguments:
            if each.name in names:
                paths[each.name] = flow.path(each.value)
    return paths


def _receiver_path(flow: Dataflow, callee: Code, site: int) -> str:
    match flow.operation(site):
        case facts.Call(callee=fetched):
            method = flow.operation(fetched)
            # the wrapper that a decorator made runs under the method's name
            if type(method) is facts.LoadAttr and (method.name == callee.name or not callee.is_method):
                return flow.path(method.base)
            if callee.name == "__call__":
                return flow.path(fetched)
            return f"%{site}" if callee.name == "__init__" else UNKNOWN
        case (
            facts.LoadAttr(base=base)
            | facts.StoreAttr(base=base)
            | facts.LoadItem(base=base)
            | facts.StoreItem(base=base)
        ):
            return flow.path(base)
        case facts.Element(iterable=iterable):
            return flow.path(iterable)
        case _:
            # a `with` statement: its site is the manager itself
            return flow.path(site)


def split_path(path: str) -> tuple[str, str]:
    """The root of a path and the rest of it: `self.pool[k]` is `self` and `.pool[k]`."""
    cut = min((index for index in (path.find("."), path.find("[")) if index >= 0), default=len(path))
    return path[:cut], path[cut:]


def operation_of(path: str) -> int:
    """The id of the operation that has made what a path names by that alone, `%12`; `NOTHING` for any other path."""
    return int(path[1:]) if path.startswith("%") and path[1:].isdigit() else facts.NOTHING


def as_written(path: str) -> str:
    """A path without what tells where its variables live: `data[key]` for `c:0:1:data[g:0:key]`."""
    return SCOPES.sub("", path)


def captured_paths(caller: Code, callee: Code) -> dict[str, str]:
    """For each parameter of `caller` that `callee`, a function in it, may read: how it is named there and here."""
    if callee.parent is not caller:
        return {}
    index = callee.function.parent
    return {f"c:{caller.module}:{index}:{each.name}": each.name for each in caller.function.parameters}


def is_absolute(path: str) -> bool:
    """Whether a path means the same in every function: a global, a closure variable, or no object at all."""
    return path == "" or path.startswith(("g:", "c:"))


def outward(path: str, paths: Mapping[str, str]) -> str:
    """A path of the callee in the caller's terms, given `parameter_paths`."""
    root, rest = split_path(path)
    base = root if is_absolute(root) else paths.get(root, UNKNOWN)
    inside = _keys_outward(rest, paths)
    return UNKNOWN if base == UNKNOWN or inside is None else base + inside


def _keys_outward(rest: str, paths: Mapping[str, str]) -> str | None:
    """The attributes and subscripts of a path, with the variables of the callee among the keys in the caller's terms.

    None where a key cannot be named there.
    """
    opening = rest.find("[")
    if opening < 0 or LITERAL_KEY.match(rest, opening):
        following = rest.find("[", opening + 1) if opening >= 0 else -1
        if following < 0:
            return rest
        later = _keys_outward(rest[following:], paths)
        return None if later is None else rest[:following] + later
    closing = _closing(rest, opening)
    key = rest[opening + 1 : closing]
    if not PLAIN_KEY.match(key):
        return None
    named, later = outward(key, paths), _keys_outward(rest[closing:], paths)
    return None if named == UNKNOWN or later is None else f"{rest[: opening + 1]}{named}{later}"


def _closing(path: str, opening: int) -> int:
    """Where the bracket is closed that is opened there."""
    depth = 0
    for index in range(opening, len(path)):
        depth += (path[index] == "[") - (path[index] == "]")
        if depth == 0:
            return index
    return len(path)


def inward(path: str, paths: Mapping[str, str]) -> str:
    """A path of the caller in the callee's terms, given `parameter_paths`: by the longest argument that leads to it."""
    if is_absolute(path) and not path.startswith("c:"):
        return path
    best = path if is_absolute(path) else UNKNOWN
    longest = -1
    for name, base in paths.items():
        if (
            base != UNKNOWN
            and path.startswith(base)
            and path[len(base) :][:1] in ("", ".", "[")
            and len(base) > longest
        ):
            best, longest = name + path[len(base) :], len(base)
    return best
