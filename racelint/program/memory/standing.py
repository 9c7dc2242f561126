"""Part of the places stage: variables and attributes that stand for what has another name at home.

`self._seen = SEEN`, `self._known = known or KNOWN`, and `table = registry` in a class: whichever object it is reached
by, what is done to it is done to the one container or object that a module or class has made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

from racelint import facts
from racelint.program.memory.lending import is_container
from racelint.program.memory.ties import Stores
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import Instance, LibraryObject, Value

Variable = tuple[Literal["global", "class", "attribute"], int, str]
"""A global by its module, or an attribute of a class or of its objects by the key of the class that has it."""


def find_standing(types: Types, stores: Stores) -> dict[Variable, Variable]:
    """The variables that are known to hold nothing but what was made for another one, each with that.

    `stores` are those of each attribute of objects, but for those of None.
    """
    homes = {value: at for at, code, id in _single(types) for value in _made(types, code, id)}
    found: dict[Variable, Variable] = {}
    for at, code, id in _single(types) if homes else ():
        found.update(_standing(at, types.of(code, id), homes))
    locking = _locking(types, stores) if homes else frozenset()
    for owner, name in stores if homes else ():
        cls = types.names.sources.classes[owner]
        if locking.isdisjoint(each.key for each in (*cls.mro, *cls.subclasses)):
            found.update(_standing(("attribute", owner, name), types.of_attribute(cls, name), homes))
    return found


def _locking(types: Types, stores: Stores) -> frozenset[int]:
    """The keys of the classes whose objects have locks: what they have of others may be theirs alone, with the lock."""
    knowledge = types.names.knowledge
    return frozenset(
        owner
        for (owner, _), stored in stores.items()
        for code, store in stored
        for value in types.of(code, store.value)
        if isinstance(value, LibraryObject) and knowledge.lock(value.qualname) is not None
    )


def _standing(
    variable: Variable, held: Collection[Value], homes: dict[Value, Variable]
) -> Iterator[tuple[Variable, Variable]]:
    """The one that a variable stands for; what an annotation says is no other object, as long as it is of its kind."""
    match [value for value in held if not isinstance(value, LibraryObject | Instance) or value.site is not None]:
        case [value] if value in homes and homes[value] != variable and all(_may_be(each, value) for each in held):
            yield variable, homes[value]


def _may_be(said: Value, value: Value) -> bool:
    """Whether what is said to be some object of a class is this one as well."""
    match said, value:
        case Instance(cls=cls), Instance(cls=made):
            return cls in made.mro
        case LibraryObject(qualname=name), LibraryObject(qualname=made_as):
            return name == made_as
        case _:
            return said is value


def _single(types: Types) -> Iterator[tuple[Variable, Code, int]]:
    """The globals and class variables that are stored once, by the body of their module or class: each with what is."""
    for module, variables in enumerate(types.names.stores):
        for name, stored in variables.items():
            if len(stored) == 1 and stored[0][0].function.kind == "module":
                yield ("global", module, name), stored[0][0], stored[0][1].value
    for cls in types.names.sources.classes:
        for name, stored in types.names.class_stores.get(cls.body.key, {}).items():
            if len(stored) == 1:
                yield ("class", cls.key, name), stored[0][0], stored[0][1].value


def _made(types: Types, code: Code, id: int) -> Iterator[Value]:
    """The container, or the object of the program, that a body makes just there."""
    for value in types.of(code, id) if type(code.operation(id)) is not facts.Phi else ():
        is_own = isinstance(value, LibraryObject | Instance) and value.site == (code.key, id)
        if is_own and (isinstance(value, Instance) or is_container(value, types.names.knowledge)):
            yield value
