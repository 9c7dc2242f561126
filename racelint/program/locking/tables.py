"""Part of the locks stage: containers that hold a lock for each key."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.containers import LOOKS_UP
from racelint.program.memory.places import Place, Places
from racelint.program.sources.source import Code


def container(places: Places, code: Code, id: int) -> Place | None:
    """The Place that a value of a function is read from; None if it may be several, or none is known."""
    operation = places.dataflow(code).operation(id)
    located = places.located(code, operation) if operation is not None else []
    return located[0][0] if len({place for place, _, _ in located}) == 1 else None


def kept_in(places: Places, code: Code, made: facts.Call) -> Place | None:
    """Where what a call makes is kept under a key: `locks[key] = Lock()`, `locks.setdefault(key, Lock())`."""
    flow = places.dataflow(code)
    for use in flow.uses(made.id):
        match use:
            case facts.StoreItem(base=base, value=made.id):
                return container(places, code, base)
            case facts.Call(callee=callee):
                method = flow.operation(callee)
                if type(method) is facts.LoadAttr and method.name in LOOKS_UP:
                    return container(places, code, method.base)
            case _:
                pass
    return None
