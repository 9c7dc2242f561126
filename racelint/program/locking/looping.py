"""Part of the locksets stage: what the rounds of a loop do to locks, one like the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from racelint import facts
from racelint.facts import Node, Span
from racelint.knowledge.containers import REORDERS
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.holding import Exit, Holding, Leak
from racelint.program.locking.locks import NON_REENTRANT, LockUse
from racelint.program.locking.lockstate import State, meet
from racelint.program.sources.nodes import contains, ids_in
from racelint.program.sources.source import is_operation
from racelint.program.values.types import Types


def come_round(
    holding: Holding, flow: Dataflow, node: facts.Loop, ends: Sequence[tuple[Span | None, State | None]]
) -> Iterator[Leak]:
    """The locks with which a round of an endless loop ends, and which each round takes before all else.

    `ends` are the ways in which a round ends, each with where it does (None: at its last statement).
    """
    first = set(_first_in([*node.head, *node.body]))
    for span, state in ends:
        if state is None:
            continue
        for use in state.may.keys() & state.held.keys():
            if use.lock.kind not in NON_REENTRANT or _is_another(flow, node, use):
                continue
            for id in state.may[use] & first & holding.acquisitions.keys():
                if holding.acquisitions[id].waits:
                    yield Leak(id, use, span, Exit.AGAIN)


def _first_in(nodes: Sequence[Node]) -> Iterator[int]:
    """The operations that come first in a block, as far as nothing is tested or repeated."""
    for node in nodes:
        if is_operation(node):
            yield node.id
            continue
        if type(node) is facts.Try:
            yield from _first_in(node.body)
        return


def _is_another(flow: Dataflow, node: facts.Loop, use: LockUse) -> bool:
    """Whether the lock may be that of another object in each round: `self.node = self.node.next`."""
    stores = (each for each in map(flow.operation, ids_in(node.body)) if isinstance(each, facts.StoreAttr))
    stored = [f"{flow.path(each.base)}.{each.name}" for each in stores]
    return "%" in use.base or any(f"{use.base}.".startswith(f"{path}.") for path in stored)


def given_back(
    holding: Holding, types: Types, flow: Dataflow, node: facts.Loop, before: State, turns: Sequence[State]
) -> Iterator[LockUse]:
    """The locks that a loop releases one by one in its turns: the loop which took them had as many turns."""
    for use, acquired in before.may.items():
        if any(use in turn.may for turn in turns):
            continue
        given = [each.id for each in holding.releases.values() if each.use == use and contains(node, each.id)]
        over = {gone_over(types, flow, id) for id in given}
        if over and "" not in over and all(gone_over(types, flow, id) in over for id in acquired):
            yield use


def gone_over(types: Types, flow: Dataflow, call: int) -> str:
    """What a loop goes over, in whatever order, of the items of which a method is called; "" if it is no item."""
    method = flow.code.fetched(flow.operation(call))
    item = flow.operation(method.base) if type(method) is facts.LoadAttr else None
    return flow.key(_unordered(types, flow, item.iterable)) if type(item) is facts.Element else ""


def _unordered(types: Types, flow: Dataflow, iterable: int) -> int:
    """What is given in another order, or copied: `reversed(locks)`, `sorted(locks, key=id)`, `locks[::-1]`."""
    while True:
        match flow.operation(iterable):
            case facts.Call(arguments=(facts.Argument(name="", value=given), *_)) as call if types.surely_calls(
                flow.code, call, REORDERS
            ):
                iterable = given
            case facts.LoadItem(base=base, key=key) if _is_whole(flow, key):
                iterable = base
            case _:
                return iterable


def _is_whole(flow: Dataflow, key: int) -> bool:
    """Whether a slice has neither a beginning nor an end."""
    sliced = flow.operation(key)
    if type(sliced) is not facts.Build or sliced.kind != "slice":
        return False
    ends = [flow.operation(each) for each in sliced.items[:2]]
    return all(each is None or (type(each) is facts.Const and each.kind == "none") for each in ends)


def taken_in_turns(node: facts.Loop, before: State, turns: Sequence[State], after: State) -> State:
    """The state after a loop that takes a lock in each of its turns, and keeps it: who goes over locks to take them all
    has them, as where there is none there is nothing to hold.

    `before` is that before the loop, `turns` are those at the ends of its turns.
    """
    kept = meet(turns) if node.kind == "for" else None
    if kept is None:
        return after
    taken = {use: section for use, section in kept.held.items() if use not in before.held}
    return replace(after, held={**after.held, **taken}) if taken else after
