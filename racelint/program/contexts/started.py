"""Part of the threads stage: which contexts are started, where, with what entry, and how many of each?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from msgspec.structs import replace

from racelint import facts
from racelint.knowledge.model import Slot
from racelint.knowledge.running import EntryMethod, Form, Many, Passing, RunsOn, Spawn, Starts
from racelint.program.callgraph.calls import Calls, constructs
from racelint.program.contexts.contexts import OWN_THREADS, Context, library_decorators
from racelint.program.contexts.endings import joins, waiting
from racelint.program.contexts.entries import entries_of, entry_codes, label
from racelint.program.contexts.gathered import Gathered
from racelint.program.contexts.in_turn import is_awaited
from racelint.program.contexts.lifetimes import Lifetimes
from racelint.program.contexts.other_loops import handed_over, is_for_another_loop
from racelint.program.contexts.pools import Pools
from racelint.program.contexts.served import request_methods, serves_greenlets
from racelint.program.contexts.several import Several
from racelint.program.sources.loops import loop_around
from racelint.program.sources.source import ClassInfo, Code, span_of
from racelint.program.values.types import Passed, Spawned
from racelint.program.values.values import (
    ClassRef,
    FunctionRef,
    Instance,
    LibraryMethod,
    LibraryObject,
    Site,
    Value,
)

NOTHING_GIVEN: Final = Passed((), ())
"""What a function is started with that is given no arguments."""


class Finder:
    """Makes the contexts from spawning calls, entry methods and entry decorators."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._types = calls.types
        self._knowledge = calls.types.names.knowledge
        self._sources = calls.types.names.sources
        self._contexts: list[Context] = []
        self._lifetimes = Lifetimes(calls.types)
        self._pools = Pools(calls.types)
        self._gathered = Gathered(calls.types)
        self._several = Several(calls, self._lifetimes, self._pools, self._gathered)
        self._sites: dict[int, set[int]] = defaultdict(set)
        for key, id in (spawned.site for spawned in calls.types.spawned):
            self._sites[key].add(id)

    def find(self) -> list[Context]:
        """All contexts but the main one."""
        groups: dict[tuple[Site, Slot], list[Spawned]] = defaultdict(list)
        told: dict[tuple[int, int], tuple[ClassInfo, Code, EntryMethod]] = {}
        for spawned in self._types.spawned:
            own = self._own_entry(spawned)
            if own is not None:
                told[own[0].key, own[1].key] = own
            elif not self._is_told_by_maker(spawned):
                groups[spawned.site, spawned.spawn.callee].append(spawned)
        for (site, _), group in sorted(groups.items(), key=lambda item: (item[0][0], str(item[0][1]))):
            traced = [spawned for spawned in group if self._is_traced(spawned)]
            if traced and traced[0].spawn.runs_on in OWN_THREADS:
                self._spawned(site, traced)
            elif traced and is_for_another_loop(self._types, traced[0].by):
                self._contexts.extend(handed_over(self._calls, self._lifetimes, self._next, site, traced))
        for cls in self._sources.classes:
            self._entry_methods(cls)
            self._called_by_server(cls)
        for cls, code, row in told.values():
            if row.runs_on in OWN_THREADS and not row.matches(code.name):
                self._entry_method(cls, code, row)
        for code in self._sources.codes:
            self._decorated(code)
        return self._contexts

    @cached_property
    def _told_where_made(self) -> set[tuple[int, Value]]:
        """The classes of the program that are told, where an object is made, what it is to start."""
        found: set[tuple[int, Value]] = set()
        for spawned in self._types.spawned:
            for value in self._types.callees.get(spawned.site, ()):
                if isinstance(value, ClassRef):
                    found.update((each.key, spawned.target) for each in value.cls.mro)
        return found

    def _is_told_by_maker(self, spawned: Spawned) -> bool:
        """Whether a constructor only hands on to that of its base what its object is to start: that starts it once."""
        code = self._sources.codes[spawned.site[0]]
        return code.cls is not None and constructs(code) and (code.cls.key, spawned.target) in self._told_where_made

    def _own_entry(self, spawned: Spawned) -> tuple[ClassInfo, Code, EntryMethod] | None:
        """The class, method and row of a thread object that is told, as it is made, which of its own methods to run.

        `Thread.__init__(self, target=self._work)` starts nothing: that comes with the `start` of the object.
        """
        code, target = self._sources.codes[spawned.site[0]], spawned.target
        if code.cls is None or not constructs(code) or not isinstance(target, FunctionRef) or target.code.cls is None:
            return None
        if not isinstance(target.receiver, Instance) or code.cls not in target.receiver.cls.mro:
            return None
        rows = [row for base in code.cls.library_bases for row in self._knowledge.entry_methods(base)]
        row = next((row for row in rows if row.runs_on is spawned.spawn.runs_on), None)
        if row is None or (spawned.given != NOTHING_GIVEN and not row.matches(target.code.name)):
            return None
        return code.cls if target.code.cls in code.cls.mro else target.code.cls, target.code, row

    def _is_traced(self, spawned: Spawned) -> bool:
        """A callback on a result runs beside its starter only where a pool is known to work on that result."""
        made = spawned.pool
        if spawned.spawn.passing is not Passing.RESULT or not isinstance(made, LibraryObject):
            return True
        if self._knowledge.wait(f"{made.qualname}.result") is None:
            return True
        code = self._sources.codes[spawned.site[0]]
        call = code.operations[spawned.site[1]]
        fetched = code.fetched(call)
        if type(fetched) is not facts.LoadAttr:
            return False
        results = self._types.of(code, fetched.base)
        return all(isinstance(each, LibraryObject) and self._is_of_pool(each.site) for each in results)

    def _is_of_pool(self, site: Site | None) -> bool:
        """Whether a call hands something to a pool, whatever that is, or is known to start anything."""
        if any(each.site == site for each in self._types.spawned):
            return True
        callees = self._types.callees.get(site, ()) if site is not None else ()
        rows = [self._knowledge.spawn(each.qualname) for each in callees if isinstance(each, LibraryMethod)]
        return 0 < len(rows) == len(callees) and all(row is not None and row.many is Many.WORKERS for row in rows)

    def _add(self, context: Context) -> None:
        self._contexts.append(context)

    @property
    def _next(self) -> int:
        return len(self._contexts) + 1

    # --- spawning calls ---

    def _spawned(self, site: Site, group: list[Spawned]) -> None:
        spawn = group[0].spawn
        entries = entries_of(self._calls, group, spawn)
        code = self._sources.codes[site[0]]
        call = code.operation(site[1])
        if not entries or type(call) is not facts.Call:
            return
        made = group[0].by
        starts = self._starts(code, site, made, spawn)
        repeated = loop_around(code, site[1])
        pools = self._pools.given(spawn, code, call)
        if pools and all(self._pools.runs_on(pool) is RunsOn.PROCESS for pool in pools):
            return
        single = bool(pools) and all(map(self._pools.is_alone, pools))
        owners = [receiver.cls for _, receiver in entries if isinstance(receiver, Instance)]
        many = not single and self._several.are_started(group, starts)
        context = Context(
            self._next,
            label(self._calls, entries),
            spawn.runs_on,
            tuple(entries),
            many,
            spawn.form is Form.CLASS,
            code,
            site[1],
            call.span,
            repeated,
            tuple(starts),
            joins(self._calls, self._lifetimes, made, starts, owners),
            is_awaited(self._calls, code, site[1], self._sites[code.key]),
            self._pools.only_worker(group),
            self._lifetimes.joined_at([made]),
            self._lifetimes.ends(code, made, starts, spawn, None if made == site else site[1]),
            by=made,
        )
        several = context.is_of_own_object and self._gathered.makes_several(owners, context.joins)
        self._add(replace(context, for_each=several) if several else context)

    def _starts(self, code: Code, site: Site, made: Site, spawn: Spawn) -> list[tuple[Code, int]]:
        if spawn.starts is not Starts.ON_START:
            return [(code, site[1])]
        found = self._lifetimes.method_calls(made, spawn.start_method or "start")
        if made != site:
            # of the starts of all that a helper makes, those of others are not meant
            found = [start for start in found if start[0] is code]
        return found or [(code, site[1])]

    # --- entry methods and decorators ---

    def _entry_methods(self, cls: ClassInfo) -> None:
        for base in cls.library_bases:
            for row in self._knowledge.entry_methods(base):
                if row.runs_on not in OWN_THREADS:
                    continue
                for code in entry_codes(self._types.attributes, cls, row):
                    is_own = code.cls is cls and not (row.only_sync and code.function.is_async)
                    is_told = row.instance_per_call or row.runs_on is RunsOn.HANDLER
                    if is_own and not (is_told and self._is_served(code)):
                        self._entry_method(cls, code, row)

    def _is_served(self, code: Code) -> bool:
        """Whether a method of a class runs for who is seen to be given the class, or an object of it."""
        spawned = (context for context in self._contexts if context.by is not None)
        return any(code is entry for context in spawned for entry, _ in context.entries)

    def _called_by_server(self, cls: ClassInfo) -> None:
        """One object for all requests."""
        receiver = self._types.names.values.instance(cls, None)
        for code in request_methods(self._types.attributes, cls):
            label, span = code.function.qualname, code.function.span
            self._add(Context(self._next, label, RunsOn.SERVER, ((code, receiver),), True, False, code, -1, span))

    def _entry_method(self, cls: ClassInfo, code: Code, row: EntryMethod) -> None:
        receiver = self._types.names.values.instance(cls, None)
        made = sorted(site for each in (cls, *cls.subclasses) for site in self._types.constructions.get(each.key, ()))
        many = row.many is Many.ALWAYS
        is_for_all = row.many is Many.ALWAYS and row.runs_on is RunsOn.POOL
        where: Code | None = None
        id, repeated = facts.NOTHING, None
        starts: list[tuple[Code, int]] = []
        if row.many in (Many.PER_SITE, Many.BY_SPAWNER):
            many = len(made) > 1 or any(self._several.are_made(site, row) for site in made)
        for site in made:
            starts.extend(self._lifetimes.method_calls(site, row.started_by or "start"))
        if len(made) == 1:
            where, id = self._sources.codes[made[0][0]], made[0][1]
            repeated = loop_around(where, id)
        ends = None
        if where is not None and starts and all(each is where for each, _ in starts):
            ends = self._lifetimes.instance_ends(where, made[0], starts)
        self._add(
            Context(
                self._next,
                code.function.qualname,
                row.runs_on,
                ((code, receiver), *((code, self._types.names.values.instance(cls, site)) for site in made)),
                many,
                row.instance_per_call or (row.many is not Many.NEVER and not is_for_all),
                where or code,
                id,
                code.function.span if where is None else span_of(where, id),
                repeated,
                tuple(starts),
                self._joins_of_all(made, starts, cls),
                False,
                None,
                self._lifetimes.joined_at(made),
                ends,
            )
        )

    def _joins_of_all(self, made: Sequence[Site], starts: Sequence[tuple[Code, int]], cls: ClassInfo) -> dict[int, int]:
        """Where it is waited for the end of a thread wherever it was made: a method may wait for that of its object."""
        if not made:
            # of a class that is there for others to make objects of, methods wait for the thread that theirs is
            return waiting(self._calls, self._lifetimes.calls_on_own(cls, "join"), (), starts, [cls])
        found = [joins(self._calls, self._lifetimes, site, starts, [cls]) for site in made]
        keys = set(found[0]).intersection(*found[1:]) if found else set()
        return {key: max(each[key] for each in found) for key in sorted(keys)}

    def _decorated(self, code: Code) -> None:
        for qualname in sorted(library_decorators(self._types, code)):
            row = self._knowledge.entry_decorator(qualname)
            if row is not None and row.runs_on is RunsOn.SERVER and serves_greenlets(self._sources, code):
                return
            if row is not None and row.runs_on in OWN_THREADS and not (row.only_sync and code.function.is_async):
                many = row.many in (Many.ALWAYS, Many.WORKERS)
                label = code.function.qualname
                span = code.function.span
                cls = self._types.attributes.receiver_of(code) if row.one_object else None
                receiver = self._types.names.values.instance(cls, None) if cls is not None else None
                self._add(Context(self._next, label, row.runs_on, ((code, receiver),), many, False, code, -1, span))
                return
