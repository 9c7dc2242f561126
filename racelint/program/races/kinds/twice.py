"""Part of the races stage: what is taken out on account of how it is, though others may have taken it out already.

`if link.is_closed(): self.links.remove(link)`, under whatever lock: that the link is closed does not say that it is
still in there.
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint import facts
from racelint.knowledge.containers import NOT_IN_LIST, REMOVES
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.sequences.misses import handled, handled_misses, takes_what_it_names
from racelint.program.sources.branching import conditions


def taken_twice(case: Case, access: Access) -> Iterator[Race]:
    """An item that is taken out where it has to be there, as another function takes out items that it is given."""
    if not case.is_assumed or access.kind is not Kind.MUTATE or not _must_find(case, access):
        return
    beside = [each for each in case.accesses if each.code is access.code and each.base == access.base]
    if any(each is not access for each in beside) or not _is_on_account_of_itself(case, access):
        return
    # no lock helps: others have been there before, who may have come to this very function by another call
    again = len(case.threads.calls.callers(access.code)) > 1
    partner = case.assumed_partner(
        access, [], lambda other: other.method in REMOVES and (again or other.code is not access.code)
    )
    if partner is not None:
        yield Race(Problem.CHECK, access.code, access.span, access, "assumed", partner.other, first=access)


def _must_find(case: Case, access: Access) -> bool:
    """Whether an access takes out an item that it names, and fails if that is not there."""
    code, flow = access.code, case.sharing.places.dataflow(access.code)
    if not takes_what_it_names(code, access, "pop", "remove") or flow.is_constant(access.key):
        return False
    return access.id not in handled_misses(code, flow) | handled(code, flow, NOT_IN_LIST)


def _is_on_account_of_itself(case: Case, access: Access) -> bool:
    """Whether it is tested how the thing is that is taken out, or what it is named by."""
    code, flow = access.code, case.sharing.places.dataflow(access.code)
    thing = _root(flow, access.key)
    tests = [test for test, _ in conditions(code, access.id)]
    fetched = (each for test in tests for each in flow.behind(test) if type(each) is facts.LoadAttr)
    return thing not in ("", code.own_name) and any(_root(flow, each.base) == thing for each in fetched)


def _root(flow: Dataflow, id: int) -> str:
    """The variable with which a value begins: `link` for `link.name.lower()`."""
    while True:
        match flow.operation(id):
            case facts.LoadAttr(base=inner) | facts.Call(callee=inner):
                id = inner
            case _:
                break
    path = flow.path(id)
    return "" if path.startswith("g:") else path
