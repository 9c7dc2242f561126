"""Part of the results stage: what can have told the starter of a function that its result is there?"""

from __future__ import annotations

from functools import cached_property
from typing import Final

from racelint import facts
from racelint.knowledge.running import BlockingOn, WaitFor
from racelint.knowledge.waits import WAIT_NAMES
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.sources.source import Code
from racelint.program.values.values import FunctionRef, Instance, Library, LibraryMethod, LibraryObject, Site

SAYS_NOTHING: Final = frozenset({BlockingOn.PROCESS, BlockingOn.THREAD})
"""Waits for something else, after which a thread may still be at work."""

OF_ITS_OWN: Final = frozenset({BlockingOn.IO, BlockingOn.SLEEP, BlockingOn.PROCESS, BlockingOn.LOCK})
"""Waits by which a thread hears nothing of what other threads have done."""


class Arrivals:
    """Tells which steps of a starter may wait for what it has started."""

    def __init__(self, threads: Threads) -> None:
        self._calls = threads.calls
        self._types = threads.calls.types

    def may_tell(self, code: Code, site: Site, step: facts.Node) -> bool:
        """Whether a step may wait for what is started at the site, or for a word from it."""
        match step:
            case facts.Await() | facts.Yield() | facts.With():
                return True
            case facts.Loop(kind=kind):
                return kind == "while"
            case facts.Call():
                return self._waits(code, step, site) or self._calls_waiting(code, step)
            case _:
                return False

    def hears_of_others(self, context: Context) -> bool:
        """Whether a thread may wait for the word of another one, whose work is then done before its own is."""
        codes = self._types.names.sources.codes
        for key in self._calls.reachable([code for code, _ in context.entries]):
            for call in codes[key].operations:
                values = self._values(codes[key], call) if type(call) is facts.Call else []
                names = [each.qualname for each in values if isinstance(each, Library | LibraryMethod)]
                if any(self._is_word(name) for name in names):
                    return True
        return False

    def _is_word(self, qualname: str) -> bool:
        knowledge = self._types.names.knowledge
        blocking = knowledge.blocking(qualname)
        return knowledge.wait(qualname) is not None or (blocking is not None and blocking.what not in OF_ITS_OWN)

    def _calls_waiting(self, code: Code, call: facts.Call) -> bool:
        callees = [value.code for value in self._values(code, call) if isinstance(value, FunctionRef)]
        return bool(callees) and not self._waiting.isdisjoint(self._calls.reachable(callees))

    @cached_property
    def _waiting(self) -> set[int]:
        """The functions that wait for anything themselves."""
        codes = self._types.names.sources.codes
        calls = ((code, each) for code in codes for each in code.operations if type(each) is facts.Call)
        return {code.key for code, call in calls if self._waits(code, call, None)}

    def _waits(self, code: Code, call: facts.Call, site: Site | None) -> bool:
        """Whether a call of a library may wait for what is started at the site (None: for anything), for an event, an
        item, a while."""
        values = self._values(code, call)
        known = [value for value in values if isinstance(value, Library | LibraryMethod)]
        if any(self._waits_for(value, site) for value in known):
            return True
        fetched = code.operation(call.callee)
        return not known and type(fetched) is facts.LoadAttr and fetched.name in WAIT_NAMES

    def _waits_for(self, callee: Library | LibraryMethod, site: Site | None) -> bool:
        knowledge = self._types.names.knowledge
        wait, blocking = knowledge.wait(callee.qualname), knowledge.blocking(callee.qualname)
        if wait is not None and wait.what is WaitFor.THREAD:
            made = callee.receiver if isinstance(callee, LibraryMethod) else None
            where = made.site if isinstance(made, Instance | LibraryObject) else None
            return site is None or where in (None, site)
        if knowledge.runs_loop(callee.qualname):
            return True
        return wait is not None or (blocking is not None and blocking.what not in SAYS_NOTHING)

    def _values(self, code: Code, call: facts.Call) -> list[object]:
        return list(self._types.callees.get((code.key, call.id), ()))
