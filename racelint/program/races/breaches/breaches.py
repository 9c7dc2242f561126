"""Stage: where does the program not keep what is claimed? Accesses and calls without the lock, and by other contexts.

As in every checker of such claims, the constructor of the object, what only it calls, and the code of a module that
runs before anything else is exempt; reads count, and an operation that is atomic needs the lock like any other.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from racelint.program.locking.guards import Guard
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Place
from racelint.program.races.breaches.breach import Breach
from racelint.program.races.breaches.elsewhere import Elsewhere
from racelint.program.races.breaches.unlocked import Unlocked
from racelint.program.races.cases.case import Case
from racelint.program.sharing.sharing import Sharing


class Breaches(msgspec.Struct):
    """All breaches, and the accesses that break what is claimed of their Place."""

    found: list[Breach] = msgspec.field(default_factory=list)
    accesses: set[Access] = msgspec.field(default_factory=set)

    def tell(self, *accesses: Access | None) -> bool:
        """Whether a breach tells already what is wrong with one of some accesses."""
        return any(access in self.accesses for access in accesses)


def link_breaches(sharing: Sharing, locksets: LockSets) -> Breaches:
    """Hold every claim against the program."""
    breaches, claims = Breaches(), locksets.claims
    unlocked, elsewhere = Unlocked(sharing, locksets), Elsewhere(sharing, locksets)
    for place in sorted(claims.guards, key=_by_symbol):
        accesses = unlocked.accesses(claims.guards[place])
        breaches.accesses.update(accesses)
        breaches.found += unlocked.by_line(claims.guards[place], accesses)
    for key in sorted(claims.required):
        breaches.found += unlocked.calls(key)
    for key in sorted(claims.homes):
        breaches.found += elsewhere.runs(key)
    for place in sorted(claims.owners, key=_by_symbol):
        breaches.found += elsewhere.touches(place)
    return breaches


def claimed_guard(case: Case) -> Guard | None:
    """The lock that a claim says guards the Place, in place of the one that the program seems to use."""
    claimed = case.locksets.claims.guards.get(case.place)
    if claimed is None or claimed.meant.is_wrapped or not case.accesses:
        return None
    guard = Guard(claimed.lock, claimed.relation, 0, len(case.accesses), case.accesses[0], 0)
    held = [access for access in case.accesses if any(map(guard.protects, case.protections(access)))]
    writes = [access for access in held if access.kind.writes]
    example = next(iter(writes or held), case.accesses[0])
    return replace(guard, guarded=len(held), example=example, writes=len(writes))


def _by_symbol(place: Place) -> tuple[str, str, int]:
    return place.symbol, place.kind, place.owner
