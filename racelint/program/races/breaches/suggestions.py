"""Part of the breaches stage, on request: claims that the program keeps already, or nearly so, without making them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from racelint.facts import Span
from racelint.program.callgraph.calls import is_public
from racelint.program.locking.guards import Guard
from racelint.program.locking.locks import HANDED, LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.locking.meanings import Meanings, Scope, UnknownNameError
from racelint.program.memory.places import Access, Place
from racelint.program.races.cases.case import Case
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.source import Code

NEARLY: Final = 0.75
"""A lock that is held at fewer of the accesses may be held for something else."""


class Suggestion(msgspec.Struct, frozen=True):
    """A claim for the line of `span`: the lock is held at `held` of `total` accesses (of a function: calls).

    `without` are the accesses at which it is not.
    """

    path: str
    span: Span
    text: str
    symbol: str
    held: int
    total: int
    what: Literal["access", "call"]
    without: tuple[Access, ...] = ()

    @property
    def several(self) -> str:
        """What is counted, in the plural."""
        return {"access": "accesses", "call": "calls"}[self.what]

    @property
    def figures(self) -> str:
        """How often the lock is held, in words."""
        if self.held == self.total:
            return f"held in all {self.total} {self.several}" if self.total > 1 else f"held in 1 {self.what}"
        return f"held in {self.held} of {self.total} {self.several}"


def suggestions(sharing: Sharing, locksets: LockSets) -> list[Suggestion]:
    """The claims that are worth making, in the order of the source."""
    finder = _Finder(sharing, locksets)
    found = [*finder.variables(), *finder.functions()]
    return sorted(found, key=lambda each: (each.path, each.span.line, each.span.column, each.text, each.symbol))


class _Finder:
    def __init__(self, sharing: Sharing, locksets: LockSets) -> None:
        self._sharing = sharing
        self._locksets = locksets
        self._places = sharing.places
        self._sources = sharing.places.types.names.sources
        self._meanings = Meanings(sharing.places, locksets.locks, sharing.threads)
        self._guards: dict[Place, Guard] = {}

    # --- guarded-by ---

    def variables(self) -> Iterator[Suggestion]:
        """The variables that are changed, nearly always under one lock."""
        claims = self._locksets.claims
        for place in self._places.by_place:
            if place.kind == "object" or self._sharing.confined.covers(place) or place in claims.owners:
                continue
            case = Case(place, self._sharing, self._locksets)
            guard = case.guard
            if guard is None or case.holds_lock or guard.guarded < 2 or guard.share < NEARLY:
                continue
            self._guards[place] = guard
            where = self._declaration(place) if place not in claims.guards else None
            name = self._spelled(guard, place) if where is not None else None
            if where is not None and name is not None:
                without = [
                    access
                    for access in case.accesses
                    if not any(guard.protects(each) for each in case.protections(access))
                ]
                text, (path, span) = f"guarded-by: {name}", where
                yield Suggestion(
                    path, span, text, place.symbol, guard.guarded_steps, guard.steps, "access", tuple(without)
                )

    def _declaration(self, place: Place) -> tuple[str, Span] | None:
        """Where the variable is stored first: in the constructor or at import, if it is."""
        stores = [each for each in self._places.by_place[place] if each.kind.rebinds]
        if place.kind in ("attribute", "class"):
            cls = self._sources.classes[place.owner]
            for annotation in cls.facts.annotations:
                if annotation.name == place.name:
                    return cls.body.path, annotation.span
        if not stores:
            return None
        first = min(stores, key=lambda each: (not self._sharing.is_early(each), each.code.path, each.span.line))
        return first.code.path, first.span

    def _spelled(self, guard: Guard, place: Place) -> str | None:
        """The lock as a claim at the variable names it; None if no name leads to it from there."""
        kind, owner, name = guard.lock.key
        cls = self._sources.classes[place.owner] if place.kind in ("attribute", "class") else None
        code = self._sources.codes[place.owner] if place.kind == "closure" else None
        module = cls.module if cls is not None else code.module if code is not None else place.owner
        body = cls.body if cls is not None else code or self._sources.module_bodies[module]
        path, handed, kept_as = guard.relation.partition(HANDED)
        path = f"{path.removeprefix('.')}." if path.startswith(".") else ""
        names = [f"{path}{kept_as if handed else name}", *self._longer(kind, owner, name)]
        return self._first_understood(names, guard, Scope(module, body, cls))

    def _longer(self, kind: str, owner: int, name: str) -> Iterator[str]:
        if kind == "class":
            yield f"{self._sources.classes[owner].facts.name}.{name}"
        elif kind == "global":
            yield f"{self._sources.modules[owner].name.rpartition('.')[2]}.{name}"

    def _first_understood(self, names: list[str], guard: Guard, scope: Scope) -> str | None:
        for name in names:
            try:
                meant = self._meanings.lock(name, scope)
            except UnknownNameError:
                continue
            if meant.lock.key == guard.lock.key:
                return name
        return None

    # --- requires ---

    def functions(self) -> Iterator[Suggestion]:
        """The functions whose callers all hold the lock of what they touch."""
        for key, uses in self._locksets.entry.items():
            code = self._sources.codes[key]
            calls = len({(edge.caller.key, edge.site) for edge in self._sharing.threads.calls.callers(code)})
            if code.function.kind != "function" or not calls or key in self._locksets.claims.required:
                continue
            if is_public(code):
                # callers outside of the program may not hold it
                continue
            around = self._locksets.around.get(key, frozenset())
            for use in sorted(uses - around, key=lambda each: each.lock.key):
                name = self._name_in(code, use)
                if name is not None and self._touches(code, use):
                    text, symbol = f"requires: {name}", code.qualname
                    yield Suggestion(code.path, code.function.span, text, symbol, calls, calls, "call")

    def _touches(self, code: Code, use: LockUse) -> bool:
        """Whether the function touches what the lock guards, and does not take the lock itself."""
        holding = self._locksets.holdings.get(code.key)
        if holding is not None and any(each.use == use for each in holding.acquisitions.values()):
            return False
        touched = (self._guards.get(access.place) for access in self._places.of(code))
        return any(guard is not None and guard.lock.key == use.lock.key for guard in touched)

    def _name_in(self, code: Code, use: LockUse) -> str | None:
        """The lock as a claim at the function names it."""
        kind, owner, name = use.lock.key
        receiver = self._places.types.attributes.receiver_of(code)
        if use.lock.kind is None or not use.lock.excludes:
            return None
        if use.lock.per_instance and (receiver is None or use.base != code.own_name):
            return None
        for candidate in (name, *self._longer(kind, owner, name)):
            try:
                meant = self._meanings.lock(candidate, Scope(code.module, code, receiver))
            except UnknownNameError:
                continue
            if meant.lock.key == use.lock.key:
                return candidate
        return None
