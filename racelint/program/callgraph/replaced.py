"""Part of the calls stage: methods that objects of a class never run, as they have another one in their place."""

from __future__ import annotations

from typing import Final

from racelint.program.callgraph.calls import Calls, is_public
from racelint.program.callgraph.edges import on_own_object
from racelint.program.sources.source import ClassInfo, Code

DEPTH: Final = 3
"""So many callers back it is looked for a method that is overridden."""


def is_replaced(calls: Calls, code: Code, cls: ClassInfo) -> bool:
    """Whether a class, or one between, overrides a method of a base, and nothing in its family calls that all the same.

    `super().start()` is such a call.
    """
    if code.cls is None or code.cls is cls or code.cls not in cls.mro:
        return False
    family = {each for each in (*cls.mro, *cls.subclasses) if code.cls in each.mro} - {code.cls}
    if calls.types.attributes.defining(cls, code.name) is code.cls:
        return False
    return family.isdisjoint(edge.caller.cls for edge in calls.callers(code))


def is_never_run(calls: Calls, code: Code, cls: ClassInfo, depth: int = DEPTH) -> bool:
    """Whether a method of a base is replaced in a class, or only called by such methods, on their own object."""
    if is_replaced(calls, code, cls):
        return True
    callers = calls.callers(code)
    if not depth or not callers or is_public(code) or code.key in calls.escaping:
        return False
    if code.cls is None or code.cls is cls or code.cls not in cls.mro:
        return False
    return all(on_own_object(each) and _is_of_others(calls, each.caller, cls, depth) for each in callers)


def _is_of_others(calls: Calls, caller: Code, cls: ClassInfo, depth: int) -> bool:
    """Whether no object of a class runs a method that calls one of its base."""
    is_sibling = caller.cls is not None and caller.cls.is_apart(cls) and caller.cls not in cls.mro
    return is_sibling or is_never_run(calls, caller, cls, depth - 1)
