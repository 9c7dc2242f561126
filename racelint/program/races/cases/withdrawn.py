"""Part of the races stage: which writes only take back what the function has just stored, as it could not start it?"""

from __future__ import annotations

from collections.abc import Iterable

from racelint import facts
from racelint.program.memory.places import Access, Kind
from racelint.program.sources.branching import is_handling


def is_withdrawn(access: Access, accesses: Iterable[Access]) -> bool:
    """Whether a handler takes an object away that the function itself has made and stored before: it came to nothing.

    `accesses` are those of the Place.
    """
    code = access.code
    return is_handling(code, access.id) and any(
        each.code is code
        and each.kind is Kind.WRITE
        and each.base == access.base
        and each.id < access.id
        and each.value >= 0
        and type(code.operations[each.value]) is facts.Call
        for each in accesses
    )
