"""Branching: which tests decide whether an operation runs, and what is known where they have come out so."""

from __future__ import annotations

from collections.abc import Iterator

from builders import answers, marks, program

from racelint.program import Program
from racelint.program.sources.branching import branches_around, conditions, is_handling
from racelint.program.sources.source import Code

PARTS = """
def run(a, b, c):
    if a and not b:
        step()  # known: a, not b
    elif c:
        step()  # known: c
    else:
        step()  # known: not c
    if not (a or b):
        step()  # known: not a, not b
    if a or b:
        step()  # known:
    step()  # known:
"""

LEFT = """
def run(a, b, c):
    for each in c:
        if a:
            continue
        with b:
            step()  # known: not a
            if b:
                raise each
        step()  # known: not a
    while b:
        if c:
            break
        else:
            step()  # known: not c
    step()  # known:
    if not a:
        return
    step()  # known: a
"""

AROUND = """
def run(a, b, c):
    if a:
        return
    step()  # around:
    if b:
        with c:
            if c:
                pass
            else:
                step()  # around: b, not c
"""

HANDLED = """
def run(a, b, c):
    try:
        step()  # handling: False
    except ValueError:
        if a:
            step()  # handling: True
    else:
        step()  # handling: False
    finally:
        step()  # handling: False
"""


def named(code: Code, test: int, truth: bool) -> Iterator[str]:
    """A test of a parameter in words; nothing for any other."""
    if test < len(code.function.parameters):
        yield f"{'' if truth else 'not '}{code.function.parameters[test].name}"


def known(_: Program, code: Code, id: int) -> list[str]:
    return [word for test, truth in conditions(code, id) for word in named(code, test, truth)]


def around(_: Program, code: Code, id: int) -> list[str]:
    return [word for node, truth in branches_around(code, id) for word in named(code, node.test, truth)]


def handling(_: Program, code: Code, id: int) -> list[str]:
    return [str(is_handling(code, id))]


def test_the_tests_on_the_way_to_an_operation_decide_their_parts() -> None:
    promised = marks(PARTS, "known")

    assert len(promised) == 6
    assert promised == answers(program(PARTS), promised, known)


def test_an_arm_that_leaves_decides_what_follows() -> None:
    promised = marks(LEFT, "known")

    assert len(promised) == 5
    assert promised == answers(program(LEFT), promised, known)


def test_branches_around_an_operation_are_those_that_it_lies_in() -> None:
    promised = marks(AROUND, "around")

    assert len(promised) == 2
    assert promised == answers(program(AROUND), promised, around)


def test_only_handlers_handle() -> None:
    promised = marks(HANDLED, "handling")

    assert len(promised) == 4
    assert promised == answers(program(HANDLED), promised, handling)
