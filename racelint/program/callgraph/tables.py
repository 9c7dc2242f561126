"""Part of the calls stage: functions that are kept in a table of an object, which is only there to call them.

`self._handlers = {"add": self._on_add}`, and then `self._handlers[kind](message)`: who does so is their only caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Operation
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef, Instance, Site

FETCHING: Final = ("get", "pop", "values")
"""Methods of a table that give what is in it."""

TESTS: Final = ("is", "is not", "in", "not in", "not", "==", "!=")
"""Operators that only ask whether there is something."""


class _Uses(msgspec.Struct):
    """The calls of what is fetched from the tables in the attributes of one name; `others`: more is done with them."""

    calls: list[Site] = msgspec.field(default_factory=list)
    others: bool = False


class Tables(msgspec.Struct, dict=True):
    """Tells which functions are put in tables of their object, and are called from there alone."""

    types: Types
    _uses: dict[tuple[str, int], _Uses] = msgspec.field(default_factory=dict)
    _flows: dict[int, Dataflow] = msgspec.field(default_factory=dict)

    def keeps(self, flow: Dataflow, id: int, functions: Iterable[int]) -> bool:
        """Whether a value, which is one of `functions`, only gets into a table out of which each is fetched to be
        called, in calls of which it is known what they run."""
        name, cls = _table(flow, id), flow.code.cls
        uses = self._of(name, cls) if name and cls is not None else None
        if uses is None or uses.others:
            return False
        known = [self.types.callees.get(site, {}) for site in uses.calls]
        run = {each.code.key for values in known for each in values if isinstance(each, FunctionRef)}
        return bool(known) and all(known) and run.issuperset(functions)

    @cached_property
    def _names(self) -> set[str]:
        """The attributes that a table is stored in."""
        stores = self.types.attribute_stores.items()
        return {name for name, at in stores if any(_stores_table(code, id) for code, id in at)}

    def _of(self, name: str, cls: ClassInfo) -> _Uses:
        """What is done in all of the program with the attribute of a class, or with what may be that."""
        known = self._uses.get((name, cls.key))
        if known is None:
            known = self._uses[name, cls.key] = _Uses()
            for code, load in self.types.loads((name,)) if name in self._names else ():
                id = load.id
                if type(load) is not facts.LoadAttr or self._is_of_another(code, load, cls):
                    continue
                flow = self._flows.setdefault(code.key, Dataflow(code))
                fetched = [each for use in flow.uses(id) for each in _taken_out(flow, use, id)]
                called = [_calls(flow, each) for each in fetched]
                known.others |= id in code.returns or None in called or None in fetched
                known.calls.extend((code.key, site) for sites in called for site in sites or ())
        return known

    def _is_of_another(self, code: Code, fetched: facts.LoadAttr, cls: ClassInfo) -> bool:
        """Whether an attribute is fetched from objects that are surely none of a class."""
        owners = self.types.of(code, fetched.base)
        return bool(owners) and all(isinstance(each, Instance) and each.cls.is_apart(cls) for each in owners)


def _stores_table(code: Code, id: int) -> bool:
    """Whether an operation stores a display as an attribute."""
    store = code.operation(id)
    return type(store) is facts.StoreAttr and type(code.operation(store.value)) is facts.Build


def _table(flow: Dataflow, id: int) -> str:
    """The attribute of the object with the only table that a value gets into; "" where more is done with it."""
    names = {_kept_in(flow, use, id) for use in flow.uses(id)}
    return names.pop() if len(names) == 1 and id not in flow.code.returns else ""


def _kept_in(flow: Dataflow, use: Operation, id: int) -> str:
    """The attribute with the table that a use of a value puts it in; "" if it does something else."""
    match use:
        case facts.Build(kind="dict" | "list" | "tuple", items=items, keys=keys) if id in items and id not in keys:
            stores = flow.uses(use.id)
            store = stores[0] if len(stores) == 1 and use.id not in flow.code.returns else None
            is_kept = type(store) is facts.StoreAttr and store.value == use.id and flow.code.is_own(store.base)
            return store.name if type(store) is facts.StoreAttr and is_kept else ""
        case facts.StoreItem(base=base, value=value, key=key) if value == id != key:
            table = flow.operation(base)
            return table.name if type(table) is facts.LoadAttr and flow.code.is_own(table.base) else ""
        case _:
            return ""


def _taken_out(flow: Dataflow, use: Operation, table: int) -> list[int | None]:
    """The values that a use of a table takes out of it; None among them where it may be any other use of it."""
    match use:
        case facts.LoadItem(base=base, id=id) | facts.Element(iterable=base, id=id) if base == table:
            return [id]
        case facts.LoadAttr(name=name) if name in FETCHING:
            calls = flow.uses(use.id)
            if not all(type(each) is facts.Call and each.callee == use.id for each in calls):
                return [None]
            if name != "values":
                return [each.id for each in calls if type(each) is facts.Call]
            drawn = (each for call in calls if type(call) is facts.Call for each in flow.uses(call.id))
            return [each.id if type(each) is facts.Element else None for each in drawn]
        case facts.Compute(kind=kind) if kind in TESTS:
            return []
        case facts.StoreItem(base=base, value=value) if base == table != value:
            return []
        case _:
            return [None]


def _calls(flow: Dataflow, id: int | None, depth: int = 3) -> list[int] | None:
    """The calls of a value with which nothing else is done; None if anything is."""
    if id is None or not depth or id in flow.code.returns:
        return None
    found: list[int] = []
    for use in flow.uses(id):
        match use:
            case facts.Call(callee=callee, arguments=arguments) if callee == id:
                if any(each.value == id for each in arguments):
                    return None
                found.append(use.id)
            case facts.Compute(kind=kind) if kind in TESTS:
                pass
            case facts.Phi() | facts.Choice():
                behind = _calls(flow, use.id, depth - 1)
                if behind is None:
                    return None
                found.extend(behind)
            case _:
                return None
    return found
