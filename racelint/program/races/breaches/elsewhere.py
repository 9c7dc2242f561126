"""Part of the breaches stage: functions and variables that a claim gives to one context, and others come to them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from racelint.program.callgraph.edges import Edge
from racelint.program.contexts.contexts import Context
from racelint.program.locking.claims import Home
from racelint.program.locking.locksets import LockSets
from racelint.program.locking.meanings import LOOP, MAIN
from racelint.program.memory.places import Access, Place
from racelint.program.races.breaches.breach import Breach, How
from racelint.program.races.cases.case import Case, Partner
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.source import Code, span_of


class Elsewhere:
    """Finds what is done by other contexts than a claim says."""

    def __init__(self, sharing: Sharing, locksets: LockSets) -> None:
        self._sharing = sharing
        self._locksets = locksets
        self._threads = sharing.threads
        self._calls = sharing.threads.calls
        self._places = sharing.places
        self._codes = sharing.places.types.names.sources.codes
        self._of_modules: dict[int, Edge | None] | None = None

    # --- runs-on ---

    def runs(self, key: int) -> Iterator[Breach]:
        """The calls by which another context than the claimed one comes to a function."""
        code, home = self._codes[key], self._locksets.claims.homes[key]
        places: dict[tuple[int, int], None] = {}
        for context in self._threads.of(code):
            if self._is_home(home, context, code):
                continue
            found_by = self._threads.found_by.get((context.index, key))
            where = self._from_module(code) if context.is_main else found_by
            if where is not None:
                caller, span = where[0], span_of(*where)
            elif context.code is not None:
                caller, span = context.code, context.span
            else:
                continue
            if (caller.key, span.line) not in places:
                places[caller.key, span.line] = None
                breach = Breach(How.ELSEWHERE, home.claim, caller, span, callee=code)
                yield replace(breach, home=home, context=context)

    def _from_module(self, code: Code) -> tuple[Code, int] | None:
        """The call by which the code of a module surely comes to a function."""
        if self._of_modules is None:
            bodies = [each for each in self._codes if each.function.kind == "module"]
            self._of_modules = self._calls.reachable(bodies, surely=True)
        edge = self._of_modules.get(code.key)
        return (edge.caller, edge.site) if edge is not None else None

    # --- confined and owned-by ---

    def touches(self, place: Place) -> Iterator[Breach]:
        """The first access of a variable by a context that is not the claimed one, while another one touches it."""
        home = self._locksets.claims.owners[place]
        if place not in self._places.by_place:
            return
        accesses = Case(place, self._sharing, self._locksets).accesses
        accesses = sorted(accesses, key=lambda each: (each.code.path, each.span.line, each.span.column))
        found = [
            (access, Partner(other, one, beside))
            for access in accesses
            for other in accesses
            if access.kind.writes or other.kind.writes
            for one, beside in self._meetings(access, other)
            if one is beside or not self._is_home(home, one, access.code)
        ]
        # rather what is started than what any caller may do
        for access, partner in sorted(found, key=lambda each: each[1].one.is_main)[:1]:
            breach = Breach(How.SHARED, home.claim, access.code, access.span, access)
            yield replace(breach, home=home, context=partner.one, partner=partner)

    def _meetings(self, access: Access, other: Access) -> Iterator[tuple[Context, Context]]:
        """The contexts in which two accesses of one object may overlap, whatever locks they hold."""
        for one in self._threads.of(access.code):
            for beside in self._threads.of(other.code):
                if one.is_main and beside.is_main:
                    continue
                overlap = self._threads.overlap(one, access.code, access.id, beside, other.code, other.id)
                if overlap and self._sharing.in_common(access, one, other, beside):
                    yield one, beside

    def _is_home(self, home: Home, context: Context, code: Code) -> bool:
        """Whether a function that a context runs is where the claim says that it is."""
        if context in home.contexts or (context.is_main and home.name in (MAIN, LOOP)):
            return True
        return home.name == LOOP and any(each.function.is_async for each in self._threads.trace(context, code))
