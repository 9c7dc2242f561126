"""Part of the types stage: what comes out of a container, by iterating over it, by a key, or by calling it."""

from __future__ import annotations

from racelint.knowledge.containers import MAPPINGS
from racelint.program.values.flow import Flow
from racelint.program.values.values import Generator, Interner, LibraryObject, Pair, Row, Site, Value


class Elements:
    """Lets what containers hold flow on.

    A mapping made by the program has a node for its keys, one for the rest, and one for each literal key asked for.
    """

    def __init__(self, flow: Flow, values: Interner) -> None:
        self._flow = flow
        self._values = values
        self._items: set[tuple[Site, str]] = set()

    def held(self, site: Site) -> int:
        """The node of what the container made at a site holds; of a mapping, of what stands under its keys."""
        return self._flow.node("elements", site)

    def keys(self, site: Site) -> int:
        """The node of the keys of the mapping made at a site."""
        return self._flow.node("keys", site)

    def item(self, site: Site, key: str) -> int:
        """The node of what stands under a literal key of the mapping made at a site."""
        node = self._flow.node("item", site, key)
        if (site, key) not in self._items:
            self._items.add((site, key))
            self._flow.copy(self._flow.node("under any key", site), node)
            self._flow.watch(self._flow.node("copied from", site), self._inherit, node, key)
        return node

    def _inherit(self, node: int, key: str, given: Value) -> None:
        if isinstance(given, LibraryObject) and given.qualname in MAPPINGS:
            self.take_item(node, given, key)
        else:
            self.unpair(node, given)

    def take_item(self, node: int, container: Value, key: str) -> None:
        """What stands under a literal key."""
        if isinstance(container, LibraryObject) and container.qualname in MAPPINGS and container.site is not None:
            self._flow.copy(self.item(container.site, key), node)
            self._hold(node, container.holds[-1:])
        else:
            self.take(node, container)

    def put(self, site: Site, key: str | None, node: int) -> None:
        """A value is put into the container made at a site: under a literal key, or else under any."""
        self._flow.copy(node, self.held(site))
        self._flow.copy(node, self._flow.node("under any key", site) if key is None else self.item(site, key))

    def pour(self, site: Site, given: Value) -> None:
        """All that a mapping holds, or what pairs are made of, is put into the mapping made at a site."""
        self.unpair(self.held(site), given)
        self._flow.add(self._flow.node("copied from", site), given)

    def draw(self, node: int, container: Value) -> None:
        """What iterating over a value gives: the keys of a mapping."""
        if isinstance(container, LibraryObject) and container.qualname in MAPPINGS:
            if container.site is not None:
                self._flow.copy(self.keys(container.site), node)
            self._hold(node, container.holds[:1] if len(container.holds) > 1 else ())
        else:
            self.take(node, container)

    def drawn(self, iterable: int) -> int:
        """The node of what iterating over the values of a node gives."""
        node = self._flow.node("drawn", iterable)
        self._flow.watch(iterable, self.draw, node)
        return node

    def take(self, node: int, container: Value) -> None:
        """What a value holds, as a subscript or `pop` gives it: never the keys of a mapping."""
        match container:
            case LibraryObject(qualname=qualname, site=site, holds=holds):
                if site is not None:
                    self._flow.copy(self.held(site), node)
                self._hold(node, holds[-1:] if qualname in MAPPINGS else holds)
            case Generator(code=code):
                self._flow.copy(self._flow.node("yields", code.key), node)
            case _:
                pass

    def take_at(self, node: int, container: Value, index: int) -> None:
        """What the part at a position is: of a pair, a row, a tuple of which it is said what stands where."""
        match container:
            case Row(iterables=iterables):
                if 0 <= index < len(iterables):
                    self._flow.watch(iterables[index], self.draw, node)
            case Pair(container=inner):
                if index == 1:
                    self.take(node, inner)
                elif isinstance(inner, LibraryObject) and inner.qualname in MAPPINGS:
                    self.draw(node, inner)
            case LibraryObject(qualname="tuple", holds=holds) if len(holds) > 1:
                self._hold(node, holds[index : index + 1])
            case _:
                self.take(node, container)

    def pair(self, node: int, container: Value) -> None:
        """What iterating over the items of a mapping gives, or over the numbered elements of a container."""
        if isinstance(container, LibraryObject | Generator):
            self._flow.add(node, self._values.pair(container))

    def unpair(self, node: int, container: Value) -> None:
        """What a mapping holds that is made of a mapping, or of pairs."""
        drawn = self._flow.node("drawn", node, container)
        self.take(drawn, container)
        self._flow.watch(drawn, self._unpaired, node)

    def _unpaired(self, node: int, value: Value) -> None:
        if isinstance(value, Pair | Row):
            self.take_at(node, value, 1)
        else:
            self._flow.add(node, value)

    def _hold(self, node: int, holds: tuple[tuple[Value, ...], ...]) -> None:
        for values in holds:
            for value in values:
                self._flow.add(node, value)
