"""Part of the sharing stage: what is made on first use, where an import is the first use: `BUNDLE = where()`.

It is for who imports that module first: the module of a script does it for nobody but the script.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from racelint import facts
from racelint.program.callgraph.calls import Calls
from racelint.program.memory.places import Access, Kind, Place, Places
from racelint.program.sources.branching import conditions, found_nothing
from racelint.program.sources.source import Code


class Imported(msgspec.Struct):
    """Tells which accesses only the import makes, before any thread that uses what is imported."""

    calls: Calls
    places: Places
    _importing: dict[int, set[int]] = msgspec.field(default_factory=dict)
    _first: dict[int, bool] = msgspec.field(default_factory=dict)
    _imported: dict[int, list[int]] = msgspec.field(default_factory=dict)
    _made: dict[tuple[Place, int], bool] = msgspec.field(default_factory=dict)
    """By global and function: whether that has been made by the function when the import is over."""

    def is_done(self, access: Access) -> bool:
        """Whether a function comes to an access only where a global is None that an import has made it set."""
        code = access.code
        if code.function.kind != "function" or not self._at_import(code):
            return False
        made = any(self._is_made(place, code) for place in self._found_none(code, access.id))
        return made and self._is_first(code)

    def _at_import(self, code: Code) -> set[int]:
        """The modules that call a function as they are imported."""
        found = self._importing.get(code.key)
        if found is None:
            sites = (each for each in self.calls.callers(code) if _is_import(each.caller, each.site))
            found = self._importing[code.key] = {each.caller.module for each in sites}
        return found

    def _is_first(self, code: Code) -> bool:
        """Whether all others who call a function have imported a module before that calls it as it is imported."""
        known = self._first.get(code.key)
        if known is None:
            callers = (each.caller for each in self.calls.callers(code))
            others = {each.module for each in callers if each.function.kind != "module"} or {code.module}
            brought = [self._brought(each) for each in others]
            known = self._first[code.key] = any(all(one in each for each in brought) for one in self._at_import(code))
        return known

    def _brought(self, module: int) -> set[int]:
        """The modules of the program that have been imported as soon as a module has been."""
        found: set[int] = set()
        pending = [module]
        while pending:
            each = pending.pop()
            if each not in found:
                found.add(each)
                pending.extend(self._imports(each))
        return found

    def _imports(self, module: int) -> list[int]:
        """The modules that a module surely imports at once, the packages that they are in, and its own ones."""
        found = self._imported.get(module)
        if found is None:
            by_name = self.places.types.names.sources.by_name
            parts = (name.split(".") for name in self._named(module))
            names = (".".join(each[:length]) for each in parts for length in range(1, len(each) + 1))
            found = self._imported[module] = [by_name[each] for each in names if each in by_name]
        return found

    def _named(self, module: int) -> Iterator[str]:
        names = self.places.types.names
        code = names.sources.module_bodies[module]
        yield names.sources.modules[module].name
        for each in code.operations:
            if type(each) is facts.Import and not any(conditions(code, each.id)):
                located = names.located(code, each)
                yield from (located, f"{located}.{each.name}")

    def _found_none(self, code: Code, id: int) -> Iterator[Place]:
        """The globals that are None, or count as false, where a function comes to an operation."""
        reads = {each.read_id: each.place for each in self.places.of(code) if each.kind is Kind.READ}
        for read, _ in found_nothing(code, id):
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
