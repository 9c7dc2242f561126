"""Part of the sharing stage: attributes by which objects know what a global holds.

`self._registry = REGISTRY`, or `= registry()` that returns it: whoever has the object, what it has there is the one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Final

from racelint import facts
from racelint.program.memory.places import Places
from racelint.program.memory.ties import Classes
from racelint.program.sharing.keepers import Keepers
from racelint.program.sharing.name import Name, Root, by_global
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.values import Instance

FROM_ELSEWHERE: Final = (facts.LoadName, facts.LoadAttr, facts.Call, facts.Phi)
"""What may give an object that a global holds."""


class Aliases:
    """Tells by which global an object is known that some attribute leads to."""

    def __init__(self, places: Places, keepers: Keepers, classes: Callable[[Root], Classes]) -> None:
        """`classes` tells those of the object at the root of a name."""
        self._places = places
        self._keepers = keepers
        self._classes = classes

    def of(self, names: Iterable[Name]) -> list[Name]:
        """The names by which the same objects are known where they come from, if that is elsewhere."""
        found = []
        for name in names:
            kept = self._unaliased(name)
            kind, module, variable = kept.root
            home = by_global(self._places.types, module, variable, kept.path) if kind == "global" else kept
            found.extend([home] if home is not None and home != name else [])
        return found

    def _unaliased(self, name: Name) -> Name:
        """A name that begins with the first global on the way, if it leads over one."""
        steps = name.path.split(".")[1:] if name.path[:1] == "." else []
        if not any(step in self._steps for step in steps):
            return name
        classes = self._classes(name.root)
        for index, step in enumerate(steps):
            before = self._places.ties.held(classes, steps[:index]) if step in self._steps else ()
            paths = {self._by_attribute.get((self._owner(cls, step), step)) for cls in before}
            path = paths.pop() if len(paths) == 1 else None
            found = self._named(path, steps[index + 1 :]) if path is not None else None
            if found is not None:
                return found
        return name

    @cached_property
    def _steps(self) -> frozenset[str]:
        """The attributes that may be such, of whichever class."""
        return frozenset(name for _, name in self._by_attribute)

    @cached_property
    def _by_attribute(self) -> dict[tuple[int, str], str]:
        """For attributes, by the key of the owning class, in which all who store anything store what a global holds:
        its path."""
        found: dict[tuple[int, str], str] = {}
        for attribute, stores in self._places.ties.stores.items():
            kind, module, name = self._places.standing.get(("attribute", *attribute), ("", 0, ""))
            if kind == "global":
                found[attribute] = f"g:{module}:{name}"
                continue
            paths: set[str] = set()
            for code, store in stores:
                paths |= self._paths(code, store.value)
                if len(paths) != 1 or not next(iter(paths)).startswith("g:"):
                    break
            else:
                found[attribute] = paths.pop()
        return found

    def _paths(self, code: Code, value: int) -> set[str]:
        """The paths of the variables that an object of the program is in; "" for one in none, or what is no object."""
        if type(code.operation(value)) not in FROM_ELSEWHERE:
            return {""}
        if not any(isinstance(each, Instance) for each in self._places.types.of(code, value)):
            return {""}
        return self._keepers.kept_as(code, value) or {""}

    def _owner(self, cls: ClassInfo, name: str) -> int:
        return self._places.types.attributes.owner(cls, name).key

    def _named(self, path: str, steps: Sequence[str]) -> Name | None:
        """The name of what a path from a global leads to, and `steps` from there."""
        root, *first = path.split(".")
        _, module, variable = root.split(":")
        return by_global(self._places.types, int(module), variable, "".join(f".{step}" for step in (*first, *steps)))
