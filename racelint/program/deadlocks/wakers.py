"""Part of the blocking stage: who could let a waiting thread go on by a call, which locks do they all need first?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.containers import GIVES_ELEMENT
from racelint.knowledge.questions import GETS
from racelint.knowledge.running import Blocking, BlockingOn
from racelint.program.callgraph.edges import Edge
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.lifetimes import Lifetimes
from racelint.program.deadlocks.filled import is_found_filled
from racelint.program.deadlocks.origins import known, origin, receiver_of, relative
from racelint.program.deadlocks.skipped import Skip, Skipping
from racelint.program.locking.locks import EXCLUSIVE, LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.loops import loops
from racelint.program.sources.nodes import contains
from racelint.program.sources.source import Code, span_of
from racelint.program.sources.surely import unconditional
from racelint.program.values.values import (
    ClassRef,
    FunctionRef,
    Instance,
    LibraryMethod,
    LibraryObject,
    Partial,
    Site,
    Value,
)

SIGNALS: Final = frozenset({"set", "task_done"})
"""What ends a wait by itself, with nothing handed over."""


class Need(msgspec.Struct, frozen=True, eq=False):
    """A lock without which the awaited side does not come to its end: `use` is in the terms of who waits for it.

    The lock is taken at `span` of `code`: by `context` on its way, through `chain`; or, where that is None, by whoever
    is to call the method `answer` of the object.
    """

    use: LockUse
    code: Code
    span: Span
    context: Context | None
    chain: tuple[Edge, ...] = ()
    answer: str = ""

    @property
    def path(self) -> str:
        """The file."""
        return self.code.path


class Wakers:
    """Finds the calls that end the waits on an event, a queue, a condition or a barrier."""

    def __init__(self, locksets: LockSets) -> None:
        self._locksets = locksets
        self._types = locksets.places.types
        self._sources = self._types.names.sources
        self._lifetimes = Lifetimes(self._types)
        self._spawning = {spawned.site for spawned in self._types.spawned}

    def needs(self, code: Code, call: facts.Call, row: Blocking, receivers: list[Value]) -> list[Need]:
        """The locks that everybody needs who could let the waiting thread go on."""
        site = _only(receivers)
        where = origin(self._locksets.places.dataflow(code), receiver_of(code, call))
        if site is None:
            return []
        answers = [(each, name) for name in row.answers for each in self._lifetimes.method_calls(site, name)]
        common: dict[LockUse, Need] | None = None
        for (other, id), name in answers:
            if other is code and "wait" not in row.answers:
                return []
            found = self._needed(other, id, name, row, where)
            common = found if common is None else {use: need for use, need in common.items() if use in found}
            if not common:
                return []
        if not common or site in self._out_of_sight or self._loose(where, row):
            return []
        if row.what is BlockingOn.QUEUE and "put" in row.answers:
            takers = [each for name in GETS for each in self._lifetimes.method_calls(site, name)]
            if is_found_filled(self._locksets, code, call, takers):
                return []
        return list(common.values())

    def skip(self, code: Code, call: facts.Call, row: Blocking, receivers: list[Value]) -> Skip | None:
        """What ends a wait that has no other end, where that is left out if something raises.

        Who clears the event each time, and waits again, has work brought to him: that no more comes harms nobody.
        """
        site = _only(receivers)
        if site is None or row.what is BlockingOn.CONDITION or not SIGNALS.issuperset(row.answers):
            return None
        cleared = self._by_function(site, ("clear",)).get(code.key, ())
        around = [node for node in code.controls if type(node) is facts.Loop and contains(node, call.id)]
        if any(contains(node, id) and id > call.id for node in around for id in cleared):
            return None
        answers = self._by_function(site, row.answers)
        begun = self._by_function(site, GETS) if row.what is BlockingOn.QUEUE else {}
        found = Skipping(self._locksets, answers, begun).found(code, call.id) if answers else None
        where = origin(self._locksets.places.dataflow(code), receiver_of(code, call))
        if found is None or site in self._out_of_sight or self._loose(where, row):
            return None
        return None if not begun and _is_told_by_several(found.context, site) else found

    def _by_function(self, site: Site, methods: Iterable[str]) -> dict[int, set[int]]:
        found: dict[int, set[int]] = defaultdict(set)
        for name in methods:
            for code, id in self._lifetimes.method_calls(site, name):
                found[code.key].add(id)
        return found

    def _needed(self, code: Code, id: int, name: str, row: Blocking, where: str) -> dict[LockUse, Need]:
        """What is held where the answer is given, or is taken and given back on the way there."""
        call = code.operation(id)
        if type(call) is not facts.Call:
            return {}
        place = origin(self._locksets.places.dataflow(code), receiver_of(code, call))
        spans: dict[LockUse, Span] = {}
        for use, section in self._locksets.held(code, id).items():
            spans[use] = span_of(code, min(section)) if min(section) >= 0 else span_of(code, id)
        holding = self._locksets.holdings.get(code.key)
        certain = unconditional(code) if holding is not None else set()
        around = _around(code, id) if row.what is BlockingOn.QUEUE and "put" not in row.answers else None
        for acquisition in holding.acquisitions.values() if holding is not None else ():
            before = acquisition.id < id or (around is not None and around[0] <= acquisition.id <= around[1])
            if before and acquisition.waits and acquisition.id in certain:
                spans.setdefault(acquisition.use, acquisition.span)
        found: dict[LockUse, Need] = {}
        for use, span in spans.items():
            if use.lock.kind in EXCLUSIVE and not use.lock.is_semaphore:
                base = relative(place, use.base, where) if use.lock.per_instance else use.base
                for path in known(base) if use.lock.per_instance else (base,):
                    outside = LockUse(use.lock, path, use.mode)
                    found[outside] = Need(outside, code, span, None, answer=name)
        return found

    @cached_property
    def _out_of_sight(self) -> set[Site]:
        """The objects that somebody out of sight may use: handed to a library, or by a method that is passed on."""
        found: set[Site] = set()
        for code in self._sources.codes:
            called = {each.callee for each in code.operations if type(each) is facts.Call}
            for operation in code.operations:
                if type(operation) is facts.LoadAttr and operation.id not in called:
                    values = self._types.of(code, operation.id)
                    found.update(_sites(each.receiver for each in values if isinstance(each, LibraryMethod)))
                elif type(operation) is facts.Call and not self._stays(code, operation):
                    for each in operation.arguments:
                        found.update(_sites(self._types.of(code, each.value)))
        return found

    def _stays(self, code: Code, call: facts.Call) -> bool:
        """Whether what is given to the call is followed: by the program, a started function, or a container."""
        values = self._types.of(code, call.callee)
        if (code.key, call.id) in self._spawning:
            return True
        gives = (each for each in values if isinstance(each, LibraryMethod))
        containers = {each for each in gives if each.qualname.rpartition(".")[2] in GIVES_ELEMENT}
        followed = (each for each in values if isinstance(each, FunctionRef | ClassRef | Partial | Instance))
        return bool(values) and len(values) == len(containers) + sum(1 for _ in followed)

    def _loose(self, where: str, row: Blocking) -> bool:
        """Whether something unknown that goes by the same name is used so: it may be this object."""
        return any((where.rpartition(".")[2], answer) in self._unresolved for answer in row.answers)

    @cached_property
    def _unresolved(self) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for code in self._sources.codes:
            for operation in code.operations:
                if type(operation) is facts.LoadAttr and not self._types.of(code, operation.base):
                    owner = code.operation(operation.base)
                    if isinstance(owner, facts.LoadAttr | facts.LoadName):
                        found.add((owner.name, operation.name))
        return found


def _is_told_by_several(context: Context, site: Site) -> bool:
    """Whether a loop starts several threads with one event, which is set as soon as one of them has come that far."""
    if context.repeated is None or context.code is None:
        return False
    return context.code.key != site[0] or not context.repeated[0] <= site[1] <= context.repeated[1]


def _only(receivers: list[Value]) -> Site | None:
    """Where the one object is made that is meant."""
    made = _made(receivers)
    sites = {each.site for each in made if isinstance(each, LibraryObject)}
    return next(iter(sites)) if len(sites) == 1 == len(made) else None


def _made(receivers: list[Value]) -> list[Value]:
    """The objects themselves: what only an annotation tells of is none beside one that is seen to be made."""
    names = {each.qualname for each in receivers if isinstance(each, LibraryObject) and each.site is not None}
    return [
        each
        for each in receivers
        if not (isinstance(each, LibraryObject) and each.site is None and each.qualname in names)
    ]


def _around(code: Code, id: int) -> tuple[int, int] | None:
    return next(((low, high) for low, high in loops(code) if low <= id <= high), None)


def _sites(values: Iterable[Value]) -> Iterator[Site]:
    return (each.site for each in values if isinstance(each, LibraryObject) and each.site is not None)
