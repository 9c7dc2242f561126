"""Part of the lock order stage: which locks are taken in a ring, each while the one before it is held?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Final

from racelint import facts
from racelint.knowledge.model import LockKind
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.deadlocks.nesting import Nesting, is_free_on_the_way
from racelint.program.deadlocks.newborn import is_of_new
from racelint.program.locking.counted import as_counted
from racelint.program.locking.guards import may_be_same
from racelint.program.locking.locks import NON_REENTRANT, LockKey, LockUse, is_doubtful
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import Code
from racelint.program.values.values import FunctionRef

LENGTH: Final = 6
"""Longer cycles than this are not looked for: a shorter one is nearly always inside."""

FEW: Final = 4
"""Of two orders of locks, one that more functions follow than this is no slip of theirs."""


def rings(nestings: list[Nesting], locksets: LockSets) -> Iterator[tuple[Nesting, ...]]:
    """The rings of locks, shortest first, each beginning with the nesting to report: the last in the order of the text.

    A lock pair that is reported once is not reported again in a longer ring. But where a few functions take two locks
    of one object, or two that there are once, against the order of more others, each of them closes a ring of its own:
    to mend one leaves the others.
    """
    by_pair: dict[tuple[LockKey, LockKey], list[Nesting]] = defaultdict(list)
    for nesting in nestings:
        if nesting.outer.lock.key == nesting.inner.lock.key or nesting.inner.lock.key in nesting.held:
            continue
        if not any(each(nesting, locksets) for each in (_is_in_hand, _is_apart, is_of_new, _is_of_count)):
            by_pair[nesting.outer.lock.key, nesting.inner.lock.key].append(nesting)
    told: set[tuple[LockKey, LockKey]] = set()
    for ring in sorted(_simple_cycles(by_pair), key=lambda ring: (len(ring), ring)):
        pairs = [(ring[index], ring[(index + 1) % len(ring)]) for index in range(len(ring))]
        if any(pair in told for pair in pairs):
            continue
        choices = [by_pair[pair] for pair in pairs]
        together = _together(choices, locksets)
        if together is not None:
            told.update(pairs)
            yield from _against_the_usual(choices, locksets) or [_closing_first(together)]


def _is_in_hand(nesting: Nesting, locksets: LockSets) -> bool:
    """Whether all callers hold the inner lock already, which is reentrant: nobody is waited for.

    Not where it is not known of which object they hold it.
    """
    inner = nesting.inner
    held = locksets.held(nesting.code, nesting.site) if inner.lock.kind not in NON_REENTRANT else ()
    known = (use.base for use in held if use.lock.key == inner.lock.key and not is_doubtful(use.base))
    return any(may_be_same(base, inner.base) for base in known)


def _is_of_count(nesting: Nesting, locksets: LockSets) -> bool:
    """Whether a reader, for whom the first of all has taken the outer lock, takes the one under which they are counted:
    who waits for the outer lock with that in hand is the first, and then there are no readers."""
    outer, inner = nesting.outer.lock, nesting.inner.lock
    for holding in locksets.holdings.values() if nesting.outer.mode is LockKind.READER else ():
        taken = (each.id for each in holding.acquisitions.values() if each.use.lock == outer)
        under = (use.lock for id in taken for use in locksets.held(holding.code, id))
        counted = as_counted(holding, "+", locksets.places.dataflow)
        if inner in under and any(use.lock == outer for _, use in counted):
            return True
    return False


def _is_apart(nesting: Nesting, locksets: LockSets) -> bool:
    """Whether nobody else can be in the way: one of the locks is of the object that is just being made, and known to
    nobody yet, or the calls release the outer one before they come to the inner one."""
    code = nesting.code
    is_made = code.key in locksets.threads.calls.constructing and not _is_given_away(code, nesting.site, locksets)
    if is_made and code.own_name in (nesting.outer.base, nesting.inner.base):
        return True
    free = nesting.acquisition.before.free if nesting.chain else ()
    outer = nesting.outer.lock.key
    return any(use.lock.key == outer for use in free) or is_free_on_the_way(nesting.chain, outer, locksets)


def _is_given_away(code: Code, before: int, locksets: LockSets) -> bool:
    """Whether a constructor gives its object, or a method of it, to others before an operation."""
    flow, types = locksets.places.dataflow(code), locksets.places.types
    fetched = (each.id for each in flow.uses(0) if type(each) is facts.LoadAttr)
    methods = [id for id in fetched if any(isinstance(each, FunctionRef) for each in types.of(code, id))]
    return any(_gives(use, id) for id in (0, *methods) for use in flow.uses(id) if use.id < before)


def _gives(use: facts.Operation, id: int) -> bool:
    """Whether others get a value: as an argument, or where it is stored."""
    match use:
        case facts.Call(arguments=arguments):
            return any(each.value == id for each in arguments)
        case facts.StoreAttr(value=value) | facts.StoreItem(value=value) | facts.StoreName(value=value):
            return value == id
        case _:
            return type(use) is facts.Build


def _against_the_usual(choices: list[list[Nesting]], locksets: LockSets) -> list[tuple[Nesting, ...]]:
    """The rings of two that several functions close, each beginning with its own; none if neither order is the rule."""
    rare, usual = sorted(choices, key=_functions) if len(choices) == 2 else ([], [])
    if not 1 < _functions(rare) <= min(FEW, _functions(usual) - 1):
        return []
    found: dict[int, tuple[Nesting, ...]] = {}
    for nesting in rare:
        is_new = nesting.code.key not in found and _owner(nesting.outer) == _owner(nesting.inner)
        ring = _together([[nesting], usual], locksets) if is_new else None
        if ring is not None:
            found[nesting.code.key] = ring
    return list(found.values())


def _owner(use: LockUse) -> str:
    """The object that has a lock, be it one that it was given."""
    return use.base.partition(".^")[0]


def _functions(nestings: list[Nesting]) -> int:
    return len({each.code.key for each in nestings})


def _closing_first(ring: tuple[Nesting, ...]) -> tuple[Nesting, ...]:
    last = max(range(len(ring)), key=lambda index: ring[index].position)
    return (*ring[last:], *ring[:last])


def _simple_cycles(pairs: Iterable[tuple[LockKey, LockKey]]) -> list[list[LockKey]]:
    """The rings that follow from the pairs, each from its least lock on."""
    inner: dict[LockKey, set[LockKey]] = defaultdict(set)
    for one, other in pairs:
        inner[one].add(other)
    try:
        TopologicalSorter(inner).prepare()
    except CycleError:
        import networkx  # it takes longer to load than most programs to link, and few have a ring at all

        graph = networkx.DiGraph(sorted((one, other) for one, others in inner.items() for other in others))
        return [_turned(ring) for ring in networkx.simple_cycles(graph, length_bound=LENGTH)]
    return []


def _turned(ring: list[LockKey]) -> list[LockKey]:
    start = ring.index(min(ring))
    return ring[start:] + ring[:start]


def _together(choices: list[list[Nesting]], locksets: LockSets) -> tuple[Nesting, ...] | None:
    """One nesting for each pair such that no lock is held around all of them and they are not one thread's own."""

    def search(index: int, chosen: tuple[Nesting, ...]) -> tuple[Nesting, ...] | None:
        if index == len(choices):
            closes = _is_one(chosen[-1].inner, chosen[0].outer) and not _is_guessed(chosen)
            return chosen if closes and _may_meet(chosen, locksets) else None
        for nesting in choices[index]:
            if index and not _is_one(chosen[-1].inner, nesting.outer):
                continue
            if all(_compatible(nesting, other) for other in chosen):
                found = search(index + 1, (*chosen, nesting))
                if found is not None:
                    return found
        return None

    return search(0, ())


