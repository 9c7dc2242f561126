"""Part of the sharing stage: the calls that a function makes, with the paths of what each passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from racelint import facts
from racelint.program.callgraph.edges import Edge
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Places
from racelint.program.sources.source import Code
from racelint.program.values.values import Instance

MANY: Final = 8
"""A call that may be of the method of more objects than this is no evidence of any."""


class PassingCalls:
    """The calls by which names are carried on."""

    def __init__(self, threads: Threads, places: Places) -> None:
        self._threads = threads
        self._places = places
        self._passed: dict[int, list[tuple[Edge, Mapping[str, str]]]] = {}
        self._often: dict[int, set[tuple[int, int]]] = {}
        """For each function: the calls, with what is called there, of the method of many objects."""
        homes = (context.code.home for context in threads.contexts if context.code is not None)
        self._starting = frozenset(cls.key for cls in homes if cls is not None)
        """The classes whose methods start a context."""

    @property
    def asked(self) -> list[Code]:
        """The functions whose calls were asked for."""
        return [self._places.types.names.sources.codes[key] for key in self._passed]

    def of(self, code: Code) -> list[tuple[Edge, Mapping[str, str]]]:
        """The calls that a function makes, each with the paths of what it passes, by the parameters' names."""
        found = self._passed.get(code.key)
        if found is None:
            calls = self._threads.calls
            found = self._passed[code.key] = [(edge, self._paths(edge)) for edge in calls.sure_calls(code)]
            found.extend((edge, self._paths(edge)) for edge in calls.dispatched_calls(code) if not self._starts(edge))
            lent = calls.lent_calls(code)
            found.extend((edge, _receiver_lent(self._places.dataflow(code), edge)) for edge in lent)
        return found

    def _paths(self, edge: Edge) -> Mapping[str, str]:
        """The paths of what a call passes, by the parameters' names."""
        return self._places.passed(edge.caller, edge.callee, edge.site, edge.receiver)

    def _starts(self, edge: Edge) -> bool:
        """Whether the class of the object whose method is called starts a context.

        An object is of one class only. Where others are possible, what runs in one of them by its name is no side of
        what another class starts, and whether anything is started is not known.
        """
        return isinstance(edge.receiver, Instance) and any(cls.key in self._starting for cls in edge.receiver.cls.mro)

    def is_any(self, edge: Edge) -> bool:
        """Whether a call may be of the method of so many objects that it is no evidence of any."""
        often = self._often.get(edge.caller.key)
        if often is None:
            beside = Counter((each.site, each.callee.key) for each in self._threads.calls.calls(edge.caller))
            often = self._often[edge.caller.key] = {call for call, times in beside.items() if times > MANY}
        return (edge.site, edge.callee.key) in often


def _receiver_lent(flow: Dataflow, edge: Edge) -> dict[str, str]:
    """The object of a bound method that is given to who calls it, by the name of its parameter."""
    fetched, own = flow.operation(edge.lent), edge.callee.first_name
    if edge.receiver is None or not own or type(fetched) is not facts.LoadAttr:
        return {}
    return {own: flow.path(fetched.base)}
