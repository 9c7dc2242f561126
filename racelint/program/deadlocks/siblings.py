"""Part of the lock order stage: two locks of a kind, of two objects or for two keys of a table, taken in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from racelint import facts
from racelint.knowledge.containers import IN_ORDER
from racelint.knowledge.model import LockKind
from racelint.program.callgraph.edges import passed
from racelint.program.dataflow.frames import operation_of, split_path
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.values import Library, LibraryMethod

ORDERS: Final = frozenset({"<", "<=", ">", ">="})

Pair = tuple[Code, int, int]
"""Two values of one function."""


def siblings(nestings: Iterable[Nesting], locksets: LockSets) -> list[Nesting]:
    """The nestings of two locks of a kind with nothing that says which comes first."""
    orders = _Orders(locksets)
    asked = (_is_of_two_objects, orders.is_of_two_keys, orders.is_of_two_found)
    found = [each for each in nestings if any(ask(each) for ask in asked)]
    both_ways = {(each.code.key, each.outer, each.inner) for each in found}
    return [each for each in found if (each.code.key, each.inner, each.outer) not in both_ways]


def _is_of_two_objects(nesting: Nesting) -> bool:
    """The locks of two objects of one class, which are both parameters."""
    if not _is_of_a_kind(nesting):
        return False
    bases = (nesting.outer.base, nesting.inner.base)
    names = {parameter.name for parameter in nesting.code.function.parameters}
    return all(base in names for base in bases)


def _is_of_a_kind(nesting: Nesting) -> bool:
    outer, inner = nesting.outer, nesting.inner
    is_one = outer.lock.key == inner.lock.key and outer.base != inner.base
    return is_one and inner.lock.per_instance and inner.lock.kind is not LockKind.SEMAPHORE


class _Orders:
    """Tells whether the keys of two locks of one table come in an order."""

    def __init__(self, locksets: LockSets) -> None:
        self._locksets = locksets
        self._threads = locksets.threads
        self._types = locksets.places.types

    def is_of_two_keys(self, nesting: Nesting) -> bool:
        """Whether the function takes two locks of one table, for parameters that callers may give the other way round.

        What it calls may know of an order of the keys that does not show here.
        """
        if nesting.chain or nesting.inner.lock.key[0] != "item" or not _is_of_a_kind(nesting):
            return False
        (table, key), (other_table, other_key) = _table_and_key(nesting.outer.base), _table_and_key(nesting.inner.base)
        (one, rest), (two, other_rest) = split_path(key), split_path(other_key)
        return table == other_table and rest == other_rest and self._are_unordered(nesting.code, one, two)

    def is_of_two_found(self, nesting: Nesting) -> bool:
        """Whether the function takes the locks of two objects that it looks up by two of its parameters."""
        if nesting.chain or not _is_of_a_kind(nesting):
            return False
        one, two = (self._looked_up(nesting.code, each.base) for each in (nesting.outer, nesting.inner))
        return (
            one is not None
            and two is not None
            and one[0] == two[0]
            and self._are_unordered(nesting.code, one[1], two[1])
        )

    def _looked_up(self, code: Code, base: str) -> tuple[str, str] | None:
        """Where an object was looked up, and by what: `self.accounts.get` and `name`, or a container and the key."""
        if base.endswith("]"):
            return _table_and_key(base)
        flow = self._locksets.places.dataflow(code)
        call = flow.operation(operation_of(base))
        if type(call) is not facts.Call or len(call.arguments) != 1:
            return None
        return flow.path(call.callee), flow.path(call.arguments[0].value)

    def _are_unordered(self, code: Code, one: str, two: str) -> bool:
        """Whether two names are those of parameters that callers may give the other way round."""
        names = [parameter.name for parameter in code.function.parameters]
        if one == two or one not in names or two not in names:
            return False
        pair = code, names.index(one), names.index(two)
        return not self._is_compared(pair) and self._may_come_in_any_order(pair)

    def _may_come_in_any_order(self, pair: Pair) -> bool:
        """Whether some caller gives the two in an order that nothing decides, or two give them in opposite ones."""
        given = list(self._given(*pair))
        literals = {(code.literal(one), code.literal(two)) for code, one, two in given}
        if any(one and two and one != two and (two, one) in literals for one, two in literals):
            return True
        return not given or any(self._is_open(each) for each in given)

    def _given(self, code: Code, one: int, two: int) -> Iterator[Pair]:
        """What the callers of a function give for two of its parameters, and who starts a thread with it."""
        for edge in self._threads.calls.callers(code):
            first, second = passed(edge, one), passed(edge, two)
            if first is not None and second is not None:
                yield edge.caller, first, second
        for context in self._threads.of(code):
            start = context.code.operation(context.site) if context.code is not None else None
            for entry, receiver in context.entries if type(start) is facts.Call else ():
                own = 0 if receiver is None else 1
                items = _items(context.code, start)
                are_given = own <= min(one, two) and max(one, two) - own < len(items)
                if entry is code and context.code is not None and are_given:
                    yield context.code, items[one - own], items[two - own]

    def _is_open(self, pair: Pair) -> bool:
        """Whether nothing says which of two values comes first: they are not sorted, compared, made of each other."""
        code, one, two = pair
        flow = self._locksets.places.dataflow(code)
        if code.literal(one) or code.literal(two) or flow.comes_from(one, two) or flow.comes_from(two, one):
            return False
        return not self._is_compared(pair) and not self._is_sorted(pair)

    def _is_compared(self, pair: Pair) -> bool:
        """Whether the function asks which of two values is the greater."""
        code, *both = pair
        flow = self._locksets.places.dataflow(code)
        asked = [each for each in code.operations if type(each) is facts.Compute and each.kind in ORDERS]
        return any(
            flow.comes_from(test.operands[0], first) and flow.comes_from(test.operands[-1], second)
            for one in flow.ways(both[0])
            for two in flow.ways(both[1])
            for test in asked
            for first, second in ((one, two), (two, one))
        )

    def _is_sorted(self, pair: Pair) -> bool:
        """Whether one of two values comes out of what was put in order."""
        code, *both = pair
        flow = self._locksets.places.dataflow(code)
        behind = {each.id for id in both for each in flow.behind(id)}
        for call in code.operations:
            if type(call) is facts.Call and self._puts_in_order(code, call):
                fetched = code.fetched(call)
                base = fetched.base if type(fetched) is facts.LoadAttr else facts.NOTHING
                if call.id in behind or base in behind:
                    return True
        return False

    def _puts_in_order(self, code: Code, call: facts.Call) -> bool:
        values = self._types.of(code, call.callee)
        return any(isinstance(each, Library | LibraryMethod) and each.qualname in IN_ORDER for each in values)


def _table_and_key(base: str) -> tuple[str, str]:
    """The path of a table, and what it is asked for: `self.locks` and `name` of `self.locks[name]`."""
    table, _, key = base.removesuffix("]").rpartition("[")
    return table, key


def _items(code: Code | None, start: facts.Operation | None) -> tuple[int, ...]:
    """The values that a thread is given with `args`."""
    given = argument(start, None, "args") if type(start) is facts.Call else None
    made = code.operation(given) if code is not None and given is not None else None
    return made.items if type(made) is facts.Build else ()
