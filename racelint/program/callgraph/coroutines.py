"""Which calls in an `async def` function only make a coroutine: it is handed on, and runs as a task of its own."""

from __future__ import annotations

from collections.abc import Iterator

from racelint import facts
from racelint.program.dataflow.dataflow import operands
from racelint.program.sources.source import Code


def put_off(code: Code) -> frozenset[int]:
    """The calls of which a function awaits nothing: what is `async def` among the callees does not run there."""
    calls = (each.id for each in code.operations if type(each) is facts.Call)
    return frozenset(calls) - (_awaited(code) if code.function.is_async else frozenset())


def _awaited(code: Code) -> frozenset[int]:
    """The values on which something depends that an async function awaits itself, enters, steps or gives back."""
    found: set[int] = set()
    pending = list(_awaited_here(code))
    while pending:
        value = pending.pop()
        if value in found or not 0 <= value < len(code.operations):
            continue
        found.add(value)
        operation = code.operations[value]
        if operation is not None:
            pending.extend(operands(operation))
    return frozenset(found)


def _awaited_here(code: Code) -> Iterator[int]:
    managers = {node.manager for node in code.controls if type(node) is facts.With}
    yield from managers
    for node in code.controls:
        if type(node) is facts.Return:
            yield node.value
    for operation in code.operations:
        match operation:
            case facts.Await(value=value) | facts.Yield(value=value) | facts.Element(iterable=value):
                yield value
            case facts.Call(id=id, callee=callee) if callee >= 0 and _entered(code, callee) in managers:
                # the group that is left waits for the tasks that were made by it
                yield id
            case _:
                pass


def _entered(code: Code, callee: int) -> int:
    """The manager of the `with` that has given the object of which a method is called, if any has."""
    fetched = code.operations[callee]
    base = fetched.base if type(fetched) is facts.LoadAttr else facts.NOTHING
    owner = code.operation(base)
    return owner.manager if type(owner) is facts.Entered else facts.NOTHING
