"""Part of the sources: what every run of a function passes, if nothing fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from racelint import facts
from racelint.program.sources.nodes import contains, is_within, parts
from racelint.program.sources.source import Code

OF_LOOPS: Final[frozenset[type[facts.Node]]] = frozenset({facts.Break, facts.Continue})
"""The statements that leave a loop, or a turn of it, and no more."""

GOES_PAST: Final = (facts.Return, facts.Break, facts.Continue)
"""The statements after which nothing that follows them is done, if all goes well."""


def unconditional(code: Code) -> set[int]:
    """The ids that every run of the function passes: outside branches and handlers; the turns of a loop count."""
    return passed(code, code.function.body)


def passed(code: Code, nodes: Iterable[facts.Node]) -> set[int]:
    """The ids that every run of some nodes of the function passes."""
    found: set[int] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        match node:
            case facts.Branch(test=test, body=body):
                asked = code.operation(test)
                if type(asked) is facts.Const and asked.text == "True":
                    pending.extend(body)
            case facts.Loop():
                pending.extend((*node.head, *node.body))
            case facts.With():
                pending.extend(node.body)
            case facts.Try():
                pending.extend((*node.body, *node.orelse, *node.final))
            case _ if hasattr(node, "id"):
                found.add(node.id)
    return found


def surely_after(code: Code, nodes: Sequence[facts.Node], id: int) -> set[int]:
    """The ids that a run passes after an operation, up to the end of some nodes of the function."""
    return passed(code, _following(nodes, id)[0])


def _following(nodes: Sequence[facts.Node], id: int) -> tuple[list[facts.Node], set[type[facts.Node]]]:
    """The nodes that every run comes to after an operation, and by which statements others may be left out."""
    for index, node in enumerate(nodes):
        if not contains(node, id):
            continue
        found, exits = _following(next((part for part in parts(node) if is_within(part, id)), ()), id)
        if type(node) is facts.Try:
            found.extend(node.final)
        if type(node) is facts.Loop:
            exits -= OF_LOOPS
        for each in nodes[index + 1 :]:
            if not exits:
                found.append(each)
                exits = _exits([each])
        return found, exits
    return [], set()


def _exits(nodes: Sequence[facts.Node]) -> set[type[facts.Node]]:
    """The statements in some nodes by which a run may go past what follows these; not what fails."""
    found: set[type[facts.Node]] = set()
    for node in nodes:
        if isinstance(node, GOES_PAST):
            found.add(type(node))
        inside = {each for part in parts(node) for each in _exits(part)}
        found |= inside - OF_LOOPS if type(node) is facts.Loop else inside
    return found


def is_passed_before(code: Code, first: int, second: int, *, fails: bool = True) -> bool:
    """Whether a run that comes to the second operation has surely made the first one, as far as loops, which may have
    no turn, and, if anything `fails`, failures that somebody catches go; for tests see `conditions`."""
    around = (node for node in code.controls if fails or type(node) is not facts.Try)
    return first < second and not any(_goes_around(node, first, second) for node in around)


def _goes_around(node: facts.Node, first: int, second: int) -> bool:
    """Whether a statement may be done without its part that the first operation is in, and then the second is."""
    if type(node) is facts.Loop:
        return is_within(node.body, first) and not is_within(node.body, second)
    if type(node) is not facts.Try:
        return False
    for handler in node.handlers:
        if is_within(handler.body, first) and not is_within(handler.body, second):
            return True
        goes_on = not handler.body or not isinstance(handler.body[-1], (*GOES_PAST, facts.Raise))
        tried = (*node.body, *node.orelse)
        if is_within(tried, first) and not is_within(tried, second) and (goes_on or is_within(handler.body, second)):
            return True
    return False


def is_caught(code: Code, id: int) -> bool:
    """Whether what fails around an operation is caught, and its function goes on, or back as if it had done it."""
    tries = (node for node in code.controls if type(node) is facts.Try and is_within((*node.body, *node.orelse), id))
    ends = (each.body[-1] if each.body else None for node in tries for each in node.handlers)
    return any(type(each) is not facts.Raise for each in ends)
