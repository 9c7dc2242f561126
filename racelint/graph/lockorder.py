"""The picture of the lock order: an arrow leads from a lock to each that is taken while it is held."""

from __future__ import annotations

from collections import defaultdict

from racelint.explaining.phrases import called, steps
from racelint.graph.picture import Arrow, Node, Picture
from racelint.program import Program
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.locking.locks import Lock, LockKey

SHOWN = 3
"""So many places of one arrow are named."""


def lock_order(program: Program, paths: frozenset[str]) -> Picture:
    """The locks that are nested in these files. What can wait for ever is marked: circles, and a lock in itself."""
    order = program.lockorder
    wrong = {_pair(nesting) for nesting in (*order.again, *order.siblings)}
    wrong |= {_pair(nesting) for cycle in order.cycles for nesting in cycle}
    arrows: dict[tuple[LockKey, LockKey], list[Nesting]] = defaultdict(list)
    for nesting in order.nestings:
        if nesting.path in paths and (nesting.outer.lock.key != nesting.inner.lock.key or _pair(nesting) in wrong):
            arrows[_pair(nesting)].append(nesting)
    locks = {use.lock.key: use.lock for all in arrows.values() for each in all for use in (each.outer, each.inner)}
    names = {key: f"{lock.symbol}{'' if key[0] != 'site' else f' {key[1]}:{key[2]}'}" for key, lock in locks.items()}
    marked = {key for pair in wrong & arrows.keys() for key in pair}
    return Picture(
        "Lock order",
        tuple(
            sorted((_node(lock, names[key], key in marked) for key, lock in locks.items()), key=lambda each: each.name)
        ),
        tuple(
            sorted(
                (_arrow(names[one], names[two], all, (one, two) in wrong) for (one, two), all in arrows.items()),
                key=lambda each: (each.start, each.end),
            )
        ),
    )


def _pair(nesting: Nesting) -> tuple[LockKey, LockKey]:
    return nesting.outer.lock.key, nesting.inner.lock.key


def _node(lock: Lock, name: str, is_marked: bool) -> Node:
    owner, _, short = lock.symbol.rpartition(".")
    cls = owner.rpartition(".")[2]
    label = f"{cls}.{short}" if lock.per_instance and cls else short
    kind = lock.kind.value if lock.kind is not None else "lock"
    place = f"{lock.path}:{lock.span.line}" if lock.path else ""
    module = owner.rpartition(".")[0] if lock.per_instance else owner
    return Node(name, label, "lock", module, is_marked, f"{lock.symbol} ({kind}) {place}".strip())


def _arrow(outer: str, inner: str, nestings: list[Nesting], is_marked: bool) -> Arrow:
    functions = list(dict.fromkeys(called(each.code) for each in nestings))
    label = functions[0] + (f" +{len(functions) - 1}" if len(functions) > 1 else "")
    return Arrow(outer, inner, label, is_marked, note="; ".join(_way(each) for each in nestings[:SHOWN]))


def _way(nesting: Nesting) -> str:
    way = steps([nesting.code, *(edge.callee for edge in nesting.chain)]).replace("`", "")
    return f"{way} ({nesting.path}:{nesting.span.line})"
