"""Part of the races stage: a method of an object that callers call with the object's own lock held, and one forgot it.

`with self.link.lock: self.link.send(...)` nine times, and once without: what the object does in there is left to its
callers to guard, so that it need not be known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Set
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.findings import Evidence
from racelint.knowledge.model import LockDomain, SafetyKind
from racelint.program.callgraph.edges import on_own_object
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.locking.locks import Lock, LockKey, LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.locking.lockstate import Held, Section
from racelint.program.memory.places import Place
from racelint.program.sharing.assumed import Assumed
from racelint.program.sources.source import Code, InCode
from racelint.program.values.values import Instance, LibraryObject

ENOUGH: Final = 4
"""So many calls under the lock, for each one without it, are a rule of the program's."""


class Uncovered(InCode, frozen=True, eq=False):
    """The call `method` of an object is made without its lock `use`, with which `guarded` others are; see `example`.

    `symbol` is the dotted name of the attribute that keeps the object.
    """

    span: Span
    method: str
    symbol: str
    use: LockUse
    guarded: int
    example: tuple[Code, Span]
    evidence: Evidence = "lock"


class _Site(msgspec.Struct, frozen=True, eq=False):
    code: Code
    call: facts.Call
    method: str
    held: Held


def find_uncovered(locksets: LockSets) -> Iterator[Uncovered]:
    """Judge the calls of methods of objects that are kept in attributes, class by class."""
    for (_, path), calls in _sites(locksets).items():
        uses = {use.lock.key: use for site in calls for use in site.held if use.base == path and use.lock.kind}
        for use in uses.values():
            for name in dict.fromkeys(site.method for site in calls):
                yield from _judge(locksets, path, use, name, calls)


def find_left_out(locksets: LockSets, assumed: Assumed) -> Iterator[Uncovered]:
    """Judge the calls of what has no lock, and is kept by an object that has one, where that is said to be shared.

    `with self.lock: self.link.send(...)` and `self.link.flush()` without it, which changes what the other one does: no
    number of calls is needed, as it is said that others come.
    """
    for path, calls in _kept_sites(locksets, assumed).items() if assumed.patterns else ():
        seen: set[Code] = set()
        for site in calls:
            if site.code in seen or site.held or not _is_forgotten(locksets, site) or _is_new(locksets, site, path[2]):
                continue
            beside = [each for each in calls if each.held and _is_at_odds(locksets, site, each)]
            uses = {use.lock.key: use for each in beside for use in each.held if use.base == each.code.own_name}
            for use in [use for use in uses.values() if _is_between_threads(use.lock)][:1]:
                seen.add(site.code)
                under = [each for each in beside if _section(each, use.lock.key) is not None]
                first = under[0].code, under[0].call.span
                method = f"{site.code.own_name}.{path[1]}.{site.method}"
                yield Uncovered(site.code, site.call.span, method, path[2], use, len(under), first, "assumed")


def _is_between_threads(lock: Lock) -> bool:
    return lock.kind is not None and lock.excludes and lock.domain is LockDomain.THREAD


def _kept_sites(locksets: LockSets, assumed: Assumed) -> dict[tuple[int, str, str], list[_Site]]:
    """The calls of methods of what objects with a lock of their own keep: by class, attribute and its dotted name."""
    taken = [(each.code.cls.key, each) for each in locksets.acquisitions() if each.code.cls is not None]
    takers = {key for key, each in taken if each.use.base == each.code.own_name}
    locking = {key for key, _ in taken}
    found: dict[tuple[int, str, str], list[_Site]] = defaultdict(list)
    for code in locksets.places.types.names.sources.codes:
        if code.cls is None or code.cls.key not in takers:
            continue
        for call in code.operations:
            method = code.operation(call.callee) if type(call) is facts.Call else None
            kept = code.operation(method.base) if type(method) is facts.LoadAttr else None
            if type(call) is not facts.Call or type(method) is not facts.LoadAttr or type(kept) is not facts.LoadAttr:
                continue
            for place, base, _ in locksets.places.located(code, kept) if code.is_own(kept.base) else ():
                if base == code.own_name and assumed.covers(place) and _has_no_lock(locksets, place, locking):
                    held = locksets.held(code, call.id)
                    found[code.cls.key, kept.name, place.symbol].append(_Site(code, call, method.name, held))
    return found


def _has_no_lock(locksets: LockSets, place: Place, locking: Set[int]) -> bool:
    """Whether an attribute keeps objects that leave it to others to lock them: of the program's classes, but those that
    are `locking`, or of those of a library that says so."""
    knowledge = locksets.places.types.names.knowledge
    values = locksets.places.values(place)
    safeties = [knowledge.safety(each.qualname) for each in values if isinstance(each, LibraryObject)]
    if values and len(safeties) == len(values):
        return all(each is not None and each.kind is SafetyKind.UNSAFE for each in safeties)
    kept = [each.cls for each in values if isinstance(each, Instance)]
    return bool(kept) and len(kept) == len(values) and not any(base.key in locking for cls in kept for base in cls.mro)


