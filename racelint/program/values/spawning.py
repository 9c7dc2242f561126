"""Part of the types stage: what does a call of a library start, and with which arguments?"""

from __future__ import annotations

from functools import cache

from racelint import facts
from racelint.knowledge.model import Slot
from racelint.knowledge.running import Form, Passing, Spawn
from racelint.knowledge.threads import RUNS_FIRST
from racelint.program.sources.source import Code
from racelint.program.values.elements import Elements
from racelint.program.values.flow import Flow
from racelint.program.values.passing import Call
from racelint.program.values.task_starts import TaskStarts
from racelint.program.values.texts import literal_text
from racelint.program.values.types import Passed, Spawned, Types
from racelint.program.values.values import ClassRef, Instance, Library, LibraryMethod, LibraryObject, Site, Value


class Spawning:
    """Notes what is started, and lets its arguments flow. `call` follows a call of what is started."""

    def __init__(self, types: Types, flow: Flow, elements: Elements, call: Call) -> None:
        self._types = types
        self._flow = flow
        self._elements = elements
        self._call = call
        self.task_starts = TaskStarts(types, flow, elements)
        # the same few names are asked for at every call of the program
        self._spawns = cache(types.names.knowledge.spawns)

    def spawn(self, site: Site, qualname: str, passed: Passed, receiver: Value | None) -> None:
        """Note what a call of a library's function starts, and what it hands over."""
        if site[1] < 0:
            # what is started is itself a library function that starts something: both stand at the one call
            site = (site[0], -site[1] - 1)
        if isinstance(receiver, Instance | LibraryObject | None):
            for spawn in self._spawns(qualname.removesuffix(".__init__")):
                if spawn.form in (Form.COROUTINE, Form.COROUTINES):
                    self.task_starts.started(site, spawn, passed, receiver)
                    continue
                target = passed.at(spawn.callee)
                if target is not None:
                    given = self._handed_over(spawn, passed)
                    self._flow.watch(target, self._start, site, spawn, given, receiver)
                    if spawn.keeper:
                        # no receiver: the call makes an object of the library's own class
                        kept = receiver or self._types.names.values.library_object(qualname, site)
                        self._flow.watch(target, self._keep, spawn.keeper, kept)

    def _start(self, site: Site, spawn: Spawn, given: Passed, pool: Value | None, target: Value) -> None:
        if isinstance(target, LibraryMethod) and target.qualname in RUNS_FIRST and given.positional:
            self._flow.watch(given.positional[0], self._start, site, spawn, given.after_first(), pool)
            return
        self._types.spawned[Spawned(site, spawn, target, pool, given, site)] = None
        if spawn.form is Form.FUNCTION or spawn.form is Form.COROUTINE_FUNCTION:
            self._call((site[0], -site[1] - 1), given, None, target)

    def _keep(self, name: str, keeper: Value, target: Value) -> None:
        """The objects of a class find in an attribute what was told to make them."""
        if isinstance(target, ClassRef):
            owner = self._types.attributes.owner(target.cls, name)
            self._flow.add(self._flow.node("instance", owner.key, name), keeper)

    def _handed_over(self, spawn: Spawn, passed: Passed) -> Passed:
        if spawn.passing is Passing.REST:
            after = (spawn.callee.position or 0) + 1
            return Passed(passed.positional[after:], passed.keywords, passed.starred, passed.mappings)
        if spawn.passing is Passing.ARGS_KWARGS:
            return self._displayed(spawn.args, spawn.kwargs, passed)
        if spawn.passing is Passing.EACH and spawn.args is not None:
            first = spawn.args.position or 0
            iterables = passed.positional[first:] if spawn.args.rest else passed.positional[first : first + 1]
            return Passed(tuple(map(self._elements.drawn, iterables)), ())
        return Passed((), ())

    def _is_dict(self, code: Code, call: facts.Call) -> bool:
        return any(
            isinstance(value, Library) and value.qualname == "dict"
            for value in self._types.names.static(code, call.callee)
        )

    def _displayed(self, args: Slot | None, kwargs: Slot | None, passed: Passed) -> Passed:
        """`args=(a, b), kwargs={"c": d}` as positionals and keywords, where they are written out."""
        positional: tuple[int, ...] = ()
        keywords: list[tuple[str, int]] = []
        sequence = passed.at(args) if args else None
        mapping = passed.at(kwargs) if kwargs else None
        if sequence is not None:
            code, build = self._types.names.sources.operation_at(sequence)
            if type(build) is facts.Build and not build.comprehension:
                positional = tuple(code.offset + item for item in build.items)
        if mapping is not None:
            code, build = self._types.names.sources.operation_at(mapping)
            if type(build) is facts.Call and self._is_dict(code, build):
                keywords.extend((each.name, code.offset + each.value) for each in build.arguments if each.name)
            if type(build) is facts.Build and build.kind == "dict":
                for key, item in zip(build.keys, build.items, strict=False):
                    name = literal_text(code, key)
                    if name is not None:
                        keywords.append((name, code.offset + item))
        return Passed(positional, tuple(keywords))
