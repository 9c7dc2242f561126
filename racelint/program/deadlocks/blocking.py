"""Stage 10: which calls wait while a lock is held, and does the other side need that very lock to come to its end?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from racelint.facts import Span
from racelint.knowledge.model import LockDomain
from racelint.program.callgraph.arms import leads_to
from racelint.program.callgraph.edges import Edge
from racelint.program.dataflow.frames import outward
from racelint.program.deadlocks.awaited import Awaited, Waiting
from racelint.program.deadlocks.idling import idle, with_entrances
from racelint.program.deadlocks.lockorder import LockOrder
from racelint.program.deadlocks.own_end import OwnEnd, OwnEnds
from racelint.program.deadlocks.skipped import Skip
from racelint.program.deadlocks.stall import Stall
from racelint.program.deadlocks.wakers import Need
from racelint.program.locking.locks import EXCLUSIVE, LockKey, LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import Code, span_of

PER_FUNCTION: Final = 30
"""Of a function that may come to more waiting calls than this, the first ones are enough to tell that it waits."""


class Blocking(msgspec.Struct):
    """The answers: waits that never end, waits in vain (until a timeout), waits for what may never come, and calls that
    only take their time."""

    endless: list[Stall] = msgspec.field(default_factory=list)
    vain: list[Stall] = msgspec.field(default_factory=list)
    idle: list[Stall] = msgspec.field(default_factory=list)
    slow: list[Stall] = msgspec.field(default_factory=list)
    skipped: list[Skip] = msgspec.field(default_factory=list)
    """What ends a wait, and is left out where something raises."""
    own: list[OwnEnd] = msgspec.field(default_factory=list)
    """Waits of a thread for itself, and of a task for its own pool."""


class _Reached(msgspec.Struct, frozen=True, eq=False):
    """A waiting call that a function comes to by `edge`: its needs in the function's own terms, the locks let go."""

    waiting: Waiting
    needs: tuple[tuple[LockUse, Need], ...]
    released: frozenset[LockKey]
    edge: Edge | None


def link_blocking(locksets: LockSets, order: LockOrder) -> Blocking:
    """Find the waiting calls, carry them to who makes them with a lock held, and sort them by what is wrong."""
    awaited = Awaited(locksets, order)
    waitings = list(awaited.waitings())
    blocking = Blocking(skipped=[each.skip for each in waitings if each.skip is not None])
    blocking.own = list(OwnEnds(locksets, awaited).find())
    for chosen in ([each for each in waitings if each.needs], waitings):
        for stall in _Finder(locksets, chosen).stalls():
            if stall.need is None:
                blocking.slow.append(stall)
            elif chosen is not waitings:
                (blocking.vain if stall.waiting.bounded else blocking.endless).append(stall)
    told = [stall.waiting for stall in (*blocking.endless, *blocking.vain)]
    blocking.slow = _nearest(stall for stall in blocking.slow if stall.waiting not in told)
    blocking.idle = list(idle(locksets, blocking.slow, waitings))
    told = [stall.waiting for stall in blocking.idle]
    blocking.slow = list(with_entrances(locksets, [stall for stall in blocking.slow if stall.waiting not in told]))
    return blocking


def _nearest(stalls: Iterable[Stall]) -> list[Stall]:
    """Of several ways to a waiting call with the same lock held, one of the shortest."""
    found: dict[tuple[Waiting, LockKey], Stall] = {}
    for stall in stalls:
        key = (stall.waiting, stall.lock.lock.key)
        if key not in found or len(stall.chain) < len(found[key].chain):
            found[key] = stall
    return list(found.values())


