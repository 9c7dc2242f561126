"""Part of the sharing stage: out of which container does a function take an object that stays in there?

What `pop` or the `get` of a queue gives is out of the container, and nobody else's.
"""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.containers import GOES_OVER, LOOKS_UP, MAPPINGS, SHARES_VALUES
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.values.types import Types
from racelint.program.values.values import LibraryObject


def container(types: Types, flow: Dataflow, id: int) -> str | None:
    """The path of the container that a value is drawn from, or looked up in; None where it is no such value."""
    operation = flow.operation(id)
    if type(operation) is facts.Unpack:
        operation = flow.operation(operation.value)
        return _iterated(flow, operation.iterable) if type(operation) is facts.Element else None
    if type(operation) is facts.Element:
        return _iterated(flow, operation.iterable)
    fetched = flow.code.fetched(operation)
    if type(fetched) is facts.LoadAttr and fetched.name in LOOKS_UP:
        values = types.of(flow.code, fetched.base)
        if any(isinstance(each, LibraryObject) and each.qualname in MAPPINGS for each in values):
            return flow.path(fetched.base)
    return None


def _iterated(flow: Dataflow, id: int) -> str | None:
    """The container that a loop goes over, be it over a view or a copy of it."""
    operation = flow.operation(id)
    if type(operation) is not facts.Call:
        path = flow.path(id)
        return None if path.startswith("%") else path
    fetched = flow.operation(operation.callee)
    if type(fetched) is facts.LoadAttr:
        return flow.path(fetched.base) if fetched.name in SHARES_VALUES else None
    if type(fetched) is facts.LoadName and fetched.name in GOES_OVER and operation.arguments:
        return _iterated(flow, operation.arguments[0].value)
    return None


def split_item(path: str) -> tuple[str, str, str]:
    """A path as the container, the key in brackets (none but for a literal) and the rest: `self.jobs`, `[]`, `.count`.

    The last two are empty where nothing is taken out of a container.
    """
    start = path.find("[")
    if start < 0:
        return path, "", ""
    depth = 0
    for index in range(start, len(path)):
        depth += {"[": 1, "]": -1}.get(path[index], 0)
        if not depth:
            key = path[start + 1 : index]
            return path[:start], f"[{key}]" if key.strip("'").isidentifier() and "'" in key else "[]", path[index + 1 :]
    return path[:start], "[]", ""
