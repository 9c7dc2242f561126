"""Part of the locksets stage: reader-writer locks that the program makes itself, out of a lock and a count of readers.

The writer keeps the lock, and goes on only once the count is nought; a reader takes it to count itself in, and again
to count itself out. So a reader shuts writers out from the one to the other, though it holds nothing in between. Or the
first reader takes the lock for all of them, and the last one gives it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set

import msgspec
from msgspec.structs import replace

from racelint import facts
from racelint.knowledge.model import LockKind
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.holding import Effect, Exit, Holding, Leak
from racelint.program.locking.locks import LockKey, LockUse
from racelint.program.sources.nodes import ids_in, walk
from racelint.program.sources.source import Code

FlowOf = Callable[[Code], Dataflow]


class Count(msgspec.Struct, frozen=True):
    """The attribute of a lock's owner in which readers are counted."""

    lock: LockKey
    name: str


def counted(holdings: Iterable[Holding], flow_of: FlowOf) -> dict[int, Effect]:
    """What functions do that count a reader in or out: they take, or give back, the reader's side of the lock."""
    holdings = list(holdings)
    counts = {count for holding in holdings for count in _waited_for(holding, flow_of)}
    first, last = ({each for one in holdings for each in as_counted(one, sign, flow_of)} for sign in ("+", "-"))
    by_some = {each[0] for each in first} & {each[0] for each in last}
    found: dict[int, Effect] = {}
    for holding in holdings if counts or by_some else ():
        code, effect = holding.code, holding.effect
        entering, leaving = (
            _sides(holding, sign, counts, flow_of)
            | {reader(use) for count, use in as_counted(holding, sign, flow_of) if count in by_some}
            for sign in ("+", "-")
        )
        plain = {replace(use, mode=None) for use in leaving}
        effect = replace(effect, drops=effect.drops - plain, gives_back=effect.gives_back - plain)
        if any(type(each) is facts.Yield for each in code.operations):
            effect = replace(effect, yields=effect.yields | (entering & leaving))
        else:
            effect = replace(effect, acquires=effect.acquires | entering, drops=effect.drops | leaving)
        if effect != holding.effect:
            found[code.key] = effect
    return found


def is_given_back_by_the_last(holding: Holding, leak: Leak, flow: Dataflow, others: Set[int]) -> bool:
    """Whether the first run of a function takes the lock for all, and the last one gives it back, as a count says.

    Who leaves before that does so only for `others` to give it back.
    """
    code = holding.code
    counts = _stepped(code, "+", flow) & _stepped(code, "-", flow) & _asked(code, leak.acquired, flow)
    releases = (each for each in holding.releases.values() if each.use == leak.use and each.id > leak.acquired)
    back = [each for each in releases if not counts.isdisjoint(_asked(code, each.id, flow))] if counts else []
    if others or leak.exit is None or leak.by not in (Exit.RETURN, Exit.RAISE):
        return bool(back)
    return any(each.span.line <= leak.exit.line for each in back)


def _asked(code: Code, id: int, flow: Dataflow) -> set[str]:
    """What the branches around an operation ask about, by its path."""
    branches = (node for node in code.controls if type(node) is facts.Branch and id in ids_in(node.body))
    return {flow.path(each) for node in branches for each in flow.sources(node.test)}


def _stepped(code: Code, sign: str, flow: Dataflow) -> set[str]:
    """What a function counts up, or down, by its path."""
    reads = (id for store in _steps(code, sign, flow) for id in flow.sources(store.value))
    return {flow.path(id) for id in reads}


def reader(use: LockUse) -> LockUse:
    """The side of a lock that several readers can have at once."""
    return replace(use, mode=LockKind.READER)


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


def _steps(code: Code, sign: str, flow: Dataflow) -> Iterator[facts.StoreAttr | facts.StoreName]:
    """Where a function counts an attribute, or a variable that others see, up or down."""
    for store in code.operations:
        if isinstance(store, facts.StoreAttr | facts.StoreName) and store.augmented:
            step = flow.operation(store.value)
            if type(step) is facts.Compute and step.kind.rstrip("=") == sign:
                yield store


def _steps_of_attributes(code: Code, sign: str, flow: Dataflow) -> Iterator[facts.StoreAttr]:
    return (store for store in _steps(code, sign, flow) if type(store) is facts.StoreAttr)


def as_counted(holding: Holding, sign: str, flow_of: FlowOf) -> Iterator[tuple[Count, LockUse]]:
    """The locks that a function takes (or releases) only if the count, which it has just changed, says so."""
    changes = holding.acquisitions if sign == "+" else holding.releases
    branches = [node for node in holding.code.controls if type(node) is facts.Branch] if changes else []
    flow = flow_of(holding.code)
    for store in _steps_of_attributes(holding.code, sign, flow) if branches else ():
        counter = flow.path(store.base), store.name
        for node in branches:
            reads = (flow.operation(id) for id in flow.sources(node.test) if id > store.id)
            if any(type(each) is facts.LoadAttr and (flow.path(each.base), each.name) == counter for each in reads):
                for id in ids_in(node.body) & changes.keys():
                    yield Count(changes[id].use.lock.key, store.name), changes[id].use


def _sides(holding: Holding, sign: str, counts: set[Count], flow_of: FlowOf) -> frozenset[LockUse]:
    """The reader's side of the locks with which a function counts up, or down, and which it does not keep."""
    kept = holding.effect.acquires | holding.effect.yields
    flow = flow_of(holding.code)
    found: set[LockUse] = set()
    for store in _steps_of_attributes(holding.code, sign, flow):
        for use in holding.at[store.id].held if store.id in holding.at else ():
            if use not in kept and use.base == flow.path(store.base) and Count(use.lock.key, store.name) in counts:
                found.add(reader(use))
    return frozenset(found)
