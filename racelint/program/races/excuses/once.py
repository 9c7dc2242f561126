"""Part of the races stage: what is done by one thread only, as it tests and takes it in one critical section."""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite
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
    code, first, last = sequence.code, sequence.first, sequence.last
    if first.code is not code or last.code is not code or last.key < 0:
        return False
    key = case.sharing.places.dataflow(code).key
    return any(
        each.code is code
        and each.method == "[]="
        and first.id < each.id < sequence.act
        and each.base == last.base
        and key(each.key) == key(last.key)
        and case.locksets.in_one_section(code, first.id, each.id, exclusive=True)
        for each in case.accesses
    )


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
