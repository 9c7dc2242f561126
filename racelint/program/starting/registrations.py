"""Part of the birth stage: which calls hand an object to a thread that runs already and calls what it is given?

The thread goes over a container of objects or functions. Whoever puts itself in there may be called at any time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

import msgspec

from racelint import facts
from racelint.program.callgraph.steps import Frame
from racelint.program.contexts.contexts import OWN_THREADS, Context
from racelint.program.contexts.threads import Threads
from racelint.program.memory.draws import containers_behind, is_made, put_in
from racelint.program.memory.places import Places
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.passing import argument
from racelint.program.values.values import FunctionRef, Instance, Value


class Dispatch(msgspec.Struct, frozen=True):
    """A thread calls what it has drawn out of a container: one of these functions."""

    context: Context
    runs: tuple[Code, ...]


class Registrations:
    """Knows the calls that put their arguments where a thread finds them."""

    def __init__(self, threads: Threads, places: Places) -> None:
        self._threads = threads
        self._places = places
        self._types = places.types
        self._constructed: dict[tuple[int, ...], Collection[int]] = {}
        self._dispatches = self._find_dispatches()
        self._given = self._find_given()
        self.codes = {code.key for code, _ in self._given}
        """The functions with such calls."""

    def of(self, code: Code, call: facts.Call) -> Iterator[tuple[int, Dispatch]]:
        """The values that a call registers with a thread, which runs already: what it registers with has started it."""
        for value, container in self._given.get((code, call.id), ()):
            for dispatch in self._dispatches[container]:
                if self._is_running(dispatch.context, code, call):
                    yield value, dispatch

    def _find_dispatches(self) -> dict[Value, list[Dispatch]]:
        found: dict[Value, list[Dispatch]] = defaultdict(list)
        for code in self._types.names.sources.codes:
            context = next((each for each in self._threads.of(code) if each.runs_on in OWN_THREADS), None)
            if context is None:
                continue
            flow = self._places.dataflow(code)
            for call in code.operations:
                if type(call) is not facts.Call:
                    continue
                callees = self._types.callees.get((code.key, call.id), {})
                runs = tuple(each.code for each in callees if isinstance(each, FunctionRef))
                fetched = flow.operation(call.callee)
                drawn = fetched.base if type(fetched) is facts.LoadAttr else call.callee
                for container, _ in containers_behind(self._types, flow, drawn) if runs else ():
                    if is_made(container):
                        found[container].append(Dispatch(context, runs))
        return found

    def _find_given(self) -> dict[Frame, list[tuple[int, Value]]]:
        """For each call: which of the values that it hands on come into which container."""
        found: dict[Frame, list[tuple[int, Value]]] = defaultdict(list)
        for code in self._types.names.sources.codes if self._dispatches else ():
            for id, base, value in put_in(code):
                containers = [each for each in self._types.of(code, base) if each in self._dispatches]
                if not 0 <= value < len(code.function.parameters):
                    found[code, id].extend((value, each) for each in containers)
                    continue
                name = code.function.parameters[value].name
                for edge in self._threads.calls.callers(code) if containers else ():
                    call = edge.caller.operation(edge.site)
                    position = value - (0 if edge.receiver is None else 1)
                    given = argument(call, position, name) if type(call) is facts.Call and position >= 0 else None
                    if given is not None:
                        found[edge.caller, edge.site].extend((given, each) for each in containers)
        return found

    def _is_running(self, context: Context, code: Code, call: facts.Call) -> bool:
        """Whether the constructor of the object that is called, or of what that has, starts the thread."""
        # a thread of which nobody knows who starts it may well wait for the end of the constructor
        fetched = code.operation(call.callee) if context.starts else None
        while type(fetched) is facts.LoadAttr:
            owners = [each.cls for each in self._types.of(code, fetched.base) if isinstance(each, Instance)]
            reached = self._run_by_constructors(owners)
            if reached:
                return all(starter.key in reached for starter, _ in context.starts)
            fetched = code.operation(fetched.base)
        return False

    def _run_by_constructors(self, classes: list[ClassInfo]) -> Collection[int]:
        """The functions that surely run when an object of one of the classes is made, by their keys."""
        asked = tuple(cls.key for cls in classes)
        if asked not in self._constructed:
            methods = (each for cls in classes for each in self._types.attributes.all_methods(cls))
            constructors = [each for each in methods if each.name == "__init__"]
            self._constructed[asked] = self._threads.calls.reachable(constructors, surely=True)
        return self._constructed[asked]
