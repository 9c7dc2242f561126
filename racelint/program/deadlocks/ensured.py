"""Part of the lockorder stage: what is made on first use under a lock has been made before, by who holds the lock.

`if not self._ready: self._prepare()`, and then a call of what takes the lock only `if not self._ready`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from racelint import facts
from racelint.facts import Node
from racelint.program.callgraph.arms import shuts_out
from racelint.program.callgraph.edges import on_own_object
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.sources.branching import Outcome, conditions, decided, found_nothing, is_there, leaves
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
        seen_to = [_seen_to(locksets, edge.caller, edge.site, place) for place in wanted]
        if any(each is True for each in seen_to):
            return True
        wanted = {place for place, each in zip(wanted, seen_to, strict=True) if each is None}
    return False


def is_there_before(locksets: LockSets, steps: Sequence[tuple[Code, int]]) -> bool:
    """Whether the last of some functions, each called by the one before it, comes to its operation only where a global
    is missing that one before it has found there, and that nobody ever takes away."""
    found: set[Place] = set()
    for code, id in steps:
        accesses = locksets.places.of(code)
        reads = {
            each.read_id: each.place for each in accesses if each.kind is Kind.READ and each.place.kind == "global"
        }
        for test, truth in conditions(code, id):
            value, there = is_there(code, test)
            if value in reads and there is truth:
                found.add(reads[value])
            elif value in reads and reads[value] in found and _is_kept(locksets, reads[value]):
                return True
    return False


def _is_kept(locksets: LockSets, place: Place) -> bool:
    """Whether functions only ever store something in a Place."""
    writes = (each for each in locksets.places.by_place[place] if each.kind.writes and each.code.parent is not None)
    return all(_fills(locksets, each, place) for each in writes)


def _own(locksets: LockSets, code: Code) -> Iterator[Access]:
    """The accesses of a function to attributes of its own object."""
    return (each for each in locksets.places.of(code) if each.is_of_self and each.place.kind == "attribute")


def _seen_to(locksets: LockSets, code: Code, id: int, place: Place) -> bool | None:
    """Whether a function has stored something in a Place where nothing was there, by the time it comes to `id`.

    None where it has left the Place alone: a caller may have done so.
    """
    reads = {each.read_id for each in _own(locksets, code) if each.place is place and each.kind is Kind.READ}
    known = set(conditions(code, id))
    answer: bool | None = None
    for node in _before(code.function.body, id):
        if _empties(locksets, code, node, place):
            answer = False
        if type(node) is facts.Branch:
            value, there = is_there(code, node.test)
            arm = node.orelse if there else node.body
            known_there = {*known, *decided(code, node.test, not there)}
            if value in reads and _stores(locksets, code, arm, place, known_there):
                answer = True
    return answer


def _before(nodes: Sequence[Node], id: int) -> Iterator[Node]:
    """The nodes that every run passes which comes to an operation, up to there."""
    for node in nodes:
        if contains(node, id):
            for part in parts(node):
                yield from _before(part, id) if is_within(part, id) else ()
            return
        yield node


def _stores(locksets: LockSets, code: Code, arm: Sequence[Node], place: Place, known: Collection[Outcome]) -> bool:
    """Whether every run of an arm stores something in a Place, itself or by a method of the object that it calls.

    `known` are the tests that have come out so where it is run.
    """
    own = (each for each in _own(locksets, code) if is_within(arm, each.id))
    if any(_fills(locksets, each, place) and _is_sure(locksets, code, each.id, place, known) for each in own):
        return True
    edges = [each for each in locksets.threads.calls.sure_calls(code) if is_within(arm, each.site)]
    return any(
        _fills(locksets, store, place)
        and not shuts_out(edge, locksets.places.dataflow(edge.callee), store.id)
        and _is_sure(locksets, edge.callee, store.id, place, ())
        for edge in edges
        if on_own_object(edge) and _is_sure(locksets, code, edge.site, place, known)
        for store in _own(locksets, edge.callee)
    )


def _is_sure(locksets: LockSets, code: Code, id: int, place: Place, known: Collection[Outcome]) -> bool:
    """Whether a run comes to an operation wherever the Place is empty, and does not go on where that fails."""
    reads = {each.read_id for each in _own(locksets, code) if each.place is place and each.kind is Kind.READ}
    for test, truth in conditions(code, id):
        value, there = is_there(code, test)
        if (test, truth) not in known and not (value in reads and there is not truth):
            return False
    tries = (node for node in code.controls if type(node) is facts.Try and is_within(node.body, id))
    return all(leaves(handler.body) for node in tries for handler in node.handlers)


def _empties(locksets: LockSets, code: Code, node: Node, place: Place) -> bool:
    """Whether a node takes away what is in a Place, itself or by a method of the object that it calls."""
    calls = locksets.threads.calls.sure_calls(code)
    inside = [edge.callee for edge in calls if on_own_object(edge) and contains(node, edge.site)]
    stores = [each for each in _own(locksets, code) if contains(node, each.id)]
    stores += [each for callee in inside for each in _own(locksets, callee)]
    return any(
        each.place is place
        and (
            each.kind is Kind.DELETE
            or (each.kind is Kind.WRITE and locksets.places.dataflow(each.code).truth(each.value) is False)
        )
        for each in stores
    )


def _fills(locksets: LockSets, store: Access, place: Place) -> bool:
    """Whether an access stores in a Place what may be something."""
    flow = locksets.places.dataflow(store.code)
    return store.place is place and store.kind is Kind.WRITE and flow.truth(store.value) is not False
