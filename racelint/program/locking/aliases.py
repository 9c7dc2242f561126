"""Part of the locks stage: which Places and sites name one lock?"""

from __future__ import annotations

from racelint import facts
from racelint.program.locking.locks import LockKey
from racelint.program.memory.places import Place
from racelint.program.sources.source import Code
from racelint.program.values.values import Site


class Groups:
    """Which keys name one lock: a union-find whose representative is a Place where there is one.

    Rather one of its `homes`, the Places where locks are made, than a Place that is given a lock.
    """

    def __init__(self) -> None:
        self._parent: dict[LockKey, LockKey] = {}
        self.homes: set[LockKey] = set()

    def find(self, key: LockKey) -> LockKey:
        """The key that stands for all that name the same lock."""
        while key in self._parent:
            key = self._parent[key]
        return key

    def join(self, first: LockKey, second: LockKey) -> None:
        """From now on two keys name one lock."""
        first, second = self.find(first), self.find(second)
        if first == second:
            return
        if self._rank(first) > self._rank(second):
            first, second = second, first
        self._parent[second] = first

    def _rank(self, key: LockKey) -> tuple[bool, bool, LockKey]:
        return key[0] == "site", key not in self.homes, key


def place_key(place: Place) -> LockKey:
    """The key of the lock that a Place holds."""
    return place.kind, place.owner, place.name


def site_key(site: Site) -> LockKey:
    """The key of the lock that is made at a site."""
    return "site", site[0], str(site[1])


def passes(code: Code, id: int, site: Site) -> bool:
    """Whether a value of a function is what the call at the site makes there, or may be."""
    match code.operation(id):
        case facts.Call():
            return (code.key, id) == site
        case facts.Phi(inputs=inputs) | facts.Choice(operands=inputs):
            return any(each < id and passes(code, each, site) for each in inputs)
        case facts.Cast(value=value):
            return passes(code, value, site)
        case _:
            return False