def _is_one(inner: LockUse, outer: LockUse) -> bool:
    """Whether two uses may mean the lock of one object: not where the objects stand in different attributes or
    globals."""
    bases = [use.base for use in (inner, outer) if use.lock.per_instance and UNKNOWN not in use.base]
    if len(bases) == 2 and all(base.startswith("g:") for base in bases):
        return bases[0] == bases[1]
    return len({base.rpartition(".")[2] for base in bases if "." in base}) < 2


def _is_guessed(chosen: tuple[Nesting, ...]) -> bool:
    """Whether of no lock of the ring it is known that it is that of the same object on both sides."""
    joints = ((one.inner, other.outer) for one, other in zip(chosen, (*chosen[1:], chosen[0]), strict=True))
    return all(inner.lock.per_instance and UNKNOWN in (inner.base, outer.base) for inner, outer in joints)


def _compatible(first: Nesting, second: Nesting) -> bool:
    """Whether no common lock around both keeps them apart."""
    return not first.held & second.held


def _may_meet(nestings: tuple[Nesting, ...], locksets: LockSets) -> bool:
    """Whether the nestings may be made by different threads."""
    threads = locksets.threads
    first, *rest = (threads.of(nesting.code) for nesting in nestings)
    if not first or not all(rest):
        return False
    alone = [context for context in first if not context.many and not context.is_main]
    return not (len(first) == 1 and alone and all(contexts == first for contexts in rest))
