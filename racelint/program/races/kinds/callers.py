"""Part of the races stage: a method of an object that callers call with the object's own lock held, and one forgot it.

`with self.link.lock: self.link.send(...)` nine times, and once without: what the object does in there is left to its
callers to guard, so that it need not be known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from racelint import facts
from racelint.facts import Span
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.locking.locks import LockKey, LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.locking.lockstate import Held, Section
from racelint.program.sources.source import Code

ENOUGH: Final = 4
"""So many calls under the lock, for each one without it, are a rule of the program's."""


@dataclass(frozen=True, slots=True, eq=False)
class Uncovered:
    """The call `method` of an object is made without its lock `use`, with which `guarded` others are; see `example`.

    `symbol` is the dotted name of the attribute that keeps the object.
    """

    code: Code
    span: Span
    method: str
    symbol: str
    use: LockUse
    guarded: int
    example: tuple[Code, Span]

    @property
    def path(self) -> str:
        """The file."""
        return self.code.path


@dataclass(frozen=True, slots=True, eq=False)
class _Site:
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
