"""Part of the races stage: one attribute is tested, another is used on account of that, and both go away together.

`if self.open: self.file.write(line)` beside `with self.lock: self.open, self.file = False, None`: that both are stored
in one critical section says that they belong together, and the use fails where that comes in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.guards import Guard
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.races.breaches.breaches import claimed_guard
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.excuses import NONE_FOUND
from racelint.program.races.excuses.swallowed import swallowed
from racelint.program.races.kinds.torn import is_left_out, reads_of, stored_together
from racelint.program.sequences.misses import handled
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code


class Parted(msgspec.Struct, frozen=True):
    """What `tested` reads decides whether `used` is dereferenced, which `clears` takes away together with the other."""

    tested: Access
    used: Access
    clears: Access
    guard: Guard

    @property
    def code(self) -> Code:
        """The function that tests and uses."""
        return self.used.code

    @property
    def span(self) -> Span:
        """Where the finding stands."""
        return self.tested.span


def find_parted(sharing: Sharing, locksets: LockSets) -> Iterator[Parted]:
    """Judge what is used on account of another attribute, one for each test."""
    together = stored_together(locksets)
    cases: dict[Place, Case] = {}
    for code, reads in reads_of(locksets, together).items():
        flow = locksets.places.dataflow(code)
        seen: set[Access] = set()
        for used in reads if code.key not in sharing.threads.at_exit else ():
            asked = _asked(flow, used.id) if _is_dereferenced(flow, used) else set()
            tests = [each for each in reads if each.id in asked and each.base == used.base]
            if any(each.place is used.place for each in tests):
                # that it is read twice is told by itself
                continue
            for tested in tests:
                both = frozenset((tested.place, used.place))
                if tested in seen or both not in together:
                    continue
                for place in both - cases.keys():
                    cases[place] = Case(place, sharing, locksets)
                    cases[place].guard = claimed_guard(cases[place]) or cases[place].guard
                found = _judge(cases[tested.place], cases[used.place], tested, used, together[both])
                if found is not None:
                    seen.add(tested)
                    yield found


def _asked(flow: Dataflow, operation: int) -> set[int]:
    """What the tests on the way to an operation read before it."""
    tests = (test for test, _ in conditions(flow.code, operation))
    return {id for test in tests for id in flow.sources(test) if id < operation}


def _is_dereferenced(flow: Dataflow, read: Access) -> bool:
    """Whether None would make a use of the value fail that does not depend on what the value is found to be."""
    return any(
        isinstance(use, facts.LoadAttr | facts.StoreAttr | facts.LoadItem | facts.StoreItem)
        and use.base == read.id
        and read.id not in _asked(flow, use.id)
        for use in flow.uses(read.id)
    )


def _is_expected(case: Case, used: Access) -> bool:
    """Whether the use is in a `try` that reckons with None, or goes on whatever fails."""
    code, flow = used.code, case.sharing.places.dataflow(used.code)
    uses = {used.id, *(use.id for use in flow.uses(used.id))}
    return not uses.isdisjoint(handled(code, flow, NONE_FOUND, named=True) | swallowed(case, code))


def _judge(
    tests: Case, uses: Case, tested: Access, used: Access, stores: Sequence[tuple[Access, Access]]
) -> Parted | None:
    guard = uses.guard
    if guard is None or tests.guard is None or tests.guard.lock.key != guard.lock.key or not is_left_out(uses, used):
        return None
    if tested not in tests.accesses or used.code.function.is_async or _is_expected(uses, used):
        return None
    own = (each for each in uses.accesses if each.code is used.code and each.base == used.base)
    if any(each.kind.rebinds and tested.id < each.id < used.id for each in own):
        # what the function has stored itself since the test is not there on account of that
        return None
    for pair in stores:
        clearing = next(each for each in pair if each.place is used.place)
        raising = next(each for each in pair if each.place is tested.place)
        if clearing.code is used.code or not uses.clears(clearing) or raising.kind is not Kind.WRITE:
            continue
        if any(map(guard.protects, uses.protections(clearing))) and uses.may_meet(used, clearing):
            return Parted(tested, used, clearing, guard)
    return None
