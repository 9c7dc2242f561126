"""Part of the locksets stage: what is made only for those who gave no lock, beside what takes the given one."""

from __future__ import annotations

from racelint import facts
from racelint.facts import Node
from racelint.program.locking.locks import LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.nodes import walk
from racelint.program.sources.source import Code, makes


def waives_lock(locksets: LockSets, code: Code) -> bool:
    """Whether a function is made where there is no lock, and another one beside it takes it: `if lock is None: ...`."""
    around = code.parent
    if around is None or around.function.kind != "function":
        return False
    beside = [locksets.holdings.get(each.key) for each in locksets.places.types.names.sources.children(around)]
    taken = {each.use.lock.key for holding in beside if holding is not None for each in holding.acquisitions.values()}
    return any(
        makes(made, code)
        for node in around.controls
        if taken and type(node) is facts.Branch
        for made in walk(_without(locksets, around, node, taken))
        if isinstance(made, facts.MakeFunction)
    )


def _without(locksets: LockSets, code: Code, branch: facts.Branch, locks: set[LockKey]) -> tuple[Node, ...]:
    """The arm of a branch that is taken where one of these locks is None."""
    flow = locksets.places.dataflow(code)
    match flow.operation(branch.test):
        case facts.Compute(kind="is" | "is not" as kind, operands=(asked, none)) if flow.is_none(none):
            arm = branch.body if kind == "is" else branch.orelse
        case facts.Compute(kind="not", operands=(asked,)):
            arm = branch.body
        case _:
            asked, arm = branch.test, branch.orelse
    return arm if _lock(locksets, code, asked) in locks else ()


def _lock(locksets: LockSets, code: Code, id: int) -> LockKey | None:
    """The lock that a value of a function is; a parameter is the variable by which inner functions know it."""
    parameters = code.function.parameters
    if 0 <= id < len(parameters):
        variable = locksets.places.place("closure", code.key, parameters[id].name)
        return locksets.locks.of_place(variable).key
    use = locksets.locks.use(code, id)
    return None if use is None else use.lock.key
