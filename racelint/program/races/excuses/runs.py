"""Part of the races stage: who begins a run of an object, or takes it back: nobody else is at work on it then.

That others hold a lock for one of its attributes is no evidence that they are, nor that they store there themselves.
"""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite
from racelint.program.sources.nodes import is_within

WHOLE: Final = 3
"""So many attributes that are stored anew are the state of the object, not one thing that was changed."""


def is_new_state(case: Case, access: Access) -> bool:
    """Whether an access is one of the stores by which a function puts the whole object in a new state.

    `self.position = 0; self.failures = 0; self.began = now()`: none of them asks what was there before. Who stores
    nothing but what he was given (`self.x = x; self.y = y; self.z = z`) changes the object while it is in use. So does
    who is given nothing, and clears only what others come to with the guard: that is what the guard is there for.
    """
    if access.place.kind != "attribute" or not is_anew(access):
        return False
    code = access.code
    stores = [each for each in case.sharing.places.of(code) if each.base == access.base and is_anew(each)]
    given = range(len(code.function.parameters))
    of_given = [each.value in given for each in stores]
    if len({each.place.name for each in stores}) < WHOLE or all(of_given):
        return False
    return any(of_given) or not all(_is_guarded(case, each) for each in stores)


def _is_guarded(case: Case, store: Access) -> bool:
    """Whether another function holds the guard of the case where it comes to what is stored here."""
    guard, locksets = case.guard, case.locksets
    return guard is not None and any(
        use.lock.key == guard.lock.key
        for each in locksets.places.by_place[store.place]
        if each.code is not store.code
        for use in locksets.held(each.code, each.id)
    )


def is_anew(access: Access) -> bool:
    """Whether an access leaves nothing of what was there: it is stored, or emptied."""
    return access.kind is Kind.WRITE or access.method == "clear"


def is_taken_back(case: Case, sequence: Composite) -> bool:
    """Whether what was there before is stored again where something fails: `except OSError: self.mode = before`."""
    code, first, last = sequence.code, sequence.first, sequence.last
    if first.code is not code or last.code is not code or last.value != first.read_id:
        return False
    tries = (node for node in code.controls if type(node) is facts.Try)
    return any(is_within(handler.body, last.id) for each in tries for handler in each.handlers)
