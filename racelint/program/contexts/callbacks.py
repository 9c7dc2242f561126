"""Part of the threads stage: private functions that the program only hands to libraries: who hands them over?

A thread that sets up a loop of a library and runs it, `self._loop.call_later(1, self._retry)`, is called back by that
loop itself, as far as one can see.
"""

from __future__ import annotations

from collections.abc import Iterable

from racelint import facts
from racelint.knowledge.threads import CALLS_ELSEWHERE
from racelint.program.callgraph.calls import Calls, is_public
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.sources.source import Code
from racelint.program.values.values import FunctionRef, Library, LibraryMethod


def handed_over(calls: Calls, codes: Iterable[Code]) -> dict[int, list[Code]]:
    """For those of some methods that nobody calls, and that are only handed to libraries: the functions that do so.

    By the key of the method, and in the order of the program.
    """
    spawned = {each.target.code.key for each in calls.types.spawned if isinstance(each.target, FunctionRef)}
    asked = {
        code.key: code
        for code in codes
        if code.is_method and not is_public(code) and code.key in calls.escaping and code.key not in spawned
    }
    names = {code.name for code in asked.values()}
    found: dict[int, list[Code]] = {}
    kept: set[int] = set()
    for code, load in calls.types.loads(names):
        values = calls.types.of(code, load.id)
        functions = {each.code.key for each in values if isinstance(each, FunctionRef)} & asked.keys()
        if type(load) is not facts.LoadAttr or not functions:
            continue
        for givers in (found.setdefault(key, []) for key in functions):
            givers.extend([] if code in givers else [code])
        uses = [use for use in Dataflow(code).uses(load.id) if getattr(use, "callee", None) != load.id]
        if not all(type(use) is facts.Call and _is_out_of_sight(calls, code, use) for use in uses):
            kept |= functions
    return {key: givers for key, givers in found.items() if key not in kept}


def _is_out_of_sight(calls: Calls, code: Code, call: facts.Call) -> bool:
    """Whether a library is called that is not known to have another thread call what it is given."""
    fetched = code.fetched(call)
    if isinstance(fetched, facts.LoadAttr | facts.LoadName) and fetched.name in CALLS_ELSEWHERE:
        return False
    if any(edge.site == call.id for edge in calls.calls(code)):
        return False
    values = calls.types.of(code, call.callee)
    knowledge = calls.types.names.knowledge
    return all(isinstance(each, Library | LibraryMethod) and not knowledge.known(each.qualname) for each in values)
