"""Part of the races stage: generators that several threads run on at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from racelint.knowledge.iteration import NEXT
from racelint.program.memory.iterations import Walks
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.kinds.race import Problem, Race


def advanced(case: Case, access: Access) -> Iterator[Race]:
    """A generator that is run on while another thread does so too: "generator already executing"."""
    if not _runs_on(case, access) or _is_made_here(case, access):
        return
    partner = case.partner(access, case.protections(access), lambda other: _runs_on(case, other))
    if partner is not None:
        other, one, context = partner.other, partner.one, partner.other_context
        yield Race(Problem.ADVANCE, access.code, access.span, access, "threads", other, one, context, case.guard)


def _runs_on(case: Case, access: Access) -> bool:
    """Whether an access takes the next item of a generator, or all that are left."""
    if access.kind is not Kind.MUTATE or access.method != NEXT:
        return False
    places = case.sharing.places
    return Walks(places.types, access.code, places.dataflow(access.code)).is_generator(access.load)


def _is_made_here(case: Case, access: Access) -> bool:
    """Whether the function that runs a generator on has stored it itself: each call has one of its own, mostly."""
    return any(each.kind is Kind.WRITE and each.code is access.code for each in case.accesses)
