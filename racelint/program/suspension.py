"""Where may a task let others run? At an `await` of something that really waits, `async for` and `async with` included.

A coroutine that awaits nothing but its like runs through without a pause: to await it suspends nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from racelint import facts
from racelint.program.source import Code
from racelint.program.types import Types
from racelint.program.values import FunctionRef


@dataclass(slots=True)
class Suspensions:
    """The answer of the stage: the operations at which each function may be suspended, by its key."""

    points: dict[int, list[int]]

    def between(self, code: Code, first: int, last: int) -> list[int]:
        """The points after one operation and before another, in the order of the text."""
        return [id for id in self.points.get(code.key, ()) if first < id < last]


def link_suspension(types: Types) -> Suspensions:
    """Find the points of all functions: what surely waits first, then who awaits that."""
    awaits = {
        code: [operation for operation in code.operations if type(operation) is facts.Await]
        for code in types.names.sources.codes
        if code.function.is_async
    }
    suspending: set[int] = set()
    points: dict[int, list[int]] = {}
    changed = True
    while changed:
        changed = False
        for code, own in awaits.items():
            found = [each.id for each in own if _may_wait(types, code, each, suspending)]
            if len(found) != len(points.get(code.key, ())):
                points[code.key] = found
                suspending.add(code.key)
                changed = True
    return Suspensions(points)


def _may_wait(types: Types, code: Code, wait: facts.Await, suspending: set[int]) -> bool:
    """Whether an `await` may suspend, as far as is known by now."""
    awaited = code.operations[wait.value] if 0 <= wait.value < len(code.operations) else None
    if type(awaited) is not facts.Call:
        return True
    callees = types.callees.get((code.key, awaited.id), ())
    return not callees or not all(
        isinstance(each, FunctionRef) and each.code.function.is_async and each.code.key not in suspending
        for each in callees
    )
