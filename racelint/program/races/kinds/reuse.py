"""Part of the races stage: what belongs to one call or one `with`, and is left in an object that serves several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from racelint import facts
from racelint.knowledge.definitions import CONTEXT_DECORATORS, MADE_FOR_EACH_CALL
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.edges import Edge
from racelint.program.memory.places import Access, Kind, Places
from racelint.program.races.cases.case import Case
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.values import LibraryObject

OPENS: Final = "__enter__"
CLOSES: Final = "__exit__"


def left_for_exit(case: Case, access: Access) -> Access | None:
    """The read in `__exit__` of what `__enter__` writes on an object that several `with` statements enter."""
    code = access.code
    if code.name != OPENS or not access.is_of_self:
        return None
    for other in case.accesses:
        exits = other.code.name == CLOSES and other.code.cls is code.cls
        if exits and other.is_of_self and not other.kind.writes:
            return other if _is_reused(case, code) else None
    return None


def left_by_wrapper(case: Case, access: Access) -> Access | None:
    """The read, later in the same call, of an argument that the wrapper of a function keeps on its decorator."""
    code = access.code
    if access.kind is not Kind.WRITE or not 0 <= access.value < len(code.function.parameters):
        return None
    if not keeps_on_decorator(case.sharing.places, case.threads.calls, access):
        return None
    later = (each for each in case.accesses if each.code is code and each.base == access.base)
    return next((each for each in later if not each.kind.writes and each.read_id > access.id), None)


def keeps_on_decorator(places: Places, calls: Calls, access: Access) -> bool:
    """Whether a function that a method hands out, to run in place of one that was given, touches the method's object.

    That is one for all calls of the function that it decorates.
    """
    code, sources = access.code, places.types.names.sources
    if code.key not in calls.handed_out or not access.base.startswith("c:"):
        return False
    _, module, index, own = access.base.split(":", 3)
    if sources.function(int(module), int(index)).own_name != own:
        return False
    called = (code.operation(each.callee) for each in code.operations if type(each) is facts.Call)
    free = (each for each in called if type(each) is facts.LoadName and each.scope == "free")
    around = ((sources.function(code.module, each.owner), each.name) for each in free)
    return any(name in {each.name for each in outer.function.parameters} for outer, name in around if name != own)


def left_for_later(case: Case, access: Access) -> Access | None:
    """The call that goes on, later in the function, from what a method has left in a library object: `seek`, `read`."""
    methods = _goes_on(case, access.method) if access.kind is Kind.MUTATE else frozenset()
    for other in case.accesses if methods else ():
        later = other.code is access.code and other.base == access.base and other.id > access.id
        if later and other.method in methods:
            return other
    if methods and access.code.name == OPENS and access.is_of_self and _is_reused(case, access.code):
        closing = (each for each in case.accesses if each.code.name == CLOSES and each.code.cls is access.code.cls)
        return next((each for each in closing if each.method in methods), None)
    return None


def moves_on(case: Case, access: Access) -> Callable[[Access], bool]:
    """Whether somebody else's access changes what was left for a later call."""
    methods = {access.method, *_goes_on(case, access.method)}
    return lambda other: other.kind.rebinds or other.method in methods


def _goes_on(case: Case, method: str) -> frozenset[str]:
    places = case.sharing.places
    held = [value.qualname for value in places.values(case.place) if isinstance(value, LibraryObject)]
    return frozenset().union(*(places.types.names.knowledge.carried(each, method) for each in held))


def is_decorator(places: Places, calls: Calls, code: Code) -> bool:
    """Whether the object that is entered stands before functions, and so is one for all of their calls."""
    cls = code.cls
    if code.name != OPENS or cls is None:
        return False
    return any(_is_offered(calls, each) for each in (cls, *cls.subclasses)) or any(
        _is_around_calls(places, calls, cls, edge) for edge in calls.callers(code)
    )


def _is_offered(calls: Calls, cls: ClassInfo) -> bool:
    """Whether anybody may put an object of the class, and not one made anew for each call, before a function."""
    is_public = not cls.qualname.rpartition(".")[2].startswith("_")
    decorates = any(base in CONTEXT_DECORATORS for each in cls.mro for base in each.library_bases)
    return is_public and decorates and calls.types.attributes.defining(cls, MADE_FOR_EACH_CALL) is None


def _is_around_calls(places: Places, calls: Calls, cls: ClassInfo, edge: Edge) -> bool:
    """Whether a function that a method hands out enters the method's object around a call of what either is given."""
    caller, outer = edge.caller, edge.caller.parent
    if outer is None or not outer.own_name or outer.cls not in cls.mro:
        return False
    flow = places.dataflow(caller)
    scope, _, entered = flow.path(edge.site).rpartition(":")
    given = [each.name for each in outer.function.parameters[1:]]
    runs = {flow.path(each.callee) for each in caller.operations if type(each) is facts.Call}
    functions = {f"{scope}:{name}" for name in given} | {each.name for each in caller.function.parameters}
    is_kept = caller.key in calls.handed_out or caller.key in calls.lent
    return is_kept and scope.startswith("c:") and entered == outer.own_name and not runs.isdisjoint(functions)


def _is_reused(case: Case, code: Code) -> bool:
    """Whether one object is entered again and again: a decorator, or what is kept where more than one call finds it."""
    if is_decorator(case.sharing.places, case.threads.calls, code):
        return True
    return any(_is_kept(case, edge) for edge in case.threads.calls.callers(code))


def _is_kept(case: Case, edge: Edge) -> bool:
    """Whether a `with` statement enters an object that is not of its own function's making."""
    caller, calls = edge.caller, case.threads.calls
    path = case.sharing.places.dataflow(caller).path(edge.site)
    root = path.split(".")[0]
    if path.startswith("g:") or (root != path and not root.startswith("%")):
        return True
    if path.startswith("c:"):
        return caller.key in calls.handed_out or caller.key in calls.lent
    return path == caller.own_name
