"""Part of the sources: which tests decide whether an operation runs, and what is known where they have come out so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from racelint import facts
from racelint.facts import Node
from racelint.program.sources.nodes import contains, is_within, parts
from racelint.program.sources.source import Code

LEAVES: Final = (facts.Return, facts.Raise, facts.Break, facts.Continue)
"""The statements after which nothing that follows them is done."""

GOES: Final = (facts.Return, facts.Break, facts.Continue)
"""Those of them that nothing around can catch."""

ENDS: Final = (facts.Return, facts.Raise)
"""Those of them that end the function, if nothing catches them."""

Outcome = tuple[int, bool]
"""A test, and what it has come out as."""


def conditions(code: Code, id: int) -> Sequence[Outcome]:
    """The tests on the way to an operation and the parts of them that these decide, with what they have come out as."""
    found = code.conditions.get(id)
    if found is None:
        passed = _on_the_way(code.function.body, id)
        found = code.conditions[id] = [each for test, truth in passed for each in decided(code, test, truth)]
    return found


def turns(code: Code, id: int) -> Iterator[Outcome]:
    """The same for the tests of the `while` loops around an operation, which are asked before each turn."""
    for node in code.controls:
        if type(node) is facts.Loop and node.kind == "while" and is_within(node.body, id):
            yield from decided(code, node.test, True)


def decided(code: Code, test: int, truth: bool) -> Iterator[Outcome]:
    """A test that has come out so, and the parts of it which that decides: both of an `and` that is true."""
    test, straight = unnegated(code, test)
    truth = truth is straight
    yield test, truth
    choice = code.operation(test)
    if type(choice) is facts.Choice and choice.kind == ("and" if truth else "or"):
        for each in choice.operands:
            yield from decided(code, each, truth)


def unnegated(code: Code, test: int) -> Outcome:
    """What a test asks without `not`, and what that is where the test is true."""
    straight = True
    operation = code.operation(test)
    while type(operation) is facts.Compute and operation.kind == "not":
        test, straight = operation.operands[0], not straight
        operation = code.operation(test)
    return test, straight


def found_equal(code: Code, test: int, truth: bool) -> tuple[bool, tuple[int, ...]]:
    """Whether two values are one where a comparison has come out so, and these; no values if it is no such test."""
    compared = code.operation(test)
    if type(compared) is not facts.Compute or compared.kind not in ("==", "is", "!=", "is not"):
        return False, ()
    return truth is (compared.kind in ("==", "is")), compared.operands


def is_there(code: Code, test: int) -> Outcome:
    """The value that a test asks for, and what the test comes out as where that is something: `x`, `x is not None`."""
    test, straight = unnegated(code, test)
    equal, values = found_equal(code, test, True)
    for value, other in (values, values[::-1]) if len(values) == 2 else ():
        nothing = code.operation(other)
        if type(nothing) is facts.Const and nothing.text == "None":
            return value, straight is not equal
    return test, straight


def found_nothing(code: Code, id: int) -> Iterator[tuple[int, int]]:
    """The values that are None, or count as false, where a function comes to an operation, each with its test."""
    for test, truth in conditions(code, id):
        value, there = is_there(code, test)
        if there != truth:
            yield value, test


def found_something(code: Code, id: int) -> set[int]:
    """The values that are not None, or count as true, where a function comes to an operation."""
    asked = ((is_there(code, test), truth) for test, truth in conditions(code, id))
    return {value for (value, there), truth in asked if there == truth}


def named_by(code: Code, handler: facts.Handler) -> set[str]:
    """The exceptions that an `except` names."""
    return {each.name for each in map(code.operation, handler.types) if type(each) is facts.LoadName}


def is_handling(code: Code, id: int) -> bool:
    """Whether an operation is done where an exception is handled."""
    tries = (node for node in code.controls if type(node) is facts.Try)
    return any(is_within(handler.body, id) for node in tries for handler in node.handlers)


def leaves(nodes: Sequence[Node], by: tuple[type[Node], ...] = LEAVES) -> bool:
    """Whether a body ends by leaving the code after it, by one of some statements."""
    while nodes and type(nodes[-1]) is facts.With:
        nodes = nodes[-1].body
    return bool(nodes) and isinstance(nodes[-1], by)


def is_last_word(code: Code, first: int, second: int) -> bool:
    """Whether a run that comes to the first operation leaves the function before it could come to the second.

    So it is where the arm or the handler around the first ends with `return` or `raise`, and the second is outside.
    """
    for node in code.controls:
        arms: tuple[Sequence[Node], ...] = ()
        if type(node) is facts.Branch:
            arms = (node.body, node.orelse)
        elif type(node) is facts.Try:
            arms = tuple(handler.body for handler in node.handlers)
        for arm in arms:
            ends = bool(arm) and isinstance(arm[-1], ENDS)
            if ends and is_within(arm, first) and not is_within(arm, second):
                return not any(is_within(each.final, second) for each in code.controls if type(each) is facts.Try)
    return False


def loops_ended(nodes: Sequence[Node], id: int) -> list[int]:
    """The tests of the loops on every way to an operation, which have come to their end because the test failed."""
    found: list[int] = []
    for node in nodes:
        if contains(node, id):
            return found + [test for part in parts(node) if is_within(part, id) for test in loops_ended(part, id)]
        if type(node) is facts.With:
            found += loops_ended(node.body, id)
        elif type(node) is facts.Loop and node.kind == "while" and not _breaks(node.body):
            found.append(node.test)
    return found


def _breaks(nodes: Sequence[Node]) -> bool:
    """Whether a body leaves the loop around it by `break`."""
    return any(
        type(node) is facts.Break or (type(node) is not facts.Loop and any(map(_breaks, parts(node)))) for node in nodes
    )


def branches_around(code: Code, id: int) -> list[tuple[facts.Branch, bool]]:
    """The branches around an operation, the outermost first, and whether it is where their test is true."""
    return _around(code.function.body, id) or []


def _around(nodes: Sequence[Node], id: int) -> list[tuple[facts.Branch, bool]] | None:
    """None where the operation is not among the nodes."""
    for node in nodes:
        if getattr(node, "id", None) == id or (type(node) is facts.With and node.manager == id):
            return []
        for index, part in enumerate(parts(node)):
            inner = _around(part, id)
            if inner is not None:
                return [(node, index == 0), *inner] if type(node) is facts.Branch else inner
    return None


def _on_the_way(nodes: Sequence[Node], id: int, by: tuple[type[Node], ...] = LEAVES) -> Iterator[Outcome]:
    """`by` are the statements that leave what is looked at for good."""
    for node in nodes:
        around = contains(node, id)
        if type(node) is facts.Branch:
            inside = is_within(node.body, id) if around else not leaves(node.body, by)
            if around or leaves(node.body, by) or leaves(node.orelse, by):
                yield node.test, inside
                # who went past has passed the tests by which the other arm can be left, too
                yield from _on_the_way(node.body if inside else node.orelse, id, by) if not around else ()
        elif type(node) is facts.With and not around:
            # what is raised in there may be caught where it is left: `with suppress(KeyError)`
            yield from _on_the_way(node.body, id, GOES)
        if around:
            for part in parts(node):
                if is_within(part, id):
                    yield from _on_the_way(part, id)
            return
