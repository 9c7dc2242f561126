"""Part of the locks stage: which Places and sites name one lock?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations

from racelint import facts
from racelint.program.locking.locks import LockKey
from racelint.program.memory.places import Place, Places
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Types
from racelint.program.values.values import LibraryObject, Site


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
        case _:
            return False


def inherited(places: Places, known: Collection[LockKey]) -> Iterator[tuple[LockKey, LockKey]]:
    """The locks of sibling classes that a method of their base class takes as its own: of an object it is one."""
    names = {key[2] for key in known if key[0] == "attribute"}
    for code in places.types.names.sources.codes:
        for operation in code.operations if code.own_name else ():
            if type(operation) is facts.LoadAttr and operation.name in names:
                located = places.located(code, operation)
                keys = sorted({place_key(place) for place, base, _ in located if base == code.own_name})
                if len(keys) == len(located) and any(key in known for key in keys):
                    yield from ((keys[0], other) for other in keys[1:])


def one_of_several(
    places: Places, stored: Iterable[tuple[LockKey, Code, int]], sites: Mapping[LockKey, Collection[Site]]
) -> set[LockKey]:
    """The attributes, of all that are `stored`, whose object has another lock from where theirs was made.

    `Philosopher(forks[i], forks[i + 1])`: what was given as two is two, though one call has made all of them.
    """
    given: dict[LockKey, set[tuple[int, str]]] = defaultdict(set)
    beside: dict[tuple[int, Site], set[LockKey]] = defaultdict(set)
    for key, code, value in stored:
        for site in sites.get(key, ()) if key[0] == "attribute" else ():
            given[key].add((code.key, places.dataflow(code).path(value)))
            beside[key[1], site].add(key)
    pairs = (pair for keys in beside.values() for pair in combinations(sorted(keys), 2))
    return {key for pair in pairs if given[pair[0]].isdisjoint(given[pair[1]]) for key in pair}


def wrapped(types: Types, code: Code) -> Iterator[tuple[int, str]]:
    """The parameters, by position and name, around which a function makes the lock that it returns."""
    for made in map(code.operation, code.returns):
        if type(made) is not facts.Call:
            continue
        for value in types.of(code, made.id):
            model = types.names.knowledge.lock(value.qualname) if isinstance(value, LibraryObject) else None
            if model is not None and model.shares is not None:
                given = argument(made, model.shares.position, model.shares.keyword)
                if given is not None and 0 <= given < len(code.function.parameters):
                    yield given, code.function.parameters[given].name
