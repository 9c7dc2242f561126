"""Part of the races stage: context managers that keep on themselves what belongs to one `with`, and serve several."""

from __future__ import annotations

from typing import Final

from racelint.program.calls import Edge
from racelint.program.case import Case
from racelint.program.places import Access
from racelint.program.source import Code

OPENS: Final = "__enter__"
CLOSES: Final = "__exit__"
DECORATORS: Final = frozenset({"contextlib.ContextDecorator"})
"""Library classes whose objects, put before a function, are entered anew at each of its calls."""


def left_for_exit(case: Case, access: Access) -> Access | None:
    """The read in `__exit__` of what `__enter__` writes on an object that several `with` statements enter."""
    code = access.code
    if code.name != OPENS or not _is_own(access):
        return None
    for other in case.accesses:
        exits = other.code.name == CLOSES and other.code.cls is code.cls
        if exits and _is_own(other) and not other.kind.writes:
            return other if _is_reused(case, code) else None
    return None


def _is_own(access: Access) -> bool:
    """Whether an access of a method is to its own object."""
    return access.code.is_method and access.base == access.code.function.parameters[0].name


def _is_reused(case: Case, code: Code) -> bool:
    """Whether one object is entered again and again: a decorator, or what is kept where more than one call finds it."""
    cls = code.cls
    if cls is not None and any(base in DECORATORS for each in (cls, *cls.subclasses) for base in each.library_bases):
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
    return caller.is_method and path == caller.function.parameters[0].name
