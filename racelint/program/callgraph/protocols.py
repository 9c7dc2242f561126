"""Part of the calls stage: the methods by which a class takes part in what the language does by name."""

from __future__ import annotations

from racelint import facts
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef, Instance


def is_lock_class(types: Types, cls: ClassInfo) -> bool:
    """Whether a class of the program is a lock of its own making: it can be acquired, released and entered.

    What must be told whom to let in, or what to take back, is a pool of things.
    """
    if types.attributes.defining(cls, "__enter__") is None:
        return False
    made = types.names.values.instance(cls, None)
    acquires, releases = (method_refs(types, made, (name,)) for name in ("acquire", "release"))
    asks = any(_required(code) for code in acquires) or any(len(code.function.parameters) > 1 for code in releases)
    return bool(acquires and releases) and not asks


def is_way_into_lock(types: Types, code: Code) -> bool:
    """Whether a generator is a context manager by which a lock of the program is held: it ends with its release."""
    cls = code.cls
    if cls is None or not types.attributes.is_context_manager(code) or not is_lock_class(types, cls):
        return False
    releases = method_refs(types, types.names.values.instance(cls, None), ("release",))
    suspended = [each.id for each in code.operations if type(each) is facts.Yield]
    later = [each for each in code.operations if type(each) is facts.Call and suspended and each.id > suspended[-1]]
    callees = (callee for call in later if call.callee >= 0 for callee in types.of(code, call.callee))
    return any(isinstance(callee, FunctionRef) and callee.code in releases for callee in callees)


def _required(code: Code) -> list[str]:
    """The parameters behind the receiver that a caller must give."""
    return [
        each.name
        for each in code.function.parameters[1:]
        if each.default < 0 and each.kind in ("positional", "keyword")
    ]


def method_refs(types: Types, value: Instance, names: tuple[str, ...]) -> list[Code]:
    """The functions of the program that an object's methods of these names are."""
    found: list[Code] = []
    for name in names:
        defining = types.attributes.defining(value.cls, name)
        if defining is not None:
            for code, store in types.attributes.class_level(defining)[name]:
                found.extend(
                    each.code for each in types.names.static(code, store.value) if isinstance(each, FunctionRef)
                )
    return found
