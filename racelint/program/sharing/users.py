"""Part of the sharing stage: which classes are made to have one user for each object, or to stay with one event loop?

That everything is to be taken as shared (`--assume-shared '*'`) does not mean these: of a cursor, a stream or a decoder
each user has one. A class that has a lock is meant for several whatever it looks like.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from racelint import facts
from racelint.knowledge.model import LockDomain, SafetyKind
from racelint.program.callgraph.calls import Calls, is_public
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Place
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.values import ClassRef, Instance, LibraryObject

DEPTH: Final = 2
"""Over how many calls it is looked for whom something is made."""

STEPS: Final = ("__next__", "__anext__")
"""The methods by which an object is gone over: they hold for whom it stands where."""


class Users(msgspec.Struct):
    """Tells of classes who uses their objects, by what the program says of them."""

    calls: Calls
    locksets: LockSets
    _single: dict[ClassInfo, bool] = msgspec.field(default_factory=dict)
    _of_loop: dict[ClassInfo, bool] = msgspec.field(default_factory=dict)
    _makers: dict[ClassInfo, list[Code]] | None = None
    _holders: dict[ClassInfo, list[Place]] | None = None

    def is_one(self, cls: ClassInfo) -> bool:
        """Whether each object has one user: what is gone over, read or written bit by bit, and the parts of such."""
        return self._is_known(cls, self._single, self._has_one)

    def is_of_loop(self, cls: ClassInfo) -> bool:
        """Whether an object is used in the thread of its event loop: it has to be awaited."""
        return self._is_known(cls, self._of_loop, self._is_awaited)

    def _is_known(self, cls: ClassInfo, known: dict[ClassInfo, bool], asked: Callable[[ClassInfo], bool]) -> bool:
        """The answer for a class: that of all classes of which its objects are, but for twins that are awaited."""
        found = known.get(cls)
        if found is None:
            # who asks about a class while it is being asked about is made or kept by its objects: others decide
            before = set(known)
            known[cls] = True
            made = [each for each in (cls, *cls.subclasses) if not each.subclasses or each in self.makers]
            answers = [not self._has_lock(each) and asked(each) for each in made]
            found = known[cls] = any(answers) and all(
                answer or self._is_awaited(each) for each, answer in zip(made, answers, strict=True)
            )
            if not found:
                # what was believed of others on account of this one is to be asked again
                for each in [each for each in known if each not in before and each is not cls]:
                    del known[each]
        return found

    def _has_one(self, cls: ClassInfo) -> bool:
        knowledge = self.calls.types.names.knowledge
        safeties = (knowledge.safety(each) for each in cls.library_bases)
        if any(each is not None and each.kind is SafetyKind.UNSAFE for each in safeties):
            return True
        return any(self._defines(cls, each) for each in STEPS) or self._is_part(cls)

    def _is_part(self, cls: ClassInfo) -> bool:
        """Whether only objects with one user make such objects, and keep them."""
        holders, makers = self.holders.get(cls, []), self.makers.get(cls, [])
        if not makers or not all(each.kind == "attribute" for each in holders):
            return False
        owners = [self.calls.types.names.sources.classes[each.owner] for each in holders]
        others = [each for each in owners if each is not cls]
        return bool(others) and all(map(self.is_one, others)) and all(map(self._is_for_one, makers))

    def _is_for_one(self, code: Code, depth: int = DEPTH) -> bool:
        """Whether a function is part of an object with one user, or is only called by such functions."""
        if code.cls is not None:
            return self.is_one(code.cls)
        callers = self.calls.callers(code) if depth else []
        return bool(callers) and all(self._is_for_one(each.caller, depth - 1) for each in callers)

    def _is_awaited(self, cls: ClassInfo) -> bool:
        methods = self.calls.types.attributes.all_methods(cls)
        awaited = any(each.function.is_async and is_public(each) for each in methods)
        return awaited and not any(self._defines(cls, each) for each in ("__enter__", "__next__"))

    def _defines(self, cls: ClassInfo, name: str) -> bool:
        return self.calls.types.attributes.defining(cls, name) is not None

    def _has_lock(self, cls: ClassInfo) -> bool:
        """Whether an object has a lock between threads for itself, or takes one of its own that is not known."""
        types = self.calls.types
        for name in sorted(types.attributes.stored(cls)):
            for value in types.of_attribute(cls, name):
                model = types.names.knowledge.lock(value.qualname) if isinstance(value, LibraryObject) else None
                if model is not None and model.domain not in (LockDomain.TASK, LockDomain.GREENLET):
                    return True
        holdings = (self.locksets.holdings.get(each.key) for each in types.attributes.all_methods(cls))
        return any(
            taken.use.base == taken.code.own_name and taken.use.lock.domain is not LockDomain.TASK
            for holding in holdings
            if holding is not None
            for taken in holding.acquisitions.values()
        )

    @property
    def makers(self) -> dict[ClassInfo, list[Code]]:
        """For each class the functions that make objects of it."""
        if self._makers is None:
            self._makers = {}
            types = self.calls.types
            for code in types.names.sources.codes:
                for each in code.operations:
                    for value in types.of(code, each.callee) if type(each) is facts.Call and each.callee >= 0 else ():
                        if isinstance(value, ClassRef):
                            self._makers.setdefault(value.cls, []).append(code)
        return self._makers

    @property
    def holders(self) -> dict[ClassInfo, list[Place]]:
        """For each class the places that hold objects of it."""
        if self._holders is None:
            self._holders = {}
            places = self.locksets.places
            for place in places.by_place:
                for cls in {value.cls: None for value in places.values(place) if isinstance(value, Instance)}:
                    self._holders.setdefault(cls, []).append(place)
        return self._holders
