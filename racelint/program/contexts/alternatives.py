"""Part of the threads stage: contexts of which there is one or the other, as their objects are made to choose from."""

from __future__ import annotations

from collections.abc import Iterator

from racelint import facts
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.forked import is_in_child
from racelint.program.contexts.contexts import Context
from racelint.program.sources.branching import branches_around
from racelint.program.sources.nodes import contains, is_within
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import Instance, Site


class Alternatives:
    """Asks of two contexts whether the objects that they run on are the two outcomes of one choice.

    `if native: scheduler = ThreadScheduler() else: scheduler = GreenletScheduler()`
    """

    def __init__(self, types: Types) -> None:
        self._types = types
        self._asked: dict[tuple[int, int], bool] = {}

    def exclude(self, first: Context, second: Context) -> bool:
        """Whether only one of the two is ever started, as far as one can see where their objects are made."""
        key = (first.index, second.index)
        known = self._asked.get(key)
        if known is None:
            mine, theirs = self._made(first), self._made(second)
            known = bool(mine and theirs) and all(self._are_arms(a, b) for a in mine for b in theirs)
            self._asked[key] = known
        return known

    def _made(self, context: Context) -> set[Site]:
        """Where the objects are made on which a context works; nothing if it also works on none."""
        receivers = [receiver for _, receiver in context.entries if isinstance(receiver, Instance)]
        if len(receivers) < len(context.entries):
            return set()
        classes = {each.key for receiver in receivers for each in (receiver.cls, *receiver.cls.subclasses)}
        return {site for key in classes for site in self._types.constructions.get(key, ())}

    def _are_arms(self, first: Site, second: Site) -> bool:
        """Whether two objects are made in the arms of one branch, to be kept under one name."""
        if first[0] != second[0]:
            return False
        code = self._types.names.sources.codes[first[0]]
        names = {*_names(code, first[1])} & {*_names(code, second[1])}
        return bool(names) and are_parted(code, first[1], second[1])


def are_arms(first: Context, second: Context) -> bool:
    """Whether a function that waits for their end starts only one of two, as it chooses: `if`, `else`.

    In another turn of a loop it may choose otherwise while the first one is still at work.
    """
    code, both = first.code, (first, second)
    if code is None or code is not second.code or any(each.is_several or each.repeated is not None for each in both):
        return False
    starts = [[id for starter, id in each.starts if starter is code] for each in both]
    if any(not ids or len(ids) < len(each.starts) for ids, each in zip(starts, both, strict=True)):
        return False
    return all(each.ends is not None for each in both) and all(
        are_parted(code, one, other) for one in starts[0] for other in starts[1]
    )


def is_begun_anew(calls: Calls, first: Context, second: Context) -> bool:
    """Whether one takes the place of the other in a new process, in which no other thread has survived.

    What runs there first starts the same work as others have started, and nobody else has it do so.
    """
    anew = [context.code is not None and _is_only_anew(calls, context.code) for context in (first, second)]
    same = {code.key for code, _ in first.entries} == {code.key for code, _ in second.entries}
    return same and anew[0] is not anew[1]


def _is_only_anew(calls: Calls, code: Code) -> bool:
    """Whether a function runs in a new process, and the program calls it nowhere else."""
    return code.key in calls.after_fork and all(
        edge.caller.key in calls.after_fork or is_in_child(calls, edge.caller, edge.site)
        for edge in calls.callers(code)
    )


def are_parted(code: Code, one: int, other: int) -> bool:
    """Whether one choice of a function leads to the one operation or to the other."""
    return _part(code, one, other) or _part(code, other, one)


def _part(code: Code, one: int, other: int) -> bool:
    """Whether the one is in the first arm of a branch, and the other in its second, or after it if that leaves."""
    for node, truth in branches_around(code, one):
        if truth and is_within(node.orelse, other):
            return True
        leaves = truth and isinstance(node.body[-1], facts.Return | facts.Raise)
        if leaves and other > one and not contains(node, other):
            return True
    return False


def _names(code: Code, made: int) -> Iterator[tuple[str, int | str]]:
    """What an object is kept as: a name, an attribute of the own object, a local variable, what is returned."""
    if made in code.returns:
        yield "returned", ""
    for each in code.operations:
        match each:
            case facts.StoreName(name=name, value=value) if value == made:
                yield "name", name
            case facts.StoreAttr(base=base, name=name, value=value) if value == made and code.is_own(base):
                yield "attribute", name
            case facts.Phi(id=id, inputs=inputs) | facts.Choice(id=id, operands=inputs) if made in inputs:
                yield "value", id
            case _:
                pass
