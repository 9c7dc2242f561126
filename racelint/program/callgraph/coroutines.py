"""Part of the calls stage: where does a coroutine run that a call makes?

In an `async def` function where it is awaited; in any other one where that runs a loop, on the thread that it is on
itself: `asyncio.run(work())`. What is handed on runs as a task of its own, in the loop of who hands it on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from racelint import facts
from racelint.knowledge.loops import TO_OTHER_THREAD
from racelint.knowledge.running import Form, RunsOn
from racelint.program.callgraph.edges import Edge
from racelint.program.dataflow.dataflow import operands
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef, Site


def put_off(code: Code, runs: Collection[int] = ()) -> frozenset[int]:
    """The calls of which a function awaits nothing: what is `async def` among the callees does not run there.

    `runs` are its calls that run a loop until what they are given is complete.
    """
    calls = (each.id for each in code.operations if type(each) is facts.Call)
    return frozenset(calls) - _leading_to(code, _awaited_here(code) if code.function.is_async else _given(code, runs))


def loops_run(types: Types) -> Mapping[int, list[int]]:
    """The calls by which functions that are no coroutines run a loop, by the keys of these."""
    knowledge, found = types.names.knowledge, defaultdict[int, list[int]](list)
    for key, id in types.library_calls(lambda each: knowledge.runs_loop(each.qualname)):
        if not types.names.sources.codes[key].function.is_async:
            found[key].append(id)
    return found


def run_by_thread(types: Types, loops: Mapping[int, Collection[int]]) -> set[Site]:
    """The calls that make coroutines for a loop that the same function runs, as what it runs or as a task in it."""
    starts = (each for each in types.spawned if each.spawn.runs_on is RunsOn.LOOP and each.site[0] == each.by[0])
    own = [each for each in starts if each.site[0] in loops and each.spawn.form in (Form.COROUTINE, Form.COROUTINES)]
    elsewhere = set(types.library_calls(lambda each: each.qualname in TO_OTHER_THREAD)) if own else ()
    return {each.site for each in own if each.by not in elsewhere}


def given_to_loops(types: Types, loops: Mapping[int, Collection[int]]) -> Iterator[Edge]:
    """The coroutine functions that a function gives to a loop to call them, which it runs, or which it is on itself.

    `anyio.run(main)`, `group.start_soon(work)`: such an edge is like that of a function which is lent to a helper.
    """
    for each in types.spawned:
        code, id = types.names.sources.codes[each.site[0]], each.site[1]
        is_there = code.function.is_async or id in loops.get(code.key, ())
        if each.spawn.runs_on is not RunsOn.LOOP or each.spawn.form is not Form.COROUTINE_FUNCTION or not is_there:
            continue
        slot, call = each.spawn.callee, code.operation(id)
        given = argument(call, slot.position, slot.keyword) if type(call) is facts.Call else None
        if given is not None and isinstance(each.target, FunctionRef) and each.target.code.function.is_async:
            yield Edge(code, id, each.target.code, each.target.receiver, given)


def _given(code: Code, calls: Iterable[int]) -> Iterator[int]:
    """The arguments of some calls."""
    for call in map(code.operation, calls):
        yield from (each.value for each in call.arguments) if type(call) is facts.Call else ()


def _leading_to(code: Code, values: Iterable[int]) -> frozenset[int]:
    """Some values of a function, and all on which they depend."""
    found: set[int] = set()
    pending = list(values)
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
    """The values that an async function awaits itself, enters, steps or gives back."""
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
