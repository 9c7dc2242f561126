"""The picture of shared state: who comes to which place, what is done there, and which lock guards it."""

from __future__ import annotations

from collections import defaultdict

from racelint.graph.picture import Arrow, Node, Picture
from racelint.program import Program
from racelint.program.contexts.contexts import Context
from racelint.program.locking.locks import Lock
from racelint.program.memory.places import Access
from racelint.program.races.cases.case import Case
from racelint.show.contexts import label
from racelint.show.shared import is_shared


def shared_state(program: Program, paths: frozenset[str]) -> Picture:
    """The state of these files that several contexts may come to at once; what races is marked."""
    racing = {race.place for race in program.races.all}
    nodes: dict[str, Node] = {}
    arrows: list[Arrow] = []
    for place in sorted(program.places.by_place, key=lambda place: (place.symbol, place.kind, place.owner)):
        case = Case(place, program.sharing, program.locksets)
        accesses = [each for each in case.accesses if each.code.path in paths]
        if not accesses or not is_shared(case):
            continue
        name = f"{place.symbol} {place.kind} {place.owner}"
        first = min(accesses, key=lambda each: (each.code.path, each.span.line))
        owner, _, short = place.symbol.rpartition(".")
        shown = f"{owner.rpartition('.')[2]}.{short}" if owner else short
        note = f"{place.symbol} {first.code.path}:{first.span.line}"
        nodes[name] = Node(name, shown, "place", owner, place in racing, note)
        for context, done in _by_context(program, accesses).items():
            nodes.setdefault(f"context {context.index}", _context(context))
            writes = any(each.kind.writes for each in done)
            arrows.append(_arrow(f"context {context.index}", name, done, place in racing and writes))
        if case.guard is not None:
            lock = case.guard.lock
            nodes.setdefault(f"lock {lock.key}", _lock(lock))
            share = f"{case.guard.guarded_steps} of {case.guard.steps}"
            is_kept = case.guard.guarded == case.guard.total
            arrows.append(Arrow(name, f"lock {lock.key}", share, not is_kept and place in racing, is_weak=True))
    return Picture("Shared state", tuple(nodes.values()), tuple(arrows))


def _by_context(program: Program, accesses: list[Access]) -> dict[Context, list[Access]]:
    found: dict[Context, list[Access]] = defaultdict(list)
    for access in accesses:
        for context in program.threads.of(access.code):
            if not program.sharing.is_early(access):
                found[context].append(access)
    return found


def _arrow(context: str, place: str, accesses: list[Access], is_marked: bool) -> Arrow:
    """An arrow to what is written; a line to what is only read."""
    writes = sum(access.kind.writes for access in accesses)
    reads = len(accesses) - writes
    note = ", ".join(
        filter(None, (f"writes at {writes} places" if writes else "", f"reads at {reads}" if reads else ""))
    )
    return Arrow(context, place, "" if writes else "reads", is_marked, is_weak=not writes, note=note)


def _context(context: Context) -> Node:
    place = f"{context.path}:{context.span.line}" if context.path else ""
    return Node(f"context {context.index}", label(context).replace("`", ""), "context", note=place)


def _lock(lock: Lock) -> Node:
    owner = lock.symbol.rpartition(".")[0].rpartition(".")[2]
    shown = f"{owner}.{lock.name}" if lock.per_instance and owner else lock.name
    return Node(
        f"lock {lock.key}", shown, "lock", note=f"{lock.symbol} {lock.path}:{lock.span.line}" if lock.path else ""
    )
