"""Part of the lock order stage: locks of one table, each taken together with the next, and the last with the first.

`with forks[i], forks[(i + 1) % count]`: where all hold their first one, all wait for the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from racelint import facts
from racelint.program.callgraph.edges import passed
from racelint.program.dataflow.dataflow import Dataflow, operands
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.locking.locks import LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import Code

Pair = tuple[Code, int, int]
"""Two values of one function."""


def neighbours(nestings: Iterable[Nesting], locksets: LockSets) -> list[Nesting]:
    """The nestings that several threads make, each of a lock and the next one of a round table."""
    nestings = list(nestings)
    finder = _Finder(locksets)
    ways = {(each.outer, each.inner) for each in nestings}
    return [
        each
        for each in nestings
        if (each.inner, each.outer) not in ways and finder.is_round(each) and finder.are_several(each)
    ]


class _Finder:
    def __init__(self, locksets: LockSets) -> None:
        self._locksets = locksets
        self._places = locksets.places
        self._calls = locksets.threads.calls

    def are_several(self, nesting: Nesting) -> bool:
        """Whether several threads come here, and no other lock or semaphore keeps any of them out."""
        around = {use.lock.key for use in self._locksets.held(nesting.code, nesting.site)} | nesting.held
        contexts = self._locksets.threads.of(nesting.code)
        return around == {nesting.outer.lock.key} and any(each.many for each in contexts)

    def is_round(self, nesting: Nesting) -> bool:
        """Whether the two locks are always neighbours in a table, the last one's being the first."""
        if nesting.chain:
            return False
        pairs = list(self._taken_here(nesting) or self._given(nesting))
        return bool(pairs) and all(self._are_neighbours(*pair) for pair in pairs)

    def _taken_here(self, nesting: Nesting) -> list[Pair]:
        """The two locks where the function takes them out of the table itself."""
        code = nesting.code
        sections = nesting.acquisition.before.held.get(nesting.outer, frozenset())
        inner = _lock_of(code, nesting.acquisition.id)
        pairs = [(code, _lock_of(code, section), inner) for section in sections if section >= 0]
        is_of_table = nesting.outer.lock.key == nesting.inner.lock.key and nesting.inner.lock.key[0] == "item"
        return pairs if is_of_table else []

    def _given(self, nesting: Nesting) -> Iterator[Pair]:
        """The two locks as constructors are given them, where an object has both."""
        one, two = (self._stored(use.lock.key) for use in (nesting.outer, nesting.inner))
        if one is None or two is None or one[0] is not two[0] or nesting.outer.base != nesting.inner.base:
            return
        for edge in self._calls.callers(one[0]):
            first, second = passed(edge, one[1]), passed(edge, two[1])
            yield edge.caller, facts.NOTHING if first is None else first, facts.NOTHING if second is None else second

    def _stored(self, key: LockKey) -> tuple[Code, int] | None:
        """The constructor that stores a lock in an attribute as it is given it, and by which parameter."""
        if key[0] != "attribute":
            return None
        accesses = self._places.by_place.get(self._places.place("attribute", key[1], key[2]), ())
        stores = [each for each in accesses if each.kind.rebinds]
        if len(stores) != 1 or stores[0].value not in range(len(stores[0].code.function.parameters)):
            return None
        is_constructor = stores[0].code.key in self._calls.constructing
        return (stores[0].code, stores[0].value) if is_constructor else None

    def _are_neighbours(self, code: Code, one: int, two: int) -> bool:
        """Whether two values are items of one table, the key of the second following round from that of the first."""
        flow = self._places.dataflow(code)
        first, second = flow.operation(one), flow.operation(two)
        if type(first) is not facts.LoadItem or type(second) is not facts.LoadItem:
            return False
        return flow.path(first.base) == flow.path(second.base) and _follows_round(flow, first.key, second.key)


def _lock_of(code: Code, id: int) -> int:
    """The lock that is entered, or of which `acquire` is called."""
    fetched = code.fetched(code.operation(id))
    return fetched.base if type(fetched) is facts.LoadAttr else id


def _follows_round(flow: Dataflow, key: int, following: int) -> bool:
    """Whether a key is computed from another one, and begins anew after the last: `(i + 1) % count`."""
    rest = flow.operation(following)
    if type(rest) is not facts.Compute or rest.kind != "%":
        return False
    number = flow.operation(rest.operands[0])
    if type(number) is not facts.Compute or number.kind not in ("+", "-"):
        return False
    return any(flow.key(each) == flow.key(key) for each in operands(number))
