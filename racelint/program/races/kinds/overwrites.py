"""Part of the races stage: writes whose value this run wants back, while others write their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from racelint import facts
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.harmless import loses_to
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.races.kinds.reuse import is_decorator, left_by_wrapper, left_for_exit, left_for_later, moves_on
from racelint.program.races.kinds.switching import are_read_at_once
from racelint.program.sources.following import following
from racelint.program.sources.source import Code
from racelint.program.values.values import ClassRef

NEAR: Final = 3
"""Where nobody is seen to write another value: over how many calls a value is wanted back, not only there as well."""


def overwritten(case: Case, access: Access) -> Iterator[Race]:
    """A write whose value this run wants back, while another run of the same code may write its own."""
    if access.kind is not Kind.WRITE or access in case.lazy_stores or _is_same_for_all(case, access):
        return
    held, harmful = case.protections(access), loses_to(case, access)
    partner = case.partner(access, held, harmful)
    is_run_beside_itself = partner is not None and partner.one is partner.other_context
    if not is_run_beside_itself and (_is_set_for_all(case, access) or not case.assumed_partner(access, held, harmful)):
        left = left_for_exit(case, access)
        if left is not None and not _is_entered_by_calls(case, access, harmful):
            left = None
        left = left or left_by_wrapper(case, access)
        if left is not None:
            race = Race(Problem.WRITE, access.code, access.span, access, None, left)
            yield replace(race, needs_no_gil=are_read_at_once(case))
        return
    # asked last, as it follows the calls from here through the whole program
    back = _read_back(case, access, None if is_run_beside_itself else NEAR) or left_for_exit(case, access)
    if back is None:
        return
    race = Race(Problem.WRITE, access.code, access.span, access, "assumed", back)
    if partner is not None and is_run_beside_itself:
        race = replace(race, evidence="threads", one=partner.one, other_context=partner.other_context)
    yield replace(race, needs_no_gil=are_read_at_once(case))


def _is_same_for_all(case: Case, access: Access) -> bool:
    """Whether every run of a write stores the same: a literal, or a member of a class that nobody sets anew."""
    if case.is_constant(access):
        return True
    places, member = case.sharing.places, access.code.operation(access.value)
    classes = places.types.of(access.code, member.base) if type(member) is facts.LoadAttr else ()
    if member is None or not classes or not all(isinstance(each, ClassRef) for each in classes):
        return False
    where = [place for place, _, _ in places.located(access.code, member)]
    stores = [each for place in where for each in places.by_place.get(place, ()) if each.kind.writes]
    return bool(stores) and all(each.code.function.kind == "class" for each in stores)


def left_behind(case: Case, access: Access) -> Iterator[Race]:
    """A call that leaves something in an object for a later one, while others make calls of their own."""
    back = left_for_later(case, access)
    if back is None:
        return
    held, harmful = case.protections(access), moves_on(case, access)
    partner = case.partner(access, held, harmful)
    if partner is not None:
        one, other = partner.one, partner.other_context
        yield Race(Problem.LEFT, access.code, access.span, access, "threads", back, one, other)
    elif case.assumed_partner(access, held, harmful) is not None:
        yield Race(Problem.LEFT, access.code, access.span, access, "assumed", back)
    elif back.code is not access.code and _is_entered_by_calls(case, access, harmful):
        yield Race(Problem.LEFT, access.code, access.span, access, None, back)


def _is_entered_by_calls(case: Case, access: Access, harms: Callable[[Access], bool]) -> bool:
    """Whether all calls of a function enter one object, as it decorates the function: one call in another is enough."""
    decorates = is_decorator(case.sharing.places, case.threads.calls, access.code)
    return decorates and case.outside_partner(access, case.protections(access), harms) is not None


def _is_set_for_all(case: Case, access: Access) -> bool:
    """Whether a value is not for this run alone: that of a property, or an attribute of an object at hand.

    Who sets a property at the same time wants the whole object to have his value.
    """
    if "setter" in case.sharing.places.types.attributes.shape(access.code):
        return True
    return access.place.kind == "attribute" and not access.is_of_self and not access.base.startswith(("g:", "c:"))


def _read_back(case: Case, access: Access, depth: int | None) -> Access | None:
    """A later read of the Place in the same run of the function, directly or in what it calls, over so many calls."""
    reads = [other for other in case.accesses if not other.kind.writes]
    later = {id for id in following(access.code, access.id) if id > access.id}
    for other in reads:
        # what was fetched before is what was there before, whenever it is looked into
        if other.code is access.code and other.base == access.base and other.read_id in later:
            return other
    calls = case.threads.calls
    called = [edge.callee for edge in calls.calls(access.code) if edge.site in later]
    reached = set(calls.reachable(called)) if depth is None else _near(case, called, depth)
    return next((other for other in reads if other.code.key in reached and other.code is not access.code), None)


def _near(case: Case, codes: Sequence[Code], depth: int) -> set[int]:
    """The functions that are run within so many calls."""
    found = {code.key for code in codes}
    for _ in range(depth - 1):
        codes = [
            edge.callee for code in codes for edge in case.threads.calls.calls(code) if edge.callee.key not in found
        ]
        found |= {code.key for code in codes}
    return found
