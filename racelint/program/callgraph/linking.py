"""Part of the calls stage: the edges that the types stage has resolved, and those that follow from them."""

from __future__ import annotations

from collections import defaultdict

from racelint import facts
from racelint.knowledge.process import NAMED_AFTER_FORK
from racelint.program.callgraph.calls import Calls, constructs, is_public, unpickles
from racelint.program.callgraph.coroutines import given_to_loops, loops_run, put_off, run_by_thread
from racelint.program.callgraph.decorated import deferred, wrappers
from racelint.program.callgraph.edges import Edge, on_own_object
from racelint.program.callgraph.forked import run_after_fork
from racelint.program.callgraph.handed import escaping, handed_on
from racelint.program.callgraph.platforms import Platforms
from racelint.program.callgraph.protocols import method_refs
from racelint.program.sources.source import Code, Sources
from racelint.program.values.decorators import decorated
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef, Instance


def link_calls(types: Types) -> Calls:
    """Collect the edges that the types stage resolved, and those of `with` statements."""
    sources = types.names.sources
    edges: dict[Edge, None] = {}
    functions = decorated(types)
    loops = loops_run(types)
    run = run_by_thread(types, loops)
    platforms, later = Platforms(sources), deferred(types, functions)
    for (key, id), values in [*types.callees.items(), *types.implicit.items()]:
        caller = sources.codes[key]
        for value in values if id >= 0 else ():
            # calling an `async def` runs nothing yet: only who awaits does, and that is async itself or runs a loop
            if not isinstance(value, FunctionRef) or value.code.key in later:
                continue
            if platforms.are_apart(caller, id, value.receiver):
                continue
            if caller.function.is_async or not value.code.function.is_async or (key, id) in run:
                edges[Edge(caller, id, value.code, value.receiver)] = None
    for code in sources.codes:
        for node in code.controls:
            if type(node) is facts.With:
                for edge in _with_edges(types, code, node):
                    edges[edge] = None
    for code in dict.fromkeys(cls.parent for cls in sources.classes):
        for made in code.operations:
            if type(made) is facts.MakeClass:
                edges[Edge(code, made.id, sources.made_class(code, made).body, None)] = None
    out: dict[int, list[Edge]] = defaultdict(list)
    into: dict[int, list[Edge]] = defaultdict(list)
    for edge in sorted(edges, key=lambda edge: (edge.caller.key, edge.site, edge.callee.key)):
        out[edge.caller.key].append(edge)
        into[edge.callee.key].append(edge)
    calls = Calls(types, dict(out), dict(into), escaping(types), *handed_on(types))
    coroutines = {edge.caller for edge in edges if edge.callee.function.is_async}
    calls.put_off = {(code.key, id) for code in coroutines for id in put_off(code, loops.get(code.key, ()))}
    for edge in given_to_loops(types, loops):
        calls.run_in_loop.setdefault(edge.caller.key, []).append(edge)
        calls.called_by_loop.add(edge.callee.key)
    calls.constructing = _constructing(calls, sources)
    calls.wrappers = wrappers(types, functions)
    calls.wrapping = {wrapper.key for wrappers in calls.wrappers.values() for wrapper, _ in wrappers}
    _call_wrappers(calls, sources)
    calls.find_runners(sources)
    calls.after_fork = run_after_fork(calls, NAMED_AFTER_FORK)
    return calls


def _constructing(calls: Calls, sources: Sources) -> set[int]:
    """Constructors, what unpickles an object, and the methods that only they call on the object that they make."""
    found = {code.key for code in sources.codes if constructs(code) or (unpickles(code) and not _is_reset(calls, code))}
    changed = True
    while changed:
        changed = False
        for code in sources.codes:
            if code.key in found or not code.is_method or code.key in calls.escaping:
                continue
            callers = calls.callers(code)
            if is_public(code) or calls.types.attributes.is_class_method(code):
                continue
            own = (each.caller.key in found and on_own_object(each) and calls.runs_at_once(each) for each in callers)
            if callers and all(own):
                found.add(code.key)
                changed = True
    return found


def _is_reset(calls: Calls, code: Code) -> bool:
    """Whether an object that is in use calls on itself what else unpickles it: `self.__setstate__(state)`."""
    own = (edge.caller for edge in calls.callers(code) if on_own_object(edge))
    return any(not (constructs(each) or unpickles(each)) for each in own)


def _call_wrappers(calls: Calls, sources: Sources) -> None:
    """Who calls a decorated function runs its wrapper too."""
    for key in sorted(calls.wrappers):
        for edge in list(calls.callers(sources.codes[key])):
            for wrapper in dict.fromkeys(wrapper for wrapper, _ in calls.wrappers[key]):
                added = Edge(edge.caller, edge.site, wrapper, edge.receiver)
                calls.out.setdefault(edge.caller.key, []).append(added)
                calls.into.setdefault(wrapper.key, []).append(added)


def _with_edges(types: Types, code: Code, node: facts.With) -> list[Edge]:
    found: list[Edge] = []
    names = ("__aenter__", "__aexit__") if node.is_async else ("__enter__", "__exit__")
    for value in types.of(code, node.manager):
        if isinstance(value, Instance):
            for method in method_refs(types, value, names):
                found.append(Edge(code, node.manager, method, value))
    return found
