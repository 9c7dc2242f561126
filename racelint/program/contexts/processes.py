"""Part of the threads stage: which functions are only there to be run in another process, or when this one ends?"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.knowledge.running import Many, RunsOn
from racelint.program.callgraph.calls import Calls, is_public
from racelint.program.contexts.contexts import library_decorators
from racelint.program.contexts.entries import entry_codes
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.sources.source import Code
from racelint.program.values.values import FunctionRef, Site


def only_in_processes(calls: Calls) -> set[int]:
    """The functions that nobody calls, and that are handed to nobody but who runs them in another process.

    That they are public is no evidence of callers outside, and no thread of this process sees what they do there.
    """
    own = {code.key for code in _own_runs(calls)}
    given, fetched = _given_only(calls, RunsOn.PROCESS)
    return {key for key in {*given, *own} - fetched if not calls.into.get(key)}


def only_at_exit(calls: Calls) -> list[Code]:
    """The functions that nobody calls, and that are only handed to `atexit`: then the main thread runs them alone.

    What is public others may call before, unless it stands below `@atexit.register` and is there for nothing else.
    """
    given, fetched = _given_only(calls, RunsOn.EXIT)
    found = [code for key, code in given.items() if key not in fetched and not is_public(code)]
    knowledge = calls.types.names.knowledge
    for code in calls.types.names.sources.codes:
        rows = map(knowledge.entry_decorator, library_decorators(calls.types, code) if code.function.decorators else ())
        if any(row is not None and row.runs_on is RunsOn.EXIT for row in rows):
            found.append(code)
    return [code for code in found if not calls.into.get(code.key)]


def _given_only(calls: Calls, where: RunsOn) -> tuple[dict[int, Code], set[int]]:
    """The functions that are handed over to be run there, and those of them that are fetched for anything else."""
    sites = _sites(calls, where)
    given = {code.key: code for code in _given(calls, sites)}
    return given, _fetched_otherwise(calls, given, sites) if given else set()


def _sites(calls: Calls, where: RunsOn) -> set[Site]:
    """The calls that hand something over to be run there, and nowhere else."""
    by_site: dict[Site, set[RunsOn]] = {}
    for spawned in calls.types.spawned:
        by_site.setdefault(spawned.site, set()).add(spawned.spawn.runs_on)
    return {site for site, run_on in by_site.items() if run_on == {where}}


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
    for code, load in calls.types.loads(names):
        values = calls.types.of(code, load.id)
        functions = {each.code.key for each in values if isinstance(each, FunctionRef)} & given.keys()
        if functions and any((code.key, use.id) not in sites for use in Dataflow(code).uses(load.id)):
            found |= functions
    return found
