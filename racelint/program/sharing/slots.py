"""Part of the sharing stage: tables with an item for each thread, or for each event loop.

Such a table is shared by those threads, whoever has it. What each does with its own item is its own affair.
"""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.knowledge.containers import ITEM_ACCESSES
from racelint.knowledge.loops import LOOP
from racelint.knowledge.operators import KEYS
from racelint.knowledge.threads import LOCAL, THREAD_KEYS
from racelint.program.memory.places import Access
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import Instance, LibraryObject

MAKES: Final = "__init__"
"""The method that sets up an object; of a `threading.local`, in each thread that comes to it."""


def is_thread_slot(types: Types, access: Access) -> bool:
    """Whether it is to an item under the running thread's own key, or one with it: nobody sees it but who goes over all
    items."""
    code = access.code
    if access.key < 0 or access.method not in ITEM_ACCESSES:
        return False
    key = code.operation(access.key)
    parts = key.items if type(key) is facts.Build and key.kind == "tuple" else (access.key,)
    return any(is_of_running_thread(types, code, each) or _is_made_for_thread(types, code, each) for each in parts)


def _is_made_for_thread(types: Types, code: Code, id: int) -> bool:
    """Whether a value is an object that the constructor of a `threading.local` makes, which each thread runs."""
    operation = code.operation(id)
    if type(operation) is not facts.LoadAttr:
        return False
    owners = {each.cls for each in types.of(code, operation.base) if isinstance(each, Instance)}
    if not owners or not all(LOCAL in each.library_bases for each in owners):
        return False
    constructors = {ref.code.key for each in owners for ref in types.attributes.methods(each) if ref.code.name == MAKES}
    made = types.of(code, id)
    return bool(made) and all(
        isinstance(each, Instance)
        and each.site is not None
        and each.site[0] in constructors
        and _is_equal_to_itself_only(types, each)
        for each in made
    )


def _is_equal_to_itself_only(types: Types, key: Instance) -> bool:
    """Whether an object is another key than all others of its class: these do not say what they are equal to."""
    attributes, classes = types.attributes, key.cls.mro
    if key.cls.library_bases or any(map(attributes.has_fields, classes)):
        return False
    return KEYS.isdisjoint(each.code.name for cls in classes for each in attributes.methods(cls))


def is_of_running_thread(types: Types, code: Code, id: int) -> bool:
    """Whether a value is the running thread, or an attribute of it: its number, its name."""
    operation = code.operation(id)
    while type(operation) is facts.LoadAttr:
        operation = code.operation(operation.base)
    return types.may_call(code, operation, THREAD_KEYS)


def is_loop_slot(types: Types, access: Access) -> bool:
    """Whether it is to an item under an event loop, in a table that is there once for all: a thread runs each loop."""
    if access.key < 0 or access.method not in ITEM_ACCESSES or access.place.kind not in ("global", "class"):
        return False
    keys = types.of(access.code, access.key)
    return bool(keys) and all(isinstance(each, LibraryObject) and each.qualname == LOOP for each in keys)


def is_drawn(access: Access) -> bool:
    """Whether an item is accessed under a key that comes out of a walk: it may be anybody's."""
    key = access.code.operation(access.key) if access.key >= 0 else None
    while type(key) is facts.Unpack:
        key = access.code.operation(key.value)
    return type(key) is facts.Element
