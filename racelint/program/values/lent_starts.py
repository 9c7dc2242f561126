"""Part of the types stage: who has a helper start a thread for it? There, each with its own function, is the start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

import msgspec

from racelint import facts
from racelint.knowledge.running import Form, RunsOn
from racelint.knowledge.threads import TIMER
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Passed, Spawned, Types
from racelint.program.values.values import FunctionRef, Site, Value

Bind = Callable[[Code, "Value | None", Passed], None]


class _Lent(msgspec.Struct, frozen=True):
    """A call whose argument `function` is started; `arguments` is the tuple of what that is given (None: nothing)."""

    site: Site
    function: int
    arguments: int | None


class LentStarts:
    """Moves the starts of helpers to their callers. `bind` lets arguments flow into the function that is started."""

    def __init__(self, types: Types, bind: Bind) -> None:
        self._types = types
        self._codes = types.names.sources.codes
        self._bind = bind
        self._calls: dict[int, list[tuple[Site, bool]]] = defaultdict(list)

    def move(self) -> None:
        """A thread whose function is a parameter of who starts it is told where that is called."""
        lent = [(each, start) for each in self._types.spawned if (start := self._lent(each)) is not None]
        for (key, id), values in self._types.callees.items() if lent else ():
            for value in values if id >= 0 else ():
                if isinstance(value, FunctionRef):
                    self._calls[value.code.key].append(((key, id), value.receiver is not None))
        for spawned, start in lent:
            moved = list(self._told(spawned, start, set()))
            if moved:
                del self._types.spawned[spawned]
            self._types.spawned.update(dict.fromkeys(moved))

    def _lent(self, spawned: Spawned) -> _Lent | None:
        spawn, (key, id) = spawned.spawn, spawned.site
        call = self._codes[key].operation(id)
        if spawn.runs_on is not RunsOn.THREAD or spawn.form is not Form.FUNCTION or type(call) is not facts.Call:
            return None
        if not isinstance(spawned.target, FunctionRef) or self._types.may_be(self._codes[key], call.callee, {TIMER}):
            return None
        given = argument(call, spawn.callee.position, spawn.callee.keyword)
        args = argument(call, spawn.args.position, spawn.args.keyword) if spawn.args is not None else None
        in_loop = any(type(each) is facts.Loop for each in self._codes[key].controls)
        return None if given is None or in_loop else _Lent(spawned.site, given, args)

    def _told(self, spawned: Spawned, start: _Lent, seen: set[Site]) -> Iterator[Spawned]:
        """The calls of the helper that give it the function, those of helpers of helpers at their callers."""
        helper = self._codes[start.site[0]]
        index = start.function
        if start.site in seen or not 0 <= index < len(helper.function.parameters):
            return
        for site, is_bound in self._calls[helper.key] if helper.function.parameters[index].kind != "vararg" else ():
            caller = self._codes[site[0]]
            call = caller.operation(site[1])
            given = _passed_as(helper, call, index, is_bound) if type(call) is facts.Call else None
            if type(call) is not facts.Call or given is None or spawned.target not in self._types.of(caller, given):
                continue
            args, nodes = self._arguments(helper, start, caller, call, is_bound)
            further = list(self._told(spawned, _Lent(site, given, args), {*seen, start.site}))
            yield from further
            if not further:
                yield self._at(spawned, site, nodes)

    def _at(self, spawned: Spawned, site: Site, nodes: tuple[int, ...]) -> Spawned:
        given, target = spawned.given, spawned.target
        if nodes and isinstance(target, FunctionRef):
            given = Passed(nodes, given.keywords)
            self._bind(target.code, target.receiver, given)
        return Spawned(site, spawned.spawn, target, spawned.pool, given, spawned.by)

    def _arguments(
        self, helper: Code, start: _Lent, caller: Code, call: facts.Call, is_bound: bool
    ) -> tuple[int | None, tuple[int, ...]]:
        """The tuple that a caller gives to a helper for what that starts, and what is in it where it is written out."""
        index = start.arguments
        if index is None or not 0 <= index < len(helper.function.parameters):
            return None, ()
        if helper.function.parameters[index].kind == "vararg":
            if any(each.name == "*" for each in call.arguments):
                return None, ()
            own = sum(each.kind == "positional" for each in helper.function.parameters) - is_bound
            rest = [each.value for each in call.arguments if each.name == ""][own:]
            return None, tuple(caller.offset + each for each in rest if each >= 0)
        given = _passed_as(helper, call, index, is_bound)
        build = caller.operation(given) if given is not None else None
        items = build.items if type(build) is facts.Build and not build.comprehension else ()
        return given, tuple(caller.offset + each for each in items if each >= 0)


def _passed_as(callee: Code, call: facts.Call, parameter: int, is_bound: bool) -> int | None:
    """What a call gives as one of the parameters."""
    name = callee.function.parameters[parameter].name
    return argument(call, parameter - is_bound if parameter >= is_bound else None, name)
