"""Part of the signals stage: what stands around an operation: the tests that lead to it, the loops that it is in."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from racelint import facts
from racelint.facts import Node
from racelint.program.sources.branching import LEAVES
from racelint.program.sources.nodes import walk
from racelint.program.sources.source import Code


class Around(msgspec.Struct, frozen=True):
    """`tests` are values that decide whether the operation runs, `tried` operations whose failure leads to it.

    `loops` are around it, the innermost last; `limits` are the managers of the `with` around it, `arm` is what comes
    after it in the innermost body of a branch.
    """

    tests: tuple[int, ...] = ()
    tried: tuple[int, ...] = ()
    loops: tuple[facts.Loop, ...] = ()
    managers: tuple[int, ...] = ()
    arm: tuple[Node, ...] | None = None

    @property
    def leaves(self) -> bool:
        """Whether its branch leaves what follows right after it."""
        return self.arm is not None and any(isinstance(node, LEAVES) for node in self.arm)


def surroundings(code: Code) -> dict[int, Around]:
    """What stands around each call of a function, and around each manager of a `with`."""
    found: dict[int, Around] = {}
    _body(code.function.body, Around(), found)
    return found


def _body(nodes: Sequence[Node], around: Around, found: dict[int, Around], *, is_arm: bool = False) -> Around:
    """Note a body; the answer is what decides about the code after it."""
    for index, node in enumerate(nodes):
        match node:
            case facts.Branch():
                inner = replace(around, tests=(*around.tests, node.test))
                _body(node.body, inner, found, is_arm=True)
                _body(node.orelse, inner, found, is_arm=True)
                if any(isinstance(each, LEAVES) for each in walk((*node.body, *node.orelse))):
                    around = inner
            case facts.Loop():
                inner = replace(around, loops=(*around.loops, node), arm=None)
                tested = replace(inner, tests=(*inner.tests, node.test)) if node.kind == "while" else inner
                _body(node.head, inner, found)
                _body(node.body, tested, found)
                _body(node.orelse, around, found)
            case facts.With():
                found.setdefault(node.manager, around)
                inner = _body(node.body, replace(around, managers=(*around.managers, node.manager)), found)
                around = replace(around, tests=inner.tests)
            case facts.Try():
                inner = _body(node.body, around, found)
                tried = tuple(each.id for each in walk(node.body) if isinstance(each, facts.Call | facts.LoadItem))
                for handler in node.handlers:
                    _body(handler.body, replace(around, tried=(*around.tried, *tried)), found, is_arm=True)
                _body(node.orelse, inner, found)
                _body(node.final, around, found)
                around = replace(around, tests=inner.tests, tried=(*around.tried, *(tried if node.handlers else ())))
            case facts.Call():
                found[node.id] = replace(around, arm=tuple(nodes[index + 1 :])) if is_arm else around
            case _:
                pass
    return around


def tests_of(code: Code) -> list[int]:
    """The values that the branches and while loops of a function test."""
    found: list[int] = []
    for node in code.controls:
        if type(node) is facts.Branch or (type(node) is facts.Loop and node.kind == "while"):
            found.append(node.test)
    return found
