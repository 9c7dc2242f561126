"""Part of the interleavings stage: which locks of threads does a task hold while it waits for something else?

Other tasks run meanwhile on the same thread. Who of them wants the lock stops the thread, and with it the only one who
could give the lock back; and a reentrant lock, which belongs to the thread, lets them walk in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.model import LockDomain, LockKind
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import Code, span_of
from racelint.program.tasks.suspension import Suspensions

OF_THREADS: Final = frozenset({LockDomain.THREAD, LockDomain.PROCESS})
HELD_ALONE: Final = frozenset({LockKind.MUTEX, LockKind.REENTRANT, LockKind.CONDITION})


class Holdup(msgspec.Struct, frozen=True):
    """A lock, of threads or of tasks, that is taken at `acquisition` and still held at the operation `pause`; `rival`
    wants it as well."""

    acquisition: Acquisition
    pause: int
    rival: Acquisition

    @property
    def path(self) -> str:
        """The file of both."""
        return self.acquisition.path

    @property
    def span(self) -> Span:
        """Where the lock is taken."""
        return self.acquisition.span

    @property
    def pause_span(self) -> Span:
        """Where the task waits with the lock held."""
        return span_of(self.acquisition.code, self.pause)


def link_holdups(locksets: LockSets, suspensions: Suspensions) -> list[Holdup]:
    """Ask for what is held at each pause; the first one of each critical section counts."""
    taken: dict[LockKey, list[Acquisition]] = defaultdict(list)
    for acquisition in locksets.acquisitions():
        taken[acquisition.use.lock.key].append(acquisition)
    pauses = _pauses(locksets, suspensions)
    return [found for key in sorted(locksets.holdings) for found in _in(locksets, pauses.get(key, []), key, taken)]


def _pauses(locksets: LockSets, suspensions: Suspensions) -> dict[int, list[int]]:
    """The points at which a task may wait, by function: not for a lock that nobody keeps while he waits."""
    kept = {each.use.lock.key for each in locksets.acquisitions() if each.explicit}
    asked: dict[tuple[int, int], LockKey | None] = {}
    for key in locksets.holdings:
        code = locksets.holdings[key].code
        for pause in suspensions.points.get(key, ()):
            lock = asked[key, pause] = entered(locksets, code, pause)
            kept |= {use.lock.key for use in locksets.held(code, pause)} - {lock or waited_for(locksets, code, pause)}
    return {
        key: [pause for pause in points if asked.get((key, pause)) is None or asked[key, pause] in kept]
        for key, points in suspensions.points.items()
    }


def entered(locksets: LockSets, code: Code, pause: int) -> LockKey | None:
    """The lock of tasks for which a pause waits, or which it gives back: it is that of an `async with`."""
    wait = code.operations[pause]
    use = locksets.locks.use(code, wait.value) if type(wait) is facts.Await else None
    if use is None or use.lock.domain is not LockDomain.TASK or use.lock.kind not in HELD_ALONE:
        return None
    return use.lock.key


def waited_for(locksets: LockSets, code: Code, pause: int) -> LockKey | None:
    """The condition that a pause waits for, and gives up meanwhile."""
    wait = code.operations[pause]
    call = code.operations[wait.value] if type(wait) is facts.Await and 0 <= wait.value < len(code.operations) else None
    method = code.fetched(call)
    if type(method) is not facts.LoadAttr or not method.name.startswith("wait"):
        return None
    use = locksets.locks.use(code, method.base)
    return use.lock.key if use is not None else None


def _in(locksets: LockSets, pauses: list[int], key: int, taken: dict[LockKey, list[Acquisition]]) -> Iterator[Holdup]:
    holding = locksets.holdings[key]
    told: set[int] = set()
    for pause in pauses:
        for use, section in locksets.state(holding.code, pause).held.items():
            lock = use.lock
            if lock.kind not in HELD_ALONE or lock.domain not in OF_THREADS or lock.is_for_processes:
                continue
            for id in sorted(section - told):
                acquisition = holding.acquisitions.get(id)
                rivals = [each for each in taken[lock.key] if each.waits]
                if acquisition is not None and rivals and not _is_own(acquisition):
                    told.add(id)
                    yield Holdup(acquisition, pause, _rival(acquisition, rivals))


def _is_own(acquisition: Acquisition) -> bool:
    """Whether the lock is made in the very function, so that each task has its own."""
    key = acquisition.use.lock.key
    return key[:2] in (("site", acquisition.code.key), ("closure", acquisition.code.key))


def _rival(acquisition: Acquisition, rivals: list[Acquisition]) -> Acquisition:
    """Rather a coroutine elsewhere than another run of this one."""
    return min(rivals, key=lambda each: (each is acquisition, not each.code.function.is_async))
