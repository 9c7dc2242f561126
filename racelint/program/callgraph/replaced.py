"""Part of the calls stage: methods that objects of a class never run, as they have another one in their place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from racelint import facts
from racelint.program.callgraph.calls import Calls, is_public
from racelint.program.callgraph.edges import Edge, on_own_object
from racelint.program.sources.source import ClassInfo, Code, is_super
from racelint.program.values.values import ClassRef

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
    if not family.isdisjoint(edge.caller.cls for edge in calls.callers(code)):
        return False
    return not _is_asked_for(calls, code, cls, family)


def _is_asked_for(calls: Calls, code: Code, cls: ClassInfo, family: Iterable[ClassInfo]) -> bool:
    """Whether a method is run on whatever object that is: by the name of its class, or as `super()` gives it away.

    `Base.step(job)`, `Thread(target=super().step)`
    """
    called = calls.callers(code)
    if any(_is_by_class(calls, edge) or _is_next(edge, cls) for edge in called):
        return True
    if code.key not in calls.escaping and not called:
        return False
    methods = (each.code for own in family for each in calls.types.attributes.methods(own))
    return any(
        type(each) is facts.LoadAttr and each.name == code.name and is_super(method, method.operation(each.base))
        for method in methods
        for each in method.operations
    )


def _is_next(edge: Edge, cls: ClassInfo) -> bool:
    """Whether a class of which others are made as well calls by `super()` what comes next in them."""
    caller = edge.caller
    fetched = caller.fetched(caller.operation(edge.site))
    if type(fetched) is not facts.LoadAttr or not is_super(caller, caller.operation(fetched.base)):
        return False
    return any(caller.cls in each.mro for each in (cls, *cls.subclasses))


def _is_by_class(calls: Calls, edge: Edge) -> bool:
    """Whether a method is called by the name of its class, and not by another class that is made of that."""
    caller, cls = edge.caller, edge.callee.cls
    if caller.cls is not None and cls in caller.cls.mro:
        return False
    fetched = caller.fetched(caller.operation(edge.site))
    base = fetched.base if type(fetched) is facts.LoadAttr else facts.NOTHING
    return any(isinstance(each, ClassRef) for each in calls.types.of(caller, base)) if base >= 0 else False


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
