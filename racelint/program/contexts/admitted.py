"""Part of the threads stage: does a context come to an operation, or does what it passes keep it from there?

`self.read()` runs all of `read(self, size=-1)` but what that does `if size > 0`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from racelint.program.callgraph.arms import leaves_out
from racelint.program.callgraph.concrete import handed, refuses
from racelint.program.callgraph.edges import Edge
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code

DEPTH: Final = 2
"""So many calls back it is asked what they pass."""


class Admitted(msgspec.Struct):
    """Tells which operations of functions that they run contexts leave out all the same."""

    threads: Threads
    dataflow: Callable[[Code], Dataflow]
    _chosen: dict[tuple[int, int], bool] = msgspec.field(default_factory=dict)
    """For functions and operations: whether a parameter decides if it is done."""
    _shut: dict[tuple[int, int], dict[Edge, bool]] = msgspec.field(default_factory=dict)
    """For functions and operations: by call, whether that shuts it out; the contexts that make one are often many."""
    _kept_away: dict[tuple[int, int, int], bool] = msgspec.field(default_factory=dict)
    """What was asked, by context, function and operation."""
    _only: dict[tuple[int, int], list[Edge]] = msgspec.field(default_factory=dict)
    """By context and function: the calls by which it comes there, if it does so in no other way."""

    def is_kept_away(self, context: Context, code: Code, id: int) -> bool:
        """Whether all calls by which a started context comes to a function pass literals with which it leaves `id` out,
        or objects of classes for which it does so.

        What the main context passes is not known: callers outside are part of it.
        """
        if context.is_main:
            return False
        asked = context.index, code.key, id
        known = self._kept_away.get(asked)
        if known is None:
            known = self._kept_away[asked] = self._is_kept_away(context, code, id, DEPTH)
        return known

    def _is_kept_away(self, context: Context, code: Code, id: int, depth: int) -> bool:
        edges = self._only_ways(context, code) if depth else []
        return bool(edges) and all(
            self._shuts_out(edge, id) or self._is_kept_away(context, edge.caller, edge.site, depth - 1)
            for edge in edges
        )

    def _only_ways(self, context: Context, code: Code) -> list[Edge]:
        """The calls by which a context comes to a function; none if it comes there in another way as well."""
        asked = context.index, code.key
        if asked not in self._only:
            calls = [edge for edge in self.threads.calls.callers(code) if context in self.threads.of(edge.caller)]
            found_by = self.threads.found_by.get(asked)
            is_found = any((edge.caller, edge.site) == found_by for edge in calls)
            is_entry = any(entry is code for entry, _ in context.entries)
            self._only[asked] = calls if is_found and not is_entry else []
        return self._only[asked]

    def _shuts_out(self, edge: Edge, id: int) -> bool:
        shut = self._shut.setdefault((edge.callee.key, id), {})
        known = shut.get(edge)
        if known is None:
            known = shut[edge] = self._find_shut_out(edge, id)
        return known

    def _find_shut_out(self, edge: Edge, id: int) -> bool:
        calls, callee = self.threads.calls, edge.callee
        is_chosen = self._is_chosen(callee, id)
        if is_chosen and leaves_out(calls, edge, self.dataflow(callee), id):
            return True
        return refuses(calls.types, callee, id, handed(calls.types, edge))

    def _is_chosen(self, code: Code, id: int) -> bool:
        """Whether a parameter decides if an operation is done."""
        known = self._chosen.get((code.key, id))
        if known is None:
            given = range(1 if code.own_name else 0, len(code.function.parameters))
            flow = self.dataflow(code) if given else None
            known = self._chosen[code.key, id] = flow is not None and any(
                flow.comes_from(test, each) for test, _ in conditions(code, id) for each in given
            )
        return known
