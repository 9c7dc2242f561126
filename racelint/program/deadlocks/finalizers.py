"""Stage 10: which locks are taken by code that comes in anywhere: finalizers, callbacks of weak references, signals?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.model import LockDomain
from racelint.knowledge.running import RunsOn
from racelint.program.callgraph.calls import is_public
from racelint.program.callgraph.edges import Edge
from racelint.program.callgraph.protocols import method_refs
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.deadlocks.ensured import is_there_before
from racelint.program.deadlocks.lockorder import LockOrder, Taken
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import NON_REENTRANT, LockUse, is_doubtful
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import ClassInfo, Code, span_of
from racelint.program.values.types import Spawned
from racelint.program.values.values import FunctionRef, Instance, Site, Value

MAKERS: Final = 3
"""So many calls away an object is made that a method then keeps as its own."""

COMES_IN = (RunsOn.FINALIZER, RunsOn.SIGNAL)


class Entry(msgspec.Struct, frozen=True, eq=False):
    """A function that is run in the middle of other code: `site` of `by` registers it (None for `__del__`).

    `dying` are the classes of the objects at whose end it is run: nobody else has these in hand then.
    """

    code: Code
    runs_on: RunsOn
    dying: tuple[ClassInfo, ...]
    by: Code | None = None
    site: int = facts.NOTHING


class Intrusion(msgspec.Struct, frozen=True, eq=False):
    """`entry` takes `use`, at `span` or by calls from there; `other` takes the lock in what it may interrupt."""

    entry: Entry
    use: LockUse
    span: Span
    chain: tuple[Edge, ...]
    acquisition: Acquisition
    other: Acquisition

    @property
    def path(self) -> str:
        """The file."""
        return self.entry.code.path


def link_finalizers(locksets: LockSets, order: LockOrder) -> list[Intrusion]:
    """Find what comes in anywhere, and the plain locks that it waits for."""
    entries = list(_entries(locksets))
    only = _run_by_nobody_else(locksets, entries)
    found: dict[tuple[str, Span], Intrusion] = {}
    for entry in entries:
        for taken in order.taken.get(entry.code.key, {}).values():
            intrusion = _intrusion(locksets, order, entry, taken, only)
            if intrusion is not None:
                # of several locks behind one call the nearest one says enough
                nearest = min((found.get((intrusion.path, intrusion.span), intrusion), intrusion), key=_distance)
                found[intrusion.path, intrusion.span] = nearest
    return list(found.values())


def _distance(intrusion: Intrusion) -> int:
    return len(intrusion.chain)


def _entries(locksets: LockSets) -> Iterator[Entry]:
    types = locksets.places.types
    for code in types.names.sources.codes:
        if code.is_method and code.name == "__del__" and code.cls is not None:
            yield Entry(code, RunsOn.FINALIZER, (code.cls, *code.cls.subclasses))
    for spawned in types.spawned:
        if spawned.spawn.runs_on in COMES_IN:
            by = types.names.sources.codes[spawned.site[0]]
            for code in _run(locksets, spawned):
                dying = tuple(_dying(locksets, by, spawned)) if spawned.spawn.runs_on is RunsOn.FINALIZER else ()
                yield Entry(code, spawned.spawn.runs_on, dying, by, spawned.site[1])


def _run(locksets: LockSets, spawned: Spawned) -> list[Code]:
    if isinstance(spawned.target, FunctionRef):
        return [spawned.target.code]
    if isinstance(spawned.target, Instance):
        return method_refs(locksets.places.types, spawned.target, ("__call__",))
    return []


def _dying(locksets: LockSets, by: Code, spawned: Spawned) -> Iterator[ClassInfo]:
    """The classes of the first argument, the object that is watched."""
    call = by.operations[spawned.site[1]]
    if type(call) is facts.Call and call.arguments:
        for value in locksets.places.types.of(by, call.arguments[0].value):
            if isinstance(value, Instance):
                yield from (value.cls, *value.cls.mro)


def _run_by_nobody_else(locksets: LockSets, entries: list[Entry]) -> set[int]:
    """The entries and the private functions that only they call."""
    calls = locksets.threads.calls
    sources = calls.types.names.sources
    entered = {entry.code.key for entry in entries}
    found = set(calls.reachable([entry.code for entry in entries]))
    started = {code.key for context in locksets.threads.contexts for code, _ in context.entries}
    changed = True
    while changed:
        outside = {
            key
            for key in found - entered
            if is_public(sources.codes[key])
            or key in started
            or any(edge.caller.key not in found for edge in calls.callers(sources.codes[key]))
        }
        changed = bool(outside)
        found -= outside
    called = {key for key in entered if any(edge.caller.key not in found for edge in calls.callers(sources.codes[key]))}
    return found - called


def _intrusion(locksets: LockSets, order: LockOrder, entry: Entry, taken: Taken, only: set[int]) -> Intrusion | None:
    lock = taken.use.lock
    if lock.kind not in NON_REENTRANT or lock.is_semaphore or lock.domain is not LockDomain.THREAD:
        return None
    if _dies_too(locksets, entry, taken.use):
        return None
    others = (each for each in locksets.acquisitions() if each.use.lock.key == lock.key and each.code.key not in only)
    met = (each for each in others if _interruptible(locksets, entry, each))
    # who has the lock by its own name shows it more clearly than who was given it
    other = min(met, key=lambda each: is_doubtful(each.use.base), default=None)
    if other is None:
        return None
    site = taken.edge.site if taken.edge is not None else taken.acquisition.id
    span = span_of(entry.code, site) if taken.edge is not None else taken.acquisition.span
    chain = tuple(order.chain(taken))
    steps = [*((edge.caller, edge.site) for edge in chain), (taken.acquisition.code, taken.acquisition.id)]
    if is_there_before(locksets, steps):
        return None
    return Intrusion(entry, taken.use, span, chain, taken.acquisition, other)


def _interruptible(locksets: LockSets, entry: Entry, other: Acquisition) -> bool:
    """Whether the section may be run by a thread into which the entry comes; signals come into the main thread only."""
    if other.code.key in locksets.threads.calls.constructing and other.use.lock.per_instance:
        return False
    contexts = locksets.threads.of(other.code)
    return any(context.is_main for context in contexts) if entry.runs_on is RunsOn.SIGNAL else bool(contexts)


def _dies_too(locksets: LockSets, entry: Entry, use: LockUse) -> bool:
    """Whether the lock belongs to the object that has just come to its end, or to a part that it has made itself."""
    if not use.lock.per_instance or entry.runs_on is RunsOn.SIGNAL:
        return False
    owners = {cls.key for cls in entry.dying} | {base.key for cls in entry.dying for base in cls.mro}
    is_own = use.lock.key[0] == "attribute" and use.lock.key[1] in owners
    if entry.by is not None:
        return is_own
    first = entry.code.own_name
    if is_own:
        return use.base in (first, UNKNOWN)
    if use.base.startswith((UNKNOWN, "%")) and use.lock.key[0] == "attribute":
        return _is_always_part(locksets, entry, int(use.lock.key[1]))
    return use.base.startswith(f"{first}.") and _is_part(locksets, entry, use.base.split(".")[1])


def _is_always_part(locksets: LockSets, entry: Entry, owner: int) -> bool:
    """Whether all objects of the class that has a lock are made by objects that die as this one does, for themselves.

    Whoever holds such a lock goes on inside its owner, which then is not the one that dies.
    """
    types = locksets.places.types
    codes, classes = types.names.sources.codes, types.names.sources.classes
    own = {method.code.key for each in entry.dying for method in types.attributes.methods(each)}
    made = [site for each in (classes[owner], *classes[owner].subclasses) for site in locksets.places.ties.made(each)]
    return bool(made) and all(key in own and _is_kept(codes[key], id) for key, id in made)


def _is_kept(code: Code, made: int) -> bool:
    """Whether a method stores what it makes as an attribute of its own object."""
    return any(each.value == made for each in code.own_stores())


def _is_part(locksets: LockSets, entry: Entry, attribute: str) -> bool:
    """Whether the dying object has made what it has in an attribute itself."""
    cls, types = entry.code.cls, locksets.places.types
    if cls is None:
        return False
    codes = types.names.sources.codes
    # siblings that have the attribute from the same class make parts of their own
    family = {*cls.mro, *types.attributes.owner(cls, attribute).subclasses}
    own = {method.code.key for each in family for method in types.attributes.methods(each)}
    stores = [(codes[key], each.value) for key in own for each in codes[key].own_stores() if each.name == attribute]
    # what the class announces tells nothing of where it comes from; what is stored does
    stored = {value for code, id in stores for value in types.of(code, id)}
    values = [value for value in types.of_attribute(cls, attribute) if value in stored or _site(value) is not None]
    given = {site for code, id in stores for site in _made_by(locksets, code, id)}
    return bool(values) and all(site is not None and (site[0] in own or site in given) for site in map(_site, values))


def _site(value: Value) -> Site | None:
    """Where an object of a class of the program is made, as far as it is known."""
    return value.site if isinstance(value, Instance) else None


def _made_by(locksets: LockSets, code: Code, id: int, depth: int = MAKERS) -> Iterator[Site]:
    """Where the functions of the program that a call may run make what they give back, and keep nothing of it."""
    for edge in locksets.threads.calls.calls(code) if depth else ():
        if edge.site != id:
            continue
        flow = locksets.places.dataflow(edge.callee)
        for way in (way for each in edge.callee.returns for way in flow.ways(each)):
            if not any(isinstance(use, facts.StoreName | facts.StoreAttr | facts.StoreItem) for use in flow.uses(way)):
                yield edge.callee.key, way
                yield from _made_by(locksets, edge.callee, way, depth - 1)
