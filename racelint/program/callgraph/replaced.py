"""Part of the calls stage: methods that objects of a class never run, as they have another one in their place."""

from __future__ import annotations

from racelint.program.callgraph.calls import Calls
from racelint.program.sources.source import ClassInfo, Code


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
