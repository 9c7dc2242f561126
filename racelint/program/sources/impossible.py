"""Part of the sources: code that no supported Python ever runs, as a test of its version says, is left out."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Function, Node, Operation
from racelint.program.sources.nodes import walk

VERSIONS: Final = ("version_info", "PY2", "PY3")
"""The attributes by which code asks for the version of Python."""

FIRST: Final = (3, 8)
LAST: Final = (3, 99)
"""The range of versions that code is read for."""

COMPARISONS: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def asks_for_version(operation: Operation) -> bool:
    """Whether an operation fetches what tells the version."""
    return type(operation) is facts.LoadAttr and operation.name in VERSIONS


def without_impossible(function: Function, operations: Sequence[Operation | None]) -> Function:
    """The function without what comes after a test of the version that always says no."""
    body = _possible(function.body, operations)
    left = {each.id for each in walk(body) if not isinstance(each, facts.Control)}
    gone = {each.id for each in operations if each is not None} - left
    return msgspec.structs.replace(function, body=_without(body, gone)) if gone else function


def _possible(nodes: Sequence[Node], operations: Sequence[Operation | None]) -> tuple[Node, ...]:
    """The nodes of a body that can be run."""
    found: list[Node] = []
    for index, node in enumerate(nodes):
        inside = _each_part(node, lambda part: _possible(part, operations))
        choice = type(nodes[index + 1]) is facts.Choice if index + 1 < len(nodes) else False
        truth = _truth(node.test, operations) if type(node) is facts.Branch and not choice else None
        if type(inside) is not facts.Branch or truth is None:
            found.append(inside)
            continue
        taken, other = (inside.body, inside.orelse) if truth else (inside.orelse, inside.body)
        other = other if _defines(other) else ()
        body, orelse = (taken, other) if truth else (other, taken)
        found.append(msgspec.structs.replace(inside, body=body, orelse=orelse))
        if taken and isinstance(taken[-1], facts.Return | facts.Raise) and not _defines(nodes[index + 1 :]):
            break
    return tuple(found)


def _without(nodes: Sequence[Node], gone: set[int]) -> tuple[Node, ...]:
    """The nodes, where no variable comes from what is gone."""
    return tuple(
        msgspec.structs.replace(node, inputs=tuple(each for each in node.inputs if each not in gone))
        if type(node) is facts.Phi
        else _each_part(node, lambda part: _without(part, gone))
        for node in nodes
    )


def _each_part(node: Node, change: Callable[[Sequence[Node]], tuple[Node, ...]]) -> Node:
    """A control node with its bodies changed; an operation as it is."""
    match node:
        case facts.Branch(body=body, orelse=orelse):
            return msgspec.structs.replace(node, body=change(body), orelse=change(orelse))
        case facts.Loop(head=head, body=body, orelse=orelse):
            return msgspec.structs.replace(node, head=change(head), body=change(body), orelse=change(orelse))
        case facts.With(body=body):
            return msgspec.structs.replace(node, body=change(body))
        case facts.Try(body=body, handlers=handlers, orelse=orelse, final=final):
            caught = tuple(msgspec.structs.replace(each, body=change(each.body)) for each in handlers)
            return msgspec.structs.replace(
                node, body=change(body), handlers=caught, orelse=change(orelse), final=change(final)
            )
        case _:
            return node


def _defines(nodes: Sequence[Node]) -> bool:
    """Whether a function, a class or an imported name is made there: others may refer to it by its number."""
    return any(isinstance(each, facts.MakeFunction | facts.MakeClass | facts.Import) for each in walk(nodes))


def _truth(id: int, operations: Sequence[Operation | None]) -> bool | None:
    """What a test of the version comes to for all versions; None where that is open, or it is about something else."""
    test = operations[id] if 0 <= id < len(operations) else None
    match test:
        case facts.Compute(kind="not", operands=(inner,)):
            truth = _truth(inner, operations)
            return None if truth is None else not truth
        case facts.LoadAttr(base=base, name=("PY2" | "PY3") as name):
            module = operations[base] if base >= 0 else None
            return name == "PY3" if type(module) is facts.LoadName and module.name == "six" else None
        case facts.Compute(kind=kind, operands=(left, right)) if _is_version(left, operations):
            given = _numbers(right, operations)
            if given is None:
                return None
            if kind in COMPARISONS:
                compare = COMPARISONS[kind]
                first, last = compare(FIRST[: len(given)], given), compare(LAST[: len(given)], given)
                return first if first is last else None
            if kind in ("==", "!=") and len(given) == 1:
                return (given == FIRST[:1]) is (kind == "==")
    return None


def _is_version(id: int, operations: Sequence[Operation | None]) -> bool:
    """Whether a value is `sys.version_info`, or its beginning."""
    match operations[id] if 0 <= id < len(operations) else None:
        case facts.LoadAttr(base=base, name="version_info"):
            module = operations[base] if base >= 0 else None
            return type(module) is facts.LoadName and module.name == "sys"
        case facts.LoadAttr(base=base, name="major"):
            return _is_version(base, operations)
        case facts.LoadItem(base=base, key=key):
            return _is_beginning(operations[key], operations) and _is_version(base, operations)
        case _:
            return False


def _is_beginning(key: Operation | None, operations: Sequence[Operation | None]) -> bool:
    """Whether a key means the first number, or the first few."""
    if type(key) is facts.Build and key.kind == "slice" and key.items:
        first = operations[key.items[0]] if key.items[0] >= 0 else None
        return first is None or (type(first) is facts.Const and first.kind == "none")
    return type(key) is facts.Const and key.text == "0"


def _numbers(id: int, operations: Sequence[Operation | None]) -> tuple[int, ...] | None:
    match operations[id] if 0 <= id < len(operations) else None:
        case facts.Const(kind="int", text=text) if text.isdecimal():
            return (int(text),)
        case facts.Build(kind="tuple", items=items):
            found = [_numbers(each, operations) for each in items[:2]]
            return tuple(number for each in found for number in each or ()) if all(found) else None
        case _:
            return None
