"""Part of the locksets stage: which locks does a decorator of the program hold around the functions that it is put on?

`@synchronized(_lock)`: the wrapper takes what its factory is given, which is another lock for each function. So is one
that the decorator itself makes when it is put on.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from racelint import facts
from racelint.program.dataflow.frames import inward
from racelint.program.locking.holding import Acquisition, Holding
from racelint.program.locking.identities import Locks
from racelint.program.locking.locks import Lock, LockKey, LockUse
from racelint.program.memory.places import Places
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.values import FunctionRef, Instance


class Decorating:
    """The locks of the wrappers around a function, in its own terms."""

    def __init__(self, places: Places, locks: Locks, holdings: dict[int, Holding]) -> None:
        self._places = places
        self._locks = locks
        self._holdings = holdings

    def held(self, code: Code, wrapper: Code, site: int) -> Iterator[LockUse]:
        """What a wrapper holds where it calls the function that it is made for."""
        holding = self._holdings.get(wrapper.key)
        state = holding.at.get(site) if holding is not None else None
        paths = self._places.passed(wrapper, code, site, None)
        for use in state.held if state is not None else ():
            own = self._made_for(code, wrapper, use) or self._given(code, use.lock.key)
            own = own or self._of_object(code, wrapper, use)
            yield own or LockUse(_of_class(code, use.lock), inward(use.base, paths), use.mode)

    def taken(self, code: Code, wrapper: Code) -> Iterator[tuple[LockUse, Acquisition]]:
        """What a wrapper takes of what the decorator was given, or has made, for this function."""
        holding = self._holdings.get(wrapper.key)
        for acquisition in holding.acquisitions.values() if holding is not None else ():
            use = self._made_for(code, wrapper, acquisition.use) or self._given(code, acquisition.use.lock.key)
            if use is not None and acquisition.waits:
                yield use, acquisition

    @staticmethod
    def is_made_anew(wrapper: Code, use: LockUse) -> bool:
        """Whether a wrapper's lock is a variable of the decorator around it: each function has one of its own."""
        decorator, (kind, owner, name) = wrapper.parent, use.lock.key
        if kind != "closure" or decorator is None or decorator.key != owner:
            return False
        return all(each.name != name for each in decorator.function.parameters)

    def _made_for(self, code: Code, wrapper: Code, use: LockUse) -> LockUse | None:
        """The lock of this function alone, where the decorator makes one for each, or its factory is called for it."""
        if not self.is_made_anew(wrapper, use) and not self._is_made_by_factory(code, wrapper, use.lock.key):
            return None
        own = replace(use.lock, key=("closure", code.key, use.lock.key[2]))
        return LockUse(own, use.base, use.mode)

    def _is_made_by_factory(self, code: Code, wrapper: Code, key: LockKey) -> bool:
        """Whether a lock is made by who makes the decorator, which is done where that is put on: `@synchronizing()`."""
        factory = wrapper.parent.parent if wrapper.parent is not None else None
        kind, owner, name = key
        if kind != "closure" or factory is None or factory.key != owner:
            return False
        is_given = any(each.name == name for each in factory.function.parameters)
        return not is_given and next(self._makers(code, factory), None) is not None

    def _makers(self, code: Code, factory: Code) -> Iterator[tuple[Code, facts.Call]]:
        """The calls of a factory that make the decorators of a function where they are put on, and who calls."""
        around = code.parent
        if around is None:
            return
        for id in code.function.decorators:
            call = around.operations[id]
            if type(call) is not facts.Call or call.callee < 0:
                continue
            made = self._places.types.of(around, call.callee)
            if any(isinstance(each, FunctionRef) and each.code is factory for each in made):
                yield around, call

    def _of_object(self, code: Code, wrapper: Code, use: LockUse) -> LockUse | None:
        """The lock of the object that decorates the function: of a global one, or of one that is made for it alone."""
        decorator, around, types = wrapper.parent, code.parent, self._places.types
        if decorator is None or around is None or not use.lock.per_instance or not use.base.startswith("c:"):
            return None
        _, module, index, name = use.base.split(":", 3)
        if types.names.sources.function(int(module), int(index)) is not decorator or name != decorator.own_name:
            return None
        for id in code.function.decorators:
            if any(isinstance(each, Instance) and decorator.cls in each.cls.mro for each in types.of(around, id)):
                path = self._places.dataflow(around).path(id)
                if path.startswith("g:"):
                    return LockUse(use.lock, path, use.mode)
                own = replace(use.lock, key=("closure", code.key, use.lock.key[2]), per_instance=False)
                return LockUse(own, "", use.mode)
        return None

    def _given(self, code: Code, key: LockKey) -> LockUse | None:
        """The lock that a decorator of the function is given as the parameter which this is."""
        kind, owner, name = key
        if kind != "closure":
            return None
        factory = self._places.types.names.sources.codes[owner]
        names = [each.name for each in factory.function.parameters]
        for around, call in self._makers(code, factory) if name in names else ():
            given = argument(call, names.index(name), name)
            found = self._locks.use(around, given) if given is not None else None
            return found if found is not None and not found.lock.per_instance else None
        return None


def _of_class(code: Code, lock: Lock) -> Lock:
    """Which lock of several classes it is for the object of a method."""
    return lock.of([each.key for each in code.cls.mro]) if lock.either and code.cls is not None else lock
