"""Part of the claims stage: which lock, and which function that is started, the names in a claim mean."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import msgspec

from racelint.knowledge.definitions import PLAIN_BASES
from racelint.knowledge.model import LockKind
from racelint.program.callgraph.protocols import is_lock_class
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.dataflow import UNKNOWN, Dataflow
from racelint.program.locking.identities import Locks
from racelint.program.locking.locks import Lock
from racelint.program.memory.places import Place, Places
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.values import ClassRef, FunctionRef, Instance, LibraryObject, ModuleRef, Value

MAIN = "main"
LOOP = "loop"
OWN = "self"
"""The path of the object that has the variable of a claim."""

LETS_IN = {
    LockKind.SEMAPHORE: "a semaphore, which lets several in at once",
    LockKind.EVENT: "an event",
    LockKind.BARRIER: "a barrier",
    LockKind.NONE: "no mutex",
}


class Scope(msgspec.Struct, frozen=True):
    """Where a claim stands: names in it are looked up in the class, in the functions around it, in the module."""

    module: int
    code: Code
    cls: ClassInfo | None = None


class Meant(msgspec.Struct, frozen=True):
    """The lock that a name means: `base` is the path of the object that has it, "" for what is one for all.

    `is_wrapped`: it is an object of a class of the program that locks where it is entered.
    """

    name: str
    place: Place
    lock: Lock
    base: str
    is_wrapped: bool = False


class UnknownNameError(Exception):
    """A name in a claim that means nothing, or not what is needed; the text says why."""


class Meanings:
    """Looks up what the names in claims mean."""

    def __init__(self, places: Places, locks: Locks, threads: Threads) -> None:
        self._places = places
        self._locks = locks
        self._threads = threads
        self._types = places.types
        self._names = places.types.names
        self._attributes = places.types.attributes

    # --- locks ---

    def lock(self, name: str, scope: Scope) -> Meant:
        """The lock of that name; `UnknownNameError` if there is none, or one that keeps nobody out."""
        place, base = self._place(name, scope)
        values = self._places.values(place)
        made = [value for value in values if self._is_lock(value)]
        wraps = [value for value in values if isinstance(value, Instance) and self._can_be_entered(value.cls)]
        if (values and not made and not wraps) or (not values and self._is_literal(place)):
            raise UnknownNameError(f"`{name}` is no lock")
        use = self._locks.use_of(place, base, made)
        if use.lock.kind in LETS_IN:
            raise UnknownNameError(f"`{name}` keeps nobody out: it is {LETS_IN[use.lock.kind]}")
        return Meant(name, place, use.lock, use.base, bool(wraps))

    def _is_lock(self, value: Value) -> bool:
        return isinstance(value, LibraryObject) and self._names.knowledge.lock(value.qualname) is not None

    def _can_be_entered(self, cls: ClassInfo) -> bool:
        return bool(cls.library_bases) or is_lock_class(self._types, cls) or self._has(cls, "__enter__")

    def _is_literal(self, place: Place) -> bool:
        """Whether only literals are stored, at least one of them a value."""
        stores = [each for each in self._places.by_place.get(place, ()) if each.kind.rebinds]
        flows: list[tuple[Dataflow, int]] = [(self._places.dataflow(each.code), each.value) for each in stores]
        return any(not flow.is_none(id) for flow, id in flows) and all(flow.is_constant(id) for flow, id in flows)

    # --- variables ---

    def _place(self, name: str, scope: Scope) -> tuple[Place, str]:
        """The variable of that name, and the path of the object that has it, seen from the place of the claim."""
        first, *rest = name.split(".")
        code, cls = scope.code, scope.cls
        parameters = [each.name for each in code.function.parameters]
        if cls is not None:
            own = self._own(code)
            if first == OWN and rest:
                return self._member(cls, rest, own, name)
            if first == "cls" and rest:
                return self._of_class(cls, rest), ""
            if first not in parameters and self._has(cls, first):
                return self._member(cls, [first, *rest], own, name)
        captured = self._captured(code, first)
        if captured is not None:
            return self._of_values(self._places.values(captured), rest, UNKNOWN, name) if rest else (captured, "")
        if first in parameters:
            if not rest:
                raise UnknownNameError(f"`{name}` is a parameter: which lock it is cannot be told")
            return self._of_values(self._types.of(code, parameters.index(first)), rest, first, name)
        if cls is not None and _may_inherit(cls) and self._names.variable(scope.module, first) is None:
            return self._member(cls, [first, *rest], self._own(code), name)
        if self._names.variable(scope.module, first) is None:
            raise UnknownNameError(f"there is no `{first}` here{self._meant_instead(first, cls, scope.module)}")
        return self._global(scope.module, first, rest, name)

    def _meant_instead(self, name: str, cls: ClassInfo | None, module: int | None = None) -> str:
        """What of a class or a module may have been meant by a name that means nothing."""
        known = self._attributes.stored(cls) if cls is not None else set()
        if module is not None:
            known = {*known, *self._names.stores[module]}
        near = get_close_matches(name, sorted(known), n=1)
        return f"; did you mean `{near[0]}`?" if near else ""

    def _own(self, code: Code) -> str:
        """The path of the object of the method that a function is, or is nested in."""
        around: Code | None = code
        while around is not None and around.function.kind != "class":
            if self._attributes.receiver_of(around) is not None:
                name = around.own_name
                return name if around is code else f"c:{code.module}:{around.function.index}:{name}"
            around = around.parent
        return OWN

    def _global(self, module: int, first: str, rest: list[str], name: str) -> tuple[Place, str]:
        target = self._names.variable(module, first)
        if not isinstance(target, tuple):
            raise UnknownNameError(f"there is no `{first}` here" if target is None else f"`{name}` is no lock")
        if not rest:
            return self._places.place("global", *target), ""
        values = {**self._types.of_global(*target), **dict.fromkeys(self._named(module, first))}
        return self._of_values(values, rest, f"g:{module}:{first}", name)

    def _named(self, module: int, first: str) -> list[Value]:
        return self._names.attribute(self._names.values.module(module), first)

    def _of_values(
        self, values: Sequence[Value] | dict[Value, None], rest: list[str], path: str, name: str
    ) -> tuple[Place, str]:
        for value in values:
            match value:
                case ModuleRef(module=module):
                    return self._global(module, rest[0], rest[1:], name)
                case ClassRef(cls=cls):
                    return self._of_class(cls, rest), ""
                case Instance(cls=cls):
                    return self._member(cls, rest, path, name)
                case _:
                    pass
        raise UnknownNameError(f"what `{name.rpartition('.')[0]}` is cannot be told")

    def _member(self, cls: ClassInfo, rest: list[str], path: str, name: str) -> tuple[Place, str]:
        first, *more = rest
        if not self._has(cls, first) and not _may_inherit(cls):
            hint = self._meant_instead(first, cls)
            raise UnknownNameError(f"`{cls.facts.qualname}` has no `{first}`{hint}")
        if more:
            return self._of_values(self._types.of_attribute(cls, first), more, f"{path}.{first}", name)
        if self._attributes.is_class_level(cls, first):
            return self._of_class(cls, rest), ""
        return self._places.place("attribute", self._attributes.owner(cls, first).key, first), path

    def _of_class(self, cls: ClassInfo, rest: list[str]) -> Place:
        defining = self._attributes.defining(cls, rest[0])
        place = self._places.place("class", (defining or self._attributes.owner(cls, rest[0])).key, rest[0])
        if len(rest) > 1 or (defining is None and place not in self._places.by_place):
            raise UnknownNameError(
                f"`{cls.facts.qualname}` itself has no `{'.'.join(rest)}`: it is one of its objects'"
            )
        return place

    def _has(self, cls: ClassInfo, name: str) -> bool:
        """Whether an attribute of that name is stored or defined anywhere for objects of the class."""
        if any(self._attributes.declares(each, name) for each in [*cls.mro, *cls.subclasses]):
            return True
        place = self._places.place("attribute", self._attributes.owner(cls, name).key, name)
        return any(each.kind.rebinds for each in self._places.by_place.get(place, ()))

    def _captured(self, code: Code, name: str) -> Place | None:
        """A variable of a function around that several functions use."""
        around: Code | None = code
        while around is not None and around.function.kind in ("function", "lambda"):
            place = self._places.place("closure", around.key, name)
            if place in self._places.by_place:
                return place
            around = around.parent
        return None

    # --- contexts ---

    def contexts(self, name: str, scope: Scope) -> tuple[Context, ...]:
        """The started contexts that run a function of that name, or that a class of that name is for.

        `UnknownNameError` if there are none.
        """
        codes = {each.key for each in self._functions(name, scope)}
        if not codes:
            raise UnknownNameError(f"there is no function `{name}` here")
        found = [each for each in self._threads.contexts[1:] if any(code.key in codes for code, _ in each.entries)]
        if not found:
            raise UnknownNameError(f"nothing is seen to start `{name}` in a thread")
        return tuple(found)

    def may_be_function(self, name: str, scope: Scope) -> bool:
        """Whether a name is, or by its look should be, that of a function, and not of a team or a machine."""
        if name in (MAIN, LOOP) or name.startswith("_") or "." in name or self._functions(name, scope):
            return True
        known = {code.name for code in self._names.sources.codes if code.module == scope.module}
        return bool(get_close_matches(name, known, n=1, cutoff=0.75))

    def _functions(self, name: str, scope: Scope) -> list[Code]:
        first, *rest = name.split(".")
        values: list[Value] = []
        if scope.cls is not None and first == "self" and rest:
            values = [ClassRef(scope.cls)]
        elif scope.cls is not None and self._attributes.defining(scope.cls, first) is not None:
            values, rest = [ClassRef(scope.cls)], [first, *rest]
        elif (nested := self._nested(scope.code, first)) is not None and not rest:
            return [nested]
        else:
            values = self._named(scope.module, first)
        for part in rest:
            values = [found for value in values for found in self._names.attribute(value, part)]
        codes = [value.code for value in values if isinstance(value, FunctionRef)]
        for value in values:
            if isinstance(value, ClassRef):
                codes += self._attributes.all_methods(value.cls)
        return codes

    def _nested(self, code: Code, name: str) -> Code | None:
        around: Code | None = code
        while around is not None and around.function.kind in ("function", "lambda"):
            for child in self._names.sources.children(around):
                if child.function.kind == "function" and child.name == name:
                    return child
            around = around.parent
        return None


def _may_inherit(cls: ClassInfo) -> bool:
    """Whether a base that is not of the program may have any attribute."""
    seen = all(len(each.bases) + len(each.library_bases) >= len(each.facts.bases) for each in cls.mro or [cls])
    return not seen or not PLAIN_BASES.issuperset(cls.library_bases)
