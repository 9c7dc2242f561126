"""Part of the races stage: containers that are emptied on account of a test, whatever was in them by then."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.containers import CLEARS, PLAIN
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.flags import on_account
from racelint.program.races.excuses.repeats import Repeats
from racelint.program.races.excuses.rough import LIMITS
from racelint.program.sequences.composites import Composite


def is_capped(case: Case, sequence: Composite) -> bool:
    """Whether a container is emptied for how much is in it, and nothing else is done: it forgets a little earlier.

    `if len(self.seen) > limit: self.seen = set()`
    """
    first, last, code = sequence.first, sequence.last, sequence.code
    if first.method != "len" or first.code is not code or last.code is not code:
        return False
    uses = case.sharing.places.dataflow(code).uses(first.id)
    is_size = bool(uses) and all(type(use) is facts.Compute and use.kind in LIMITS for use in uses)
    empties = last.method in CLEARS or (last.kind is Kind.WRITE and _makes_empty(case, last))
    done = (id for id in on_account(sequence) if id > first.id and id not in (sequence.act, last.value))
    return is_size and empties and Repeats(case).may(code, sorted(done))


def is_taken_whole(case: Case, sequence: Composite) -> bool:
    """Whether the act's critical section takes all that is there by then, if only to go over it, and leaves nothing.

    `if self.new:`, and under the lock `fresh, self.new = self.new, []`.
    """
    code, last = sequence.code, sequence.last
    flow = case.sharing.places.dataflow(code)
    if last.code is not code or last.kind is not Kind.WRITE or not _makes_empty(case, last):
        return False
    fetched = [
        each.id
        for each in case.accesses
        if each.code is code and each.kind is Kind.READ and each.base == last.base
        if case.locksets.in_one_section(code, each.id, sequence.act, exclusive=True)
    ]
    return bool(fetched) and not any(type(use) is facts.LoadItem for id in fetched for use in flow.uses(id))


def _makes_empty(case: Case, store: Access) -> bool:
    """Whether a container is stored in which nothing is: `[]`, `set()`."""
    flow = case.sharing.places.dataflow(store.code)
    made = flow.operation(store.value)
    if type(made) is facts.Call and not made.arguments:
        return case.sharing.places.types.surely_calls(store.code, made, PLAIN)
    return flow.is_empty(store.value)
