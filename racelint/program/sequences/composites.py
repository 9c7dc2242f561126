"""Part of the sequences stage: what a sequence is, and what calls have to do with it: acts and answers behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from racelint import facts
from racelint.facts import Span
from racelint.program.callgraph.calls import Calls, Edge
from racelint.program.dataflow.dataflow import UNKNOWN, Dataflow
from racelint.program.dataflow.frames import inward, outward, parameter_paths
from racelint.program.memory.places import Access, Place, Places
from racelint.program.sources.nodes import walk
from racelint.program.sources.source import Code

DEPTH: Final = 3
"""How many calls deep an act is looked for behind its test."""

PROPERTIES: Final = 2
"""How many properties deep it is looked what a test reads."""

PER_TEST: Final = 40
"""Of a condition that reads more than this, the rest is left out: it is generated code, and the cost would be cubic."""

MISSES: Final = frozenset(
    {"KeyError", "IndexError", "AttributeError", "LookupError", "Exception", "BaseException", "Empty"}
)
REMOVES: Final = frozenset({"pop", "popitem", "popleft", "remove", "discard", "clear", "del"})
INSERTS: Final = frozenset({"[]=", "append", "appendleft", "add", "insert", "extend", "update", "setdefault"})


class Shape(Enum):
    """What a sequence is."""

    UPDATE = "read and written back"
    CHECK = "tested, then acted upon"
    LAZY = "tested for absence, then made"
    DOUBLE_READ = "tested, then read again"
    EMPTIED = "read as a whole, then emptied"
    REPLACED = "fetched, then replaced"


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
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


@dataclass(frozen=True, slots=True, eq=False)
class Flagged:
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

    @property
    def act(self) -> int:
        """The operation that puts in something."""
        return self.last.id


@dataclass(frozen=True, slots=True)
class Answer:
    """What the call `site` of a test has read to answer; `present`: whether the answer is true if that is there."""

    read: Access
    site: int
    present: bool | None


@dataclass(frozen=True, slots=True)
class Found:
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
        self._find = find
        self._codes: Iterable[Code] = calls.types.names.sources.codes
        self._found: dict[int, Found] = {}
        self._writers: dict[Place, dict[int, int]] = {}
        self._sites: dict[int, dict[int, list[Edge]]] = {}
        self._called: dict[int, frozenset[int]] = {}
        self._acts: dict[tuple[int, Place, str, int], dict[Access, None]] = {}
        self._passed: dict[Edge, dict[str, str]] = {}

    def of(self, code: Code) -> Found:
        """The sequences of one function."""
        found = self._found.get(code.key)
        if found is None:
            found = self._found[code.key] = self._find(self, code)
        return found

    def narrowed(self, codes: Iterable[Code]) -> Sequences:
        """Those of some functions only."""
        narrowed = copy(self)
        narrowed._codes = codes
        return narrowed

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
        for edge in self._edges_at(code, site):
            distance = near.get(edge.callee.key)
            if distance is None or distance >= depth or edge.callee is code:
                # what calls itself begins all over, with the test
                continue
            if edge.callee.function.is_async and not self.is_awaited(code, site):
                continue
            paths = self._paths(edge)
            for access in self.places.of(edge.callee):
                if access.kind.writes and access.place == place and outward(access.base, paths) == base:
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

    def _paths(self, edge: Edge) -> dict[str, str]:
        found = self._passed.get(edge)
        if found is None:
            flow = self.places.dataflow(edge.caller)
            found = self._passed[edge] = parameter_paths(flow, edge.callee, edge.site, edge.receiver)
        return found

    def is_awaited(self, code: Code, site: int) -> bool:
        """Whether an operation is the call of a coroutine of the program right behind an `await`."""
        following = code.operations[site + 1] if site + 1 < len(code.operations) else None
        awaited = type(following) is facts.Await and following.value == site
        return awaited and any(edge.callee.function.is_async for edge in self._edges_at(code, site))

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

    def _edges_at(self, code: Code, site: int) -> list[Edge]:
        found = self._sites.get(code.key)
        if found is None:
            found = self._sites[code.key] = {}
            for edge in self.calls.sure_calls(code):
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

    def asked(self, code: Code, test: int) -> Iterator[Answer]:
        """The reads that a test makes by calling what only answers: `if self.has(key)`, `if self.find(key) is None`.

        To fetch a property is such a call.
        """
        flow = self.places.dataflow(code)
        fetched = {id for id in flow.sources(test) if type(flow.operation(id)) is facts.LoadAttr}
        for site in sorted(flow.calls(test) | fetched):
            yield from (replace(each, site=site) for each in self._answers(code, site, DEPTH))

    def _answers(self, code: Code, site: int, depth: int) -> Iterator[Answer]:
        """What a call has read to answer as it does."""
        edges = self._edges_at(code, site)
        if len({edge.callee.key for edge in edges}) != 1 or edges[0].callee.function.is_async:
            return
        callee = edges[0].callee
        accesses = self.places.of(callee)
        written = {access.place for access in accesses if access.kind.writes}
        paths = parameter_paths(self.places.dataflow(code), callee, site, edges[0].receiver)
        flow = self.places.dataflow(callee)
        for id, true in _decisive(callee, flow):
            sources = flow.sources(id)
            for each in accesses:
                if each.place not in written and (each.load in sources or each.id in sources):
                    present = polarity(flow, each, id)
                    answer = None if present is None or true is None else present is true
                    yield Answer(_rebased(each, outward(each.base, paths)), site, answer)
            for inner in sorted(flow.calls(id)) if depth > 1 else ():
                for deeper in self._answers(callee, inner, depth - 1):
                    if deeper.read.place not in written:
                        answer = deeper.present if id == inner and true else None
                        yield Answer(_rebased(deeper.read, outward(deeper.read.base, paths)), site, answer)

    def answered(self, code: Code, test: int) -> Iterator[tuple[Access, int]]:
        """The reads that a test makes through properties (`if self.full`), each with the fetch of the property."""
        flow = self.places.dataflow(code)
        for id in sorted(flow.sources(test)):
            if type(flow.operation(id)) is facts.LoadAttr:
                for access in self._read_by_properties(code, id, PROPERTIES):
                    yield access, id

    def _read_by_properties(self, code: Code, id: int, depth: int) -> Iterator[Access]:
        edges = self._edges_at(code, id)
        if depth == 0 or len({edge.callee.key for edge in edges}) != 1 or len(edges[0].callee.returns) != 1:
            return
        callee = edges[0].callee
        paths = parameter_paths(self.places.dataflow(code), callee, id, edges[0].receiver)
        sources = self.places.dataflow(callee).sources(callee.returns[0])
        for each in self.places.of(callee):
            if not each.kind.writes and (each.load in sources or each.id in sources):
                yield _rebased(each, outward(each.base, paths))
        for inner in sorted(sources):
            for deeper in self._read_by_properties(callee, inner, depth - 1):
                yield _rebased(deeper, outward(deeper.base, paths))


def _decisive(callee: Code, flow: Dataflow) -> list[tuple[int, bool | None]]:
    """The values that decide about the answer of a function: what it returns, and the tests that choose between.

    Each with what a true value makes of the answer: True or False; None if that cannot be told.
    """
    returned = list(dict.fromkeys(callee.returns))
    if len(returned) == 1:
        return [(returned[0], True)]
    found: list[tuple[int, bool | None]] = [(id, None) for id in returned]
    if any(map(flow.is_constant, returned)):
        for node in walk(callee.function.body):
            last = node.body[-1] if type(node) is facts.Branch and node.body else None
            if type(node) is facts.Branch and type(last) is facts.Return:
                found.append((node.test, flow.truth(last.value)))
    return found


def polarity(flow: Dataflow, read: Access, test: int) -> bool | None:
    """True: the test is true when the value is there; False: when it is absent; None: it asks something else."""
    load = read.load if read.load >= 0 else read.id
    if test == load:
        return True
    match flow.operation(test):
        case facts.Compute(kind="not", operands=(inner,)):
            present = polarity(flow, read, inner)
            return None if present is None else not present
        case facts.Compute(kind="is" | "==" | "is not" | "!=" as kind, operands=(left, right)):
            if left == load and flow.is_nothing(right):
                return kind in ("is not", "!=")
            return None
        case facts.Choice(kind="and", operands=operands):
            return True if any(polarity(flow, read, each) is True for each in operands) else None
        case facts.Choice(kind="or", operands=operands):
            return False if any(polarity(flow, read, each) is False for each in operands) else None
        case facts.Call() if test == read.id:
            return True
        case _:
            return None


def _rebased(access: Access, base: str) -> Access:
    return replace(access, base=base)
