"""Which tasks of an event loop are started where, what they run, and which of them may take turns?

Tasks are contexts like threads, but nobody gets in between where a task does not wait. So they have a `Threads` of
their own, in which the contexts are tasks and callbacks, and the main context is what runs first on the loop.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from racelint import facts
from racelint.facts import NOTHING, Node
from racelint.knowledge.loops import CANCELS
from racelint.knowledge.running import Form, Many, RunsOn, Spawn, Starts
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.edges import Edge
from racelint.program.contexts.contexts import NAMED, Context, library_decorators
from racelint.program.contexts.lifetimes import is_narrow
from racelint.program.contexts.spreading import spread
from racelint.program.contexts.threads import Threads, kept_as
from racelint.program.sources.loops import loop_around
from racelint.program.sources.nodes import last_id, parts
from racelint.program.sources.source import Code, span_of
from racelint.program.sources.surely import unconditional
from racelint.program.values.types import Spawned
from racelint.program.values.values import FunctionRef, Library, LibraryMethod, Site, Value

COROUTINES = frozenset({Form.COROUTINE, Form.COROUTINES, Form.COROUTINE_FUNCTION})


def link_tasks(calls: Calls) -> Threads:
    """Find the tasks and callbacks, what each runs, and when."""
    starts: dict[Site, list[Spawned]] = defaultdict(list)
    mains: dict[Code, None] = {}
    for spawned in calls.types.spawned:
        target = spawned.target
        if isinstance(target, FunctionRef) and _is_on_loop(spawned.spawn, target.code):
            if spawned.spawn.form in COROUTINES and spawned.spawn.many is Many.NEVER:
                mains[target.code] = None
            elif not _is_no_start(calls, spawned):
                starts[spawned.site].append(spawned)
    contexts = [Context(0, "the first task", None, (), False)]
    for site, group in sorted(starts.items(), key=lambda item: item[0]):
        contexts.append(_started(calls, len(contexts), site, group))
    for code, many, receiver in (*_handlers(calls), *_decorated(calls)):
        contexts.append(_handled(len(contexts), code, many, receiver))
    return spread(Threads(_without_starts(calls, starts.keys()), contexts), list(mains))


def _is_on_loop(spawn: Spawn, code: Code) -> bool:
    """Whether a callee runs on the loop: as a coroutine, or as a callback (which some loops take as coroutines too)."""
    if spawn.runs_on is not RunsOn.LOOP:
        return spawn.only_sync and code.function.is_async
    return code.function.is_async or spawn.form not in COROUTINES


def _is_no_start(calls: Calls, spawned: Spawned) -> bool:
    """Whether a start makes nothing that runs beside others.

    What a finalizer starts has an object that nobody else holds any more; `await wait_for(f(), 1)` is `await f()`.
    """
    key, site = spawned.site
    code = calls.types.names.sources.codes[key]
    if code.name == "__del__":
        return True
    if spawned.spawn.form is not Form.COROUTINE or spawned.spawn.callee.rest:
        return False
    starter = calls.types.names.sources.codes[spawned.by[0]]
    if _is_awaited_at_once(starter, spawned.by[1]):
        return True
    line = code.operations[site + 1 :]
    handed = next((each for each in line if type(each) is facts.Call and _is_given(each, site)), None)
    if handed is None or not _is_awaited_at_once(code, handed.id):
        return False
    callees = calls.types.callees.get((key, handed.id), ())
    # who awaits a coroutine that starts a task has waited for the start
    return not any(isinstance(each, FunctionRef) and each.code.function.is_async for each in callees)


def _is_awaited_at_once(code: Code, call: int) -> bool:
    following = code.operation(call + 1)
    return type(following) is facts.Await and following.value == call


def _is_given(call: facts.Call, value: int) -> bool:
    return any(each.value == value for each in call.arguments)


def _started(calls: Calls, index: int, site: Site, group: list[Spawned]) -> Context:
    code = calls.types.names.sources.codes[site[0]]
    entries: dict[tuple[Code, Value | None], None] = {}
    for spawned in group:
        if isinstance(spawned.target, FunctionRef):
            entries[spawned.target.code, spawned.target.receiver] = None
    names = dict.fromkeys(entry.function.qualname.replace("<locals>.", "") for entry, _ in entries)
    repeated = loop_around(code, site[1])
    spawn = group[0].spawn
    ends = _ends(calls, code, site[1], spawn)
    again = repeated is not None and not (ends is not None and ends[1] <= repeated[1])
    context = Context(
        index,
        " or ".join(list(names)[:NAMED]),
        RunsOn.LOOP,
        tuple(entries),
        spawn.many is Many.ALWAYS or (spawn.many is Many.PER_SITE and again),
        False,
        code,
        site[1],
        span_of(code, site[1]),
        repeated,
        ((code, site[1]),),
        ends=ends,
    )
    return replace(context, joins=_ended_by_keeper(calls, context))


def _without_starts(calls: Calls, sites: Iterable[Site]) -> Calls:
    """The call graph without the calls that only make what a task runs, or the first task of a loop."""
    loose = set(sites)
    out = {
        key: [each for each in edges if (key, each.site) not in loose and not _runs_loop(each)]
        for key, edges in calls.out.items()
    }
    into: dict[int, list[Edge]] = defaultdict(list)
    for edges in out.values():
        for edge in edges:
            into[edge.callee.key].append(edge)
    return dataclasses.replace(calls, out=out, into=dict(into), run_in_loop={}, called_by_loop=set())


def _runs_loop(edge: Edge) -> bool:
    """Whether a call is that of a coroutine by who runs a loop for it."""
    return edge.callee.function.is_async and not edge.caller.function.is_async


# --- what a framework starts ---


def _handlers(calls: Calls) -> Iterator[tuple[Code, bool, Value | None]]:
    """The coroutines that a framework runs for each request, and whether several at once."""
    types = calls.types
    knowledge = types.names.knowledge
    for cls in types.names.sources.classes:
        for base in cls.library_bases:
            for row in knowledge.entry_methods(base):
                for method in types.attributes.methods(cls):
                    code = method.code
                    on_loop = code.function.is_async and (row.runs_on is RunsOn.LOOP or row.only_sync)
                    if on_loop and code.cls is cls and row.matches(code.name):
                        yield code, row.many is Many.ALWAYS, types.names.values.instance(cls, None)


def _decorated(calls: Calls) -> Iterator[tuple[Code, bool, Value | None]]:
    """The same for functions under a decorator: `@app.get("/")`."""
    types = calls.types
    for code in types.names.sources.codes:
        if code.function.is_async and code.function.decorators:
            for qualname in sorted(library_decorators(types, code)):
                row = types.names.knowledge.entry_decorator(qualname)
                if row is not None and (row.runs_on is RunsOn.LOOP or row.only_sync):
                    yield code, row.many is Many.ALWAYS, None
                    break


def _handled(index: int, code: Code, many: bool, receiver: Value | None) -> Context:
    label, entries, has_own = code.function.qualname, ((code, receiver),), receiver is not None
    return Context(index, label, RunsOn.LOOP, entries, many, has_own, code, NOTHING, code.function.span)


# --- the end of a task ---


def _ends(calls: Calls, code: Code, call: int, spawn: Spawn) -> tuple[int, int] | None:
    """From where to where a task lives in the function that starts it, if that waits for its end."""
    if spawn.starts is not Starts.NOW or spawn.many is Many.ALWAYS:
        return None
    surely = unconditional(code) | _block(code, call)
    reached, waits = {call}, []
    for operation in code.operations[call + 1 :]:
        match operation:
            case facts.Await(id=id, value=value) if value in reached and spawn.form is not Form.COROUTINE_FUNCTION:
                waits.append(id)
            case facts.Call(id=id, arguments=arguments) if any(each.value in reached for each in arguments):
                if _hands_on(calls, code, operation):
                    reached.add(id)
                reached.update(_appended_to(code, operation))
                waits.extend(_group_end(code, operation))
            case facts.Build(id=id, items=items) if any(each in reached for each in items):
                reached.add(id)
            case facts.Compute(id=id, operands=operands) if any(each in reached for each in operands):
                reached.add(id)
    own = code.operations[call]
    if spawn.form is Form.COROUTINE_FUNCTION and type(own) is facts.Call:
        waits.extend(_group_end(code, own))
    ends = [id for id in waits if id in surely]
    return (call, min(ends)) if ends else None


def _ended_by_keeper(calls: Calls, context: Context) -> dict[int, int]:
    """Where an object has waited for the end of the task that it has started and kept, in which of its methods.

    Who has cancelled it needs not wait: all that it does from then on is to clean up.
    """
    kept = kept_as(context)
    found: dict[int, int] = {}
    if kept is None:
        return found
    sources = calls.types.names.sources
    keeper = sources.classes[kept[0]]
    cancels = not any(_cleans_up(code) for code, _ in context.entries)
    for cls in (keeper, *keeper.subclasses):
        for method in calls.types.attributes.methods(cls):
            code = method.code
            for each in code.operations:
                match each:
                    case facts.Await(id=id, value=value) if code.own_attribute(code.operation(value)) == kept[1]:
                        found.setdefault(code.key, id)
                    case facts.Call(id=id) if cancels and _is_cancelled(calls, code, each, kept[1]):
                        found.setdefault(code.key, id)
    return found


def _is_cancelled(calls: Calls, code: Code, call: facts.Call, name: str) -> bool:
    """Whether a call cancels the task that is kept under a name, on the loop of both."""
    method = code.operation(call.callee)
    callees = calls.types.of(code, call.callee)
    cancels = any(isinstance(each, LibraryMethod) and each.qualname in CANCELS for each in callees)
    return cancels and type(method) is facts.LoadAttr and code.own_attribute(code.operation(method.base)) == name


def _cleans_up(code: Code) -> bool:
    """Whether a coroutine may go on when it is cancelled: it has handlers or a `finally`, whatever they are for."""
    tries = [node for node in code.controls if type(node) is facts.Try]
    return any(node.final or not all(is_narrow(code, each) for each in node.handlers) for node in tries)


def _hands_on(calls: Calls, code: Code, call: facts.Call) -> bool:
    """Whether who awaits the result of a call waits for the tasks that it is given."""
    knowledge = calls.types.names.knowledge
    for value in calls.types.of(code, call.callee):
        if isinstance(value, FunctionRef) and not value.code.function.is_async:
            return True
        if isinstance(value, Library | LibraryMethod):
            cut_short = {"timeout", "return_when"} & {each.name for each in call.arguments}
            wait = knowledge.wait(value.qualname)
            if wait is not None:
                return wait.awaited and (wait.timeout_raises or not cut_short)
            return bool(knowledge.spawns(value.qualname)) or value.qualname in ("list", "tuple", "set")
    return False


def _appended_to(code: Code, call: facts.Call) -> Iterator[int]:
    """The list in `tasks.append(task)`."""
    fetched = code.operation(call.callee)
    if type(fetched) is facts.LoadAttr and fetched.name in ("append", "add"):
        yield fetched.base


def _block(code: Code, call: int) -> set[int]:
    """The operations of the block in which an operation stands: who runs it runs them too."""
    pending: list[Sequence[Node]] = [code.function.body]
    while pending:
        nodes = pending.pop()
        own = {node.id for node in nodes if hasattr(node, "id")}
        if call in own:
            return own
        pending.extend(part for node in nodes for part in parts(node))
    return set()


def _group_end(code: Code, call: facts.Call) -> Iterator[int]:
    """The end of the `async with` block around a task that its task group starts."""
    fetched = code.operation(call.callee)
    entered = code.operations[fetched.base] if type(fetched) is facts.LoadAttr and fetched.base >= 0 else None
    if type(entered) is facts.Entered:
        for node in code.controls:
            if type(node) is facts.With and node.is_async and node.manager == entered.manager:
                yield last_id([node])