class _Finder:
    """Finds which of some waiting calls are made while a lock is held."""

    def __init__(self, locksets: LockSets, waitings: list[Waiting]) -> None:
        self._locksets = locksets
        self._calls = locksets.threads.calls
        self._sources = self._calls.types.names.sources
        self._reached = self._summaries(waitings)

    def _summaries(self, waitings: list[Waiting]) -> dict[int, dict[Waiting, _Reached]]:
        reached: dict[int, dict[Waiting, _Reached]] = defaultdict(dict)
        for waiting in waitings:
            needs = tuple((need.use, need) for need in waiting.needs)
            released = self._released(waiting.code, waiting.id) | ({waiting.own} if waiting.own else frozenset())
            reached[waiting.code.key][waiting] = _Reached(waiting, needs, released, None)
        pending = sorted(reached)
        # a caller is told what has come since it was told the last time: what is there stays, and more comes behind it
        told: dict[Edge, int] = {}
        while pending:
            key = pending.pop(0)
            for edge in self._calls.usual_callers(self._sources.codes[key]):
                known = reached[edge.caller.key]
                before = len(known)
                news = list(reached[key].values())[told.get(edge, 0) :]
                told[edge] = len(reached[key])
                for found in self._seen_from(edge, news):
                    if found.waiting not in known and len(known) < PER_FUNCTION:
                        known[found.waiting] = found
                if len(known) > before and edge.caller.key not in pending:
                    pending.append(edge.caller.key)
        return reached

    def _released(self, code: Code, id: int) -> frozenset[LockKey]:
        return frozenset(use.lock.key for use in self._locksets.state(code, id).dropped)

    def _seen_from(self, edge: Edge, reached: Sequence[_Reached]) -> list[_Reached]:
        if not reached or not self._calls.runs_at_once(edge):
            return []
        flow = self._locksets.places.dataflow(edge.caller)
        paths = self._locksets.places.passed(edge.caller, edge.callee, edge.site, edge.receiver)
        here = self._released(edge.caller, edge.site)
        found: list[_Reached] = []
        callee = self._locksets.places.dataflow(edge.callee)
        for each in reached:
            if not leads_to(edge, callee, each.edge.site if each.edge is not None else each.waiting.id):
                continue
            needs = tuple(
                (LockUse(use.lock, flow.shortest(outward(use.base, paths)), use.mode), need) for use, need in each.needs
            )
            found.append(_Reached(each.waiting, needs, each.released | here, edge))
        return found

    def stalls(self) -> Iterator[Stall]:
        """Each waiting call, and each call that leads to one, with the lock that is held there."""
        for key in sorted({*self._locksets.holdings, *self._locksets.around}):
            code = self._sources.codes[key]
            for reached in self._reached.get(key, {}).values():
                if reached.edge is None:
                    yield from self._under(code, reached.waiting.id, reached.waiting.span, reached, ())
            for edge in self._calls.usual_calls(code):
                span = span_of(code, edge.site)
                if self._locksets.own(code, self._locksets.state(code, edge.site)):
                    for reached in self._seen_from(edge, [*self._reached.get(edge.callee.key, {}).values()]):
                        yield from self._under(code, edge.site, span, reached, (edge, *self._chain(reached)))

    def _chain(self, reached: _Reached) -> list[Edge]:
        chain: list[Edge] = []
        edge = reached.edge
        while edge is not None and len(chain) < 20:
            below = self._reached.get(edge.callee.key, {}).get(reached.waiting)
            edge = below.edge if below is not None else None
            if edge is not None:
                chain.append(edge)
        return chain

    def _under(self, code: Code, site: int, span: Span, reached: _Reached, chain: tuple[Edge, ...]) -> Iterator[Stall]:
        held = [
            use
            for use in self._locksets.own(code, self._locksets.state(code, site))
            if use.lock.kind in EXCLUSIVE
            and use.lock.key not in reached.released
            and not use.lock.is_semaphore
            # a call that waits stops the whole event loop, whoever holds a lock among its tasks
            and use.lock.domain is not LockDomain.TASK
        ]
        stuck = [(use, need) for use, need in reached.needs if use in held]
        for use, need in stuck[:1]:
            yield Stall(use, code, site, span, reached.waiting, chain, need)
        if held and not stuck:
            yield Stall(held[-1], code, site, span, reached.waiting, chain, None)
