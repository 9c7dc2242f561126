"""Which tasks of an event loop are started where, what they run, and which of them may take turns?

Tasks are contexts like threads, but nobody gets in between where a task does not wait. So they have a `Threads` of
their own, in which the contexts are tasks and callbacks, and the main context is what runs first on the loop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from racelint import facts
from racelint.facts import NOTHING
from racelint.knowledge.running import Form, Many, RunsOn
from racelint.program.calls import Calls, Edge
from racelint.program.contexts import Context
from racelint.program.lifetimes import last_id, loop_around, unconditional
from racelint.program.source import Code, span_of, walk
from racelint.program.threads import Threads, spread
from racelint.program.types import Spawned
from racelint.program.values import FunctionRef, Site, Value

COROUTINES = frozenset({Form.COROUTINE, Form.COROUTINES, Form.COROUTINE_FUNCTION})


def link_tasks(calls: Calls) -> Threads:
    """Find the tasks and callbacks, what each runs, and when."""
    starts: dict[Site, list[Spawned]] = defaultdict(list)
    mains: dict[Code, None] = {}
    for spawned in calls.types.spawned:
        target = spawned.target
        if spawned.spawn.runs_on is RunsOn.LOOP and isinstance(target, FunctionRef):
            if spawned.spawn.form in COROUTINES and spawned.spawn.many is Many.NEVER:
                mains[target.code] = None
            elif target.code.function.is_async is (spawned.spawn.form in COROUTINES):
                starts[spawned.site].append(spawned)
    contexts = [Context(0, "the first task", None, (), False)]
    for site, group in sorted(starts.items(), key=lambda item: item[0]):
        contexts.append(_started(calls, len(contexts), site, group))
    for code, many, receiver in _handlers(calls):
        contexts.append(_handled(len(contexts), code, many, receiver))
    return spread(Threads(_without_starts(calls, starts.keys()), contexts), list(mains))


def _started(calls: Calls, index: int, site: Site, group: list[Spawned]) -> Context:
    code = calls.types.names.sources.codes[site[0]]
    entries: dict[tuple[Code, Value | None], None] = {}
    for spawned in group:
        if isinstance(spawned.target, FunctionRef):
            entries[spawned.target.code, spawned.target.receiver] = None
    names = dict.fromkeys(entry.function.qualname.replace("<locals>.", "") for entry, _ in entries)
    repeated = loop_around(code, site[1])
    many = group[0].spawn.many
    return Context(
        index,
        " or ".join(list(names)[:3]),
        RunsOn.LOOP,
        tuple(entries),
        many is Many.ALWAYS or (many is Many.PER_SITE and repeated is not None),
        False,
        code,
        site[1],
        span_of(code, site[1]),
        repeated,
        ((code, site[1]),),
        ends=_awaited(code, site[1]),
    )


def _without_starts(calls: Calls, sites: Iterable[Site]) -> Calls:
    """The call graph without the calls that only make what a task runs."""
    loose = set(sites)
    out = {key: [each for each in edges if (key, each.site) not in loose] for key, edges in calls.out.items()}
    into: dict[int, list[Edge]] = defaultdict(list)
    for edges in out.values():
        for edge in edges:
            into[edge.callee.key].append(edge)
    return replace(calls, out=out, into=dict(into), _sure={})


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


def _handled(index: int, code: Code, many: bool, receiver: Value | None) -> Context:
    entry = ((code, receiver),)
    return Context(index, code.function.qualname, RunsOn.LOOP, entry, many, True, code, NOTHING, code.function.span)


# --- the end of a task ---


def _awaited(code: Code, call: int) -> tuple[int, int] | None:
    """From where to where a task lives in the function that starts it, if that waits for its end."""
    surely = unconditional(code)
    reached, waits = {call}, []
    for operation in code.operations[call + 1 :]:
        match operation:
            case facts.Await(id=id, value=value) if value in reached:
                waits.append(id)
            case facts.Call(id=id, arguments=arguments) if any(each.value in reached for each in arguments):
                reached.add(id)
                waits.extend(_group_end(code, operation))
            case facts.Build(id=id, items=items) if any(each in reached for each in items):
                reached.add(id)
            case facts.Compute(id=id, operands=operands) if any(each in reached for each in operands):
                reached.add(id)
    ends = [id for id in waits if id in surely]
    return (call, min(ends)) if ends else None


def _group_end(code: Code, call: facts.Call) -> Iterator[int]:
    """The end of the `async with` block around a task that its task group starts."""
    fetched = code.operations[call.callee] if call.callee >= 0 else None
    entered = code.operations[fetched.base] if type(fetched) is facts.LoadAttr and fetched.base >= 0 else None
    if type(entered) is facts.Entered:
        for node in walk(code.function.body):
            if type(node) is facts.With and node.is_async and node.manager == entered.manager:
                yield last_id(node)
