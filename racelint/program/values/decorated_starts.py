"""Part of the types stage: which functions does a decorator of the program start in a thread for each call?"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from racelint import facts
from racelint.knowledge.running import Form, RunsOn, Spawn
from racelint.program.sources.source import Code
from racelint.program.values.decorators import by_function, decorated, returned_functions
from racelint.program.values.flow import Flow
from racelint.program.values.passing import argument, arguments
from racelint.program.values.types import Spawned, Types
from racelint.program.values.values import FunctionRef, Library, LibraryMethod, Site, Value


class _Start(msgspec.Struct, frozen=True):
    """The call in a wrapper that starts what its decorator is given."""

    site: Site
    spawn: Spawn
    pool: Value | None


def find_decorated_starts(types: Types, flow: Flow) -> None:
    """Tell at the calls of such a function what they start: they do not run it, and get what the wrapper returns."""
    starts = by_function(decorated(types), lambda each: _starts_in(types, each))
    for (key, id), values in types.callees.items() if starts else ():
        caller = types.names.sources.codes[key]
        call = caller.operation(id)
        if type(call) is not facts.Call:
            continue
        targets = [each for each in values if isinstance(each, FunctionRef) and each.code.key in starts]
        if targets:
            # calls of the same share what they call
            types.callees[key, id] = {each: None for each in values if each not in targets}
        for target in targets:
            for start in starts[target.code.key]:
                given = arguments(caller, call)
                types.spawned[Spawned((key, id), start.spawn, target, start.pool, given, start.site)] = None
                flow.copy(flow.node("returns", start.site[0]), caller.offset + id)


def _starts_in(types: Types, decorator: Code) -> Iterator[_Start]:
    """The starts of the first parameter of a decorator by the inner functions that it returns, and do not run it."""
    first = 1 if decorator.own_name else 0
    given = [each.name for each in decorator.function.parameters[first : first + 1]]
    for wrapper in returned_functions(types, decorator):
        calls = [each for each in wrapper.operations if type(each) is facts.Call]
        if any(_is_named(wrapper, call.callee, given) for call in calls):
            continue
        for call in calls:
            for spawn, pool in _spawns(types, wrapper, call):
                started = argument(call, spawn.callee.position, spawn.callee.keyword)
                if started is not None and _is_named(wrapper, started, given):
                    yield _Start((wrapper.key, call.id), spawn, pool)


def _is_named(code: Code, id: int, names: list[str]) -> bool:
    fetched = code.operation(id)
    return type(fetched) is facts.LoadName and fetched.scope == "free" and fetched.name in names


def _spawns(types: Types, code: Code, call: facts.Call) -> Iterator[tuple[Spawn, Value | None]]:
    """What a call starts in threads of its own, or in those of a pool, and in which."""
    for callee in types.callees.get((code.key, call.id), ()):
        if isinstance(callee, Library | LibraryMethod):
            for spawn in types.names.knowledge.spawns(callee.qualname.removesuffix(".__init__")):
                if spawn.form is Form.FUNCTION and spawn.runs_on in (RunsOn.THREAD, RunsOn.POOL):
                    yield spawn, callee.receiver if isinstance(callee, LibraryMethod) else None
