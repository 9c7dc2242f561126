"""Part of the threads stage: what is handed to the event loop of another thread, and who is beside that.

Who calls `run_coroutine_threadsafe`, or `call_soon_threadsafe`, is not on the loop's thread. Neither are the other
methods of his object: as far as it has no coroutines among them, and none calls them; or, where a thread of the program
is seen to run the loop, as far as callers outside come to them by no coroutine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from racelint import facts
from racelint.knowledge.loops import ASKED, CALLED_THERE, LOOP_RUNNERS, RUNNING_LOOP, TO_OTHER_THREAD
from racelint.knowledge.running import BlockingOn, Form, RunsOn
from racelint.program.callgraph.calls import Calls
from racelint.program.contexts.contexts import OTHER_LOOP, OWN_THREADS, Context
from racelint.program.contexts.endings import has_waited, joins
from racelint.program.contexts.entries import label
from racelint.program.contexts.lifetimes import Lifetimes
from racelint.program.sources.loops import loop_around, loops
from racelint.program.sources.source import Code, span_of
from racelint.program.values.passing import argument
from racelint.program.values.types import Spawned, Types
from racelint.program.values.values import FunctionRef, Library, LibraryMethod, LibraryObject, Site, Value

_FOR_OTHERS: Final = (BlockingOn.CONDITION, BlockingOn.EVENT, BlockingOn.QUEUE, BlockingOn.RESULT)
"""By these a thread waits until others let it go on."""


def is_for_another_loop(types: Types, site: Site) -> bool:
    """Whether a call hands a coroutine or a function to the loop of another thread than the one that makes the call."""
    code = types.names.sources.codes[site[0]]
    if code.function.is_async:
        return False
    callees = types.callees.get(site, ())
    names = {each.qualname if isinstance(each, Library | LibraryMethod) else "" for each in callees}
    return bool(names) and (names <= TO_OTHER_THREAD or names <= CALLED_THERE)


def handed_over(
    calls: Calls, lifetimes: Lifetimes, index: int, site: Site, group: Sequence[Spawned]
) -> Iterator[Context]:
    """The context of what is for the loop of another thread, on which all that is handed to one takes turns.

    Where a helper hands it over for who has made it, and waits for its end, nobody is known to be beside it.
    """
    codes = calls.types.names.sources.codes
    code, (starter, start) = codes[site[0]], group[0].by
    targets = [each.target for each in group if isinstance(each.target, FunctionRef)]
    is_called = group[0].spawn.form is Form.FUNCTION
    entries = [(each.code, each.receiver) for each in targets if each.code.function.is_async is not is_called]
    starts = [(codes[starter], start)]
    spawn, by = group[0].spawn, group[0].by
    is_waited_for = codes[starter] is not code and lifetimes.ends(codes[starter], by, starts, spawn) is not None
    if entries and not is_waited_for:
        yield Context(
            index,
            label(calls, entries),
            RunsOn.LOOP,
            tuple(entries),
            False,
            False,
            code,
            site[1],
            span_of(code, site[1]),
            loop_around(code, site[1]),
            tuple(starts),
            joins(calls, lifetimes, by, starts, []),
            worker=OTHER_LOOP,
            ends=lifetimes.ends(code, by, starts, spawn),
            by=by,
        )


class Waits(NamedTuple):
    """Who waits for the end of a thread: functions, each with the operation, with no limit and with one or none."""

    surely: Mapping[int, int]
    at_all: Mapping[int, int]


class OtherLoops:
    """Tells which functions others run beside such coroutines."""

    def __init__(self, calls: Calls, contexts: list[Context], running: Mapping[int, list[Context]]) -> None:
        self._calls = calls
        self._running = running
        self._codes = calls.types.names.sources.codes
        self._handing = {each.code.key: each.code for each in contexts if each.worker == OTHER_LOOP and each.code}

    def is_beside(self, context: Context, beside: Context, code: Code, id: int) -> bool:
        """Whether a context comes to an operation surely on another thread than such a coroutine, and while that lives.

        A thread does that runs no loop. Of callers outside it is known where the function has handed over that very
        coroutine, or is of an object that only hands them over.
        """
        if any(starter is code and self._is_before(context, code, start, id) for starter, start in context.starts):
            return False
        if beside.index in self._running_loops:
            return False
        if beside.is_main and self._is_at_another(context, code):
            return True
        if code.key in self._on_loops:
            return False
        if not beside.is_main:
            return True
        return code is context.code or (code.cls is not None and code.cls.key in self._outside)

    def _is_before(self, context: Context, code: Code, start: int, id: int) -> bool:
        """Whether a function comes to an operation before it hands the coroutine over, and not again in a later turn.

        That somebody else has handed it over before is thinkable, and that each turn waits until it is done.
        """
        turns = [(low, high) for low, high in loops(code) if low <= id <= start <= high]
        again = context.ends is None and any(not self._waits_between(code, start, high) for _, high in turns)
        return id <= start and not again

    def _waits_between(self, code: Code, first: int, last: int) -> bool:
        """Whether a function waits for anything that others do, from one operation to the other."""
        types = self._calls.types
        waited = (types.callees.get((code.key, id), ()) for id in range(first + 1, last + 1))
        names = (each.qualname for values in waited for each in values if isinstance(each, LibraryMethod))
        rows = (types.names.knowledge.blocking(name) for name in names)
        return any(row is not None and row.what in _FOR_OTHERS for row in rows)

    def _is_at_another(self, context: Context, code: Code) -> bool:
        """Whether callers outside run a function beside a loop that a thread of the program is seen to run.

        It is one of those that hand over something, or of an object or module with such a one.
        """
        if code.function.is_async or code.key not in self._off_loops or not self._has_own_thread(context):
            return False
        return any(each.home is code.home and each.module == code.module for each in self._handing.values())

    def is_over(self, context: Context, code: Code, id: int) -> bool:
        """Whether a function has waited, before an operation, for the threads that run the loop of such a coroutine."""
        ways = self._waits(context)
        return bool(ways) and all(id > each.surely.get(code.key, id) for each in ways)

    def is_waited_for(self, context: Context, code: Code, id: int) -> bool:
        """The same, where a wait that is given a limit will do."""
        ways = self._waits(context)
        return bool(ways) and all(has_waited(code, each.at_all.get(code.key, id), id) for each in ways)

    def _waits(self, context: Context) -> list[Waits]:
        """Who waits for the threads that run the loop of such a coroutine."""
        loops = self._loops(context.by) if context.by is not None else ()
        return [each for site in loops for each in self._in_threads.get(site, ())]

    def _has_own_thread(self, context: Context) -> bool:
        """Whether only threads that the program starts run the loop to which something is handed over."""
        return context.by is not None and self.is_of_thread(context.by)

    def is_of_thread(self, site: Site) -> bool:
        """Whether only threads that the program starts run the loop to which a call hands something over."""
        loops = self._loops(site)
        return bool(loops) and loops <= self._in_threads.keys()

    def _loops(self, site: Site) -> set[Site]:
        """The loops to which a call hands something over, by where they are made or asked for, if they are known."""
        code, id = self._codes[site[0]], site[1]
        call = code.operation(id)
        if type(call) is not facts.Call:
            return set()
        fetched, given = code.fetched(call), argument(call, 1, "loop")
        is_there = self._calls.types.surely_calls(code, call, TO_OTHER_THREAD)
        loop = given if is_there else fetched.base if type(fetched) is facts.LoadAttr else None
        loops = self._calls.types.of(code, loop) if loop is not None else ()
        sites = [each.site for each in loops if isinstance(each, LibraryObject)]
        return {each for each in sites if each is not None} if None not in sites else set()

    @cached_property
    def called_in_main(self) -> dict[Spawned, Code]:
        """The methods that are handed to loops of the main thread, as far as one can see, by who hands them over.

        A started thread that has a loop is taken to hand it to that, as well as one that is not asked by any thread.
        """
        found = {}
        for spawned in self._calls.types.spawned:
            target, site = spawned.target, spawned.by
            if spawned.spawn.runs_on is RunsOn.LOOP and isinstance(target, FunctionRef) and target.receiver is not None:
                started = [each for each in self._running.get(site[0], ()) if not each.is_main]
                on_main = not started or self._is_asked_by_anybody(site)
                has_loop = any(each.index in self._running_loops for each in started)
                is_run = any(each.is_main for each in self._running.get(target.code.key, ()))
                if is_run and on_main and not has_loop and not self.is_of_thread(site):
                    found[spawned] = target.code
        return found

    def _is_asked_by_anybody(self, site: Site) -> bool:
        """Whether a call may be made by a thread that is not that of the loop."""
        callees = self._calls.types.callees.get(site, ())
        return bool(callees) and all(isinstance(each, LibraryMethod) and each.qualname in ASKED for each in callees)

    @cached_property
    def _in_threads(self) -> dict[Site, list[Waits]]:
        """The event loops that only threads of the program run, by where they are made or asked for: with who waits
        for the end of each of these threads."""
        types, elsewhere = self._calls.types, set[Site]()
        found: dict[Site, list[Waits]] = defaultdict(list)
        lifetimes = Lifetimes(types)
        runs_loop = types.names.knowledge.runs_loop
        for site in types.library_calls(lambda each: runs_loop(each.qualname)):
            for made in {made for each in types.callees[site] for made in _made(each)}:
                if self._is_in_threads(site):
                    found[made].extend(Waits(each.joins, each.joined_at) for each in self._running[site[0]])
                else:
                    elsewhere.add(made)
        for each in types.spawned:
            target = each.target if each.spawn.runs_on is RunsOn.THREAD else None
            if isinstance(target, LibraryMethod) and runs_loop(target.qualname):
                start = self._codes[each.site[0]], each.site[1]
                surely, at_all = joins(self._calls, lifetimes, each.site, [start], []), lifetimes.joined_at([each.site])
                for made in _made(target):
                    found[made].append(Waits(surely, at_all))
        for site in filter(self._is_in_threads, types.library_calls(lambda each: each.qualname in RUNNING_LOOP)):
            found[site].extend(Waits(each.joins, each.joined_at) for each in self._running[site[0]])
        return {site: waits for site, waits in found.items() if site not in elsewhere}

    def _is_in_threads(self, site: Site) -> bool:
        """Whether only threads of the program come to an operation."""
        running = self._running.get(site[0], ())
        return bool(running) and all(each.runs_on in OWN_THREADS for each in running)

    @cached_property
    def _off_loops(self) -> set[int]:
        """What callers outside and modules run without a coroutine on the way, and is given to no loop to call."""
        roots = (code for code in self._codes if code.function.kind == "module" or self._calls.is_open(code))
        given = self._calls.escaping
        pending = [each for each in roots if each not in self._for_loops and each.key not in given]
        found: set[int] = set()
        while pending:
            code = pending.pop()
            if code.key not in found and not code.function.is_async:
                found.add(code.key)
                pending.extend(edge.callee for edge in self._calls.calls(code))
        return found

    @cached_property
    def _on_loops(self) -> set[int]:
        """What coroutines and callbacks of loops may run."""
        coroutines = [code for code in self._codes if code.function.is_async]
        return set(self._calls.reachable([*coroutines, *self._for_loops]))

    @cached_property
    def _for_loops(self) -> dict[Code, None]:
        """What is started on a loop, or called by one."""
        started = (each.target for each in self._calls.types.spawned if each.spawn.runs_on is RunsOn.LOOP)
        return dict.fromkeys(each.code for each in started if isinstance(each, FunctionRef))

    @cached_property
    def _running_loops(self) -> set[int]:
        """The contexts that run a loop themselves, each by its number."""
        found = self._calls.types.library_calls(lambda each: each.qualname in LOOP_RUNNERS)
        return {each.index for key, _ in found for each in self._running.get(key, ()) if not each.is_main}

    @cached_property
    def _outside(self) -> set[int]:
        """The classes whose objects hand over coroutines, and have no methods for loops."""
        codes = self._codes
        handing = {code.cls.key for code in self._handing.values() if code.cls and code.key not in self._on_loops}
        return handing - {code.cls.key for code in codes if code.cls and code.is_method and code.function.is_async}


def _made(callee: Value) -> Iterator[Site]:
    """Where the loop is made of which a method is called."""
    made = callee.receiver if isinstance(callee, LibraryMethod) else None
    if isinstance(made, LibraryObject) and made.site is not None:
        yield made.site
