"""Part of the locksets stage: what is made only for those who gave no lock, beside what takes the given one."""

from __future__ import annotations

from racelint import facts
from racelint.facts import Node
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.nodes import walk
from racelint.program.sources.source import Code, makes


def waives_lock(locksets: LockSets, code: Code) -> bool:
    """Whether a function is made where there is no lock, and another one beside it takes it: `if lock is None: ...`."""
    around = code.parent
    if around is None or around.function.kind != "function":
        return False
    beside = [locksets.holdings.get(each.key) for each in locksets.places.types.names.sources.children(around)]
    taken = {each.use.lock.name for holding in beside if holding is not None for each in holding.acquisitions.values()}
    flow = locksets.places.dataflow(around)
    return any(
        makes(made, code)
        for node in around.controls
        if taken and type(node) is facts.Branch
        for made in walk(_without(flow, node, taken))
        if isinstance(made, facts.MakeFunction)
    )


def _without(flow: Dataflow, branch: facts.Branch, locks: set[str]) -> tuple[Node, ...]:
    """The arm of a branch that is taken where one of these locks is None."""
    match flow.operation(branch.test):
        case facts.Compute(kind="is", operands=(asked, none)) if flow.is_none(none) and _name(flow, asked) in locks:
            return branch.body
        case facts.Compute(kind="is not", operands=(asked, none)) if flow.is_none(none) and _name(flow, asked) in locks:
            return branch.orelse
        case facts.Compute(kind="not", operands=(asked,)) if _name(flow, asked) in locks:
            return branch.body
        case _:
            return branch.orelse if _name(flow, branch.test) in locks else ()


def _name(flow: Dataflow, id: int) -> str:
    parameters = flow.code.function.parameters
    if 0 <= id < len(parameters):
        return parameters[id].name
    operation = flow.operation(id)
    return operation.name if isinstance(operation, facts.LoadName | facts.LoadAttr) else ""
