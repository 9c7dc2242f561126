"""Part of the sequences stage: what a test reads, and what a body does to that, itself or by calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from racelint import facts
from racelint.facts import Node
from racelint.knowledge.containers import INSERTS
from racelint.knowledge.repeating import ANSWERS, DRAWS
from racelint.program.dataflow.dataflow import operands
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.sequences.composites import Sequences
from racelint.program.sources.nodes import extent
from racelint.program.sources.source import Code


class Reach:
    """The accesses of one function, by where they are made and of what."""

    def __init__(self, sequences: Sequences, code: Code) -> None:
        self._sequences = sequences
        self._code = code
        self._flow = sequences.places.dataflow(code)
        self.accesses = sequences.places.of(code)
        self._by_load: dict[int, list[Access]] = {}
        self.by_id: dict[int, list[Access]] = {}
        self._by_place: dict[Place, list[Access]] = {}
        self._sites: dict[Place, list[int]] = {}
        for access in self.accesses:
            self.by_id.setdefault(access.id, []).append(access)
            self._by_place.setdefault(access.place, []).append(access)
            self._by_load.setdefault(access.read_id, []).append(access)

    def reads_of(self, access: Access) -> list[int]:
        """The accesses of a Place from which the value is computed that an update stores there."""
        found = []
        # what gave the key says which item is updated, and nothing about its value
        store = self._flow.operation(access.id)
        keys = self._flow.sources(store.key) if type(store) is facts.StoreItem else frozenset()
        for id in sorted(self._flow.sources(access.value) - keys):
            for each in self._by_load.get(id, ()):
                # what is looked into counts where it is looked into, not where the container was fetched
                is_before = each.place == access.place and each.base == access.base and each.id < access.id
                if is_before and (each.id == id or self._flow.comes_from(access.value, each.id)):
                    found.append(each.id)
        return list(dict.fromkeys(found))

    def is_made_before(self, read: Access, low: int) -> bool:
        """Whether the body of the `try` stores itself what it reads."""
        beside = self._by_place[read.place]
        return any(low <= each.id < read.id and each.kind.rebinds and each.base == read.base for each in beside)

    def tested(self, test: int) -> list[Access]:
        """The accesses that a test reads; not what a call was given in a form of its own, which has its own answer."""
        found: dict[Access, None] = {}
        for id in sorted(self._flow.sources(test, without=self._remade(test))):
            for access in self._by_load.get(id, ()):
                is_read = access.kind is Kind.READ or access.id <= test or access.load == id
                # of a container that was fetched once, each look at what is in it has an answer of its own
                if is_read and not access.kind.writes and not self._flow.is_earlier_answer(access.id, test):
                    found[access] = None
        return list(found)

    def _remade(self, test: int) -> frozenset[int]:
        """The arguments that were made anew for calls by which a test is answered, other than by what only looks."""
        types = self._sequences.calls.types
        found: set[int] = set()
        for each in self._flow.behind(test, lambda operation: (id for id in operands(operation) if id not in found)):
            if type(each) is facts.Call and not types.may_call(self._code, each, ANSWERS | DRAWS):
                found.update(given.value for given in each.arguments if self._is_remade(given.value))
        return frozenset(found)

    def _is_remade(self, id: int) -> bool:
        """Whether a value is a container that was made of others, or text of such a one: `" ".join(names + [name])`."""
        match self._flow.operation(id):
            case facts.Build(kind=kind, items=items):
                return kind not in ("tuple", "slice") and bool(items)
            case facts.Compute(kind="+", operands=parts):
                return any(map(self._is_remade, parts))
            case facts.Call(arguments=arguments):
                return any(self._is_remade(each.value) for each in arguments)
            case _:
                return False

    def inner(self, body: Sequence[Node], read: Access) -> Iterator[tuple[Access, int]]:
        """The accesses of what `read` has read that a body makes, itself or by calls, in order."""
        low, high = extent(body)
        found = [
            (access, access.id)
            for access in self._by_place.get(read.place, ())
            if low <= access.id <= high and access.base == read.base
        ]
        for id in self._writing(read.place):
            if low <= id <= high and id not in self.by_id:
                behind = self._sequences.acts_behind(self._code, id, read.place, read.base)
                found.extend((access, id) for access in behind)
        yield from sorted(found, key=lambda each: each[1])

    def _writing(self, place: Place) -> list[int]:
        """The calls behind which a Place may be written."""
        found = self._sites.get(place)
        if found is None:
            found = self._sites[place] = self._sequences.sites(self._code, place)
        return found

    def put_inside(self, body: Sequence[Node], read: Access) -> Iterator[tuple[Access, int]]:
        """Where a body puts something into a container that lies in the Place, by whatever name it knows it."""
        low, high = extent(body)
        for item in self._by_place.get(read.place, ()):
            for method in self._flow.uses(item.id) if item.method == "[]" and item.base == read.base else ():
                if type(method) is facts.LoadAttr and method.name in INSERTS:
                    calls = [use for use in self._flow.uses(method.id) if type(use) is facts.Call]
                    yield from ((item, call.id) for call in calls if low <= call.id <= high)
