"""Part of the locksets stage: reader-writer locks that the program makes itself, out of a lock and a count of readers.

The writer keeps the lock, and goes on only once the count is nought; a reader takes it to count itself in, and again
to count itself out. So a reader shuts writers out from the one to the other, though it holds nothing in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from racelint import facts
from racelint.knowledge.model import LockKind
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.holding import Effect, Holding
from racelint.program.locking.locks import LockKey, LockUse
from racelint.program.sources.nodes import walk
from racelint.program.sources.source import Code

FlowOf = Callable[[Code], Dataflow]


@dataclass(frozen=True, slots=True)
class Count:
    """The attribute of a lock's owner in which readers are counted."""

    lock: LockKey
    name: str


def counted(holdings: Iterable[Holding], flow_of: FlowOf) -> dict[int, Effect]:
    """What functions do that count a reader in or out: they take, or give back, the reader's side of the lock."""
    holdings = list(holdings)
    counts = {count for holding in holdings for count in _waited_for(holding, flow_of)}
    found: dict[int, Effect] = {}
    for holding in holdings if counts else ():
        code, effect = holding.code, holding.effect
        entering, leaving = (_sides(holding, sign, counts, flow_of) for sign in ("+", "-"))
        if any(type(each) is facts.Yield for each in code.operations):
            effect = replace(effect, yields=effect.yields | (entering & leaving))
        else:
            effect = replace(effect, acquires=effect.acquires | entering, drops=effect.drops | leaving)
        if effect != holding.effect:
            found[code.key] = effect
    return found


def _waited_for(holding: Holding, flow_of: FlowOf) -> Iterator[Count]:
    """The counts for which a function waits before it goes on with the lock in hand."""
    kept = {use.lock.key for use in (*holding.effect.acquires, *holding.effect.yields)}
    for node in holding.code.controls if kept and holding.waits else ():
        if type(node) is facts.Loop and node.kind == "while":
            if not any(type(each) is facts.Call and each.span in holding.waits for each in walk(node.body)):
                continue
            flow = flow_of(holding.code)
            for read in (flow.operation(id) for id in flow.sources(node.test)):
                if type(read) is facts.LoadAttr:
                    yield from (Count(key, read.name) for key in kept)


def _sides(holding: Holding, sign: str, counts: set[Count], flow_of: FlowOf) -> frozenset[LockUse]:
    """The reader's side of the locks with which a function counts up, or down, and which it does not keep."""
    kept = holding.effect.acquires | holding.effect.yields
    flow = flow_of(holding.code)
    found: set[LockUse] = set()
    for store in holding.code.operations:
        if type(store) is not facts.StoreAttr or not store.augmented:
            continue
        step = flow.operation(store.value)
        if type(step) is not facts.Compute or step.kind.rstrip("=") != sign:
            continue
        for use in holding.at[store.id].held if store.id in holding.at else ():
            if use not in kept and use.base == flow.path(store.base) and Count(use.lock.key, store.name) in counts:
                found.add(replace(use, mode=LockKind.READER))
    return frozenset(found)
