"""Part of the places stage: a container that an attribute holds for good is one memory to whoever is given it.

A `Client` with `self.pending = {}` and `Reader(self.pending)`: what the reader does to what it was given is done to the
`pending` of the client. Of which client is told by the way to the container: the owner of what the path leads to.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, TypeGuard

from racelint.knowledge import Knowledge
from racelint.knowledge.model import Access
from racelint.program.memory.ties import Stores
from racelint.program.values.types import Types
from racelint.program.values.values import LibraryObject, Value

OWNER: Final = ".<"
"""A path goes on so to the object whose attribute holds the container: `jobs.<pending` has its `pending` in `jobs`."""

HOLDERS: Final = 2
"""What may be one of more containers than this is not followed."""

CHANGES: Final = ("__setitem__", "add")
"""Methods of which each container that can be changed has one."""

Home = tuple[int, str]
"""An attribute, by the key of the owning class and its name."""


class Lending:
    """Answers which attribute holds what a function was given."""

    def __init__(self, types: Types, stores: Stores) -> None:
        """`stores` are those of each attribute, but for those of None."""
        self._types = types
        self._homes: dict[Value, Home] = {}
        for home, found in stores.items():
            code, store = found[0]
            if len(found) == 1 and code.name == "__init__" and code.is_own(store.base):
                for value in types.of(code, store.value):
                    if is_container(value, types.names.knowledge) and value.site == (code.key, store.value):
                        self._homes[value] = home

    def homes(self, values: Collection[Value]) -> list[Home]:
        """The attributes that hold what may be one of these containers."""
        found = [self._homes[value] for value in values if value in self._homes]
        return found if len(found) <= HOLDERS else []


def is_container(value: Value, knowledge: Knowledge) -> TypeGuard[LibraryObject]:
    """Whether a value is a container of a library that can be changed."""
    return isinstance(value, LibraryObject) and is_of_containers(value.qualname, knowledge)


def is_of_containers(qualname: str, knowledge: Knowledge) -> bool:
    """Whether a class of a library is one of containers that can be changed."""
    effects = (knowledge.effect(qualname, name) for name in CHANGES)
    return any(effect is not None and effect.access is not Access.READ for effect in effects)


def owner(path: str, name: str) -> str:
    """The path of the object whose attribute `name` holds the container at a path."""
    short = path.removesuffix(f".{name}")
    return short if short != path else f"{path}{OWNER}{name}"


def settled(path: str) -> str | None:
    """A path with each step to an owner taken back, if it leads from what the owner holds: else nothing."""
    while OWNER in path:
        before, _, rest = path.partition(OWNER)
        name, dot, later = rest.partition(".")
        if not before.endswith(f".{name}"):
            return None
        path = before.removesuffix(f".{name}") + dot + later
    return path
