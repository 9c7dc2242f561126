"""How a name is looked up in the tables: by any spelling, and with what a class inherits from its bases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from .tables import Tables

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """The tables, and what a name is in them."""

    tables: Tables
    _mro: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)
    _spelled: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)

    def canonical(self, qualname: str) -> str:
        """The one spelling under which the tables know a name; names that they do not know come back as they are."""

        return self.tables.canonical(qualname)

    def bases(self, qualname: str) -> tuple[str, ...]:
        """The direct bases of a library class, `object` left out."""

        return self.tables.bases.get(self.canonical(qualname), ())

    def mro(self, qualname: str) -> tuple[str, ...]:
        """The class and all its bases in the order of look-up, ending with `object`."""

        found = self._mro.get(qualname)
        if found is None:
            found = self._mro[qualname] = self._line(qualname)
        return found

    def _line(self, qualname: str) -> tuple[str, ...]:
        line: list[str] = []
        stack = [self.canonical(qualname)]
        while stack:
            name = stack.pop(0)
            if name in line:
                line.remove(name)
            line.append(name)
            stack[:0] = self.bases(name)
        return (*(name for name in line if name != "object"), "object")

    def known(self, qualname: str) -> bool:
        """Whether any table says something about this class, function or method."""

        if self.is_class(qualname):
            return True
        tables = self.tables
        rows: tuple[Mapping[str, object], ...] = (
            tables.lock_methods,
            tables.lock_decorators,
            tables.spawns,
            tables.entry_decorators,
            tables.waits,
            tables.transfers,
            tables.effects,
            tables.builtin_effects,
            tables.safety,
            tables.returns,
            tables.attributes,
            tables.blocking,
            tables.process_state,
        )
        return any(self._find(table, qualname) is not None for table in rows) or self._has(
            tables.cannot_raise, qualname
        )

    def is_class(self, qualname: str) -> bool:
        """Whether calling the name makes an object that is known by the same name; factories of locks count too."""

        name = self.canonical(qualname)
        return name in self.tables.bases or name in self.tables.locks

    def _find(self, table: Mapping[str, T], qualname: str) -> T | None:
        """The row of a name, or of the member of the same name of the nearest base class."""

        for name in self._spellings(qualname):
            if name in table:
                return table[name]
        return None

    def _find_class(self, table: Mapping[str, T], qualname: str) -> T | None:
        """The row of a class, or of its nearest base class."""

        return next((table[name] for name in self.mro(qualname) if name in table), None)

    def _has(self, names: frozenset[str], qualname: str) -> bool:
        """Whether a name, or the member of the same name of a base class, is among the names."""

        return any(name in names for name in self._spellings(qualname))

    def _spellings(self, qualname: str) -> tuple[str, ...]:
        """The canonical name, then the member of the same name of each base class, nearest first."""

        found = self._spelled.get(qualname)
        if found is None:
            name = self.canonical(qualname)
            owner, _, member = name.rpartition(".")
            bases = self.mro(owner)[1:] if owner in self.tables.bases else ()
            found = self._spelled[qualname] = (name, *(f"{base}.{member}" for base in bases))
        return found
