"""Part of the sequences stage: what is read as a whole, then emptied or replaced as if nobody had added to it since.

`batch = list(self.jobs)` and `self.jobs.clear()`; `send(self.buffer)` and `self.buffer = []`; `seen = self.count` and
`self.count = 0`. In `jobs = self.jobs` and `self.jobs = []` nothing is lost between the two: others who have fetched
the old list still add to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.containers import CLEARS, COPIES, DEFAULTS_FIRST, INSERTS, KEEPS, VIEWS
from racelint.knowledge.logs import TELLS
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.dataflow.frames import outward
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.sequences.composites import Composite, Sequences, Shape
from racelint.program.sequences.ways import between
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code, span_of
from racelint.program.values.values import Instance, Library, LibraryObject

SWAPS: Final = (Shape.EMPTIED, Shape.REPLACED)


COMPARES: Final = frozenset({"not", "is", "is not", "==", "!=", "<", ">", "<=", ">=", "in", "not in"})
GROWS: Final = frozenset({"+", "|"})


def find_swaps(sequences: Sequences, code: Code) -> Iterator[Composite]:
    """The sequences of a function that end by emptying or replacing what it has read before."""
    if code.key not in sequences.calls.constructing:
        finder = _Swaps(sequences, code)
        for last in sequences.places.of(code):
            if last.kind in (Kind.WRITE, Kind.MUTATE) and sequences.is_asked(code, last.place):
                yield from finder.before(last)
        yield from finder.by_helpers()


class _Swaps:
    """Finds what one function reads before it empties or replaces it."""

    def __init__(self, sequences: Sequences, code: Code) -> None:
        self._sequences = sequences
        self._types = sequences.places.types
        self._code = code
        self._flow: Dataflow = sequences.places.dataflow(code)
        self._by_place: dict[tuple[Place, str], list[Access]] = {}
        for access in sequences.places.of(code):
            self._by_place.setdefault((access.place, access.base), []).append(access)

    def before(self, last: Access) -> Iterator[Composite]:
        """The one sequence that ends with `last`, if there is one."""
        resets = last.kind is Kind.WRITE and self._is_nothing(last.value)
        if not resets and not self._empties(last):
            return
        beside = self._by_place[last.place, last.base]
        there = (each for each in beside if not self._is_taken_out(each))
        reads = [found for each in there if (found := self._read(each, last, resets)) is not None]
        reads += [] if resets else self._given_back.get((last.place, last.base), ())
        read = self._nearest(last.id, reads)
        if read is not None:
            access, id = read
            yield self._swap(Shape.EMPTIED, access, last, (id, last.id))
        elif last.kind is Kind.WRITE and not resets:
            taken = self._nearest(last.id, [(each, each.load) for each in beside if self._is_taken(each, last)])
            if taken is not None:
                yield self._swap(Shape.REPLACED, self._fetch(taken[0]), last, (last.id,))

    def _is_taken_out(self, access: Access) -> bool:
        """Whether another container was stored after the one was fetched that is looked into: nobody adds to that."""
        stores = (each for each in self._by_place[access.place, access.base] if each.kind is Kind.WRITE)
        return any(0 <= access.load < each.id < access.id for each in stores)

    def _fetch(self, access: Access) -> Access:
        """The read of the Place with which an access of its contents begins."""
        load = self._flow.operation(access.load)
        if not isinstance(load, facts.LoadAttr | facts.LoadName):
            return access
        return msgspec.structs.replace(access, kind=Kind.READ, id=load.id, span=load.span, method="")

    def _swap(self, shape: Shape, first: Access, last: Access, between: tuple[int, ...]) -> Composite:
        return Composite(self._code, shape, first, last, last.id, last.span, between)

    def _nearest(self, last: int, reads: list[tuple[Access, int]]) -> tuple[Access, int] | None:
        """Of some reads the last one from which a run comes to the operation `last`."""
        before = [(access, id) for access, id in reads if id < last]
        for access, id in sorted(before, key=lambda each: -each[1]):
            if between(self._code, id, last) is not None:
                return access, id
        return None

    # --- by calls ---

    def by_helpers(self) -> Iterator[Composite]:
        """The sequences that end with a call of what does nothing first but empty the container: `self._reset()`.

        Who uses an object from outside may have one of his own, to look at and to empty.
        """
        if not self._code.own_name:
            return
        reads: dict[tuple[Place, str], list[tuple[Access, int]]] = {}
        for of, beside in self._by_place.items():
            reads[of] = [(each, each.id) for each in beside if each.kind is Kind.ITERATE or self._copies(each)]
        for of, given in self._given_back.items():
            reads.setdefault(of, []).extend(given)
        for (place, base), found in reads.items():
            is_own = base.partition(".")[0] == self._code.own_name
            is_asked = found and is_own and self._sequences.is_asked(self._code, place)
            for site in self._sequences.sites(self._code, place) if is_asked else ():
                for last in dict.fromkeys(self._sequences.acts_behind(self._code, site, place, base, 1)):
                    read = self._nearest(site, found) if self._is_reset(last) else None
                    if read is not None:
                        span = span_of(self._code, site)
                        yield Composite(self._code, Shape.EMPTIED, read[0], last, site, span, (read[1], site))

    def _is_reset(self, last: Access) -> bool:
        """Whether a function empties the container in any case, whatever was in there."""
        helper = _Swaps(self._sequences, last.code)
        alone = not any(each.id < last.id for each in helper._by_place[last.place, last.base])
        return alone and helper._empties(last) and not any(conditions(last.code, last.id))

    @cached_property
    def _given_back(self) -> dict[tuple[Place, str], list[tuple[Access, int]]]:
        """By the Place and its object: what helpers give back as a copy of all that is there, and the calls of them."""
        found: dict[tuple[Place, str], list[tuple[Access, int]]] = {}
        edges = {edge.site: edge for edge in self._sequences.calls.only_calls(self._code)}
        for site, edge in edges.items():
            callee = edge.callee
            if callee is self._code or callee.function.is_async:
                continue
            copies = [
                each
                for each in (self._sequences.places.of(callee) if callee.returns else ())
                if each.id in callee.returns and each.kind is Kind.CONTENT and each.method in COPIES
            ]
            paths = self._sequences.places.passed(self._code, callee, site, edge.receiver) if copies else {}
            for each in copies:
                base = outward(each.base, paths)
                found.setdefault((each.place, base), []).append((msgspec.structs.replace(each, base=base), site))
        return found

    # --- the end ---

    def _empties(self, last: Access) -> bool:
        """Whether nothing of what was in the container is left there."""
        match self._flow.operation(last.id):
            case facts.Call() if last.method in CLEARS:
                return True
            case facts.DeleteItem(key=key):
                return is_whole(self._flow, key)
            case facts.StoreItem(key=key, value=value):
                return is_whole(self._flow, key) and self._is_new(value)
            case _:
                return last.kind is Kind.WRITE and self._is_new(last.value)

    def _is_new(self, value: int) -> bool:
        """Whether a value is a container that this function has made."""
        match self._flow.operation(value):
            case facts.Build(kind=kind, comprehension=False):
                return kind in ("list", "dict", "set")
            case facts.Call(arguments=arguments):
                # what a keyword gives says how it works, and the one of a `defaultdict` what its items are
                given = [each for each in arguments if each.name in ("", "*", "**")]
                made = [each for each in self._types.of(self._code, value) if isinstance(each, LibraryObject)]
                return any(
                    self._grows(each.qualname) and len(given) <= (each.qualname in DEFAULTS_FIRST) for each in made
                )
            case _:
                return False

    def _grows(self, qualname: str) -> bool:
        knowledge = self._types.names.knowledge
        return any(knowledge.effect(qualname, name) is not None for name in ("append", "add", "update"))

    def _is_nothing(self, value: int) -> bool:
        """Whether a value is 0 or an empty text, from which a sum begins anew."""
        made = self._flow.operation(value)
        return type(made) is facts.Const and made.text in ("0", "0.0", "''", '""', "b''", 'b""')

    # --- the beginning ---

    def _read(self, access: Access, last: Access, resets: bool) -> tuple[Access, int] | None:
        """Where an access gets at all that is there, before `last`: the access and the operation that does."""
        if resets:
            used = access.kind is Kind.READ and self._is_used(access.id) and not self._is_counted_on(access)
            return (access, access.id) if used else None
        if access.kind is Kind.ITERATE or self._copies(access):
            return access, access.id
        if access.kind is Kind.READ:
            uses = (use for use in self._flow.uses(access.id) if access.id < _id(use) < last.id)
            given = [_id(use) for use in uses if self._is_given(access.id, use) and not self._is_kept(use, last)]
            return (access, given[-1]) if given else None
        return None

    def _copies(self, access: Access) -> bool:
        if access.kind is not Kind.CONTENT:
            return False
        return access.method in COPIES | VIEWS or (access.method == "[]" and is_whole(self._flow, access.key))

    def _is_given(self, id: int, use: Operation) -> bool:
        """Whether a call gets the container, to do something with what is in it."""
        if type(use) is not facts.Call or use.callee == id or self._tells(use):
            return False
        callees = self._types.of(self._code, use.callee)
        return not any(isinstance(each, Library) and "." not in each.qualname for each in callees)

    def _tells(self, call: facts.Call) -> bool:
        callee = self._flow.operation(call.callee)
        return type(callee) is facts.LoadAttr and callee.name in TELLS

    def _is_kept(self, use: Operation, last: Access) -> bool:
        """Whether the object itself lives on elsewhere: what is added to it now is not lost, unless it is emptied."""
        if type(use) is not facts.Call or last.kind is not Kind.WRITE:
            return False
        callee = self._flow.operation(use.callee)
        made = any(isinstance(each, Instance) for each in self._types.of(self._code, use.id))
        return made or (type(callee) is facts.LoadAttr and callee.name in KEEPS)

    def _is_used(self, id: int) -> bool:
        """Whether a number or a text that was read goes on from here: to be compared, told or an index is no use."""
        return id in self._code.returns or any(
            self._is_stored(id, use)
            or (type(use) is facts.Compute and use.kind not in COMPARES)
            or (type(use) is facts.Call and use.callee != id and not self._tells(use))
            for use in self._flow.uses(id)
        )

    def _is_counted_on(self, access: Access) -> bool:
        """Whether the read is the beginning of an update."""
        beside = self._by_place[access.place, access.base]
        return any(each.kind is Kind.UPDATE and access.id in self._flow.sources(each.value) for each in beside)

    def _is_stored(self, id: int, use: Operation) -> bool:
        return isinstance(use, facts.StoreAttr | facts.StoreName | facts.StoreItem) and use.value == id

    def _is_taken(self, access: Access, last: Access) -> bool:
        """Whether the object that an access has fetched is worked on, or given away, as well as replaced."""
        if access.kind is Kind.READ:
            uses = self._flow.uses(access.id)
            return access.id in self._code.returns or any(self._hands_on(access.id, use, last) for use in uses)
        return access.id > last.id and (access.kind is Kind.ITERATE or self._copies(access))

    def _hands_on(self, id: int, use: Operation, last: Access) -> bool:
        match use:
            case facts.Element(id=where) | facts.Yield(id=where):
                return where > last.id
            case facts.Call(id=where):
                return self._is_given(id, use) if where > last.id else self._is_kept(use, last)
            case _:
                return self._is_stored(id, use)


def _id(operation: Operation) -> int:
    return operation.id


def adds(flow: Dataflow, sequence: Composite, other: Access) -> bool:
    """Whether another access adds to what a swap takes over, so that it is lost if it comes in between."""
    if other.code is sequence.code and other.id > sequence.act:
        # it only fills again what it has emptied
        return False
    if sequence.shape is Shape.EMPTIED and other.kind is Kind.UPDATE:
        store = flow.operation(other.id)
        made = flow.operation(other.value)
        return getattr(store, "augmented", False) or (type(made) is facts.Compute and made.kind in GROWS)
    inserts = other.kind is Kind.MUTATE and other.method in INSERTS and not _empties(flow, other)
    return other.kind is Kind.ITEM_UPDATE or inserts or _works_on_item(flow, other)


def _works_on_item(flow: Dataflow, access: Access) -> bool:
    """Whether something is done with an item that is made where there is none: `self.buckets[key].add(value)`."""
    uses = flow.uses(access.id) if access.kind is Kind.MUTATE and access.method == "[]" else []
    methods = (each.id for each in uses if type(each) is facts.LoadAttr)
    called = any(type(use) is facts.Call and use.callee == each for each in methods for use in flow.uses(each))
    stored = (each for each in uses if isinstance(each, facts.StoreAttr | facts.StoreItem))
    return called or any(each.base == access.id for each in stored)


def _empties(flow: Dataflow, access: Access) -> bool:
    """Whether nothing is put in the place of a part: `items[:] = []`."""
    store = flow.operation(access.id)
    value = flow.operation(store.value) if type(store) is facts.StoreItem else None
    if type(value) is facts.Unpack:
        parts = flow.operation(value.value)
        value = flow.operation(parts.items[value.index]) if type(parts) is facts.Build else None
    return type(value) is facts.Build and value.kind == "list" and not value.items and not value.comprehension


def is_whole(flow: Dataflow, key: int) -> bool:
    """Whether a subscript is `[:]`."""
    made = flow.operation(key)
    return type(made) is facts.Build and made.kind == "slice" and set(made.items) == {facts.NOTHING}
