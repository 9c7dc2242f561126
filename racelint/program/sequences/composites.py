"""Part of the sequences stage: what a sequence is, and which acts are behind the calls of a function."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from copy import copy
from enum import Enum
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.program.callgraph.arms import leaves_out
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.edges import Edge
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.dataflow.frames import inward, outward
from racelint.program.memory.places import Access, Kind, Place, Places
from racelint.program.sources.source import Code

DEPTH: Final = 3
"""How many calls deep an act is looked for behind its test."""

PER_TEST: Final = 40
"""Of a condition that reads more than this, the rest is left out: it is generated code, and the cost would be cubic."""


class Shape(Enum):
    """What a sequence is."""

    UPDATE = "read and written back"
    CHECK = "tested, then acted upon"
    LAZY = "tested for absence, then made"
    DOUBLE_READ = "tested, then read again"
    EMPTIED = "read as a whole, then emptied"
    REPLACED = "fetched, then replaced"


class Composite(msgspec.Struct, frozen=True, eq=False):
    """`first` and `last` access of one Place on one object, as `code` makes them, itself or by calls.

    `act` is the operation of `code` that is, or leads to, the last.

    `test` is the span of the condition. For an update `first` may be the store itself (`+=`).
    """

    code: Code
    shape: Shape
    first: Access
    last: Access
    act: int
    test: Span
    between: tuple[int, ...]
    """The ids that must lie in one critical section: the reads and the act."""
    tested: tuple[int, ...] = ()
    """The reads in the other tests on which the act depends."""
    wants: bool | None = None
    """The truth of the tested value that leads to the act, where the test asks for that alone."""
    awaited: bool = False
    """Only tasks have it: the act is behind an `await`, the test behind a property, or a loop waits for it."""
    asserted: bool = False
    """The test is an `assert`: what callers have to see to."""

    @property
    def puts_in(self) -> bool:
        """Whether nothing is tested: what is put in is taken out again later, as if nobody else could have done so."""
        return self.shape is Shape.CHECK and self.first.kind.writes

    @property
    def stores_item(self) -> bool:
        """Whether what is done on account of the test is to store an item, whatever stood under its key."""
        stores = self.last.method == "[]=" and self.last.key >= 0 and self.last.kind is not Kind.ITEM_UPDATE
        return stores and self.shape is Shape.CHECK


class Flagged(msgspec.Struct, frozen=True, eq=False):
    """`code` tests a flag and, where it is (`wants`) or is not set, puts something into a container beside it."""

    code: Code
    read: Access
    last: Access
    test: Span
    wants: bool
    tested: tuple[int, ...]
    """The reads in the other tests on which that depends."""
    site: int
    """The operation that reads the flag, or fetches the property that does."""
    turns: tuple[int, ...] = ()
    """The reads in the tests by which a loop before the act leaves the function."""

    @property
    def act(self) -> int:
        """The operation that puts in something."""
        return self.last.id


class Answer(msgspec.Struct, frozen=True):
    """What the call `site` of a test has read to answer; `present`: whether the answer is true if that is there.

    `key`: as the asker knows it, what is surely in the container that was looked into if the answer is `found`.
    """

    read: Access
    site: int
    present: bool | None
    key: str = UNKNOWN
    found: bool | None = None
    picked: bool = False
    """Whether the answer is one of several things that were gone through: that there is such a key is not enough."""


class Found(msgspec.Struct, frozen=True):
    """The sequences of one function: `awaited` are those that only tasks have, `swaps` end by emptying or replacing
    what was read."""

    sequences: list[Composite]
    awaited: list[Composite]
    swaps: list[Composite]
    flagged: list[Flagged]


class Sequences:
    """The sequences of all functions of the program, or of some. Each is looked at when it is asked for."""

    def __init__(self, places: Places, calls: Calls, find: Callable[[Sequences, Code], Found]) -> None:
        self.places = places
        self.calls = calls
        self.answers: dict[tuple[int, int], list[Answer]] = {}
        """What functions have read to answer as they do, by function and how many calls deep that was looked for."""
        self.stores: dict[int, list[Access]] = {}
        """The accesses by which functions store what they are given."""
        self.reads: dict[int, list[Access]] = {}
        """The accesses of what functions answer with."""
        self._find = find
        self._codes: Iterable[Code] = calls.types.names.sources.codes
        self._asked: Container[Place] | None = None
        self._found: dict[int, Found] = {}
        self._writers: dict[Place, dict[int, int]] = {}
        self._sites: dict[int, dict[int, list[Edge]]] = {}
        self._called: dict[int, frozenset[int]] = {}
        self._acts: dict[tuple[int, Place, str, int], dict[Access, None]] = {}

    def of(self, code: Code) -> Found:
        """The sequences of one function."""
        found = self._found.get(code.key)
        if found is None:
            found = self._found[code.key] = self._find(self, code)
        return found

    def narrowed(self, codes: Iterable[Code], asked: Container[Place]) -> Sequences:
        """Those of some functions only, and of these the sequences of Places that are `asked` about, or a task's."""
        narrowed = copy(self)
        narrowed._codes, narrowed._asked, narrowed._found = codes, asked, {}
        return narrowed

    def is_asked(self, code: Code, place: Place) -> bool:
        """Whether it is asked for the sequences of a Place in a function; what is put in on account of flags always is.

        Which Places tasks share is not known yet: of a coroutine it is asked for all.
        """
        return self._asked is None or place in self._asked or code.function.is_async

    @property
    def found(self) -> list[Composite]:
        """Those that threads may have too."""
        return [each for code in self._codes for each in self.of(code).sequences]

    @property
    def awaited(self) -> list[Composite]:
        """Those that only tasks have."""
        return [each for code in self._codes for each in self.of(code).awaited]

    @property
    def swaps(self) -> list[Composite]:
        """Those that end by emptying or replacing what was read."""
        return [each for code in self._codes for each in self.of(code).swaps]

    @property
    def flagged(self) -> list[Flagged]:
        """What is put into containers on account of flags."""
        return [each for code in self._codes for each in self.of(code).flagged]

    def acts_behind(self, code: Code, site: int, place: Place, base: str, depth: int = DEPTH) -> Iterator[Access]:
        """The writes of a Place of the object `base` that a call may make, up to `depth` calls deep."""
        near = self._near_writers(place)
        for edge in self.edges_at(code, site):
            distance = near.get(edge.callee.key)
            if distance is None or distance >= depth or edge.callee is code:
                # what calls itself begins all over, with the test
                continue
            if edge.callee.function.is_async and not self.is_awaited(code, site):
                continue
            paths = self._paths(edge)
            for access in self.places.of(edge.callee):
                is_act = access.kind.writes and access.place == place and outward(access.base, paths) == base
                if is_act and not leaves_out(self.calls, edge, self.places.dataflow(edge.callee), access.id):
                    yield access
            inner = base if not base else inward(base, paths)
            if depth > 1 and inner != UNKNOWN:
                yield from self._acts_below(edge.callee, place, inner, depth - 1)

    def _acts_below(self, code: Code, place: Place, base: str, depth: int) -> dict[Access, None]:
        """The writes that the calls of a function may make; many ways lead to one function, which is asked once."""
        key = (code.key, place, base, depth)
        found = self._acts.get(key)
        if found is None:
            sites = self.sites(code, place)
            behind = (access for site in sites for access in self.acts_behind(code, site, place, base, depth))
            found = self._acts[key] = dict.fromkeys(behind)
        return found

    def _paths(self, edge: Edge) -> Mapping[str, str]:
        return self.places.passed(edge.caller, edge.callee, edge.site, edge.receiver)

    def is_awaited(self, code: Code, site: int) -> bool:
        """Whether an operation is the call of a coroutine of the program right behind an `await`."""
        following = code.operation(site + 1)
        awaited = type(following) is facts.Await and following.value == site
        return awaited and any(edge.callee.function.is_async for edge in self.edges_at(code, site))

    def sites(self, code: Code, place: Place) -> list[int]:
        """The calls of a function behind which a Place may be written."""
        near = self._near_writers(place)
        if not near.keys() & self._callees(code):
            return []
        return sorted({edge.site for edge in self.calls.calls(code) if edge.callee.key in near})

    def _callees(self, code: Code) -> frozenset[int]:
        found = self._called.get(code.key)
        if found is None:
            found = self._called[code.key] = frozenset(edge.callee.key for edge in self.calls.calls(code))
        return found

    def edges_at(self, code: Code, site: int) -> list[Edge]:
        """The calls that an operation makes, as far as it is known what they run."""
        found = self._sites.get(code.key)
        if found is None:
            found = self._sites[code.key] = {}
            for edge in self.calls.reaching(code):
                found.setdefault(edge.site, []).append(edge)
        return found.get(site, [])

    def is_written(self, place: Place) -> bool:
        """Whether anything but a constructor writes the Place."""
        return bool(self._near_writers(place))

    def _near_writers(self, place: Place) -> dict[int, int]:
        """The functions from which a write of the Place is less than `DEPTH` calls away, and how many."""
        found = self._writers.get(place)
        if found is None:
            writes = (access for access in self.places.by_place[place] if access.kind.writes)
            layer = {access.code.key for access in writes if access.code.key not in self.calls.constructing}
            found = self._writers[place] = dict.fromkeys(layer, 0)
            codes = self.calls.types.names.sources.codes
            for distance in range(1, DEPTH):
                callers = {edge.caller.key for key in layer for edge in self.calls.callers(codes[key])}
                layer = callers - found.keys()
                found.update(dict.fromkeys(layer, distance))
        return found
