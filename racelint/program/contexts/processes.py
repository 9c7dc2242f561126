"""Part of the threads stage: which functions are only there to be run in a process of their own?"""

from __future__ import annotations

from collections.abc import Iterator

from racelint import facts
from racelint.knowledge.running import Many, RunsOn
from racelint.program.callgraph.calls import Calls
from racelint.program.contexts.entries import entry_codes
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.sources.source import Code
from racelint.program.values.values import FunctionRef, Site


def only_in_processes(calls: Calls) -> set[int]:
    """The functions that nobody calls, and that are handed to nobody but who runs them in another process.

    That they are public is no evidence of callers outside, and no thread of this process sees what they do there.
    """
    sites = _in_process(calls)
    given = {code.key: code for code in _given(calls, sites)}
    kept = _fetched_otherwise(calls, given, sites) if given else set()
    own = {code.key for code in _own_runs(calls)}
    return {key for key in {*given, *own} - kept if not calls.into.get(key)}


def _in_process(calls: Calls) -> set[Site]:
    """The calls that hand something to another process, and nothing to a thread."""
    by_site: dict[Site, set[RunsOn]] = {}
    for spawned in calls.types.spawned:
        by_site.setdefault(spawned.site, set()).add(spawned.spawn.runs_on)
    return {site for site, where in by_site.items() if where == {RunsOn.PROCESS}}


def _given(calls: Calls, sites: set[Site]) -> Iterator[Code]:
    for spawned in calls.types.spawned:
        if spawned.site in sites and isinstance(spawned.target, FunctionRef):
            yield spawned.target.code


def _own_runs(calls: Calls) -> Iterator[Code]:
    """The `run` of classes whose objects are processes."""
    types = calls.types
    for cls in types.names.sources.classes:
        for row in (row for base in cls.library_bases for row in types.names.knowledge.entry_methods(base)):
            if row.runs_on is RunsOn.PROCESS and row.many is Many.PER_SITE:
                yield from entry_codes(types.attributes, cls, row)


def _fetched_otherwise(calls: Calls, given: dict[int, Code], sites: set[Site]) -> set[int]:
    """Those of some functions that are fetched for anything else than for these calls as well."""
    names = {code.name for code in given.values()}
    found: set[int] = set()
    for code in calls.types.names.sources.codes:
        for load in code.operations:
            if (type(load) is not facts.LoadName and type(load) is not facts.LoadAttr) or load.name not in names:
                continue
            values = calls.types.of(code, load.id)
            functions = {each.code.key for each in values if isinstance(each, FunctionRef)} & given.keys()
            if functions and any((code.key, use.id) not in sites for use in Dataflow(code).uses(load.id)):
                found |= functions
    return found
