"""Part of the races stage: who begins or ends a run of an object, and has it for himself as a constructor has.

That others hold a lock for one of its attributes is no evidence that they are at work on it then.
"""

from __future__ import annotations

from typing import Final

from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case

WHOLE: Final = 3
"""So many attributes that are stored anew are the state of the object, not one thing that was changed."""


def is_new_state(case: Case, access: Access) -> bool:
    """Whether an access is one of the stores by which a function puts the whole object in a new state.

    `self.position = 0; self.failures = 0; self.began = now()`: none of them asks what was there before.
    """
    if access.place.kind != "attribute" or not _is_anew(access):
        return False
    stores = (each for each in case.sharing.places.of(access.code) if each.base == access.base and _is_anew(each))
    return len({each.place.name for each in stores}) >= WHOLE


def _is_anew(access: Access) -> bool:
    return access.kind is Kind.WRITE or access.method == "clear"
