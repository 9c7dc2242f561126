"""Part of the races stage: items of which each run of a context has its own, as the key comes with what it works on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from racelint import facts
from racelint.knowledge.containers import EMPTIES, REMOVES
from racelint.knowledge.running import RunsOn
from racelint.program.contexts.contexts import Context
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite
from racelint.program.values.values import Instance

GIVEN_EACH: Final = frozenset({RunsOn.POOL, RunsOn.THREAD})
"""Where a program itself gives each run what it is to work on. What comes with requests may come twice."""


def has_own_item(case: Case, sequence: Composite, context: Context) -> bool:
    """Whether a sequence puts an item under a key that each run of the context gets from an object of its own, or takes
    out that object.

    `if job.name not in results: results[job.name] = done` for one job each. Who counts by a key expects it again,
    and so does who goes on with what is kept there.
    """
    last = sequence.last
    if context.runs_on in GIVEN_EACH and _takes_out_its_own(case, sequence, context):
        return True
    if not sequence.stores_item or context.runs_on not in GIVEN_EACH or _is_wanted_back(case, last):
        return False
    flow = case.sharing.places.dataflow(last.code)
    return any(case.sharing.is_own(context, last.code, path) for path in _attributes(flow, last.key))


def _takes_out_its_own(case: Case, sequence: Composite, context: Context) -> bool:
    """Whether the object that each run was started on is looked for and taken out.

    `if worker in busy: busy.remove(worker)`, which each worker calls for itself.
    """
    first, last, code = sequence.first, sequence.last, sequence.code
    if first.code is not code or last.code is not code or last.method not in REMOVES - EMPTIES or last.key < 0:
        return False
    flow = case.sharing.places.dataflow(code)
    if flow.key(first.key) != flow.key(last.key):
        return False
    started = {receiver.cls for _, receiver in context.entries if isinstance(receiver, Instance)}
    objects = case.sharing.places.types.of(code, last.key)
    return (
        context.own_instance
        and bool(objects)
        and all(isinstance(each, Instance) and each.cls in started for each in objects)
        and case.sharing.is_own(context, code, flow.path(last.key))
    )


def _is_wanted_back(case: Case, store: Access) -> bool:
    """Whether a function goes on with what it has put in, or gives it back: it keeps that for the next one."""
    code, value = store.code, store.value
    later = (each for each in case.accesses if each.code is code and each.id > store.id and each.base == store.base)
    flow = case.sharing.places.dataflow(code)
    used = any(use.id > store.id for use in flow.uses(value))
    return used or value in code.returns or any(not each.kind.writes for each in later)


def _attributes(flow: Dataflow, key: int) -> Iterator[str]:
    """The parameters of whose attributes a key is made; one that is the key itself may be the same literal for all."""
    for operation in flow.behind(key):
        if type(operation) is facts.LoadAttr and flow.operation(operation.base) is None:
            yield flow.path(operation.base)
