"""Part of the places stage: the containers and generators that are handed to started functions, or to several
objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from racelint import facts
from racelint.program.memory.lending import HOLDERS, Lending, is_container
from racelint.program.sources.nodes import extent
from racelint.program.sources.source import Code, span_of
from racelint.program.values.types import Types
from racelint.program.values.values import Generator, LibraryObject, Value

Home = tuple[Literal["global", "object"], int, str]
"""What tells the Place of a container: a global by its module and name, or itself by the key of who makes it."""


def find_handed(types: Types, lending: Lending) -> dict[Value, Home]:
    """The containers and generators that are handed to a started function, or to several objects where these are made,
    and held by no attribute of who makes them: with where each is at home."""
    found: dict[Value, Home] = {}
    for spawned in types.spawned:
        for node in spawned.given.nodes:
            found.update(_containers_given(types, lending, types.of_node(node)))
    found.update(_given_to_several(types, lending))
    for module, stores in enumerate(types.names.stores if found else ()):
        for name in stores:
            for value in types.of_global(module, name):
                if value in found:
                    found[value] = ("global", module, name)
    return found


def _given_to_several(types: Types, lending: Lending) -> dict[Value, Home]:
    """What is given to two objects, or to all that a loop makes: what one of them changes the others have as well."""
    times: Counter[Value] = Counter()
    homes: dict[Value, Home] = {}
    for site in {site: None for sites in types.constructions.values() for site in sites}:
        code = types.names.sources.codes[site[0]]
        call = code.operation(site[1])
        for given in call.arguments if type(call) is facts.Call else ():
            containers = _containers_given(types, lending, types.of(code, given.value)) if given.value >= 0 else {}
            homes.update(containers)
            times.update({each: _times(types, code, site[1], each) for each in containers})
    return {each: home for each, home in homes.items() if times[each] > 1}


def _times(types: Types, code: Code, id: int, value: Value) -> int:
    """How many objects a call may give a container: in a loop several, if that was made before; none if not here."""
    made = value.site if isinstance(value, LibraryObject) else None
    if made is None or (made[0] != code.key and types.names.sources.codes[made[0]].function.kind != "module"):
        return 0
    own = made[1] if made[0] == code.key else facts.NOTHING
    around = (extent([each]) for each in code.controls if type(each) is facts.Loop)
    return 1 + any(low <= id <= high and not low <= own <= high for low, high in around)


def _containers_given(types: Types, lending: Lending, values: Iterable[Value]) -> dict[Value, Home]:
    """What an argument may be, if these are containers and few: a bus hands on whatever it is given."""
    found: dict[Value, Home] = {}
    for value in values:
        if isinstance(value, Generator):
            # each call makes one: which of them is meant the names tell
            found[value] = ("object", value.code.key, "<generator>")
        if not isinstance(value, LibraryObject) or value.site is None or value.site[1] < 0:
            continue
        if is_container(value, types.names.knowledge) and not lending.homes([value]):
            code = types.names.sources.codes[value.site[0]]
            line = span_of(code, value.site[1]).line
            found[value] = ("object", code.key, f"<{value.qualname} of line {line}>")
    return found if len(found) <= HOLDERS else {}
