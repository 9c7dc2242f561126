"""Part of the sharing stage: what keeps the value of an operation, so that this is its name from then on."""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.knowledge.definitions import KEEPS_ANSWERS
from racelint.program.memory.places import Places
from racelint.program.sharing.drawn import container
from racelint.program.sources.source import Code
from racelint.program.values.values import FunctionRef

ITEM: Final = "[]"
"""The step from a container to what it holds."""


def keeper(places: Places, code: Code, root: str, id: int) -> Code | str | None:
    """What keeps the value of operation `id`, which is the `root` of paths: who gives all callers the same, or a path.

    The path is that of the variable in which it is stored, or of the container from which it is drawn.
    """
    return _stored_in(places, code, root) or _giving_all(places, code, id) or _drawn_from(places, code, id)


def _stored_in(places: Places, code: Code, root: str) -> str | None:
    """The variable or attribute in which the function keeps what it has just made."""
    flow = places.dataflow(code)
    for use in flow.uses(int(root[1:])) if root[1:].isdigit() else ():
        match use:
            case facts.StoreName(scope="global", name=name):
                return f"g:{code.module}:{name}"
            case facts.StoreAttr(base=base, name=name) if not (path := flow.path(base)).startswith("%"):
                return f"{path}.{name}"
            case _:
                pass
    return None


def _giving_all(places: Places, code: Code, id: int) -> Code | None:
    """The function of a module that an operation calls, and that gives all callers the same: `@cache`."""
    call = code.operation(id)
    if type(call) is not facts.Call or call.arguments:
        return None
    match list(places.types.of(code, call.callee)):
        case [FunctionRef(code=callee, receiver=None)] if callee.parent is not None:
            is_kept = not KEEPS_ANSWERS.isdisjoint(places.types.attributes.shape(callee))
            return callee if is_kept and callee.parent.function.kind == "module" else None
        case _:
            return None


def _drawn_from(places: Places, code: Code, id: int) -> str | None:
    """The path of what is drawn from a container."""
    drawn_from = container(places.types, places.dataflow(code), id)
    return None if drawn_from is None else drawn_from + ITEM
