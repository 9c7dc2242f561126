"""Part of the locksets stage: which generators are advanced elsewhere than where they are made?"""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.containers import GIVES_ELEMENT
from racelint.program.callgraph.calls import Calls, is_public
from racelint.program.callgraph.edges import Edge, on_own_object
from racelint.program.memory.places import Places
from racelint.program.sources.source import Code
from racelint.program.values.values import FunctionRef, LibraryMethod


def is_left_to_others(code: Code, places: Places, calls: Calls) -> bool:
    """Whether a generator is advanced elsewhere than where it is made: nobody can say what is held there."""
    if not code.function.is_generator or calls.types.attributes.is_context_manager(code):
        return False
    return not any(_is_advanced(edge, places, calls) for edge in calls.callers(code))


def stepped(places: Places, calls: Calls) -> frozenset[int]:
    """The functions that run only in generators which are stored, and advanced by whoever comes to the store.

    What is public is there for callers outside as well, unless it is a step that the generator's object takes itself.
    """
    stored: dict[int, set[Edge]] = {}
    for code in calls.types.names.sources.codes:
        if code.function.is_generator and not code.function.decorators:
            edges = {edge for edge in calls.callers(code) if _is_stored(edge, places, calls)}
            if edges:
                stored[code.key] = edges
    found: set[int] = set()
    pending = [calls.types.names.sources.codes[key] for key in stored]
    while pending:
        code = pending.pop()
        if code.key in found or (code.key not in stored and _is_open(code, calls)):
            continue
        idle = stored.get(code.key, set())
        if all(edge in idle or edge.caller.key in found for edge in calls.callers(code)):
            found.add(code.key)
            pending.extend(edge.callee for edge in calls.calls(code))
    return frozenset(found)


def _is_open(code: Code, calls: Calls) -> bool:
    """Whether callers that nobody knows may come to a function."""
    return code.key in calls.escaping or (is_public(code) and not all(map(on_own_object, calls.callers(code))))


def _is_stored(edge: Edge, places: Places, calls: Calls) -> bool:
    """Whether a generator is put away where it is made, and not advanced there."""
    uses = places.dataflow(edge.caller).uses(edge.site)
    stores = any(isinstance(use, facts.StoreAttr | facts.StoreItem | facts.StoreName) for use in uses)
    return stores and not _is_advanced(edge, places, calls)


def _is_advanced(edge: Edge, places: Places, calls: Calls) -> bool:
    """Whether a generator is gone through by the function that makes it, or by what that calls."""
    return any(
        isinstance(use, facts.Element | facts.Yield | facts.Entered)
        or (type(use) is facts.Call and not _keeps(edge.caller, use, calls))
        for use in places.dataflow(edge.caller).uses(edge.site)
    )


def _keeps(code: Code, call: facts.Call, calls: Calls) -> bool:
    """Whether a call may keep what it is given: a function of the program, or a container that it is put into."""
    return any(
        isinstance(each, FunctionRef)
        or (isinstance(each, LibraryMethod) and each.qualname.rpartition(".")[2] in GIVES_ELEMENT)
        for each in calls.types.of(code, call.callee)
    )
