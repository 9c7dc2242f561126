"""Stage 9: which lock is taken while another is held, through any number of calls, and where can that block?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.logs import MODULE, RUN_INSIDE, WRITES
from racelint.knowledge.model import LockKind
from racelint.program.callgraph.arms import shuts_out
from racelint.program.callgraph.concrete import turns_back
from racelint.program.callgraph.edges import Edge
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.dataflow.frames import outward
from racelint.program.deadlocks.ensured import is_made_before
from racelint.program.deadlocks.neighbours import neighbours
from racelint.program.deadlocks.nesting import Nesting, is_free_on_the_way
from racelint.program.deadlocks.overrides import overrides_taking_again
from racelint.program.deadlocks.rings import rings
from racelint.program.deadlocks.siblings import siblings
from racelint.program.locking.balance import is_private
from racelint.program.locking.delegated import givers_of, signals_among
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import NON_REENTRANT, LockKey, LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import Code, span_of
from racelint.program.values.values import Library, LibraryMethod

DEPTH: Final = 3
"""How many calls deep a log record is looked for."""

PER_FUNCTION: Final = 60
"""A function that may take more locks than this says nothing useful about their order."""


class Taken(msgspec.Struct, frozen=True, eq=False):
    """A lock that a function may take, itself or by the call `edge`: `use` is in the function's own terms."""

    use: LockUse
    acquisition: Acquisition
    edge: Edge | None


class LockOrder(msgspec.Struct):
    """The answers: cycles of nestings of different locks, the same lock twice, and two locks of a kind."""

    nestings: list[Nesting]
    taken: dict[int, dict[LockUse, Taken]] = msgspec.field(default_factory=dict)
    """For each function: what it may take, itself or through calls, in its own terms."""
    cycles: list[tuple[Nesting, ...]] = msgspec.field(default_factory=list)
    again: list[Nesting] = msgspec.field(default_factory=list)
    siblings: list[Nesting] = msgspec.field(default_factory=list)
    neighbours: list[Nesting] = msgspec.field(default_factory=list)
    """A lock and the next one, of a table that goes round."""

    def chain(self, taken: Taken) -> list[Edge]:
        """The calls by which a function comes to a lock that it may take."""
        chain: list[Edge] = []
        while taken.edge is not None and len(chain) < 20:
            chain.append(taken.edge)
            below = self.taken.get(taken.edge.callee.key, {})
            following = next((each for each in below.values() if each.acquisition is taken.acquisition), None)
            if following is None or following is taken:
                break
            taken = following
        return chain


def link_lockorder(locksets: LockSets) -> LockOrder:
    """Find all nestings, then what is wrong among them."""
    finder = _Finder(locksets)
    order = finder.order
    order.nestings.extend(finder.nestings())
    holdings = locksets.holdings.values()
    givers = givers_of(holdings)
    signals = signals_among(holdings, givers)
    again = (each for each in order.nestings if _is_again(each) and each.inner.lock.key not in signals)
    again = (each for each in again if not _is_told(locksets, givers, each.inner.lock.key))
    order.again = [each for each in again if not is_free_on_the_way(each.chain, each.inner.lock.key, locksets)]
    order.again = [each for each in order.again if not is_made_before(each, locksets)]
    types = locksets.places.types
    order.again = [each for each in order.again if not turns_back(types, each.chain, *_taken_at(each))]
    order.again.extend(each for each in finder.logged() if _is_again(each))
    known = {(each.code.key, each.outer) for each in order.again}
    overriding = (each for each in overrides_taking_again(locksets) if each.inner.lock.key not in signals)
    overriding = (each for each in overriding if not _is_told(locksets, givers, each.inner.lock.key))
    order.again.extend(each for each in overriding if (each.code.key, each.outer) not in known)
    order.siblings = siblings(order.nestings, locksets)
    order.neighbours = neighbours(order.nestings, locksets)
    order.cycles = list(rings(order.nestings, locksets))
    return order


def _taken_at(nesting: Nesting) -> tuple[Code, int]:
    """The function and the operation that take the inner lock."""
    return nesting.acquisition.code, nesting.acquisition.id


