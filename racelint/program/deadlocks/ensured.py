"""Part of the lockorder stage: what is made on first use under a lock has been made before, by who holds the lock.

`if not self._ready: self._prepare()`, and then a call of what takes the lock only `if not self._ready`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from racelint import facts
from racelint.facts import Node
from racelint.program.callgraph.arms import shuts_out
from racelint.program.callgraph.edges import on_own_object
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.sources.branching import found_nothing, is_there
from racelint.program.sources.nodes import contains, is_within, parts
from racelint.program.sources.source import Code


def is_made_before(nesting: Nesting, locksets: LockSets) -> bool:
    """Whether a lock is taken only where something is missing that its holder has seen to on the way there."""
    taking = nesting.acquisition
    missing = {value for value, _ in found_nothing(taking.code, taking.id)}
    wanted = {each.place for each in _own(locksets, taking.code) if each.read_id in missing}
    for edge in reversed(nesting.chain) if wanted else ():
        if not on_own_object(edge):
            return False
        if any(_is_seen_to(locksets, edge.caller, edge.site, place) for place in wanted):
            return True
    return False


def _own(locksets: LockSets, code: Code) -> Iterator[Access]:
    """The accesses of a function to attributes of its own object."""
    return (each for each in locksets.places.of(code) if each.is_of_self and each.place.kind == "attribute")


def _is_seen_to(locksets: LockSets, code: Code, id: int, place: Place) -> bool:
    """Whether a function has stored something in a Place where nothing was there, by the time it comes to `id`."""
    reads = {each.read_id for each in _own(locksets, code) if each.place is place and each.kind is Kind.READ}
    for node in _before(code.function.body, id):
        if type(node) is facts.Branch:
            value, there = is_there(code, node.test)
            if value in reads and _stores(locksets, code, node.orelse if there else node.body, place):
                return True
    return False


def _before(nodes: Sequence[Node], id: int) -> Iterator[Node]:
    """The nodes that every run passes which comes to an operation, up to there."""
    for node in nodes:
        if contains(node, id):
            for part in parts(node):
                yield from _before(part, id) if is_within(part, id) else ()
            return
        yield node


def _stores(locksets: LockSets, code: Code, arm: Sequence[Node], place: Place) -> bool:
    """Whether an arm stores something in a Place, itself or by a method of the object that it calls."""
    if any(_fills(locksets, each, place) and is_within(arm, each.id) for each in _own(locksets, code)):
        return True
    edges = [each for each in locksets.threads.calls.sure_calls(code) if is_within(arm, each.site)]
    return any(
        _fills(locksets, store, place) and not shuts_out(edge, locksets.places.dataflow(edge.callee), store.id)
        for edge in edges
        if on_own_object(edge)
        for store in _own(locksets, edge.callee)
    )


def _fills(locksets: LockSets, store: Access, place: Place) -> bool:
    flow = locksets.places.dataflow(store.code)
    return store.place is place and store.kind is Kind.WRITE and flow.truth(store.value) is not False
