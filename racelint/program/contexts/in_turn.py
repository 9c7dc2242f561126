"""Part of the threads stage: does who starts something wait for its end at once, so that he has one at a time?

`await to_thread(self.part.run)`, also by a task or a shield, or `self.pool.submit(self.part.run).result()`: what is his
own is with one thread at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Container
from typing import Final

from racelint import facts
from racelint.knowledge.running import Form, WaitFor
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.edges import Edge
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Types
from racelint.program.values.values import Library, LibraryMethod

DEPTH: Final = 3
"""So many callers up it is looked who waits for what a function gives back."""


def is_awaited(calls: Calls, code: Code, site: int, starts: Collection[int], depth: int = DEPTH) -> bool:
    """Whether the function waits at once for what a call gives, for what calling that gives, or for a task of it; or
    gives it back to callers that all do. `starts` are the calls of the function that start something."""
    results = {site}
    for each in code.operations[site:]:
        if type(each) is facts.Call and (each.callee in results or _carries_on(calls.types, code, each, results)):
            results.add(each.id)
        if _waits_for(calls.types, code, each, results):
            return True
        if each is not None and each.id in starts and each.id not in results:
            # what is started next is at work beside
            return False
    callers = calls.callers(code) if depth and not results.isdisjoint(code.returns) else ()
    return bool(callers) and all(
        is_awaited(calls, edge.caller, edge.site, _sites(calls, edge), depth - 1) for edge in callers
    )


def _sites(calls: Calls, edge: Edge) -> set[int]:
    """Where the caller calls the same function."""
    return {each.site for each in calls.calls(edge.caller) if each.callee is edge.callee}


def _waits_for(types: Types, code: Code, operation: facts.Operation | None, results: Container[int]) -> bool:
    """Whether an operation waits for one of some results: `await result`, `result.result()`."""
    method = code.fetched(operation)
    if type(method) is facts.LoadAttr and method.base in results:
        callees = types.of(code, method.id)
        waits = (types.names.knowledge.wait(each.qualname) for each in callees if isinstance(each, LibraryMethod))
        return any(wait is not None and wait.what is WaitFor.RESULT for wait in waits)
    return type(operation) is facts.Await and operation.value in results


def _carries_on(types: Types, code: Code, call: facts.Call, results: Container[int]) -> bool:
    """Whether who awaits a call awaits one of some results: `shield(result)`, `create_task(result)`."""
    knowledge = types.names.knowledge
    for callee in types.of(code, call.callee):
        name = callee.qualname if isinstance(callee, Library | LibraryMethod) else ""
        wait = knowledge.wait(name) if name else None
        slots = [spawn.callee for spawn in knowledge.spawns(name) if spawn.form is Form.COROUTINE] if name else []
        slots += [wait.subject] if wait is not None and wait.awaited and wait.subject is not None else []
        given = (argument(call, slot.position, slot.keyword) for slot in slots)
        if any(value is not None and value in results for value in given):
            return True
    return False
