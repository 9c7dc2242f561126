"""Part of the races stage: generators that several threads run on at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from racelint import facts
from racelint.knowledge.iteration import NEXT
from racelint.program.memory.iterations import Walks
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.sources.source import Code


def advanced(case: Case, access: Access) -> Iterator[Race]:
    """A generator that is run on while another thread does so too: "generator already executing"."""
    if not _runs_on(case, access) or _is_made_here(case, access):
        return
    partner = case.partner(access, case.protections(access), lambda other: _runs_on(case, other))
    if partner is not None and not any(_is_begun_by_the_last(case, each) for each in (access, partner.other)):
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


def _is_begun_by_the_last(case: Case, access: Access) -> bool:
    """Whether a method hands itself on to be run once more, and nobody does so but after a step: one run at a time."""
    code = access.code
    if code.cls is None:
        return False
    methods = {each.code for each in case.sharing.places.types.attributes.methods(code.cls)}
    handing = [(each, id) for each in methods for id in _handed_on(each, code.name)]
    steps = [each for each in case.accesses if _runs_on(case, each)]
    return bool(handing) and all(any(step.code is each and step.id < id for step in steps) for each, id in handing)


def _handed_on(code: Code, name: str) -> Iterator[int]:
    """Where a method fetches another one of its object for anything else than to call it."""
    called = {each.callee for each in code.operations if type(each) is facts.Call}
    for each in code.operations:
        if each is not None and each.id not in called and code.own_attribute(each) == name:
            yield each.id
