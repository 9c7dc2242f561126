"""Part of the threads stage: how sure is it that a context comes to a function at all?

A call of a function by its name, of a method of the own object, or of objects that can be of one class only is as
certain as can be. Which object is called elsewhere is inferred, and so is what a function is handed: each such leap is
right most of the time, and several in a row no longer are.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Final

from racelint import facts
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.edges import Edge, Step, on_own_object, step_of
from racelint.program.contexts.contexts import Context
from racelint.program.sources.source import Code
from racelint.program.values.values import Instance

FAR: Final = 2
"""More leaps than this are no evidence that a context comes to a function on the object in question."""


class Distances:
    """The fewest leaps by which each started context comes to each function: calls whose callee is inferred."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._known: dict[int, dict[int, int]] = {}
        self._ways: dict[int, list[tuple[Code, bool]]] = {}
        """For functions that were looked at: what they come to, and whether by a leap."""

    def is_far(self, context: Context, code: Code) -> bool:
        """Whether a started context comes to a function by too many leaps only. The main one begins anywhere."""
        if context.is_main:
            return False
        if context.index not in self._known:
            self._known[context.index] = self._leaps([entry for entry, _ in context.entries])
        return self._known[context.index].get(code.key, 0) > FAR

    def _leaps(self, entries: list[Code]) -> dict[int, int]:
        """The fewest leaps to each function, nearest first: what is no leap is looked at before what is one."""
        found: dict[int, int] = {}
        pending = deque((entry, 0) for entry in entries)
        while pending:
            code, leaps = pending.popleft()
            if code.key in found:
                continue
            found[code.key] = leaps
            for callee, is_leap in self._ways_from(code):
                if callee.key in found:
                    continue
                if is_leap:
                    pending.append((callee, leaps + 1))
                else:
                    pending.appendleft((callee, leaps))
        return found

    def _ways_from(self, code: Code) -> list[tuple[Code, bool]]:
        found = self._ways.get(code.key)
        if found is None:
            choices: dict[Step, set[int]] = defaultdict(set)
            for each in self._calls.sure_calls(code):
                if each.callee.key not in self._calls.wrapping:
                    choices[step_of(each)].add(each.callee.key)
            edges = self._calls.reaching(code)
            found = [(edge.callee, self._is_leap(edge, choices[step_of(edge)])) for edge in edges]
            self._ways[code.key] = found
        return found

    def _is_leap(self, edge: Edge, choices: set[int]) -> bool:
        """Whether it is inferred what a call runs; `choices` are the functions that it may run, by their keys."""
        if edge.lent >= 0 or (edge.receiver is not None and not on_own_object(edge) and not self._is_certain(edge)):
            return True
        return not choices <= {edge.callee.key}

    def _is_certain(self, edge: Edge) -> bool:
        """Whether only objects of one class may be there, of which one is known to be made somewhere.

        An annotation that says of which class it is makes that no less certain.
        """
        call = edge.caller.operation(edge.site)
        if type(call) is not facts.Call or not isinstance(edge.receiver, Instance):
            return False
        fetched = edge.caller.operation(call.callee)
        if type(fetched) is not facts.LoadAttr:
            return False
        there = list(self._calls.types.of(edge.caller, fetched.base))
        objects = [each for each in there if isinstance(each, Instance) and each.cls is edge.receiver.cls]
        return len(objects) == len(there) and any(each.site is not None for each in objects)
