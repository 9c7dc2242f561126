"""Part of the races stage: which Places can be told of at all, and which functions have to do with them?

Most of a program works on what nobody shares. What is looked at closely is the rest of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set

from racelint.knowledge.containers import INSERTS
from racelint.program.callgraph.calls import Calls
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.races.cases.case import holds_lock
from racelint.program.races.kinds.reuse import is_decorator, keeps_on_decorator
from racelint.program.sequences.composites import DEPTH
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.source import Code


def candidates(sharing: Sharing, locksets: LockSets) -> list[Place]:
    """The Places that are written when others may know them, and for which there may be evidence, in a fixed order."""
    places = sharing.places
    found = [
        place
        for place, accesses in places.by_place.items()
        if any(each.kind.writes for each in accesses)
        and _has_evidence(place, sharing, locksets)
        and any(each.kind.writes and not _is_early(each, sharing) for each in accesses)
        and place not in locksets.claims.owners
        and not sharing.confined.covers(place)
    ]
    return sorted(found, key=lambda place: (place.symbol, place.kind, place.owner))


def _has_evidence(place: Place, sharing: Sharing, locksets: LockSets) -> bool:
    """Whether there may be any evidence for a race: a claim, `--assume-shared`, a started context, a lock, a
    decorator that keeps what belongs to one call, or the callback of a weak reference."""
    if place in locksets.claims.guards or sharing.assumed.covers(place):
        return True
    accesses, threads = sharing.places.by_place[place], sharing.threads
    codes = {access.code.key: access.code for access in accesses}
    # what takes the least to tell comes first
    if any(not context.is_main for code in codes.values() for context in threads.of(code)):
        return True
    if any(map(locksets.holds, codes.values())) or not threads.calls.forgetting.isdisjoint(codes):
        return True
    if holds_lock(sharing.places, place) or sharing.beliefs.may_tell(place):
        return True
    if any(is_decorator(sharing.places, threads.calls, code) for code in codes.values()):
        return True
    return any(keeps_on_decorator(sharing.places, threads.calls, each) for each in accesses)


def _is_early(access: Access, sharing: Sharing) -> bool:
    return sharing.is_early(access) and sharing.threads.first_start(access.code) >= access.id


def concerned(found: Iterable[Place], sharing: Sharing, calls: Calls) -> list[Code]:
    """The functions that can have a sequence of one of the Places, for threads or for tasks, in order.

    That is who touches it, and who can both ask about it and change it by calls, either end as many calls away as a
    sequence reaches, or has one function ask and calls another that uses it at once. What tasks share is not known
    here, so all of theirs are among them.
    """
    near: set[int] = set()
    inserting = {key for key, accesses in sharing.places.by_code.items() if any(map(_inserts, accesses))}
    callers = {key: {edge.caller.key for edge in edges} for key, edges in calls.into.items()}
    for place in found:
        accesses = sharing.places.by_place[place]
        written = {access.code.key for access in accesses if access.kind.writes}
        asked = {access.code.key for access in accesses if not access.kind.writes}
        tells = {key for key in asked if key not in written or _is_property(calls, key)}
        near.update(written, asked)
        askers, changers = _calling(callers, tells), _calling(callers, written - calls.constructing)
        calling = Counter(caller for key in asked for caller in callers.get(key, ()))
        near |= askers & (changers | inserting | {key for key, times in calling.items() if times > 1})
    return [code for code in calls.types.names.sources.codes if code.key in near or code.function.is_async]


def _calling(callers: Mapping[int, Set[int]], keys: Set[int]) -> set[int]:
    """Who can call one of some functions, up to that many calls away; `callers` are those of each function."""
    found: set[int] = set()
    layer = keys
    for _ in range(DEPTH):
        layer = set[int]().union(*(callers.get(key, ()) for key in layer)) - found
        found |= layer
    return found


def _is_property(calls: Calls, key: int) -> bool:
    return calls.types.attributes.is_property(calls.types.names.sources.codes[key])


def _inserts(access: Access) -> bool:
    """Whether something is put into a container: on account of a flag that is asked about elsewhere, it may be."""
    return access.kind is Kind.MUTATE and access.method in INSERTS
