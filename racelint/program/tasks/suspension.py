"""Where may a task let others run? At an `await` of something that really waits, `async for` and `async with` included.

A coroutine that awaits nothing but its like runs through without a pause: to await it suspends nobody.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from racelint import facts
from racelint.program.callgraph.arms import literal
from racelint.program.callgraph.protocols import method_refs
from racelint.program.sources.nodes import is_within
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef, Instance, Library, LibraryMethod, LibraryObject, Site, Value


class Suspensions(msgspec.Struct):
    """The answer of the stage: the operations at which each function may be suspended, by its key."""

    points: dict[int, list[int]]

    def between(self, code: Code, first: int, last: int) -> list[int]:
        """The points after one operation and before another, in the order of the text."""
        return [id for id in self.points.get(code.key, ()) if first < id < last]


def link_suspension(types: Types) -> Suspensions:
    """Find the points of all functions: what surely waits first, then who awaits that."""
    finder = _Finder(types)
    awaits = {
        code: [operation for operation in code.operations if type(operation) is facts.Await]
        for code in types.names.sources.codes
        if code.function.is_async
    }
    points: dict[int, list[int]] = {}
    changed = True
    while changed:
        changed = False
        for code, own in awaits.items():
            found = [each.id for each in own if finder.may_wait(code, each)]
            if len(found) != len(points.get(code.key, ())):
                points[code.key] = found
                finder.suspending.add(code.key)
                changed = True
    return Suspensions(points)


class _Finder:
    """Tells what may wait, as far as is known by now: `suspending` are the coroutines that do."""

    def __init__(self, types: Types) -> None:
        self.suspending: set[int] = set()
        self._types = types
        self._knowledge = types.names.knowledge
        self._entered: dict[int, list[facts.With]] = {}

    def _entering(self, code: Code, wait: facts.Await) -> facts.With | None:
        """The `async with` of which an `await` is the beginning, or the end."""
        found = self._entered.get(code.key)
        if found is None:
            nodes = (node for node in code.controls if type(node) is facts.With)
            found = self._entered[code.key] = [node for node in nodes if node.is_async]
        return next((node for node in found if node.manager == wait.value), None)

    def may_wait(self, code: Code, wait: facts.Await) -> bool:
        """Whether an `await` may suspend, be it that of an `async with`."""
        awaited = code.operation(wait.value)
        callees = self._types.callees.get((code.key, awaited.id), ()) if type(awaited) is facts.Call else ()
        entering = self._entering(code, wait)
        if entering is not None and self._is_entered_at_once(code, wait, callees):
            return False
        if entering is not None and is_within(entering.body, wait.id) and self._is_left_at_once(code, wait):
            return False
        return not callees or not all(self._runs_through(each) for each in _made(callees))

    def _runs_through(self, callee: Value) -> bool:
        if isinstance(callee, LibraryMethod):
            return self._always_has_room(callee)
        return (
            isinstance(callee, FunctionRef) and callee.code.function.is_async and callee.code.key not in self.suspending
        )

    def _always_has_room(self, callee: LibraryMethod) -> bool:
        """Whether a call puts something in a queue that was made without a limit."""
        transfer, queue = self._knowledge.transfer(callee.qualname), callee.receiver
        if transfer is None or not transfer.sends or not isinstance(queue, LibraryObject) or queue.site is None:
            return False
        maker = self._types.names.sources.codes[queue.site[0]]
        made = maker.operations[queue.site[1]]
        size = argument(made, 0, "maxsize") if type(made) is facts.Call else None
        return type(made) is facts.Call and (size is None or literal(maker, size) in ("0", "-1"))

    def _is_entered_at_once(self, code: Code, wait: facts.Await, callees: Iterable[Value]) -> bool:
        """Whether what is entered and left waits for nothing: a timeout, or an object of the program that does not."""
        values = self._types.of(code, wait.value)
        names = [each.qualname for each in (*values, *callees) if isinstance(each, Library | LibraryObject)]
        if any(self._knowledge.enters_at_once(name) for name in names):
            return True
        return bool(values) and all(isinstance(each, Instance) and self._enters_at_once(each) for each in values)

    def _is_left_at_once(self, code: Code, wait: facts.Await) -> bool:
        """Whether what is left is a lock that is only released then."""
        values = self._types.of(code, wait.value)
        return bool(values) and all(
            isinstance(each, LibraryObject) and self._knowledge.leaves_at_once(each.qualname) for each in values
        )

    def _enters_at_once(self, manager: Instance) -> bool:
        methods = method_refs(self._types, manager, ("__aenter__", "__aexit__"))
        return len(methods) == 2 and all(each.function.is_async and each.key not in self.suspending for each in methods)


def _made(callees: Iterable[Value]) -> list[Value]:
    """The callees without those of which only an annotation tells, where it is known what objects are meant."""
    found = list(callees)
    methods = [each for each in found if isinstance(each, LibraryMethod) and isinstance(each.receiver, LibraryObject)]
    told = {each.qualname for each in methods if _site(each) is not None}
    return [each for each in found if each not in methods or _site(each) is not None or each.qualname not in told]


def _site(method: LibraryMethod) -> Site | None:
    return method.receiver.site if isinstance(method.receiver, LibraryObject) else None
