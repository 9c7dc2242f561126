"""Part of the sharing stage: instances of a context have an object each of their own, and these have what in common?"""

from __future__ import annotations

from typing import TypeGuard

from racelint import facts
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.memory.places import Places
from racelint.program.sources.branching import conditions
from racelint.program.sources.loops import loop_around
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.values import NO_VALUES, Instance, LibraryObject, Value, ValueSet


def given_to_each(places: Places, threads: Threads, context: Context, receiver: Value | None) -> list[Value]:
    """The objects in the attributes of a receiver of its own that were made elsewhere: all instances may share them."""
    if not isinstance(receiver, Instance):
        return []
    types = places.types
    own = {method.key for method in types.attributes.all_methods(receiver.cls)}
    found: list[Value] = []
    keepers = types.names.knowledge.keepers()
    for name in sorted(types.attributes.stored(receiver.cls) | keepers):
        for value in types.of_attribute(receiver.cls, name):
            if name in keepers and isinstance(value, Instance | LibraryObject):
                found.extend(_endowed(places, value, own))
            if not _is_object(value, places) or value is receiver:
                continue
            if _is_made_anew(places, threads, value, name, own) or _is_made_for_it(places, value, receiver.cls):
                continue
            if _is_replaced(places, receiver.cls, name, value):
                continue
            if not _made_by(value, own, context):
                maker = types.names.sources.codes[value.site[0]] if value.site is not None else None
                if maker is None or all(each is not context for each in threads.of(maker)):
                    found.append(value)
    parts = [part for value in found for part in _parts(places, value, receiver)]
    return found + parts + [inner for part in parts for inner in _parts(places, part, receiver)]


def _parts(places: Places, whole: Value, receiver: Instance) -> list[Value]:
    """What an object has in attributes that only its constructor sets: who shares it shares these as well.

    What has the receiver itself has one of it.
    """
    if not isinstance(whole, Instance):
        return []
    types = places.types
    names = (name for name in sorted(types.attributes.stored(whole.cls)) if places.ties.is_steady((whole.cls,), [name]))
    parts = (part for name in names for part in types.of_attribute(whole.cls, name))
    objects = (part for part in parts if isinstance(part, Instance) and part.site is not None and part is not whole)
    return [part for part in objects if receiver.cls not in part.cls.mro]


def _endowed(places: Places, keeper: Instance | LibraryObject, own: set[int]) -> list[Value]:
    """What is given from outside, and once, to the object that makes all receivers, and by none of these.

    `server.app = App()` is there for all requests, whoever has made it.
    """
    types, found = places.types, list[Value]()
    for name, stores in types.attribute_stores.items():
        given = [(code, id) for code, id in stores if keeper in _stored_on(places, code, id)]
        if len(given) != 1 or given[0][0].key in own or _is_receiver(given[0][0], given[0][1]):
            continue
        found.extend(each for each in types.of_own_attribute(keeper, name) if isinstance(each, Instance))
    return found


def _stored_on(places: Places, code: Code, id: int) -> ValueSet:
    """The objects on which a store puts an attribute."""
    store = code.operations[id]
    return places.types.of(code, store.base) if type(store) is facts.StoreAttr else NO_VALUES


def _is_receiver(code: Code, id: int) -> bool:
    """Whether a method stores on its own object."""
    store = code.operations[id]
    return type(store) is facts.StoreAttr and code.is_own(store.base)


def _is_object(value: Value, places: Places) -> TypeGuard[Instance | LibraryObject]:
    """Whether a value is an object of the program, or a container that is handed to several."""
    return isinstance(value, Instance) or (isinstance(value, LibraryObject) and places.handed_over(value) is not None)


def _made_by(value: Instance | LibraryObject, own: set[int], context: Context) -> bool:
    """Whether each receiver has an object of its own there: made by itself, or anew for each start."""
    if value.site is None:
        return isinstance(value, Instance) and not value.cls.library_bases
    if value.site[0] in own:
        return True
    if context.repeated is None or context.code is None or value.site[0] != context.code.key:
        return False
    return context.repeated[0] <= value.site[1] <= context.repeated[1]


def _is_replaced(places: Places, cls: ClassInfo, name: str, value: Instance | LibraryObject) -> bool:
    """Whether a class body has made it, and the constructor gives each object another one in its place."""
    maker = places.types.names.sources.codes[value.site[0]] if value.site is not None else None
    if maker is None or maker.function.kind != "class":
        return False
    return any(
        each.name == name and not any(conditions(constructor, each.id))
        for constructor in places.types.attributes.nearest(cls, "__init__")[:1]
        for each in constructor.own_stores()
    )


def _is_made_anew(places: Places, threads: Threads, value: Instance | LibraryObject, name: str, own: set[int]) -> bool:
    """Whether a receiver gets it from a function that makes one for each call, and hands it to nobody else."""
    codes = places.types.names.sources.codes
    maker = codes[value.site[0]] if value.site is not None else None
    if maker is None or value.site is None or not _is_handed_back(places, maker, value.site[1]):
        return False
    return all(_comes_of_call(places, threads, codes[key], name, value, maker) for key in own)


def _is_made_for_it(places: Places, value: Instance | LibraryObject, cls: ClassInfo) -> bool:
    """Whether who makes a receiver makes this for it, and does nothing else with it: `Worker(Job())`."""
    if value.site is None:
        return False
    key, made = value.site
    types, code = places.types, places.types.names.sources.codes[key]
    flow = places.dataflow(code)
    uses = [each for each in flow.uses(made) if type(each) is not facts.Phi or flow.uses(each.id)]
    if len(uses) != 1 or loop_around(code, made) != loop_around(code, uses[0].id):
        return False
    built = (each for each in types.of(code, uses[0].id) if isinstance(each, Instance))
    return any(each.site == (key, uses[0].id) and cls in each.cls.mro for each in built)


def _is_handed_back(places: Places, maker: Code, made: int) -> bool:
    """Whether a function does no more with what it makes than work on it and return it."""
    flow = places.dataflow(maker)
    return made in maker.returns and all(
        type(use) is facts.LoadAttr or (type(use) is facts.StoreAttr and use.base == made) for use in flow.uses(made)
    )


def _comes_of_call(places: Places, threads: Threads, code: Code, name: str, value: Value, maker: Code) -> bool:
    """Whether all that a method stores under a name, as far as that may be the value, comes of calls of its maker."""
    flow, types = places.dataflow(code), places.types
    made = {edge.site for edge in threads.calls.calls(code) if edge.callee is maker}
    pending = [each.value for each in code.operations if type(each) is facts.StoreAttr and each.name == name]
    while pending:
        id = pending.pop()
        if id in made or value not in types.of(code, id):
            continue
        match flow.operation(id):
            case facts.Phi(inputs=inputs):
                pending.extend(each for each in inputs if 0 <= each < id)
            case facts.Choice(operands=operands):
                pending.extend(operands)
            case _:
                return False
    return True
