"""Part of the sharing stage: which containers does an object take out of its attribute before it hands them on?

`batch, self.batch = self.batch, []; pool.submit(self.send, batch)`: whoever comes by the attribute has another one.
"""

from __future__ import annotations

import msgspec

from racelint import facts
from racelint.program.contexts.contexts import Context
from racelint.program.memory.places import Access
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code


class Swapped(msgspec.Struct):
    """Tells of an access by an attribute whether it is too late for what a context was given from there."""

    _known: dict[int, frozenset[str]] = msgspec.field(default_factory=dict)
    """By context: the attributes from which it is given what was there before."""

    def is_too_late(self, access: Access, context: Context) -> bool:
        """Whether an access comes to a container by an attribute of its object that holds another one by the time that
        the context, which was given it from there, begins."""
        load, starter = access.code.operation(access.load), context.code
        if (
            type(load) is not facts.LoadAttr
            or not access.code.is_own(load.base)
            or not _are_related(access.code, starter)
        ):
            return False
        if context.index not in self._known:
            self._known[context.index] = _taken_out(context)
        return load.name in self._known[context.index]


def _are_related(code: Code, other: Code | None) -> bool:
    """Whether two methods may be of one object."""
    if code.cls is None or other is None or other.cls is None:
        return False
    return code.cls in other.cls.mro or other.cls in code.cls.mro


def _taken_out(context: Context) -> frozenset[str]:
    """The attributes of the starter's object that are only handed on where something else is stored there before."""
    code = context.code
    call = code.operation(context.site) if code is not None else None
    if code is None or type(call) is not facts.Call:
        return frozenset()
    loads = [code.operation(each.value) for each in call.arguments]
    given = [each for each in loads if type(each) is facts.LoadAttr and code.is_own(each.base)]
    kept = {each.name for each in given if not _is_replaced(code, each, context.site)}
    return frozenset(each.name for each in given if each.name not in kept)


def _is_replaced(code: Code, load: facts.LoadAttr, start: int) -> bool:
    """Whether something else is stored where the load was made, on each way from there to the start."""
    given = set(conditions(code, start))
    return any(
        type(each) is facts.StoreAttr
        and each.name == load.name
        and code.is_own(each.base)
        and load.id < each.id < start
        and each.value != load.id
        and given.issuperset(conditions(code, each.id))
        for each in code.operations[load.id : start]
    )
