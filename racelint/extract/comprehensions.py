"""Comprehensions: loops in the function around them whose targets nobody else sees."""

from __future__ import annotations

from typing import Any, Final

import libcst as cst

from racelint.extract.dispatch import expression, value
from racelint.extract.frame import Frame
from racelint.extract.targets import assign
from racelint.facts import Await, Branch, Build, Compute, Element, Loop

_BUILDS: Final[dict[type, str]] = {
    cst.ListComp: "list",
    cst.SetComp: "set",
    cst.GeneratorExp: "generator",
    cst.DictComp: "dict",
}


@expression(cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.DictComp)
def comprehension(frame: Frame, node: Any) -> int:
    """A comprehension of any kind; its first iterable is evaluated outside of its scope."""
    clause = node.for_in
    iterable = value(frame, clause.iter)
    outer = frame.scope
    frame.scope = scope = frame.unit.scopes.of[node]
    hidden = {name: frame.environment.pop(name) for name in sorted(scope.bound) if name in frame.environment}
    keys: list[int] = []
    items: list[int] = []
    _turns(frame, node, clause, iterable, keys, items)
    frame.scope = outer
    for name in scope.bound:
        frame.environment.pop(name, None)
    frame.environment.update(hidden)
    return frame.add(Build(frame.fresh(), _BUILDS.get(type(node), "dict"), tuple(items), tuple(keys), True))


def _turns(frame: Frame, node: Any, clause: cst.CompFor, iterable: int, keys: list[int], items: list[int]) -> None:
    """The loop of one `for` clause."""
    outer, live = frame.out, frame.live
    turns = frame.enter_loop(clause)
    after = dict(frame.environment)
    span = frame.span(clause.iter)
    if clause.asynchronous is not None:
        frame.add(Await(frame.fresh(), span, iterable))
    assign(frame, clause.target, frame.add(Element(frame.fresh(), span, iterable)))
    frame.out = []
    _filtered(frame, node, clause, list(clause.ifs), keys, items)
    body = tuple(frame.out)
    head = frame.close_loop(turns)
    frame.out = outer
    frame.out.append(Loop(span, "comprehension", iterable, head, body, ()))
    frame.environment, frame.live = after, live


def _filtered(
    frame: Frame, node: Any, clause: cst.CompFor, conditions: list[cst.CompIf], keys: list[int], items: list[int]
) -> None:
    """What a turn does behind its conditions: the next clause or one element."""
    if not conditions:
        inner = clause.inner_for_in
        if inner is None:
            _element(frame, node, keys, items)
        else:
            _turns(frame, node, inner, value(frame, inner.iter), keys, items)
        return
    condition = conditions[0].test
    test = value(frame, condition)
    before, outer = dict(frame.environment), frame.open()
    _filtered(frame, node, clause, conditions[1:], keys, items)
    nodes = frame.close(outer)
    frame.out.append(Branch(frame.span(condition), test, nodes, ()))
    frame.join([before, frame.environment])


def _element(frame: Frame, node: Any, keys: list[int], items: list[int]) -> None:
    if isinstance(node, cst.DictComp):
        keys.append(value(frame, node.key))
        items.append(value(frame, node.value))
    elif hasattr(node, "elt"):
        items.append(value(frame, node.elt))
    else:
        items.append(frame.add(Compute(frame.fresh(), "**", (value(frame, node.value),))))


if hasattr(cst, "StarredDictComp"):
    expression(cst.StarredDictComp)(comprehension)
