"""Part of the signals stage: events that are set before what they announce is there.

`self.ready.set()` and then `self.port = find_port()`, beside `self.ready.wait()` and then `connect(self.port)`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from racelint import facts
from racelint.knowledge.model import LockDomain, LockRole
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind
from racelint.program.signals.waits import Signal
from racelint.program.sources.loops import loop_around
from racelint.program.sources.surely import surely_after
from racelint.program.values.values import LibraryMethod


class Announcing:
    """Judges the sets of events by what their functions store after that."""

    def __init__(self, locksets: LockSets, events: Sequence[Signal]) -> None:
        self._locksets = locksets
        self._places = locksets.places
        self._waits = [each for each in events if each.role is LockRole.WAIT and not each.limit.is_end]
        self._sets = [each for each in events if each.role is LockRole.NOTIFY and each.domain is LockDomain.THREAD]

    def ahead(self) -> Iterator[tuple[Signal, Signal, Access]]:
        """Sets that come too early: with who waits for that, to read what is stored only after it."""
        for setting in self._sets:
            waits = [each for each in self._waits if each.concerns(setting) and each.code is not setting.code]
            found = (
                (setting, wait, change)
                for change in (self._late(setting) if waits else ())
                for wait in waits
                for read in self._reads(wait, change)
                if change.base == setting.use.base and read.base == wait.use.base
            )
            yield from itertools.islice(found, 1)

    def _late(self, setting: Signal) -> Iterator[Access]:
        """What the function stores for the first time after it has set the event, and nobody else but to begin with."""
        code, calls = setting.code, self._locksets.threads.calls
        if loop_around(code, setting.id) is not None:
            # what is stored after it may be for the next turn
            return
        after = surely_after(code, code.function.body, setting.id)
        flow = self._places.dataflow(code)
        for change in self._places.of(code):
            if change.kind is not Kind.WRITE or change.id not in after or flow.is_constant(change.value):
                continue
            others = [each for each in self._places.by_place[change.place] if each.kind.rebinds and each is not change]
            empty = all(self._places.dataflow(each.code).is_nothing(each.value) for each in others)
            if empty and all(each.code.key in calls.constructing for each in others):
                yield change

    def _reads(self, wait: Signal, change: Access) -> Iterator[Access]:
        """What surely reads what is stored, once it has waited, and before it waits for anything else."""
        after = surely_after(wait.code, wait.code.function.body, wait.id)
        for read in self._places.of(wait.code):
            is_read = read.place is change.place and not read.kind.writes and read.read_id in after
            if is_read and not self._excludes(read, change) and not self._waits_again(wait, read):
                yield read

    def _waits_again(self, wait: Signal, read: Access) -> bool:
        """Whether something else is waited for before the read: another event, a thread, a result."""
        between = wait.code.operations[wait.id + 1 : read.read_id]
        for call in (each for each in between if type(each) is facts.Call):
            for callee in self._places.types.of(wait.code, call.callee):
                method = self._locksets.locks.method(callee) if isinstance(callee, LibraryMethod) else None
                if method is not None and method.role is LockRole.WAIT:
                    return True
                if isinstance(callee, LibraryMethod) and self._places.types.names.knowledge.wait(callee.qualname):
                    return True
        return False

    def _excludes(self, read: Access, change: Access) -> bool:
        """Whether a lock keeps the read out until the change is made."""
        held = {use.lock.key for use in self._locksets.held(read.code, read.id)}
        return bool(held & {use.lock.key for use in self._locksets.held(change.code, change.id)})
