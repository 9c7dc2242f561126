"""Part of the signals stage: does the waiter start who wakes it, and only once it holds the lock?

`with self.ready: self.thread.start(); self.ready.wait()`: who notifies needs the lock, and gets it by the wait.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from racelint import facts
from racelint.knowledge.threads import START
from racelint.program.contexts.contexts import Context
from racelint.program.locking.locks import LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.signals.waits import Signal
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code
from racelint.program.values.values import Library, LibraryMethod


def wakes_what_it_started(locksets: LockSets, code: Code, wait: int, use: LockUse, wakers: Sequence[Signal]) -> bool:
    """Whether a thread that may notify is started in the critical section of a wait, before it, and only threads do."""
    section = locksets.held(code, wait).get(use)
    given = conditions(code, wait)
    begun = [
        context
        for id, context in _starts(locksets, code)
        if id < wait and all(each in given for each in conditions(code, id))
        if locksets.held(code, id).get(use) == section
    ]
    wakes = any(_may_run(locksets, waker.code, each) for waker in wakers for each in begun)
    return wakes and all(_is_of_thread(locksets, waker.code) for waker in wakers)


def _starts(locksets: LockSets, code: Code) -> Iterator[tuple[int, Context | None]]:
    """The operations by which a function starts a thread, and which; None where that is not known."""
    known: set[int] = set()
    for context in locksets.threads.contexts[1:]:
        for starter, id in context.starts:
            if starter is code:
                known.add(id)
                yield id, context
    types = locksets.places.types
    for operation in code.operations:
        values = types.of(code, operation.callee) if type(operation) is facts.Call else ()
        names = [each.qualname for each in values if isinstance(each, Library | LibraryMethod)]
        if type(operation) is facts.Call and names == [START] and operation.id not in known:
            yield operation.id, None


def _may_run(locksets: LockSets, code: Code, context: Context | None) -> bool:
    """Whether a thread runs a function, as far as one can see: itself, or as a callback."""
    return context is None or context in locksets.threads.of(code) or _is_callback(locksets, code)


def _is_of_thread(locksets: LockSets, code: Code) -> bool:
    """Whether only started threads run a function, or what they hand it to, as a callback."""
    return all(not context.is_main for context in locksets.threads.of(code)) or _is_callback(locksets, code)


def _is_callback(locksets: LockSets, code: Code) -> bool:
    """Whether a function is only handed on, and to no thread of the program."""
    calls, running = locksets.threads.calls, locksets.threads.of(code)
    return code.key in calls.escaping and not calls.callers(code) and all(each.is_main for each in running)
