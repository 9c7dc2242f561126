"""Difference propagation: nodes hold growing sets of values, edges copy them, watchers react to each new one once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, Final

from racelint.program.values.values import NO_VALUES, Value, ValueSet

LIMIT: Final = 20
"""A node that would hold more values than this says nothing useful any more; further ones are dropped.

On the 65 packages of `benchmarks/noise` 40 tells no more than 20 does, for up to 29 % more time and 14 % more memory.
"""

FEW: Final = 8
"""Of so many targets a tuple is made: most nodes have one, and a tuple takes the least memory."""

Watcher = tuple[Any, ...]
"""What is called, and the first of its arguments: there are millions, and a tuple takes a quarter of a `partial`."""

Targets = tuple[int, ...] | dict[int, None]


class Flow:
    """A graph of nodes. Nodes below `size` are numbered by the caller; `node` makes further ones by a key."""

    def __init__(self, size: int) -> None:
        self.held: list[ValueSet | None] = [None] * size
        """What each node holds."""
        self._singles: dict[Value, ValueSet] = {}
        self._targets: list[Targets | None] = [None] * size
        self._watchers: list[list[Watcher] | None] = [None] * size
        self._sieves: dict[int, list[int]] = {}
        """By node: where some of its values flow into, not all."""
        self._methods: dict[Callable[..., None], Callable[..., None]] = {}
        self._keys: dict[Hashable, int] = {}
        self._pending: list[tuple[int, Value]] = []

    def node(self, *key: Hashable) -> int:
        """The node of a key, made at first use."""
        found = self._keys.get(key)
        if found is None:
            found = self._keys[key] = len(self.held)
            self.held.append(None)
            self._targets.append(None)
            self._watchers.append(None)
        return found

    def values(self, node: int) -> ValueSet:
        """What a node holds."""
        return self.held[node] or NO_VALUES

    def values_of(self, *key: Hashable) -> ValueSet:
        """What the node of a key holds, without making it."""
        found = self._keys.get(key)
        return NO_VALUES if found is None else self.values(found)

    def add(self, node: int, value: Value) -> None:
        """Put a value into a node."""
        held = self.held[node]
        if held is None:
            # most nodes hold one value: they share the set of it until a second one comes
            self.held[node] = self.single(value)
        elif len(held) >= LIMIT or value in held:
            return
        else:
            if len(held) == 1:
                held = self.held[node] = dict(held)
            held[value] = None
        # to who asks for it later it is given then
        if self._targets[node] is not None or self._watchers[node] is not None:
            self._pending.append((node, value))

    def single(self, value: Value) -> ValueSet:
        """The set of one value, which all that have no other share."""
        found = self._singles.get(value)
        if found is None:
            found = self._singles[value] = {value: None}
        return found

    def copy(self, source: int, target: int) -> None:
        """Whatever `source` holds, now or later, flows into `target`."""
        if source == target:
            return
        targets = self._targets[source]
        if targets is None:
            self._targets[source] = (target,)
        elif target in targets:
            return
        elif type(targets) is dict:
            targets[target] = None
        else:
            self._targets[source] = (*targets, target) if len(targets) < FEW else dict.fromkeys((*targets, target))
        for value in self.held[source] or ():
            self.add(target, value)

    def sieve(self, source: int, target: int, keeps: Callable[..., bool], *given: object) -> None:
        """Whatever `source` holds, now or later, flows into `target` if `keeps` says so of it and of what is given."""
        self._sieves.setdefault(source, []).append(target)
        self.watch(source, self._pass, target, keeps, given)

    def _pass(self, target: int, keeps: Callable[..., bool], given: tuple[object, ...], value: Value) -> None:
        if keeps(*given, value):
            self.add(target, value)

    def watch(self, node: int, watcher: Callable[..., None], *given: object) -> None:
        """Call `watcher` with what is given and each value of the node, now or later."""
        # each look at a method makes a new object of it: one is kept
        watcher = self._methods.setdefault(watcher, watcher)
        watchers = self._watchers[node]
        if watchers is None:
            self._watchers[node] = [(watcher, *given)]
        else:
            watchers.append((watcher, *given))
        for value in tuple(self.held[node] or ()):
            watcher(*given, value)

    def run(self) -> None:
        """Propagate until nothing changes. Ends because values are finitely many and sets only grow."""
        held, pending, singles = self.held, self._pending, self._singles
        all_targets, all_watchers = self._targets, self._watchers
        while pending:
            node, value = pending.pop()
            targets = all_targets[node]
            if targets is not None:
                # `add`, written out: more than a million calls of it would be a quarter of the time of linking
                single = singles.get(value) or self.single(value)
                for target in targets:
                    there = held[target]
                    if there is None:
                        held[target] = single
                    elif len(there) >= LIMIT or value in there:
                        continue
                    elif len(there) == 1:
                        held[target] = {**there, value: None}
                    else:
                        there[value] = None
                    if all_targets[target] is not None or all_watchers[target] is not None:
                        pending.append((target, value))
            watchers = all_watchers[node]
            if watchers is not None:
                for watcher, *given in tuple(watchers):
                    watcher(*given, value)

    def reached(self, node: int, is_end: Callable[[int], bool]) -> Iterator[int]:
        """The nodes that what is in `node` flows into, itself among them, but not through the ends."""
        seen = {node}
        pending = [node]
        while pending:
            here = pending.pop()
            yield here
            for target in (*(self._targets[here] or ()), *self._sieves.get(here, ())):
                if target not in seen and not is_end(target):
                    seen.add(target)
                    pending.append(target)

    def settle(self) -> None:
        """Drop edges and watchers: what is held stays, and nothing can be added any more."""
        self._targets.clear()
        self._sieves.clear()
        self._watchers.clear()
        self._methods.clear()
        self._share()

    def _share(self) -> None:
        """Of sets that came to hold the same, in the same order, keep one: they grow no more."""
        kept: dict[tuple[Value, ...], ValueSet] = {}
        for node, values in enumerate(self.held):
            if values is not None and len(values) > 1:
                self.held[node] = kept.setdefault(tuple(values), values)
