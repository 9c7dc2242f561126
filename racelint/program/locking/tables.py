"""Part of the locks stage: containers that hold a lock for each key."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.containers import INSERTS, LOOKS_UP
from racelint.program.locking.locks import LockKey
from racelint.program.memory.places import Place, Places
from racelint.program.sources.branching import conditions, is_handling
from racelint.program.sources.nodes import walk
from racelint.program.sources.source import Code


def table_key(place: Place) -> LockKey:
    """The key of the locks of a container, as one: the same key of the container gives the same lock."""
    return "item", place.owner, place.name


def container(places: Places, code: Code, id: int) -> Place | None:
    """The Place that a value of a function is read from; None if it may be several, or none is known."""
    operation = places.dataflow(code).operation(id)
    located = places.located(code, operation) if operation is not None else []
    return located[0][0] if len({place for place, _, _ in located}) == 1 else None


def kept_in(places: Places, code: Code, made: facts.Call) -> Place | None:
    """Where what a call makes is kept under a key: `locks[key] = Lock()`, `locks.setdefault(key, Lock())`.

    None where it is taken by who makes it, whatever others have put there or will put there: `get` keeps nothing, and
    what `setdefault` is given may not be what it gives back.
    """
    flow = places.dataflow(code)
    for use in flow.uses(made.id):
        match use:
            case facts.StoreItem(base=base, value=made.id):
                always = not conditions(code, use.id) and not is_handling(code, use.id)
                return None if always and _is_entered(code, made.id) else container(places, code, base)
            case facts.Call(callee=callee):
                method = flow.operation(callee)
                if type(method) is facts.LoadAttr and method.name in LOOKS_UP & INSERTS:
                    is_own = flow.uses(made.id) != [use] or _is_entered(code, made.id)
                    return None if is_own else container(places, code, method.base)
            case _:
                pass
    return None


def _is_entered(code: Code, made: int) -> bool:
    """Whether a function enters a lock that it makes, or gives it back, by no other way than from there."""
    return any(
        (type(node) is facts.With and node.manager == made) or (type(node) is facts.Return and node.value == made)
        for node in walk(code.function.body)
    )