def _is_new(locksets: LockSets, site: _Site, symbol: str) -> bool:
    """Whether the function has stored the object itself before the call."""
    beside = locksets.places.of(site.code)
    return any(each.kind.rebinds and each.id < site.call.id and each.place.symbol == symbol for each in beside)


def _is_at_odds(locksets: LockSets, one: _Site, other: _Site) -> bool:
    """Whether two calls work on the same state of the object, and the first one changes it; a library says nothing of
    that."""
    mine, theirs = _touched(locksets, one), _touched(locksets, other)
    if mine is None or theirs is None:
        return mine is theirs
    return any(writes and place in theirs for place, writes in mine.items())


def _touched(locksets: LockSets, site: _Site) -> dict[Place, bool] | None:
    """What a method, and those of its own that it calls, touch of their object: whether it is changed.

    None for a method of a library.
    """
    calls = locksets.threads.calls
    pending = list(dict.fromkeys(edge.callee for edge in calls.calls(site.code) if edge.site == site.call.id))
    if len(pending) != 1:
        return {} if pending else None
    seen: set[int] = set()
    found: dict[Place, bool] = {}
    while pending:
        code = pending.pop()
        if code.key not in seen and not code.function.is_async:
            seen.add(code.key)
            for each in locksets.places.of(code):
                if each.is_of_self:
                    found[each.place] = found.get(each.place, False) or each.kind.writes
            pending.extend(edge.callee for edge in calls.only_calls(code) if on_own_object(edge))
    return found


def _judge(locksets: LockSets, path: str, use: LockUse, name: str, calls: list[_Site]) -> Iterator[Uncovered]:
    key = use.lock.key
    sites = [site for site in calls if site.method == name]
    under = [site for site in sites if _section(site, key) is not None]
    free = [site for site in sites if _section(site, key) is None]
    # a section with other calls may be there for these
    alone = [site for site in under if _is_all(site, key, calls)]
    if len(alone) < ENOUGH * len(free) or any(_takes_itself(locksets, site, key) for site in sites):
        return
    example = under[0].code, under[0].call.span
    for site in free:
        if _is_forgotten(locksets, site):
            kept = _keeper(locksets, site)
            yield Uncovered(site.code, site.call.span, f"{path}.{name}", kept, use, len(under), example)


def _keeper(locksets: LockSets, site: _Site) -> str:
    """The attribute that keeps the object of which a method is called."""
    flow = locksets.places.dataflow(site.code)
    method = flow.operation(site.call.callee)
    fetched = flow.operation(method.base) if type(method) is facts.LoadAttr else None
    located = locksets.places.located(site.code, fetched) if type(fetched) is facts.LoadAttr else []
    return located[0][0].symbol if located else site.code.qualname


def _sites(locksets: LockSets) -> dict[tuple[int, str], list[_Site]]:
    """The calls by class and object, of the objects that have a lock which the class takes."""
    found: dict[tuple[int, str], list[_Site]] = defaultdict(list)
    wanted = _owners(locksets)
    for code in locksets.places.types.names.sources.codes if wanted else ():
        if code.cls is None or code.cls.key not in wanted:
            continue
        flow = locksets.places.dataflow(code)
        for operation in code.operations:
            if type(operation) is not facts.Call or operation.callee < 0:
                continue
            method = flow.operation(operation.callee)
            path = flow.path(method.base) if type(method) is facts.LoadAttr else UNKNOWN
            if type(method) is facts.LoadAttr and path in wanted[code.cls.key]:
                held = locksets.held(code, operation.id)
                found[code.cls.key, path].append(_Site(code, operation, method.name, held))
    return found


def _owners(locksets: LockSets) -> dict[int, set[str]]:
    """The objects of which the methods of each class take a lock, but for the one at work."""
    found: dict[int, set[str]] = defaultdict(set)
    for each in locksets.acquisitions():
        cls, base, own = each.code.cls, each.use.base, each.code.own_name
        if cls is not None and own and base.startswith(f"{own}."):
            found[cls.key].add(base)
    return found


def _section(site: _Site, key: LockKey) -> Section | None:
    """The critical section of a lock in which a call is."""
    return next((section for use, section in site.held.items() if use.lock.key == key), None)


def _is_all(site: _Site, key: LockKey, calls: list[_Site]) -> bool:
    """Whether no other method of the object is called in the critical section."""
    section = _section(site, key)
    beside = (each for each in calls if each.code is site.code and _section(each, key) == section)
    return all(each.method == site.method for each in beside)


def _takes_itself(locksets: LockSets, site: _Site, key: LockKey) -> bool:
    """Whether the method is known to take the lock itself, or to be one of the lock's own."""
    callees = (edge.callee for edge in locksets.threads.calls.calls(site.code) if edge.site == site.call.id)
    holdings = (locksets.holdings.get(callee.key) for callee in callees)
    return any(each.use.lock.key == key for holding in holdings if holding for each in holding.acquisitions.values())


def _is_forgotten(locksets: LockSets, site: _Site) -> bool:
    """Whether the call is made while others may be there, and nothing that may be the lock is held."""
    calls = locksets.threads.calls
    reached = locksets.threads.of(site.code) and site.code.key not in calls.constructing
    return bool(reached) and not any(use.lock.kind is None for use in site.held)
