"""Part of the races stage: what is done by one thread only, as it tests and takes it in one critical section."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from racelint import facts
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sources.nodes import contains
from racelint.program.sources.source import Code

FLAG: Final = (facts.LoadAttr, facts.StoreAttr)
"""How a flag is asked for, and raised."""


def is_done_once(case: Case, sequence: Composite) -> bool:
    """Whether the function that acts is only called behind such a flag: `once.do(make)`."""
    inner = sequence.last.code
    callers = case.threads.calls.callers(inner)
    return (
        inner is not sequence.code
        and bool(callers)
        and all(_is_first(case, each.caller, each.site) for each in callers)
    )


def is_put_in_before(case: Case, sequence: Composite) -> bool:
    """Whether the section of the test has put in an item under the key that the act is about: it is the thread's own.

    `with lock: taken = name in names; if not taken: names[name] = user`, and `with lock: del names[name]` in the end.
    """
    code, last = sequence.code, sequence.last
    if last.code is not code or last.key < 0:
        return False
    key = case.sharing.places.dataflow(code).key
    done = _done_in_section(case, sequence)
    return any(each.method == "[]=" and each.base == last.base and key(each.key) == key(last.key) for each in done)


def is_claimed(case: Case, sequence: Composite) -> bool:
    """Whether the flag is set in the critical section in which it was read: who comes next finds it set.

    `with self.lock: first, self.running = not self.running, True`, and then `if first: self.run()`
    """
    first = sequence.first
    if sequence.shape not in (Shape.CHECK, Shape.LAZY) or first.kind is not Kind.READ or sequence.wants is None:
        return False
    truth = case.sharing.places.dataflow(sequence.code).truth
    done = [each for each in _done_in_section(case, sequence) if each.base == first.base and each.kind is Kind.WRITE]
    return any(truth(each.value) is (not sequence.wants) for each in done)


def _done_in_section(case: Case, sequence: Composite) -> Iterator[Access]:
    """What the function does to the place before the act, in the critical section of the test."""
    code, first = sequence.code, sequence.first
    if first.code is code:
        own = (each for each in case.accesses if each.code is code and first.id < each.id < sequence.act)
        yield from (each for each in own if case.locksets.in_one_section(code, first.id, each.id, exclusive=True))


def _is_first(case: Case, code: Code, site: int) -> bool:
    """Whether a call is only made as long as a flag is not set, which then is, before the lock is given back."""
    with_call = [
        each
        for each in code.operations
        if isinstance(each, FLAG) and case.locksets.in_one_section(code, each.id, site, exclusive=True)
    ]
    raised = {(each.base, each.name) for each in with_call if type(each) is facts.StoreAttr}
    asked = {each.id for each in with_call if type(each) is facts.LoadAttr and (each.base, each.name) in raised}
    flow = case.sharing.places.dataflow(code)
    branches = (node for node in code.controls if type(node) is facts.Branch and node.test >= 0)
    return any(not asked.isdisjoint(flow.sources(node.test)) and contains(node, site) for node in branches)
