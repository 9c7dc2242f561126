"""Part of the races stage: an object is in one mode or the other, as a flag says that only its constructor stores.

`if self.receiving: Thread(target=self.receive).start()`: what is done where it is not receiving, the thread never sees.
"""

from __future__ import annotations

from racelint.program.contexts.contexts import Context
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code


def is_in_other_mode(sharing: Sharing, access: Access, other: Context) -> bool:
    """Whether an access is made only in a mode of its object in which a context is never started for that object."""
    if not access.is_of_self or not other.starts or not other.is_of_own_object:
        return False
    mine = _modes(sharing, access.code, access.id)
    return bool(mine) and all(
        any(theirs.get(flag) is (not truth) for flag, truth in mine.items())
        for theirs in (_modes(sharing, code, id) for code, id in other.starts)
    )


def _modes(sharing: Sharing, code: Code, id: int) -> dict[Place, bool]:
    """The flags of the object of which it is known at an operation what they are, for as long as the object lives."""
    tests = dict(conditions(code, id))
    reads = (each for each in sharing.places.of(code) if each.kind is Kind.READ and each.is_of_self)
    return {each.place: tests[each.id] for each in reads if each.id in tests and _is_settled(sharing, each.place)}


def _is_settled(sharing: Sharing, place: Place) -> bool:
    """Whether only constructors store an attribute."""
    writes = [each for each in sharing.places.by_place[place] if each.kind.writes]
    constructing = sharing.threads.calls.constructing
    return place.kind == "attribute" and bool(writes) and all(each.code.key in constructing for each in writes)
