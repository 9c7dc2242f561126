"""Part of the sharing stage: which containers does an object take out of its attribute before it hands them on?

`batch, self.batch = self.batch, []; pool.submit(self.send, batch)`: whoever comes by the attribute has another one.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

import msgspec

from racelint import facts
from racelint.program.contexts.contexts import Context
from racelint.program.memory.places import Access, Places
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code
from racelint.program.sources.surely import is_passed_before


class Swapped(msgspec.Struct):
    """Tells of an access by an attribute whether it is too late for what a context was given from there."""

    places: Places
    making: Container[int]
    """The functions, by key, that only make objects nobody else has yet."""
    _known: dict[int, frozenset[str]] = msgspec.field(default_factory=dict)
    """By context: the attributes from which it is given what was there before."""

    def is_too_late(self, access: Access, context: Context) -> bool:
        """Whether an access comes to a container by an attribute of its object that holds another one by the time that
        the context, which was given it from there, begins."""
        load, starter = access.code.operation(access.load), context.code
        if type(load) is not facts.LoadAttr or not access.code.is_own(load.base):
            return False
        if starter is None or access.code.cls is None or not access.code.cls.is_related(starter.cls):
            return False
        if access.code is starter and load.id < context.site < access.id:
            # it has been kept in a local
            return False
        if context.index not in self._known:
            self._known[context.index] = self._taken_out(context)
        return load.name in self._known[context.index]

    def _taken_out(self, context: Context) -> frozenset[str]:
        """The attributes of the starter's object that are only handed on where something else is stored there before,
        and nobody puts it back."""
        code = context.code
        call = code.operation(context.site) if code is not None else None
        if code is None or type(call) is not facts.Call:
            return frozenset()
        loads = [code.operation(each) for each in _given(code, call)]
        given = [each for each in loads if type(each) is facts.LoadAttr and code.is_own(each.base)]
        kept = {each.name for each in given if not self._is_replaced(code, each, context.site)}
        return frozenset(
            each.name for each in given if each.name not in kept and not self._is_put_back(code, each.name)
        )

    def _is_replaced(self, code: Code, load: facts.LoadAttr, start: int) -> bool:
        """Whether something else is stored where the load was made, on each way from there to the start."""
        given = set(conditions(code, start))
        return any(
            each.name == load.name
            and load.id < each.id < start
            and self._is_new(code, each.value)
            and is_passed_before(code, each.id, start)
            and given.issuperset(conditions(code, each.id))
            for each in code.own_stores()
        )

    def _is_put_back(self, code: Code, name: str) -> bool:
        """Whether a method of the object stores there what was made before, but for the one it begins with."""
        stores = self.places.types.attribute_stores.get(name, [])
        return any(
            type(store := other.operations[id]) is facts.StoreAttr
            and other.key not in self.making
            and other.is_own(store.base)
            and other.cls is not None
            and other.cls.is_related(code.cls)
            and not self._is_new(other, store.value)
            for other, id in stores
        )

    def _is_new(self, code: Code, value: int) -> bool:
        """Whether a value, by whatever way it comes, is made right there, or given back by a call."""
        found = [each for each in self.places.dataflow(code).behind(value, _ways) if not _ways(each)]
        return bool(found) and all(type(each) in (facts.Build, facts.Call, facts.Const) for each in found)


def _given(code: Code, call: facts.Call) -> Iterator[int]:
    """The values that a call is given, by themselves or in a tuple or dict that is made for it."""
    for argument in call.arguments:
        made = code.operation(argument.value)
        yield from made.items if type(made) is facts.Build else (argument.value,)


def _ways(operation: facts.Operation) -> tuple[int, ...]:
    """The values of which a value is one."""
    match operation:
        case facts.Phi(inputs=values) | facts.Choice(operands=values):
            return values
        case _:
            return ()
