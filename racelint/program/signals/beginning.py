"""Part of the signals stage: does the waiter start who wakes it, and only once it holds the lock?

`with self.ready: self.thread.start(); self.ready.wait()`: who notifies needs the lock, and gets it by the wait.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from racelint import facts
from racelint.knowledge.threads import START
from racelint.program.locking.locks import LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.signals.waits import Signal
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code
from racelint.program.values.values import Library, LibraryMethod


def wakes_what_it_started(locksets: LockSets, code: Code, wait: int, use: LockUse, wakers: Sequence[Signal]) -> bool:
    """Whether a thread is started in the critical section of a wait, before it, and nobody else can notify."""
    section = locksets.held(code, wait).get(use)
    given = conditions(code, wait)
    before = (id for id in _starts(locksets, code) if id < wait and all(each in given for each in conditions(code, id)))
    if not any(locksets.held(code, id).get(use) == section for id in before):
        return False
    return all(_is_of_thread(locksets, waker.code) for waker in wakers)


def _starts(locksets: LockSets, code: Code) -> Iterator[int]:
    """The operations by which a function starts a thread."""
    for context in locksets.threads.contexts[1:]:
        yield from (id for starter, id in context.starts if starter is code)
    types = locksets.places.types
    for operation in code.operations:
        values = types.of(code, operation.callee) if type(operation) is facts.Call else ()
        names = [each.qualname for each in values if isinstance(each, Library | LibraryMethod)]
        if type(operation) is facts.Call and names == [START]:
            yield operation.id


def _is_of_thread(locksets: LockSets, code: Code) -> bool:
    """Whether only started threads run a function, as far as one can see: or what they hand it to, as a callback."""
    threads = locksets.threads
    if code.key in threads.calls.escaping and not threads.calls.callers(code):
        return True
    return all(not context.is_main for context in threads.of(code))
