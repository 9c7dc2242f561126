"""Part of the threads stage: coroutines that are handed to the event loop of another thread, and who is beside them.

Who calls `run_coroutine_threadsafe` is not on the loop's thread. Neither are the other methods of his object, as far as
it has no coroutines among them, and none calls them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from racelint.knowledge.loops import LOOP_RUNNERS, TO_OTHER_THREAD
from racelint.knowledge.running import RunsOn
from racelint.program.callgraph.calls import Calls
from racelint.program.contexts.contexts import OTHER_LOOP, Context
from racelint.program.contexts.endings import joins
from racelint.program.contexts.entries import label
from racelint.program.contexts.lifetimes import Lifetimes, loop_around
from racelint.program.sources.source import Code, span_of
from racelint.program.values.types import Spawned, Types
from racelint.program.values.values import FunctionRef, Site


def is_for_another_loop(types: Types, site: Site) -> bool:
    """Whether a call hands a coroutine to the loop of another thread than the one that makes the call."""
    code = types.names.sources.codes[site[0]]
    return not code.function.is_async and types.surely_calls(code, code.operation(site[1]), TO_OTHER_THREAD)


def handed_over(
    calls: Calls, lifetimes: Lifetimes, index: int, site: Site, group: Sequence[Spawned]
) -> Iterator[Context]:
    """The context of a coroutine for the loop of another thread, on which all such coroutines take turns.

    Where a helper hands it over for who has made it, and waits for its end, nobody is known to be beside it.
    """
    codes = calls.types.names.sources.codes
    code, (starter, start) = codes[site[0]], group[0].by
    targets = [each.target for each in group if isinstance(each.target, FunctionRef)]
    entries = [(each.code, each.receiver) for each in targets if each.code.function.is_async]
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


class OtherLoops:
    """Tells which functions others run beside such coroutines."""

    def __init__(self, calls: Calls, contexts: list[Context], running: Mapping[int, list[Context]]) -> None:
        self._calls = calls
        self._running = running
        self._handing = {each.code.key: each.code for each in contexts if each.worker == OTHER_LOOP and each.code}

    def is_beside(self, context: Context, beside: Context, code: Code) -> bool:
        """Whether a context runs a function surely on another thread than such a coroutine.

        A thread does that runs no loop. Of callers outside it is known where the function has handed over that very
        coroutine, or is of an object that only hands them over.
        """
        if code.key in self._on_loops or beside.index in self._running_loops:
            return False
        if not beside.is_main:
            return True
        return code is context.code or (code.cls is not None and code.cls.key in self._outside)

    @cached_property
    def _on_loops(self) -> set[int]:
        """What coroutines and callbacks of loops may run."""
        types = self._calls.types
        roots = [code for code in types.names.sources.codes if code.function.is_async]
        for each in types.spawned:
            if each.spawn.runs_on is RunsOn.LOOP and isinstance(each.target, FunctionRef):
                roots.append(each.target.code)
        return set(self._calls.reachable(roots))

    @cached_property
    def _running_loops(self) -> set[int]:
        """The contexts that run a loop themselves, each by its number."""
        found = self._calls.types.library_calls(lambda each: each.qualname in LOOP_RUNNERS)
        return {each.index for key, _ in found for each in self._running.get(key, ()) if not each.is_main}

    @cached_property
    def _outside(self) -> set[int]:
        """The classes whose objects hand over coroutines, and have no methods for loops."""
        codes = self._calls.types.names.sources.codes
        handing = {code.cls.key for code in self._handing.values() if code.cls and code.key not in self._on_loops}
        return handing - {code.cls.key for code in codes if code.cls and code.is_method and code.function.is_async}
