"""Part of the lockorder stage: where a base class calls what a subclass overrides, and that takes a lock once more.

Which method `self.closed()` in a base class is, only the class of the object tells. So the calls of methods on their
own object are followed for each class by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint import facts
from racelint.program.callgraph.arms import shuts_out
from racelint.program.callgraph.edges import Edge
from racelint.program.callgraph.steps import DEPTH, Walker
from racelint.program.deadlocks.nesting import Nesting, is_free_on_the_way
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import NON_REENTRANT, LockKey, LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import ClassInfo, Code, span_of
from racelint.program.values.values import Instance


def overrides_taking_again(locksets: LockSets) -> Iterator[Nesting]:
    """Each lock of its own object that a method holds when it is taken by an override which a base class calls."""
    finder = _Finder(locksets)
    for key in sorted(locksets.holdings):
        code = locksets.places.types.names.sources.codes[key]
        if code.cls is not None and code.is_method:
            yield from finder.of(code, code.cls)


class _Finder:
    """Follows the methods of one object after another."""

    def __init__(self, locksets: LockSets) -> None:
        self._locksets = locksets
        self._walkers: dict[int, Walker] = {}
        self._taking: dict[LockKey, list[ClassInfo]] = {}
        for each in locksets.acquisitions():
            if each.waits and each.code.cls is not None and each.use.base == each.code.own_name:
                self._taking.setdefault(each.use.lock.key, []).append(each.code.cls)

    def of(self, code: Code, home: ClassInfo) -> Iterator[Nesting]:
        """What a method that holds a lock of its object comes to, for the first class in which it does."""
        for call in code.operations:
            if type(call) is not facts.Call:
                continue
            held = self._locksets.own(code, self._locksets.state(code, call.id))
            for use in held:
                if use.lock.kind not in NON_REENTRANT or use.lock.is_semaphore or use.base != code.own_name:
                    continue
                for cls in (home, *home.subclasses):
                    if any(each in cls.mro and len(each.mro) > 1 for each in self._taking.get(use.lock.key, ())):
                        found = self._again(cls, code, call, use, held)
                        if found is not None:
                            yield found
                            break

    def _again(self, cls: ClassInfo, code: Code, call: facts.Call, use: LockUse, held: list[LockUse]) -> Nesting | None:
        walker = self._walkers.setdefault(cls.key, Walker(self._locksets.places.types, cls))
        if walker.method(code.name) is not code:
            return None
        for chain, taking in self._ways(walker, cls, code, call, use.lock.key, ()):
            if not is_free_on_the_way(chain, use.lock.key, self._locksets):
                keys = frozenset(each.lock.key for each in held)
                return Nesting(use, use, code, call.id, span_of(code, call.id), keys, chain, taking)
        return None

    def _ways(
        self, walker: Walker, cls: ClassInfo, code: Code, call: facts.Call, key: LockKey, chain: tuple[Edge, ...]
    ) -> Iterator[tuple[tuple[Edge, ...], Acquisition]]:
        """The ways from a call to an override that takes the lock: the calls, and the taking."""
        for callee in walker.callees(code, call):
            if not callee.is_method or callee.function.is_async or callee.function.is_generator:
                continue
            edge = Edge(code, call.id, callee, Instance(cls, None))
            way = (*chain, edge)
            if any(_is_override(each) for each in way):
                for taking in self._takings(callee, key):
                    if not shuts_out(edge, self._locksets.places.dataflow(callee), taking.id):
                        yield way, taking
            if len(way) < DEPTH and all(callee is not each.caller for each in way):
                flow = self._locksets.places.dataflow(callee)
                for inner in callee.operations:
                    if type(inner) is facts.Call and not shuts_out(edge, flow, inner.id):
                        yield from self._ways(walker, cls, callee, inner, key, way)

    def _takings(self, code: Code, key: LockKey) -> Iterator[Acquisition]:
        holding = self._locksets.holdings.get(code.key)
        for each in holding.acquisitions.values() if holding is not None else ():
            paused = each.use in each.before.paused
            if each.use.lock.key == key and each.use.base == code.own_name and each.waits and not paused:
                yield each


def _is_override(edge: Edge) -> bool:
    """Whether a method calls one that a subclass of its class has in place of its own."""
    above, below = edge.caller.cls, edge.callee.cls
    return above is not None and below is not None and above is not below and above in below.mro
