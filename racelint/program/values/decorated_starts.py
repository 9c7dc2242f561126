"""Part of the types stage: which functions does a decorator of the program start in a thread for each call?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from racelint import facts
from racelint.knowledge.running import Form, RunsOn, Spawn
from racelint.program.sources.source import Code
from racelint.program.values.flow import Flow
from racelint.program.values.passing import argument, arguments
from racelint.program.values.types import Spawned, Types
from racelint.program.values.values import FunctionRef, Library, LibraryMethod, Site, Value


@dataclass(frozen=True, slots=True)
class _Start:
    """The call in a wrapper that starts what its decorator is given."""

    site: Site
    spawn: Spawn
    pool: Value | None


def find_decorated_starts(types: Types, flow: Flow) -> None:
    """Tell at the calls of such a function what they start: they do not run it, and get what the wrapper returns."""
    starts = {code.key: found for code in types.names.sources.codes if (found := list(_starts_of(types, code)))}
    calls: dict[int, list[tuple[Site, FunctionRef]]] = defaultdict(list)
    for site, values in types.callees.items() if starts else ():
        for value in values if site[1] >= 0 else ():
            if isinstance(value, FunctionRef) and value.code.key in starts:
                calls[value.code.key].append((site, value))
    for key, found in starts.items():
        for site, target in calls[key]:
            caller = types.names.sources.codes[site[0]]
            call = caller.operations[site[1]]
            if type(call) is facts.Call:
                del types.callees[site][target]
                for start in found:
                    spawned = Spawned(site, start.spawn, target, start.pool, arguments(caller, call), start.site)
                    types.spawned[spawned] = None
                    flow.copy(flow.node("returns", start.site[0]), caller.offset + call.id)


def _starts_of(types: Types, decorated: Code) -> Iterator[_Start]:
    """The starts in the wrappers that the decorators of a function put around it."""
    around = decorated.parent
    if around is not None:
        for value in (value for id in decorated.function.decorators for value in types.of(around, id)):
            if isinstance(value, FunctionRef) and value.code.function.parameters:
                yield from _starts_in(types, value.code)


def _starts_in(types: Types, decorator: Code) -> Iterator[_Start]:
    """The starts of the first parameter of a decorator by the inner functions that it returns."""
    given = decorator.function.parameters[0].name
    returned = (value for id in decorator.returns for value in types.of(decorator, id))
    for wrapper in (each.code for each in returned if isinstance(each, FunctionRef) and each.code.parent is decorator):
        for call in (each for each in wrapper.operations if type(each) is facts.Call):
            for spawn, pool in _spawns(types, wrapper, call):
                callee = argument(call, spawn.callee.position, spawn.callee.keyword)
                started = wrapper.operation(callee) if callee is not None else None
                if type(started) is facts.LoadName and started.scope == "free" and started.name == given:
                    yield _Start((wrapper.key, call.id), spawn, pool)


def _spawns(types: Types, code: Code, call: facts.Call) -> Iterator[tuple[Spawn, Value | None]]:
    """What a call starts in threads of its own, or in those of a pool, and in which."""
    for callee in types.callees.get((code.key, call.id), ()):
        if isinstance(callee, Library | LibraryMethod):
            for spawn in types.names.knowledge.spawns(callee.qualname.removesuffix(".__init__")):
                if spawn.form is Form.FUNCTION and spawn.runs_on in (RunsOn.THREAD, RunsOn.POOL):
                    yield spawn, callee.receiver if isinstance(callee, LibraryMethod) else None
