"""Part of the interleavings stage: which locks of tasks are held while the holder waits for something else?

Nobody is stopped for good, as the loop runs on. But all tasks that need the lock wait as long. What is tested before
the pause and done after it needs the lock meanwhile: there the wait is meant, as where the lock guards no state.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from racelint.knowledge.model import LockDomain
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Kind
from racelint.program.sequences.composites import Composite
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code
from racelint.program.tasks.holdups import HELD_ALONE, Holdup, entered, waited_for
from racelint.program.tasks.suspension import Suspensions


def link_lingering(locksets: LockSets, suspensions: Suspensions, sequences: Iterable[Composite]) -> list[Holdup]:
    """The first such pause of each critical section, and who else needs the lock; `sequences` have a pause inside."""
    taken: dict[LockKey, list[Acquisition]] = defaultdict(list)
    for each in locksets.acquisitions():
        if each.use.lock.domain is LockDomain.TASK and each.use.lock.kind in HELD_ALONE:
            taken[each.use.lock.key].append(each)
    if not taken:
        return []
    by_code: dict[int, list[Composite]] = defaultdict(list)
    for sequence in sequences:
        by_code[sequence.code.key].append(sequence)
    return [
        found
        for key in sorted(locksets.holdings)
        for found in _in(locksets, locksets.holdings[key].code, suspensions.points.get(key, ()), taken, by_code[key])
    ]


def _in(
    locksets: LockSets,
    code: Code,
    pauses: Sequence[int],
    taken: Mapping[LockKey, Sequence[Acquisition]],
    sequences: Sequence[Composite],
) -> Iterator[Holdup]:
    told: set[int] = set()
    for pause in pauses:
        if entered(locksets, code, pause) is not None:
            # locks for locks are told by their order
            continue
        given_up = waited_for(locksets, code, pause)
        for use in locksets.state(code, pause).held:
            key = use.lock.key
            # a wait that gives the lock up begins a new section of the same `with`
            own = [each for each in taken.get(key, ()) if each.code is code and each.id < pause]
            rivals = [each for each in taken.get(key, ()) if each.waits and each.code is not code]
            if not own or not rivals or own[-1].id in told or key == given_up or not locksets.guards_state(key):
                continue
            if not _is_needed(locksets, code, pause, sequences):
                told.add(own[-1].id)
                yield Holdup(own[-1], pause, rivals[0])


def _is_needed(locksets: LockSets, code: Code, pause: int, sequences: Sequence[Composite]) -> bool:
    """Whether something is tested before the pause, and done on account of it after that, under the same lock; or a
    flag is tested, on which the pause depends, and set: nobody else shall do the same meanwhile."""
    if any(
        min(each.between) < pause < max(each.between)
        and locksets.in_one_section(each.code, min(each.between), max(each.between), exclusive=True)
        for each in sequences
    ):
        return True
    flow = locksets.places.dataflow(code)
    asked = {id for test, _ in conditions(code, pause) for id in flow.sources(test)}
    accesses = [
        each for each in locksets.places.of(code) if locksets.in_one_section(code, each.id, pause, exclusive=True)
    ]
    tested = {each.place for each in accesses if each.kind is Kind.READ and each.id in asked}
    return any(each.place in tested and each.kind is Kind.WRITE for each in accesses)
