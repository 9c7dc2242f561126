"""Part of the sharing stage: what `--assume-shared` names."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import msgspec

from racelint.program.callgraph.calls import Calls
from racelint.program.memory.places import Place, Places
from racelint.program.sharing.users import Users
from racelint.program.sources.source import Code


class Assumed(msgspec.Struct):
    """Answers which Places are said to be shared, by patterns of dotted names."""

    patterns: tuple[str, ...]
    places: Places
    calls: Calls
    users: Users
    _known: dict[Place, bool] = msgspec.field(default_factory=dict)

    def covers(self, place: Place) -> bool:
        """Whether `--assume-shared` names the Place, its class or its module.

        What has one user for each object is meant only where the pattern ends with the name of the class or the Place.
        """
        known = self._known.get(place) if self.patterns else False
        if known is None:
            known = self.names(place.symbol)
            known = known and (place.kind != "closure" or self._is_handed_out(place))
            known = self._known[place] = known and (
                self._is_promised(_names(place.symbol)[:2]) or not self._has_one_user(place)
            )
        return known

    def names(self, symbol: str) -> bool:
        """Whether `--assume-shared` names what has this dotted name, such as a lock, or its class or module."""
        return is_named(self.patterns, symbol)

    def _is_promised(self, names: Sequence[str]) -> bool:
        """Whether a pattern has one of these names written out at its end."""
        ends = [(pattern, pattern.rpartition(".")[2]) for pattern in self.patterns]
        return any(
            fnmatchcase(name, pattern) and name.rpartition(".")[2] == end for name in names for pattern, end in ends
        )

    def _has_one_user(self, place: Place) -> bool:
        return place.kind == "attribute" and self.users.is_one(self.places.types.names.sources.classes[place.owner])

    def _is_handed_out(self, place: Place) -> bool:
        """Whether a closure variable outlives the call that makes it, with an inner function that uses it."""
        for access in self.places.by_place[place]:
            code: Code | None = access.code
            while code is not None and code.key != place.owner:
                if code.key in self.calls.handed_out:
                    return True
                code = code.parent
        return False

    def idle(self) -> list[str]:
        """The patterns of `--assume-shared` that name no Place, class or module of the program."""
        names = {place.symbol for place in self.places.by_place} if self.patterns else set()
        names |= {name[:end] for name in names for end, char in enumerate(name) if char == "."}
        return [pattern for pattern in self.patterns if not any(fnmatchcase(name, pattern) for name in names)]


def is_named(patterns: Sequence[str], symbol: str) -> bool:
    """Whether a pattern is that of this dotted name, or of what it is in."""
    return any(fnmatchcase(name, pattern) for name in _names(symbol) for pattern in patterns)


def _names(symbol: str) -> list[str]:
    """The dotted name, and those of what it is in, from the inside out."""
    names = [symbol]
    while "." in names[-1]:
        names.append(names[-1].rpartition(".")[0])
    return names
