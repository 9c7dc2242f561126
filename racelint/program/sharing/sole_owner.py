"""Part of the sharing stage: who writes itself down as the owner, under a lock, goes on alone until it takes that back.

`with turn: while self.owner is not None: turn.wait(); self.owner = me` begins what is as good as held until
`with turn: self.owner = None`, through all private functions that are called only meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from racelint import facts
from racelint.program.callgraph.calls import is_public
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.dataflow.frames import split_path
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.sequences.answers import polarity
from racelint.program.sources.branching import leaves
from racelint.program.sources.nodes import is_within
from racelint.program.sources.source import END, Code

Stretch = tuple[int, int]
"""The operations of a function after the one and before the other."""


class SoleOwner(msgspec.Struct):
    """Tells what the owner of an object does while nobody else can be the owner; `alone` are the functions that run in
    a new process, where there is nobody else."""

    locksets: LockSets
    alone: set[int]
    _known: dict[int, list[dict[int, list[Stretch]]]] = msgspec.field(default_factory=dict)
    """By class what each of its owners' functions do in their turn."""
    _attributes: dict[int, list[Place]] = msgspec.field(default_factory=dict)
    """By class the attributes of its objects."""

    def __post_init__(self) -> None:
        for place in self.locksets.places.by_place:
            if place.kind == "attribute":
                self._attributes.setdefault(place.owner, []).append(place)

    def covers(self, one: Access, other: Access) -> bool:
        """Whether both accesses to an object's own attributes are made only by who has the turn for that object."""
        cls = one.code.cls
        if cls is None or other.code.cls is not cls or not (_is_own(one) and _is_own(other)):
            return False
        if cls.key not in self._known:
            self._known[cls.key] = [turns for place in self._owners(cls.key) if (turns := self._spread(place))]
        return any(_is_in(turns, one) and _is_in(turns, other) for turns in self._known[cls.key])

    def _owners(self, cls: int) -> Iterator[Place]:
        """The attributes of a class that are both filled and emptied under locks."""
        flow = self.locksets.places.dataflow
        for place in self._attributes.get(cls, ()):
            writes = [each for each in self.locksets.places.by_place[place] if each.kind.writes]
            if {flow(each.code).is_nothing(each.value) for each in writes} == {True, False}:
                yield place

    def _spread(self, place: Place) -> dict[int, list[Stretch]]:
        """What is done in turn, in the functions that begin it and in those that are called only meanwhile."""
        codes = self.locksets.places.types.names.sources.codes
        spans = self._begun(place)
        pending = list(spans)
        while pending:
            caller = codes[pending.pop()]
            for edge in self.locksets.threads.calls.calls(caller):
                callee = edge.callee
                if callee.key not in spans and self._is_called_in_turn(callee, spans):
                    spans[callee.key] = [(facts.NOTHING, min(self._resets(callee, place), default=END))]
                    pending.append(callee.key)
        # where others than the owner take that back, the next one may begin too early
        return spans if all(each.code.key in spans for each in self._stores(place)) else {}

    def _stores(self, place: Place) -> list[Access]:
        """Who fills and empties the attribute while there may be others."""
        first = self.locksets.threads.calls.constructing | self.alone
        return [
            each for each in self.locksets.places.by_place[place] if each.kind.writes and each.code.key not in first
        ]

    def _begun(self, place: Place) -> dict[int, list[Stretch]]:
        """The turns that functions begin; nothing if the owner is written without a lock or without a look."""
        spans: dict[int, list[Stretch]] = {}
        for access in self._stores(place):
            code = access.code
            if access.kind is not Kind.WRITE or not self._is_locked(access):
                return {}
            if self.locksets.places.dataflow(code).is_nothing(access.value):
                continue
            if not _is_own(access) or not self._is_awaited(access):
                return {}
            ends = min((id for id in self._resets(code, place) if id > access.id), default=END)
            spans.setdefault(code.key, []).append((access.id, ends))
        return spans

    def _is_locked(self, access: Access) -> bool:
        return any(use.lock.excludes for use in self.locksets.held(access.code, access.id))

    def _resets(self, code: Code, place: Place) -> list[int]:
        flow = self.locksets.places.dataflow(code)
        writes = (each for each in self.locksets.places.of(code) if each.place is place and each.kind.writes)
        return [each.id for each in writes if flow.is_nothing(each.value)]

    def _is_awaited(self, store: Access) -> bool:
        """Whether who finds an owner there leaves or waits, and has not let go of the lock since it found none."""
        code = store.code
        flow = self.locksets.places.dataflow(code)
        for read in self.locksets.places.of(code):
            same = read.place is store.place and read.base == store.base and read.kind is Kind.READ
            if not same or read.id > store.id:
                continue
            if self.locksets.in_one_section(code, read.id, store.id, exclusive=True) and any(
                polarity(flow, read, node.test) is True and (type(node) is facts.Loop or leaves(node.body))
                for node in code.controls
                if isinstance(node, facts.Branch | facts.Loop) and not is_within(node.body, store.id)
            ):
                return True
        return False

    def _is_called_in_turn(self, callee: Code, spans: dict[int, list[Stretch]]) -> bool:
        """Whether a private method is called by nobody but the owner, for the same object."""
        locksets = self.locksets
        if is_public(callee) or not callee.is_method or callee.key in locksets.unseen:
            return False
        if any(code is callee for context in locksets.threads.contexts for code, _ in context.entries):
            return False
        callers = locksets.threads.calls.callers(callee)
        for edge in callers:
            caller = edge.caller
            paths = locksets.places.passed(caller, callee, edge.site, edge.receiver)
            if paths.get(callee.own_name, UNKNOWN) != caller.own_name:
                return False
            if not any(low < edge.site < high for low, high in spans.get(caller.key, ())):
                return False
        return bool(callers)


def _is_own(access: Access) -> bool:
    code = access.code
    return code.is_method and split_path(access.base)[0] == code.own_name


def _is_in(turns: dict[int, list[Stretch]], access: Access) -> bool:
    return any(low < access.id < high for low, high in turns.get(access.code.key, ()))
