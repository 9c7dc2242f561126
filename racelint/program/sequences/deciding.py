"""Part of the sequences stage: which tests decide whether an operation runs?"""

from __future__ import annotations

from collections.abc import Sequence

from racelint import facts
from racelint.facts import Node
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access
from racelint.program.sequences.misses import handles_misses
from racelint.program.sources.branching import ENDS, leaves
from racelint.program.sources.loops import is_endless
from racelint.program.sources.nodes import extent, parts
from racelint.program.sources.source import Code


class Deciding:
    """The tests of one function by what they decide about."""

    def __init__(self, code: Code, flow: Dataflow, accesses: Sequence[Access]) -> None:
        self._flow = flow
        self._accesses = accesses
        self._loads = {access.read_id for access in accesses}
        self._conditions: dict[int, tuple[int, ...]] = {}
        self._in_loops: list[tuple[int, int]] = []
        self._breaks: list[tuple[int, ...]] = []
        self._ends: dict[int, int] = {}
        self._note(code.function.body, ())

    def around(self, act: int, test: int) -> tuple[int, ...]:
        """The reads and calls in the tests that decide about an operation, without one test."""
        return self._asked([each for each in self._conditions.get(act, ()) if each != test])

    def inside(self, act: int, test: int) -> tuple[int, ...]:
        """The same without what was asked in loops that are over by then: these wait for something of their own."""
        tests = (each for each in self._conditions.get(act, ()) if each != test)
        return self._asked([each for each in tests if self._ends.get(each, act) >= act])

    def in_turns(self, act: int) -> tuple[int, ...]:
        """The reads and calls in the tests by which a loop before an operation leaves the function."""
        return self._asked([test for test, end in self._in_loops if end < act])

    def _asked(self, tests: Sequence[int]) -> tuple[int, ...]:
        return tuple(
            id
            for test in tests
            for id in sorted(self._flow.sources(test) | self._flow.calls(test))
            if id in self._loads or type(self._flow.operation(id)) is facts.Call
        )

    def beside(self, test: int, load: int) -> tuple[int, ...]:
        """The other reads in a test: it may compare what was read before with what is there now."""
        return tuple(id for id in sorted(self._flow.sources(test)) if id != load and id in self._loads)

    def _note(self, nodes: Sequence[Node], tests: tuple[int, ...]) -> tuple[int, ...]:
        """For each operation the tests that decide whether it runs; one whose branch leaves decides what follows."""
        for node in nodes:
            match node:
                case facts.Branch():
                    inner = (*tests, node.test)
                    self._note(node.body, inner)
                    self._note(node.orelse, inner)
                    if leaves(node.body) or leaves(node.orelse):
                        tests = inner
                case facts.Loop():
                    tests = self._note_loop(node, tests)
                case facts.Break():
                    self._breaks.append(tests)
                case facts.With():
                    tests = self._note(node.body, tests)
                case facts.Try():
                    missed = (*tests, *self._looked_up(node.body)) if handles_misses(node, self._flow) else tests
                    for unmissed in (node.body, node.orelse, node.final):
                        self._note(unmissed, tests)
                    for handler in node.handlers:
                        self._note(handler.body, missed)
                    if leaves(node.body):
                        tests = missed
                case _ if inside := parts(node):
                    for part in inside:
                        self._note(part, tests)
                case _ if hasattr(node, "id"):
                    self._conditions[node.id] = tests
        return tests

    def _note_loop(self, node: facts.Loop, tests: tuple[int, ...]) -> tuple[int, ...]:
        """The same for a loop. What follows it hangs on what is asked on all ways out of it: before each turn, or
        before each `break`."""
        around, self._breaks = self._breaks, []
        inner = (*tests, node.test) if node.kind == "while" else tests
        self._note(node.head, tests)
        self._note(node.body, inner)
        end = extent(node.body)[1]
        self._in_loops.extend((each.test, end) for each in node.body if type(each) is facts.Branch and _ends_all(each))
        self._note(node.orelse, tests)
        # who breaks a turn off was let into it by the test: that does not count as asked since
        out = [tuple(each for each in way if each != node.test) for way in self._breaks]
        self._breaks = around
        if not is_endless(self._flow.code, node):
            out.append(inner)
        past = [test for test in out[0] if all(test in way for way in out)] if out else tests
        self._ends.update((test, end) for test in past if test not in tests)
        return tuple(past)

    def _looked_up(self, body: Sequence[Node]) -> list[int]:
        """The items that a body fetches: that one is missing is an answer as well."""
        low, high = extent(body)
        return [each.id for each in self._accesses if low <= each.id <= high and each.method == "[]"]


def _ends_all(branch: facts.Branch) -> bool:
    """Whether a branch may leave the function."""
    return any(arm and isinstance(arm[-1], ENDS) for arm in (branch.body, branch.orelse))
