"""Part of the threads stage: who may be on the event loop that a started thread runs, though nobody is seen to be?

Much of what is called from outside is called by the loop: handlers, protocols, all that a user of coroutines calls
himself. Whoever calls a method of the object that has started the thread is not there, and neither is what that calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from racelint.program.contexts.contexts import Context
from racelint.program.sources.source import Code

Trace = Callable[[Context, Code], Sequence[Code]]
"""The functions by which a context comes to one, from its entry on."""


class OwnLoops:
    """Answers it of functions that a thread runs in coroutines, beside others that callers outside run."""

    def __init__(self, trace: Trace, main: Context) -> None:
        self._trace = trace
        self._main = main
        self._on_loop: dict[tuple[int, int], bool] = {}
        self._outside: dict[tuple[int, int], bool] = {}

    def may_be_there(self, context: Context, code: Code, other: Code) -> bool:
        """Whether a context runs `code` in a coroutine, and who runs `other` outside may do so on the same loop."""
        return self._is_in_coroutine(context, code) and not self._is_of_starter(context, other)

    def _is_in_coroutine(self, context: Context, code: Code) -> bool:
        known = self._on_loop.get((context.index, code.key))
        if known is None:
            known = any(each.function.is_async for each in self._trace(context, code))
            self._on_loop[context.index, code.key] = known
        return known

    def _is_of_starter(self, context: Context, code: Code) -> bool:
        """Whether callers outside come to a function by one of the object, or module, that starts the thread."""
        known = self._outside.get((context.index, code.key))
        if known is None:
            entries = [each for each, _ in context.entries]
            starting = [each for each in (context.code, *entries) if each is not None]
            known = any(_are_of_one(one, each) for one in self._trace(self._main, code) for each in starting)
            self._outside[context.index, code.key] = known
        return known


def _are_of_one(one: Code, other: Code) -> bool:
    """Whether two functions are methods of one object, as far as their classes tell, or both are of one module only."""
    if one.home is None or other.home is None:
        return one.home is other.home and one.module == other.module
    return one.home.is_related(other.home)