class _Finder:
    """Finds what is taken while something else is held."""

    def __init__(self, locksets: LockSets) -> None:
        self._locksets = locksets
        self._calls = locksets.threads.calls
        self._sources = self._calls.types.names.sources
        self._shut_out: dict[tuple[int, int, int, int], bool] = {}
        self._taken = self._summaries()
        self.order = LockOrder([], self._taken)

    def _summaries(self) -> dict[int, dict[LockUse, Taken]]:
        """What each function may take, from the functions that take locks themselves upwards to their callers."""
        taken: dict[int, dict[LockUse, Taken]] = defaultdict(dict)
        decorating, wrapping = self._locksets.decorating, self._calls.wrapping
        for acquisition in self._locksets.acquisitions():
            code = acquisition.code
            if code.key in wrapping and decorating.is_made_anew(code, acquisition.use):
                # told of each function that it is around
                continue
            paused = acquisition.use in acquisition.before.paused
            if acquisition.waits and acquisition.use.lock.blocks and not paused:
                taken[code.key].setdefault(acquisition.use, Taken(acquisition.use, acquisition, None))
        for key, wrappers in self._calls.wrappers.items():
            for wrapper, _ in wrappers:
                for use, acquisition in decorating.taken(self._sources.codes[key], wrapper):
                    if use.lock.blocks:
                        taken[key].setdefault(use, Taken(use, acquisition, None))
        pending = sorted(taken)
        # a caller is told what has come since it was told the last time: what is there stays, and more comes behind it
        told: dict[Edge, int] = {}
        while pending:
            key = pending.pop(0)
            for edge in self._calls.usual_callers(self._sources.codes[key]):
                known = taken[edge.caller.key]
                before = len(known)
                news = list(taken[key].values())[told.get(edge, 0) :]
                told[edge] = len(taken[key])
                for use, found in self._seen_from(edge, news):
                    if use not in known and len(known) < PER_FUNCTION:
                        known[use] = Taken(use, found.acquisition, edge)
                if len(known) > before and edge.caller.key not in pending:
                    pending.append(edge.caller.key)
        return taken

    def _seen_from(self, edge: Edge, taken: Sequence[Taken]) -> list[tuple[LockUse, Taken]]:
        if not taken or not self._calls.runs_at_once(edge):
            return []
        flow = self._locksets.places.dataflow(edge.caller)
        paths = self._locksets.places.passed(edge.caller, edge.callee, edge.site, edge.receiver)
        return [
            (LockUse(found.use.lock, flow.shortest(outward(found.use.base, paths)), found.use.mode), found)
            for found in taken
            if not self._is_shut_out(
                edge, found.edge.site if found.edge is not None else self._named(found.acquisition)
            )
        ]

    def _named(self, acquisition: Acquisition) -> int:
        """Where the lock is named that is taken: `with lock if take else nothing` comes there if the test says so."""
        code, id = acquisition.code, acquisition.id
        while True:
            match self._locksets.places.dataflow(code).operation(id):
                case facts.Phi(inputs=inputs) | facts.Choice(operands=inputs):
                    uses = [each for each in inputs if self._locksets.locks.use(code, each) == acquisition.use]
                    if len(uses) != 1 or uses[0] >= id:
                        return id
                    id = uses[0]
                case _:
                    return id

    def _is_shut_out(self, edge: Edge, id: int) -> bool:
        key = (edge.caller.key, edge.site, edge.callee.key, id)
        known = self._shut_out.get(key)
        if known is None:
            known = self._shut_out[key] = shuts_out(edge, self._locksets.places.dataflow(edge.callee), id)
        return known

    def nestings(self) -> Iterator[Nesting]:
        """Each lock taken at each acquisition and call that is made with another one held."""
        for key in sorted({*self._locksets.holdings, *self._locksets.around}):
            code = self._sources.codes[key]
            holding = self._locksets.holdings.get(key)
            for acquisition in holding.acquisitions.values() if holding is not None else ():
                if acquisition.waits and acquisition.use.lock.blocks:
                    held = self._locksets.own(code, acquisition.before)
                    yield from self._under(
                        held, acquisition.use, code, acquisition.id, acquisition.span, acquisition, ()
                    )
            for edge in self._calls.usual_calls(code):
                held = self._locksets.own(code, self._locksets.state(code, edge.site))
                if held:
                    for use, found in self._seen_from(edge, [*self._taken.get(edge.callee.key, {}).values()]):
                        chain = (edge, *self.order.chain(found))
                        span = span_of(code, edge.site)
                        yield from self._under(held, use, code, edge.site, span, found.acquisition, chain)

    def logged(self) -> Iterator[Nesting]:
        """Each log record that is written, here or behind a call, with a lock held that a handler takes as well.

        Which handlers a logger has is not known, so only locks that all objects share are looked for, and only those
        that the handler takes itself: what is far behind it is seldom reached by the record in question.
        """
        taken = [
            (code, found)
            for code in self._sources.codes
            if _runs_in_logging(code)
            for found in self._taken.get(code.key, {}).values()
            if found.edge is None and not found.use.lock.per_instance
        ]
        locks = {found.use.lock.key for _, found in taken}
        for key in sorted(self._locksets.holdings) if taken else ():
            code = self._sources.codes[key]
            steps = [*self._records(code), *((edge.site, (edge,)) for edge in self._calls.usual_calls(code))]
            for site, chain in steps:
                held = [use for use in self._locksets.state(code, site).held if use.lock.key in locks]
                way = self._way_to_record(chain) if held else None
                if way is None:
                    continue
                caller = way[-1].callee if way else code
                record = self._records(caller)[0][0] if way else site
                span = span_of(code, site)
                for method, found in taken:
                    below = (*way, Edge(caller, record, method, None))
                    yield from self._under(held, found.use, code, site, span, found.acquisition, below)

    def _records(self, code: Code) -> list[tuple[int, tuple[Edge, ...]]]:
        """The calls of a function that write a log record."""
        calls = [each for each in code.operations if type(each) is facts.Call and each.callee >= 0]
        return [(each.id, ()) for each in calls if self._writes(code, each)]

    def _writes(self, code: Code, call: facts.Call) -> bool:
        callees = self._calls.types.of(code, call.callee)
        return any(isinstance(each, Library | LibraryMethod) and each.qualname in WRITES for each in callees)

    def _way_to_record(self, chain: tuple[Edge, ...]) -> tuple[Edge, ...] | None:
        """The calls that lead on from the end of `chain` to a record; itself where it is empty."""
        if not chain or self._records(chain[-1].callee):
            return chain
        if len(chain) < DEPTH:
            for edge in self._calls.usual_calls(chain[-1].callee):
                way = self._way_to_record((*chain, edge))
                if way is not None:
                    return way
        return None

    @staticmethod
    def _under(
        held: list[LockUse],
        inner: LockUse,
        code: Code,
        site: int,
        span: Span,
        acquisition: Acquisition,
        chain: tuple[Edge, ...],
    ) -> Iterator[Nesting]:
        keys = frozenset(use.lock.key for use in held)
        for outer in held:
            if outer.mode is LockKind.READER and outer.lock.kind in NON_REENTRANT:
                # the first reader took it for all of them: so who waits for the count waits for none of these
                continue
            if outer.lock.blocks and outer.lock.domain is inner.lock.domain:
                yield Nesting(outer, inner, code, site, span, keys, chain, acquisition)


def _runs_in_logging(code: Code) -> bool:
    bases = code.cls.library_bases if code.cls is not None and code.name in RUN_INSIDE else []
    return any(base.startswith(MODULE) for base in bases)


def _is_told(locksets: LockSets, givers: Mapping[LockKey, Set[int]], key: LockKey) -> bool:
    """Whether a lock made on the spot is told to others, or a thread that never takes it releases it: as a signal."""
    codes = locksets.places.types.names.sources.codes
    if any(not each.is_main for giver in givers.get(key, ()) for each in locksets.threads.of(codes[giver])):
        return True
    if key[0] != "site":
        return False
    return not is_private(locksets, codes[key[1]], key)


def _is_again(nesting: Nesting) -> bool:
    """The same lock of the same object, and it is not reentrant."""
    outer, inner = nesting.outer, nesting.inner
    if outer.lock.key != inner.lock.key or inner.lock.kind not in NON_REENTRANT or outer.mode is not inner.mode:
        return False
    if inner.lock.is_semaphore:
        return False
    if not inner.lock.per_instance and inner.lock.key[0] != "item":
        return True
    return outer.base == inner.base and UNKNOWN not in outer.base and not outer.base.startswith("%")
