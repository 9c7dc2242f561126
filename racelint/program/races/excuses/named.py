"""Part of the races stage: what is kept in a table under a fixed name, as it would be in an attribute."""

from __future__ import annotations

from racelint import facts
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.races.cases.case import Case
from racelint.program.races.cases.disturbances import read_again, takes_away
from racelint.program.races.excuses.kept import are_items_changed
from racelint.program.races.excuses.lookups import is_looked_up
from racelint.program.races.excuses.made import makes_empty
from racelint.program.races.excuses.memos import has_identity, is_plain, made_by
from racelint.program.sequences.composites import Composite


def is_kept_by_fixed_name(case: Case, sequence: Composite) -> bool:
    """`if kept.get("page") is None: kept["page"] = make()`: of what is made, and left alone, two are as good as one."""
    code, last = sequence.code, sequence.last
    flow, types = case.sharing.places.dataflow(code), case.sharing.places.types
    if case.guard is not None or last.code is not code or not sequence.stores_item or not _is_fixed(flow, last.key):
        return False
    asked = sequence.first.key >= 0 and flow.key(sequence.first.key) == flow.key(last.key)
    made = made_by(flow, last.value)
    if type(made) is not facts.Call or not (asked or is_looked_up(flow, sequence)):
        return False
    if makes_empty(case, last):
        # what is kept empty is there to be filled
        return False
    if read_again(case, sequence) is not None and any(map(takes_away, case.accesses)):
        return False
    values = types.of(code, last.value)
    plain = all(is_plain(each) or not has_identity(each, types.names.knowledge) for each in values)
    return bool(values) and plain and not case.once(are_items_changed)


def _is_fixed(flow: Dataflow, key: int) -> bool:
    """Whether a key is a literal, or one that has a name of its own: `Cache.READY`."""
    made = flow.operation(key)
    while type(made) is facts.LoadAttr:
        made = flow.operation(made.base)
    return type(made) is facts.Const or (type(made) is facts.LoadName and made.scope == "global")
