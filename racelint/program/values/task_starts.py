"""Part of the types stage: which coroutines come to a call that starts them, through whatever variables and helpers?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

import msgspec

from racelint import facts
from racelint.knowledge.running import Form, Many, Spawn
from racelint.program.sources.source import Code
from racelint.program.values.elements import Elements
from racelint.program.values.flow import Flow
from racelint.program.values.passing import arguments
from racelint.program.values.types import Passed, Spawned, Types
from racelint.program.values.values import FunctionRef, Site, Value


class _Start(msgspec.Struct, frozen=True):
    """A call that starts as tasks whatever coroutines come to it."""

    site: Site
    spawn: Spawn
    pool: Value | None


class TaskStarts:
    """Finds the starts of tasks. A coroutine runs what was called to make it: that call counts as the start."""

    def __init__(self, types: Types, flow: Flow, elements: Elements) -> None:
        self._types = types
        self._sources = types.names.sources
        self._flow = flow
        self._elements = elements
        self._starts: dict[int, dict[_Start, None]] = defaultdict(dict)

    def started(self, site: Site, spawn: Spawn, passed: Passed, pool: Value | None) -> None:
        """Remember a call that starts the coroutines which it is given."""
        target = passed.at(spawn.callee)
        if spawn.callee.rest:
            nodes = [*passed.positional, *map(self._elements.drawn, passed.starred)]
        elif target is None:
            nodes = []
        else:
            nodes = [self._elements.drawn(target) if spawn.form is Form.COROUTINES else target]
        for node in nodes:
            self._starts[node][_Start(site, spawn, pool)] = None

    def note(self) -> None:
        """Note what is started, once it is known where every value goes."""
        for code, call, targets in self._made() if self._starts else ():
            own = code.offset + call.id
            for node in self._flow.reached(own, self._is_its_end):
                for start in self._starts.get(node, ()):
                    if node == own or _is_told(start, code, call, targets):
                        self._note(start, code, call, targets)

    def _made(self) -> Iterator[tuple[Code, facts.Call, list[FunctionRef]]]:
        """The calls that make a coroutine."""
        for (key, id), values in self._types.callees.items():
            code = self._sources.codes[key]
            call = code.operation(id)
            if type(call) is facts.Call and any(map(_is_coroutine, values)):
                named = self._types.of(code, call.callee)
                targets = [each for each in named if isinstance(each, FunctionRef) and _is_coroutine(each)]
                if targets:
                    yield code, call, targets

    def _is_its_end(self, node: int) -> bool:
        """Whether a coroutine is not followed beyond: who awaits it gets its result; who is given it back may be many.

        The callers of what gives a coroutine back are told apart by nothing: most await it, where one starts it.
        """
        if node >= self._sources.size:
            return node in self._results
        return type(self._sources.operation_at(node)[1]) is facts.Await

    @cached_property
    def _results(self) -> frozenset[int]:
        """The nodes of what functions give back."""
        return frozenset(self._flow.node("returns", code.key) for code in self._sources.codes if code.returns)

    def _note(self, start: _Start, code: Code, call: facts.Call, targets: list[FunctionRef]) -> None:
        site, given = (code.key, call.id), arguments(code, call)
        for target in targets:
            self._types.spawned[Spawned(site, start.spawn, target, start.pool, given, start.site)] = None


def _is_told(start: _Start, code: Code, call: facts.Call, targets: list[FunctionRef]) -> bool:
    """Whether it is told here what a helper starts, and that it goes on beside others.

    What is called on behalf of yet other callers (`spawn(work(*given))`) is theirs. A helper that only waits for what
    it is given (`asyncio.run(coro)`) has no first task: there are others around it.
    """
    named = code.operation(call.callee)
    if type(named) is facts.LoadName and named.scope in ("free", "cell"):
        return start.spawn.many is not Many.NEVER and any(each.code.name == named.name for each in targets)
    return start.spawn.many is not Many.NEVER and named is not None


def _is_coroutine(value: Value) -> bool:
    """Whether calling a value makes a coroutine."""
    return isinstance(value, FunctionRef) and value.code.function.is_async and not value.code.function.is_generator
