"""Part of the sharing stage: items of which each run of a context has its own, as the loop that starts the runs counts.

`for i in range(n): Thread(target=self.work, args=(i,)).start()`, where `work` counts in `self.counts[i]`: who starts
them, and waits for all of them, has given each another number. So it is with the keys of a dictionary.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Final

import msgspec

from racelint import facts
from racelint.knowledge.containers import ITEM_ACCESSES, MOVES_OTHERS, NUMBERED, NUMBERS, PAIRS, UNLIKE
from racelint.knowledge.model import Slot
from racelint.knowledge.running import Passing, RunsOn
from racelint.program.callgraph.edges import Edge
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.memory.places import Access, Places
from racelint.program.sources.loops import loop_around, loops
from racelint.program.sources.nodes import contains, extent
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Spawned
from racelint.program.values.values import LibraryObject, Partial

GIVEN_EACH: Final = frozenset({RunsOn.THREAD, RunsOn.POOL})
"""Where a program itself gives each run what it is to work on."""

ELEMENTS: Final = frozenset({Passing.EACH, Passing.STAR_EACH})
"""How a function is started for each of what there is to go over."""

DEPTH: Final = 2
"""So many calls away from where a context begins it is looked for the number that it was given."""


class Numbered(msgspec.Struct, dict=True):
    """Tells what the runs of one context do to items of their own. `are_apart` is the question."""

    threads: Threads
    places: Places
    _given: dict[int, frozenset[tuple[int, int]]] = msgspec.field(default_factory=dict)

    def are_apart(self, context: Context, one: Access, other: Access) -> bool:
        """Whether two runs of a context are at items of their own where they make two accesses."""
        if not context.many or context.code is None or context.runs_on not in GIVEN_EACH:
            return False
        if not self._is_waited_for(context, context.code):
            # who starts them may do so once more before they are done
            return False
        if self._moves_others(one) or self._moves_others(other):
            return False
        # a row is another one's column: both are told apart by the same of the keys
        return any(
            self._is_own(context, one.code, key, DEPTH) and self._is_own(context, other.code, beside, DEPTH)
            for key, beside in zip(_keys(one), _keys(other), strict=False)
        )

    def _moves_others(self, access: Access) -> bool:
        """Whether an item is taken out of what is perhaps a list, where those behind it move up."""
        if access.method not in MOVES_OTHERS:
            return False
        kept = self.places.values(access.place)
        return not kept or any(isinstance(each, LibraryObject) and each.qualname == "list" for each in kept)

    def _is_waited_for(self, context: Context, starter: Code) -> bool:
        """Whether who starts the runs goes on, or ends, only when all of them are done: before it starts them again."""
        around = [(low, high) for low, high in loops(starter) if low <= context.site <= high]
        spawned = self._spawned[starter.key, context.site]
        if any(each.spawn.passing not in ELEMENTS for each in spawned):
            # that is the one which counts
            around = [each for each in around if each != loop_around(starter, context.site)]
        waits = self._waits(context, starter)
        return any(all(low <= wait <= high for low, high in around) for wait in waits)

    def _waits(self, context: Context, starter: Code) -> Iterator[int]:
        """Where who starts the runs waits for all of them: of a `with` that does, where it begins."""
        types = self.places.types
        pools = {each.pool for each in self._spawned[starter.key, context.site]}
        ends = {context.ends[1]} if context.ends is not None else set()
        for each in starter.controls:
            if type(each) is not facts.With or not contains(each, context.site):
                continue
            managers = (value for value in types.of(starter, each.manager) if isinstance(value, LibraryObject))
            if any(value in pools and types.names.knowledge.joins_on_exit(value.qualname) for value in managers):
                yield each.manager
                ends.discard(extent([each])[1])
        yield from ends
        if starter.key in context.joins:
            yield context.joins[starter.key]

    def _is_own(self, context: Context, code: Code, id: int, depth: int) -> bool:
        """Whether a value is what tells the run from others: a parameter where it begins, or handed on from there."""
        if not 0 <= id < len(code.function.parameters):
            return False
        if any(entry is code for entry, _ in context.entries):
            return (code.key, id) in self._parameters(context) and not self.threads.calls.callers(code)
        callers = self.threads.calls.callers(code)
        if not depth or not callers or code.key in self.threads.calls.escaping:
            return False
        return all(self._is_handed_on(context, edge, id, depth) for edge in callers)

    def _is_handed_on(self, context: Context, edge: Edge, id: int, depth: int) -> bool:
        """Whether a call gives, for a parameter, what tells the run from others."""
        caller = edge.caller
        given = self.places.passed(caller, edge.callee, edge.site, edge.receiver)
        path = given.get(edge.callee.function.parameters[id].name)
        names = [each.name for each in caller.function.parameters]
        return path in names and self._is_own(context, caller, names.index(path), depth - 1)

    def _parameters(self, context: Context) -> frozenset[tuple[int, int]]:
        """The parameters, of the functions with which a context begins, that get another value in each run."""
        found = self._given.get(context.index)
        if found is None:
            found = self._given[context.index] = frozenset(self._differing(context))
        return found

    def _differing(self, context: Context) -> Iterator[tuple[int, int]]:
        starter = context.code
        if starter is None:
            return
        by = self.threads.of(starter)
        if len(by) > 1 or any(each.is_several for each in by) or self._calls_itself(starter):
            # two that start them give the same numbers
            return
        spawned = self._spawned[starter.key, context.site]
        for code, receiver in context.entries:
            first = 0 if receiver is None else 1
            for index, parameter in enumerate(code.function.parameters[first:], first):
                slot = Slot(index - first, parameter.name)
                if spawned and all(self._gives_another(starter, each, slot) for each in spawned):
                    yield code.key, index

    def _calls_itself(self, starter: Code) -> bool:
        """Whether who starts the runs may do so while it is about it."""
        calls = self.threads.calls
        callers = {edge.caller.key for edge in calls.callers(starter)}
        return not callers.isdisjoint(calls.reachable([starter]))

    def _gives_another(self, starter: Code, spawned: Spawned, slot: Slot) -> bool:
        """Whether a start gives each run another value for a parameter."""
        given, spawn, call = spawned.given, spawned.spawn, starter.operation(spawned.site[1])
        if isinstance(spawned.target, Partial) or given.starred or given.mappings:
            return False
        if spawn.passing not in ELEMENTS:
            node = given.at(slot)
            return node is not None and self._is_of_turn(starter, spawned.site[1], node - starter.offset)
        if type(call) is not facts.Call or slot.position is None or spawn.callee.position is None:
            return False
        first = spawn.callee.position + 1
        if spawn.passing is Passing.EACH:
            iterable = argument(call, first + slot.position, "")
            return iterable is not None and self._tells_apart(starter, iterable, -1)
        iterable = argument(call, first, "")
        return iterable is not None and self._tells_apart(starter, iterable, slot.position)

    def _is_of_turn(self, code: Code, site: int, id: int) -> bool:
        """Whether the loop around a start gives another value in each of its turns."""
        part = code.operation(id)
        turn = code.operation(part.value) if type(part) is facts.Unpack else part
        if type(turn) is not facts.Element or loop_around(code, turn.id) != loop_around(code, site):
            return False
        return self._tells_apart(code, turn.iterable, part.index if type(part) is facts.Unpack else -1)

    def _tells_apart(self, code: Code, iterable: int, index: int) -> bool:
        """Whether no two turns over something get the same; with an index, as that part of what they get."""
        made, types = code.operation(iterable), self.places.types
        if index < 0:
            return self._gives_each_once(code, iterable)
        if type(made) is not facts.Call:
            return False
        if types.surely_calls(code, made, PAIRS):
            given = argument(made, index, "")
            return given is not None and self._tells_apart(code, given, -1)
        method = code.fetched(made)
        if type(method) is facts.LoadAttr and method.name == "items":
            return index == 0 and self._is_unlike(code, method.base)
        return index == 0 and types.surely_calls(code, made, NUMBERED)

    def _gives_each_once(self, code: Code, iterable: int) -> bool:
        made = code.operation(iterable)
        if type(made) is facts.Call:
            method = code.fetched(made)
            if type(method) is facts.LoadAttr and method.name == "keys":
                return self._is_unlike(code, method.base)
            return self.places.types.surely_calls(code, made, NUMBERS)
        return self._is_unlike(code, iterable)

    def _is_unlike(self, code: Code, id: int) -> bool:
        """Whether a value is a container that has each thing once."""
        values = self.places.types.of(code, id) if id >= 0 else ()
        return bool(values) and all(isinstance(each, LibraryObject) and each.qualname in UNLIKE for each in values)

    @cached_property
    def _spawned(self) -> dict[tuple[int, int], list[Spawned]]:
        found: dict[tuple[int, int], list[Spawned]] = defaultdict(list)
        for each in self.places.types.spawned:
            found[each.site].append(each)
        return found


def _keys(access: Access) -> list[int]:
    """The keys of the items in which the item is that is accessed, and its own: outer ones first."""
    code = access.code
    done = code.operation(access.id)
    if type(done) is facts.Call:
        done = code.fetched(done)
    base = done.base if isinstance(done, facts.StoreItem | facts.DeleteItem | facts.LoadItem | facts.LoadAttr) else -1
    way = max(list(_on_the_way(code, access.load)), list(_on_the_way(code, base)), key=len)
    own = [access.key] if access.key >= 0 and access.method in ITEM_ACCESSES else []
    return [*reversed(way), *own]


def _on_the_way(code: Code, id: int) -> Iterator[int]:
    """The keys by which an item of an item is fetched, inner ones first."""
    while type(item := code.operation(id)) is facts.LoadItem:
        yield item.key
        id = item.base
