"""Part of the places stage: what each use of a loaded value does to the Place that it came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from racelint import facts
from racelint.facts import Operation, Span
from racelint.knowledge.containers import DEFAULTDICT, LOOKS_UP
from racelint.knowledge.iteration import NEXT
from racelint.knowledge.model import Access as Effected
from racelint.knowledge.model import Effect
from racelint.program.dataflow.frames import outward, parameter_paths
from racelint.program.memory.items import uses_of_items
from racelint.program.memory.iterations import Walk, Walks, given_away, walked
from racelint.program.memory.places import Access, Kind, Place, Places
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument, without_cast
from racelint.program.values.types import Types
from racelint.program.values.values import LibraryMethod, LibraryObject, Value


class Collector:
    """Collects the accesses of one function."""

    def __init__(self, places: Places, code: Code) -> None:
        self._places = places
        self._types = places.types
        self._knowledge = places.types.names.knowledge
        self._code = code
        self._flow = places.dataflow(code)
        self._walks = Walks(self._types, code, self._flow)
        self._located: dict[int, list[tuple[Place, str, tuple[Value, ...]]]] = {}

    def collect(self) -> list[Access]:
        """All accesses in the order of their operations."""
        found: list[Access] = []
        for operation in self._code.operations:
            effective = operation
            if type(operation) is facts.Call:
                # only calls, of `getattr` and its like, are taken for something else
                effective = self._types.reflected.get((self._code.key, operation.id), operation)
            collector = COLLECTORS.get(type(effective))
            if collector is not None:
                found.extend(collector(self, effective))
            if type(operation) is facts.Call or type(operation) is facts.LoadAttr:
                found.extend(self._returned(operation))
        for index, parameter in enumerate(self._code.function.parameters):
            found.extend(self._argument_contents(index, parameter.name))
        return sorted(found, key=lambda access: access.id)

    def _argument_contents(self, index: int, name: str) -> list[Access]:
        """What the function does to the contents of a container that it was given."""
        places = self._places.handed(self._code, index)
        lent = self._places.lent(self._code, index)
        if not places and not lent:
            return []
        load = facts.LoadName(index, self._code.function.span, name, "global", 0)
        self._located[index] = [*((place, name if place.kind == "object" else "", ()) for place in places), *lent]
        found = [access for use in self._flow.uses(index) for access in self._use(load, index, use)]
        return self._asked(load, index) + found

    def _asked(self, load: facts.LoadName, index: int) -> list[Access]:
        """Where a function asks whether what it was given is empty: `while jobs`, `if not jobs`.

        The first is no step of its own, and so tells nothing of the locks that are held there: it counts where there
        are none.
        """
        tests = (each for each in self._code.controls if type(each) is facts.Branch or type(each) is facts.Loop)
        spans = {each.test: each.span for each in tests}
        uses = self._flow.uses(index)
        asked = [use.id for use in uses if type(use) is facts.Compute and use.kind == "not" and use.id in spans]
        if not asked and index in spans and not self._locks():
            asked = [index]
        return [access for id in asked for access in self._made(Kind.READ, load, id, spans[id])]

    def _locks(self) -> bool:
        """Whether a function may take a lock itself."""
        names = self._knowledge.lock_method_names()
        return any(
            type(each) is facts.With or (type(each) is facts.LoadAttr and each.name in names)
            for each in (*self._code.controls, *self._code.operations)
        )

    def _returned(self, operation: facts.Call | facts.LoadAttr) -> list[Access]:
        """The walks over a container, or a view of it, that a method or property of the program gives away.

        Of a property that returns what an attribute holds, all that is done to the contents.
        """
        given = given_away(self._types, self._code, operation.id)
        if given is None:
            return []
        uses = self._flow.uses(operation.id)
        walks = [self._walks.of(operation.id, operation.id, use, given.view) for use in uses]
        as_held = type(operation) is facts.LoadAttr and not given.view
        is_used = any(walks) or (as_held and any(self._may_touch(operation.id, use) for use in uses))
        if not is_used or self._where(operation):
            return []
        paths = parameter_paths(self._flow, given.code, operation.id, given.receiver)
        self._located[operation.id] = [
            (place, self._flow.shortest(outward(base, paths)), bases)
            for place, base, bases in self._places.located(given.code, given.load)
        ]
        if as_held and isinstance(operation, facts.LoadAttr):
            return [access for use in uses for access in self._use(operation, operation.id, use)]
        return [access for walk in walks if walk is not None for access in self._walked(operation, walk)]

    def _may_touch(self, id: int, use: Operation) -> bool:
        """Whether a use may look at, or change, the contents of a container."""
        if isinstance(use, facts.Call):
            return bool(self._walks.view(id, id, use))
        return isinstance(use, facts.StoreItem | facts.DeleteItem | facts.LoadAttr | facts.LoadItem)

    def _where(self, operation: Operation) -> list[tuple[Place, str, tuple[Value, ...]]]:
        found = self._located.get(operation.id)
        if found is None:
            found = self._located[operation.id] = self._places.located(self._code, operation)
        return found

    def _made(
        self,
        kind: Kind,
        operation: Operation,
        id: int,
        span: Span,
        *,
        value: int = facts.NOTHING,
        key: int = facts.NOTHING,
        method: str = "",
        claims: bool = False,
    ) -> list[Access]:
        load = operation.id if isinstance(operation, facts.LoadName | facts.LoadAttr) else facts.NOTHING
        where = self._where(operation)
        of_contents = kind.is_of_contents or self._is_tested(load)
        if of_contents:
            where = self._places.at_home(where)
        if of_contents and load >= len(self._code.function.parameters):
            known = {place for place, _, _ in where}
            where = where + [each for each in self._places.lent(self._code, load) if each[0] not in known]
        return [
            Access(place, kind, self._code, id, span, base, bases, load, value, key, method, claims)
            for place, base, bases in where
        ]

    def _is_tested(self, load: int) -> bool:
        """Whether a value is good for nothing but to ask whether it is empty."""
        uses = self._flow.uses(load) if load >= 0 else ()
        return load >= 0 and all(type(use) is facts.Compute and use.kind == "not" for use in uses)

    def _delete(self, operation: facts.DeleteName | facts.DeleteAttr) -> list[Access]:
        return self._made(Kind.DELETE, operation, operation.id, operation.span)

    def _store(self, operation: facts.StoreName | facts.StoreAttr) -> list[Access]:
        reads = self.rereads(operation, operation.value)
        uncast = without_cast(self._types, self._code, operation.value)
        is_cast = uncast != operation.value
        if is_cast and reads == [uncast]:
            # `self.x = cast(T, self.x)` changes nothing. Without a cast it does: in `old = self.x; ...; self.x = old`
            # the attribute gets back what it held before it was changed in between
            return []
        kind = Kind.UPDATE if reads or operation.augmented else Kind.WRITE
        return self._made(kind, operation, operation.id, operation.span, value=operation.value)

    def rereads(self, operation: Operation, value: int) -> list[int]:
        """The reads of the stored Place that the stored value was computed from."""
        where = [(place, base) for place, base, _ in self._where(operation)]
        found = []
        for id in sorted(self._flow.sources(value)) if where else ():
            load = self._flow.operation(id)
            if load is not None and any((place, base) in where for place, base, _ in self._where(load)):
                found.append(id)
        return found

    def _load(self, operation: facts.LoadName | facts.LoadAttr) -> list[Access]:
        if not self._where(operation):
            return []
        contents: list[Access] = []
        plain = False
        for use in self._flow.uses(operation.id):
            made = self._use(operation, operation.id, use)
            contents.extend(made)
            plain = plain or not made
        if plain or not contents:
            contents = self._made(Kind.READ, operation, operation.id, operation.span) + contents
        return contents + self._in_items(operation)

    def _in_items(self, load: facts.LoadName | facts.LoadAttr) -> list[Access]:
        """What is done to the containers that are in the loaded container."""
        where = [(self._places.items(place), base, bases) for place, base, bases in self._where(load)]
        found: list[Access] = []
        for id, use in uses_of_items(self._code, self._flow, load):
            self._located[id] = where
            found.extend(self._use(facts.LoadName(id, load.span, load.name, "global", 0), id, use))
        return found

    def _use(self, load: facts.LoadName | facts.LoadAttr, id: int, use: Operation) -> list[Access]:
        """The content access that `use` makes of the loaded value `id`, if it is one."""
        match use:
            case facts.LoadItem(base=base) if base == id:
                return self._item(load, use)
            case facts.StoreItem(base=base) if base == id:
                updates = use.augmented or self._updates_item(load, use)
                kind = Kind.ITEM_UPDATE if updates else Kind.MUTATE
                return self._made(kind, load, use.id, use.span, value=use.value, key=use.key, method="[]=")
            case facts.DeleteItem(base=base) if base == id:
                return self._made(Kind.MUTATE, load, use.id, use.span, key=use.key, method="del")
            case facts.LoadAttr(base=base) if base == id:
                return self._method(load, use)
            case facts.Compute(kind="in" | "not in", operands=(left, right)) if right == id:
                return self._made(Kind.CONTENT, load, use.id, load.span, key=left, method="in")
            case facts.Element() | facts.Yield() | facts.Call():
                walk = self._walks.of(load.id, id, use)
                if walk is not None:
                    return self._walked(load, walk)
                if isinstance(use, facts.Call) and (view := self._walks.view(load.id, id, use)):
                    seen = self._made(Kind.CONTENT, load, use.id, use.span, method=view)
                    return [*self._viewed(load, use, view), *seen]
                return self._argument(load, id, use) if isinstance(use, facts.Call) else []
            case _:
                return []

    def _walked(self, load: Operation, walk: Walk) -> list[Access]:
        if self._walks.is_generator(load.id):
            # who loops over a generator changes it: an item that one has got nobody else gets
            kind, method = Kind.MUTATE, NEXT
        else:
            kind, method = Kind.ITERATE, walk.method
        found = self._made(kind, load, walk.id, walk.span, method=method)
        return [msgspec.structs.replace(each, load=load.id, one_step_with_gil=walk.one_step_with_gil) for each in found]

    def _viewed(self, load: Operation, call: facts.Call, name: str) -> list[Access]:
        """The walks over the view of that name that a call has made."""
        walks = self._walks.over_view(load.id, call, name)
        return [access for walk in walks for access in self._walked(load, replace(walk, method=walk.method or name))]

    def _item(self, load: facts.LoadName | facts.LoadAttr, item: facts.LoadItem) -> list[Access]:
        nested = [
            access
            for use in self._flow.uses(item.id)
            if isinstance(use, facts.StoreItem | facts.DeleteItem)
            for access in self._use(load, item.id, use)
        ]
        inserts = any(
            isinstance(value, LibraryObject) and value.qualname == DEFAULTDICT
            for value in self._types.of(self._code, load.id)
        )
        kind = Kind.MUTATE if inserts and not nested else Kind.CONTENT
        return nested + self._made(kind, load, item.id, item.span, key=item.key, method="[]")

    def _updates_item(self, load: facts.LoadName | facts.LoadAttr, store: facts.StoreItem) -> bool:
        """`d[k] = d.get(k, 0) + 1`: the stored value was computed from an item of the same container."""
        where = [(place, base) for place, base, _ in self._where(load)]
        key = self._flow.key(store.key)
        for use in self._flow.uses(load.id):
            taken = self._taken_item(use, key)
            if taken is not None and self._flow.comes_from(store.value, taken):
                return True
        for id in self._flow.sources(store.value):
            read = self._flow.operation(id)
            if read is None or not any((place, base) in where for place, base, _ in self._where(read)):
                continue
            if any(self._taken_item(use, key) is not None for use in self._flow.uses(id)):
                return True
        return False

    def _taken_item(self, use: Operation, key: str) -> int | None:
        """The id of the item that `d[key]` or `d.get(key)` takes."""
        if isinstance(use, facts.LoadItem) and self._flow.key(use.key) == key:
            return use.id
        if isinstance(use, facts.LoadAttr) and use.name in LOOKS_UP:
            for call in self._flow.uses(use.id):
                if isinstance(call, facts.Call) and call.arguments and self._flow.key(call.arguments[0].value) == key:
                    return call.id
        return None

    def _method(self, load: facts.LoadName | facts.LoadAttr, fetched: facts.LoadAttr) -> list[Access]:
        """`place.method(...)` on a container of a library: what the method does to it."""
        found: list[Access] = []
        for use in self._flow.uses(fetched.id):
            if not (isinstance(use, facts.Call) and use.callee == fetched.id):
                return []
            effect = self._effect_of_method(fetched)
            if effect is None:
                return []
            key = next((each.value for each in use.arguments if each.name == ""), facts.NOTHING)
            spared = effect.spared_by
            misses = effect.can_miss and (spared is None or argument(use, spared.position, spared.keyword) is None)
            claims = effect.claims and not misses
            if (one_step := walked(effect)) is not None:
                found.extend(self._walked(load, Walk(use.id, use.span, fetched.name, one_step)))
                continue
            if effect.access is Effected.VIEW:
                if asked := self._looked_up(load, use, fetched.name):
                    found.extend(asked)
                    continue
                found.extend(self._viewed(load, use, fetched.name))
            kind = _kind(effect.access)
            found.extend(self._made(kind, load, use.id, use.span, key=key, method=fetched.name, claims=claims))
        return found

    def _looked_up(self, load: facts.LoadName | facts.LoadAttr, view: facts.Call, name: str) -> list[Access]:
        """`key in place.keys()`, where that is all that is done with the keys: it is asked of the container itself."""
        uses = self._flow.uses(view.id) if name == "keys" else []
        if not all(type(use) is facts.Compute and use.kind in ("in", "not in") for use in uses):
            return []
        return [access for use in uses for access in self._use(load, view.id, use)]

    def _effect_of_method(self, fetched: facts.LoadAttr) -> Effect | None:
        for value in self._types.of(self._code, fetched.id):
            for name in self._types.container_classes(value.receiver) if isinstance(value, LibraryMethod) else ():
                effect = self._knowledge.effect(name, fetched.name)
                if effect is not None:
                    return effect
        return None

    def _argument(self, load: facts.LoadName | facts.LoadAttr, id: int, call: facts.Call) -> list[Access]:
        name, effect = self._walks.effect(load.id, id, call) if call.callee != id else ("", None)
        return [] if effect is None else self._made(_kind(effect.access), load, call.id, call.span, method=name)


COLLECTORS: Final[dict[type, Callable[[Collector, Any], list[Access]]]] = {
    facts.LoadName: Collector._load,
    facts.LoadAttr: Collector._load,
    facts.StoreName: Collector._store,
    facts.StoreAttr: Collector._store,
    facts.DeleteName: Collector._delete,
    facts.DeleteAttr: Collector._delete,
}
"""What collects the accesses of an operation, by its type."""


def _kind(access: Effected) -> Kind:
    return Kind.MUTATE if access is Effected.MUTATE else Kind.CONTENT


def link_places(types: Types, *, items_apart: bool = False) -> Places:
    """Find and classify every access of every function."""
    places = Places(types, items_apart=items_apart)
    for code in types.names.sources.codes:
        accesses = Collector(places, code).collect()
        # few functions are looked at again: keeping the chains of all would cost more memory than making some twice
        places.forget(code)
        if accesses:
            places.by_code[code.key] = accesses
            for access in accesses:
                places.by_place.setdefault(access.place, []).append(access)
    return places
