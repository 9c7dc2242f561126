"""Part of the locksets stage: what is made, or fetched, only for a library that calls it before it returns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from racelint import facts
from racelint.knowledge.containers import CALL_AT_ONCE
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.edges import Edge
from racelint.program.locking.identities import Locks
from racelint.program.memory.places import Places
from racelint.program.sources.source import Code, makings
from racelint.program.values.values import FunctionRef, Instance, Library, LibraryMethod


def run_at_once(places: Places, locks: Locks, calls: Calls) -> dict[int, list[Edge]]:
    """The functions that are there for `sorted`, `Condition.wait_for` and the like, as calls by who gives them.

    Inner functions, and methods that are fetched for nothing else: these run with all that is held at the call.
    """
    return _AtOnce(places, locks, calls).find()


class _AtOnce:
    def __init__(self, places: Places, locks: Locks, calls: Calls) -> None:
        self._places = places
        self._locks = locks
        self._types = calls.types
        self._codes = calls.types.names.sources.codes

    def find(self) -> dict[int, list[Edge]]:
        """The calls, by the function that makes them."""
        found: dict[int, list[Edge]] = defaultdict(list)
        for edge in (*self._inner(), *self._methods()):
            found[edge.caller.key].append(edge)
        return found

    def _inner(self) -> Iterator[Edge]:
        """The lambdas and inner functions that are only given to such calls."""
        for code in self._codes:
            around = code.parent
            if code.function.kind not in ("lambda", "function") or around is None or code.function.decorators:
                continue
            if around.function.kind in ("module", "class") and code.function.kind == "function":
                continue
            made = makings(around, code)
            uses = [use for id in made for use in self._uses(around, id)]
            if uses and None not in uses:
                yield from (Edge(around, use.id, code, None) for use in uses if use is not None)

    def _methods(self) -> Iterator[Edge]:
        """The methods that are fetched, other than to be called, only for such calls; at where they are fetched."""
        given = dict(self._given())
        names = {self._codes[key].name for key in given}
        fetched: dict[int, list[Edge | None]] = defaultdict(list)
        for code in self._codes if names else ():
            called = {each.callee for each in code.operations if type(each) is facts.Call}
            for load in code.operations:
                if type(load) is facts.LoadAttr and load.name in names and load.id not in called:
                    is_given = None not in self._uses(code, load.id)
                    for each in self._bound(code, load.id):
                        edge = Edge(code, load.id, each.code, each.receiver) if is_given else None
                        fetched[each.code.key].append(edge)
        for edges in (those for key, those in fetched.items() if key in given):
            if None not in edges:
                yield from (each for each in edges if each is not None)

    def _given(self) -> Iterator[tuple[int, Code]]:
        """The methods that any such call is given."""
        for code in self._codes:
            for call in code.operations:
                if type(call) is facts.Call and call.arguments and self._calls_at_once(code, call):
                    for argument in call.arguments:
                        yield from ((each.code.key, each.code) for each in self._bound(code, argument.value))

    def _bound(self, code: Code, id: int) -> list[FunctionRef]:
        values = self._types.of(code, id) if id >= 0 else ()
        return [each for each in values if isinstance(each, FunctionRef) and isinstance(each.receiver, Instance)]

    def _uses(self, code: Code, id: int) -> list[facts.Call | None]:
        """The calls that a value is given to; None for any other use of it, and if there is none."""
        uses = self._places.dataflow(code).uses(id)
        found = [use if type(use) is facts.Call and self._calls_at_once(code, use) else None for use in uses]
        return found or [None]

    def _calls_at_once(self, code: Code, call: facts.Call) -> bool:
        """Whether a call runs what it is given before it returns: to sort by it, or to ask whether to wait."""
        callees = self._types.of(code, call.callee) if call.callee >= 0 else ()
        known = [each for each in callees if isinstance(each, Library | LibraryMethod)]
        return bool(known) and all(each.qualname in CALL_AT_ONCE or self._asks(each) for each in known)

    def _asks(self, callee: Library | LibraryMethod) -> bool:
        method = self._locks.method(callee) if isinstance(callee, LibraryMethod) else None
        return method is not None and method.predicate is not None
