"""Part of the sharing stage: what is made on first use, where an import is the first use: `BUNDLE = where()`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from racelint.program.callgraph.calls import Calls
from racelint.program.memory.places import Access, Kind, Place, Places
from racelint.program.sources.branching import conditions, found_equal
from racelint.program.sources.source import Code


@dataclass(slots=True)
class Imported:
    """Tells which accesses only the import makes, before any thread that uses what is imported."""

    calls: Calls
    places: Places
    _made: dict[tuple[Place, int], bool] = field(default_factory=dict)
    """By global and function: whether that has been made by the function when the import is over."""

    def is_done(self, access: Access) -> bool:
        """Whether a function comes to an access only where a global is None that an import has made it set."""
        callers = self.calls.callers(access.code)
        if access.code.function.kind != "function" or not any(_is_import(each.caller, each.site) for each in callers):
            return False
        return any(self._is_made(place, access.code) for place in self._found_none(access.code, access.id))

    def _found_none(self, code: Code, id: int) -> Iterator[Place]:
        """The globals that are None, or count as false, where a function comes to an operation."""
        reads = {each.read_id: each.place for each in self.places.of(code) if each.kind is Kind.READ}
        for test, truth in conditions(code, id):
            are_equal, operands = found_equal(code, test, truth)
            nothing = operands if are_equal and any(map(code.is_none, operands)) else ()
            for read in (*nothing, *(() if truth else (test,))):
                if read in reads and reads[read].kind == "global":
                    yield reads[read]

    def _is_made(self, place: Place, code: Code) -> bool:
        """Whether a function surely sets a global that it finds to be None, and nobody takes that back."""
        known = self._made.get((place, code.key))
        if known is None:
            stores = [each for each in self.places.by_place[place] if each.kind.writes]
            later = [each for each in stores if each.code.function.kind != "module"]
            sure = (each for each in later if each.code is code and len(set(conditions(code, each.id))) == 1)
            known = any(place in self._found_none(code, each.id) for each in sure) and all(
                each.kind is Kind.WRITE and self.places.dataflow(each.code).truth(each.value) is not False
                for each in later
            )
            self._made[place, code.key] = known
        return known


def _is_import(code: Code, id: int) -> bool:
    """Whether an operation is done by each import of a module."""
    return code.function.kind == "module" and not any(conditions(code, id))
