"""Part of the places stage: the containers that are handed to started functions."""

from __future__ import annotations

from typing import Literal

from racelint.program.memory.lending import HOLDERS, Lending, is_container
from racelint.program.sources.source import span_of
from racelint.program.values.types import Types
from racelint.program.values.values import LibraryObject, Value

Home = tuple[Literal["global", "object"], int, str]
"""What tells the Place of a container: a global by its module and name, or itself by the key of who makes it."""


def find_handed(types: Types, lending: Lending) -> dict[Value, Home]:
    """The containers that are handed to a started function and held by no attribute, with where each is at home."""
    found: dict[Value, Home] = {}
    for spawned in types.spawned:
        for node in (*spawned.given.positional, *(node for _, node in spawned.given.keywords)):
            found.update(_containers_given(types, lending, node))
    for module, stores in enumerate(types.names.stores if found else ()):
        for name in stores:
            for value in types.of_global(module, name):
                if value in found:
                    found[value] = ("global", module, name)
    return found


def _containers_given(types: Types, lending: Lending, node: int) -> dict[Value, Home]:
    """What an argument of a start may be, if these are containers and few: a bus hands on whatever it is given."""
    found: dict[Value, Home] = {}
    for value in types.of_node(node):
        if not isinstance(value, LibraryObject) or value.site is None or value.site[1] < 0:
            continue
        if is_container(value, types.names.knowledge) and not lending.homes([value]):
            code = types.names.sources.codes[value.site[0]]
            line = span_of(code, value.site[1]).line
            found[value] = ("object", code.key, f"<{value.qualname} of line {line}>")
    return found if len(found) <= HOLDERS else {}
