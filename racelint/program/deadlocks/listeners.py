"""Part of the foreign stage: which listeners are called with the very lock held with which they are put in?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import msgspec

from racelint import facts
from racelint.knowledge.containers import REMOVES
from racelint.knowledge.definitions import PROTOCOL
from racelint.program.callgraph.calls import is_public
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.dataflow.frames import as_written
from racelint.program.deadlocks.origins import origin
from racelint.program.locking.locks import NON_REENTRANT, LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.draws import containers_behind, is_made, put_in
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.passing import argument
from racelint.program.values.values import FunctionRef, Instance, LibraryObject, Value

GIVERS: Final = 2
"""How many calls deep a function of the user is followed until it is put in."""

DRAWN: Final = (facts.Element, facts.LoadItem, facts.Unpack, facts.Call)
"""How one comes to what is in a container."""


class Keeping(msgspec.Struct, frozen=True):
    """Operation `id` of `code` puts what the user gave into a container, with these locks held.

    `givers` are the public functions that hand it on, and those on the way.
    """

    code: Code
    id: int
    locks: tuple[LockUse, ...]
    givers: tuple[Code, ...]


class Listener(msgspec.Struct, frozen=True):
    """What the user gave, and is called, by `method` if it is an object; `keeping` is where it was put in.

    `name` is that of the container, "" if it has none.
    """

    name: str
    method: str
    keeping: Keeping


class Listeners:
    """Knows the containers in which public functions keep what they are given."""

    def __init__(self, locksets: LockSets) -> None:
        self._locksets = locksets
        self._places = locksets.places
        self._types = locksets.places.types
        self._calls = locksets.threads.calls
        self._kept: dict[Value, list[Keeping]] | None = None
        self._hooks: set[str] | None = None

    def called(self, code: Code, call: facts.Call, lock: LockUse) -> Listener | None:
        """The listener that is called with the same lock held with which it was put in; None if it is none.

        Only where it cannot call back: the lock is not reentrant, or the container itself is walked over.
        """
        flow = self._places.dataflow(code)
        drawn, method, callee = call.callee, "", flow.operation(call.callee)
        if type(callee) is facts.LoadAttr and type(flow.operation(callee.base)) in DRAWN:
            drawn, method = callee.base, callee.name
            if _is_taken_out(code, flow.operation(drawn)):
                return None
        if self._is_hook(code, callee) if method else self.is_of_user(code, drawn):
            for container, aside in containers_behind(self._types, flow, drawn):
                for keeping in self._all_kept().get(container, ()):
                    same = any(each.lock.key == lock.lock.key for each in keeping.locks)
                    if same and (lock.lock.kind in NON_REENTRANT or not aside):
                        return Listener(_named(origin(flow, drawn)), method, keeping)
        return None

    def is_of_user(self, code: Code, id: int) -> bool:
        """Whether nothing is known of a value, or an annotation says no more of it than that it can be called."""
        values = self._types.of(code, id)
        return not values or any(
            (isinstance(each, LibraryObject) and each.qualname == "collections.abc.Callable")
            or (isinstance(each, Instance) and each.site is None and PROTOCOL in each.cls.library_bases)
            for each in values
        )

    # --- what is put into containers ---

    def _all_kept(self) -> dict[Value, list[Keeping]]:
        """For each container: where something of the user's is put into it with a lock held."""
        if self._kept is None:
            self._kept = defaultdict(list)
            for code in self._types.names.sources.codes:
                if code.key in self._locksets.holdings or code.key in self._locksets.entry:
                    for id, base, value in put_in(code):
                        locks = tuple(self._locksets.held(code, id))
                        containers = [each for each in self._types.of(code, base) if is_made(each)] if locks else []
                        givers = tuple(self._givers(code, value)) if containers else ()
                        for container in containers if givers else ():
                            self._kept[container].append(Keeping(code, id, locks, givers))
        return self._kept

    def _givers(self, code: Code, id: int, depth: int = GIVERS) -> Iterator[Code]:
        """The functions through which a value, or a part of it, comes from callers out of sight of a public one."""
        match code.operation(id):
            case facts.Choice(operands=parts) | facts.Build(items=parts):
                for each in parts:
                    if each != id:
                        yield from self._givers(code, each, depth)
                return
            case None:
                pass
            case _:
                return
        first = 1 if code.is_method else 0
        if not first <= id < len(code.function.parameters) or not self._may_be_listener(code, id):
            return
        if is_public(code):
            yield from () if self._is_left_out(code, id) else (code,)
            return
        for caller, given in self._given(code, id) if depth else ():
            found = [*self._givers(caller, given, depth - 1)] if given is not None else []
            yield from (*found, code) if found else ()

    def _given(self, code: Code, id: int) -> Iterator[tuple[Code, int | None]]:
        """For each call of the program: who makes it, and what it gives for a parameter; None if it is left out."""
        position, name = id - (1 if code.is_method else 0), code.function.parameters[id].name
        for edge in self._calls.callers(code):
            call = edge.caller.operation(edge.site)
            if type(call) is facts.Call and all(each.name not in ("*", "**") for each in call.arguments):
                yield edge.caller, argument(call, position, name)
            else:
                yield edge.caller, facts.NOTHING

    def _is_left_out(self, code: Code, id: int) -> bool:
        """Whether a parameter is optional, and the program calls the function for itself, always without it."""
        optional = code.function.parameters[id].default >= 0
        return optional and {value for _, value in self._given(code, id)} == {None}

    def _may_be_listener(self, code: Code, id: int) -> bool:
        """Whether a parameter may be an object of the user: it is not declared to be of a library's class."""
        values = self._types.of(code, id)
        return self.is_of_user(code, id) or any(isinstance(each, Instance) for each in values)

    # --- methods that are there to be overridden ---

    def _is_hook(self, code: Code, fetched: facts.Operation | None) -> bool:
        """Whether a method that is called on what the user gave does nothing here: it is for the user to override."""
        if type(fetched) is not facts.LoadAttr:
            return False
        known = [each.code for each in self._types.of(code, fetched.id) if isinstance(each, FunctionRef)]
        if known:
            return all(each.cls is not None and _is_left_open(each.cls, each) for each in known)
        return not self._types.of(code, fetched.base) and fetched.name in self._all_hooks()

    def _all_hooks(self) -> set[str]:
        """The names of the methods of public classes that do nothing, and of those that call one of their own."""
        if self._hooks is None:
            self._hooks = set()
            for cls in self._types.names.sources.classes:
                methods = {each.code.name: each.code for each in self._types.attributes.methods(cls)}
                idle = {name for name, code in methods.items() if is_public(code) and _is_left_open(cls, code)}
                self._hooks |= idle
                for name, code in methods.items():
                    own = {each.name for each in code.operations if type(each) is facts.LoadAttr and each.base == 0}
                    if is_public(code) and code.is_method and own & idle:
                        self._hooks.add(name)
        return self._hooks


def _named(path: str) -> str:
    """A container as the source spells it; "" if it has no name there."""
    written = as_written(path)
    return "" if UNKNOWN in written or written.startswith("%") else written


def _is_taken_out(code: Code, draw: facts.Operation | None) -> bool:
    """Whether what is drawn from a container is gone from there: it waited for its turn, and listens no longer."""
    method = code.fetched(draw)
    return type(method) is facts.LoadAttr and method.name in REMOVES


def _does_nothing(code: Code) -> bool:
    """Whether there is nothing in a function but a docstring, `pass`, `...` or `return`."""
    return all(type(each) is facts.Return for each in code.function.body) and all(
        each is None or type(each) is facts.Const for each in code.operations
    )


def _is_left_open(owner: ClassInfo, code: Code) -> bool:
    """Whether a method does nothing; if it is declared abstract, nobody here may make something of it either."""
    if not code.is_method or len(code.function.parameters) < 2 or not _does_nothing(code):
        return False
    return not (code.function.decorators and owner.subclasses)
