"""Part of the sharing stage: what an object refuses to do while a thread of its own runs.

`if self.started: raise RuntimeError`, where who starts the thread stores `self.started = True`, and who takes that back
has waited for the thread: what comes after the test is done where there is none. The thread itself may be asked, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from racelint import facts
from racelint.knowledge.threads import JOIN, TELLS_END
from racelint.program.callgraph.replaced import is_replaced
from racelint.program.contexts.contexts import Context
from racelint.program.memory.places import Access, Kind, Place, Places
from racelint.program.sharing.preparing import Preparing
from racelint.program.sources.branching import conditions, found_nothing, is_there
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.values import LibraryMethod

DEPTH: Final = 5
"""So many calls up it is looked for the test that refuses."""


class Refusing(msgspec.Struct):
    """Tells of the main context whether it comes to an access only where an object has no thread at work."""

    places: Places
    preparing: Preparing
    _flags: dict[int, frozenset[Place]] = msgspec.field(default_factory=dict)
    """By context: what tells that it runs."""
    _known: dict[tuple[int, int, int, int], bool] = msgspec.field(default_factory=dict)

    def is_refused(self, context: Context, access: Access, beside: Context) -> bool:
        """Whether the main context is turned away on each way to an access while `beside` runs, for its own object."""
        if not context.is_main or not beside.is_of_own_object:
            return False
        if not self._told_by(beside) and self.preparing.threads.kept_as(beside) is None:
            return False
        if access.place.kind == "attribute" and not access.is_of_own:
            return False
        return self._is_turned_away(context, access.code, access.id, beside, DEPTH)

    def _is_turned_away(self, context: Context, code: Code, id: int, beside: Context, depth: int) -> bool:
        key = (code.key, id, beside.index, depth)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._is_tested(code, id, beside) or (
                depth > 0 and self._is_refused_above(context, code, id, beside, depth)
            )
        return known

    def _is_tested(self, code: Code, id: int, beside: Context) -> bool:
        """Whether a function itself comes to an operation only where it has found, or made, the thread to be gone."""
        flags, between = self._told_by(beside), self.preparing.starts_between
        if any(flag in flags and not between(code, test, id, beside) for flag, test in self._found_down(code, id)):
            return True
        if any(not between(code, test, id, beside) for test in self._found_over(code, id, beside)):
            return True
        later = (store for flag in flags for store in self._down(flag) if store.code is code and store.id > id)
        return any(later) and self._waits(code, id, beside)

    def _is_refused_above(self, context: Context, code: Code, id: int, beside: Context, depth: int) -> bool:
        """Whether all who call a function on an object that may have the thread do so only where that is gone."""
        if self.preparing.starts_between(code, -1, id, beside):
            return False
        threads, cls = self.preparing.threads, beside.code.cls if beside.code is not None else None
        edges = [
            edge
            for edge in threads.calls.callers(code)
            if context in threads.of(edge.caller)
            and not threads.calls.is_construction(edge)
            and not (cls is not None and self._is_elsewhere(edge.caller, cls))
        ]
        return bool(edges) and all(
            self._is_turned_away(context, edge.caller, edge.site, beside, depth - 1) for edge in edges
        )

    def _is_elsewhere(self, code: Code, cls: ClassInfo) -> bool:
        """Whether objects of a class that has started something do not run a method: they are made, or have another."""
        calls = self.preparing.threads.calls
        return (code.cls in cls.mro and code.key in calls.constructing) or is_replaced(calls, code, cls)

    def _found_down(self, code: Code, id: int) -> Iterator[tuple[Place, int]]:
        """The attributes of the object that count as false where a function comes to an operation, and their tests."""
        own = (each for each in self.places.of(code) if each.kind is Kind.READ and each.is_of_self)
        reads = {each.read_id: each.place for each in own}
        for read, test in found_nothing(code, id):
            if read in reads:
                yield reads[read], test

    def _found_over(self, code: Code, id: int, beside: Context) -> Iterator[int]:
        """The tests by which a function has found, where it comes to an operation, that the thread which its object
        keeps is over, or that it keeps none: `if self._thread and self._thread.is_alive(): return`."""
        kept = self.preparing.threads.kept_as(beside)
        if kept is None or code.cls is None or all(each.key != kept[0] for each in code.cls.mro):
            return
        if not self._is_kept_on(code, kept[1], beside):
            return
        for test, truth in conditions(code, id):
            asked = code.operation(test)
            is_either = type(asked) is facts.Choice and asked.kind == ("or" if truth else "and")
            parts = asked.operands if type(asked) is facts.Choice and is_either else (test,)
            found = [self._says_over(code, part, truth, kept[1]) for part in parts]
            if any(found) and None not in found:
                yield test

    def _is_kept_on(self, code: Code, slot: str, beside: Context) -> bool:
        """Whether the object of a method keeps a thread in a slot until somebody has waited for that."""
        reads = (each for each in self.places.of(code) if each.kind is Kind.READ and each.is_of_self)
        slots = {each.place for each in reads if code.own_attribute(code.operation(each.read_id)) == slot}
        return all(self._lasts(place, beside) for place in slots)

    def _lasts(self, flag: Place, context: Context) -> bool:
        """Whether an attribute is only stored, and taken back only by constructors and who has waited for a thread."""
        stores = (each for each in self.places.by_place[flag] if each.kind.writes)
        return all(each.kind is Kind.WRITE for each in stores) and all(
            self._is_afterwards(each, context) for each in self._down(flag)
        )

    def _says_over(self, code: Code, test: int, truth: bool, slot: str) -> bool | None:
        """Whether a test that comes out so says that what is in a slot of the own object is over (True), or that there
        is nothing (False); None if it says neither."""
        value, there = is_there(code, test)
        if code.own_attribute(code.operation(value)) == slot:
            return False if there is not truth else None
        asked = code.operation(test)
        method = code.fetched(asked)
        if type(method) is not facts.LoadAttr or code.own_attribute(code.operation(method.base)) != slot:
            return None
        callees = self.places.types.of(code, asked.callee) if type(asked) is facts.Call else ()
        answers = {TELLS_END.get(each.qualname) for each in callees if isinstance(each, LibraryMethod)}
        return True if answers == {truth} else None

    def _told_by(self, context: Context) -> frozenset[Place]:
        """The attributes that count as true from the start of a thread until somebody has waited for that."""
        known = self._flags.get(context.index)
        if known is None:
            stores = [each for code, _ in context.starts for each in self.places.of(code) if each.kind is Kind.WRITE]
            flags = {each.place for each in stores if each.is_of_self and each.place.kind == "attribute"}
            known = self._flags[context.index] = frozenset(flag for flag in flags if self._tells(flag, context))
        return known

    def _tells(self, flag: Place, context: Context) -> bool:
        stores = [each for each in self.places.by_place[flag] if each.kind.writes]
        down = list(self._down(flag))
        raising = {each.code.key for each in stores if each not in down}
        constructing = self.preparing.threads.calls.constructing
        return (
            any(each.code.key not in constructing for each in down)
            and all(code.key in raising for code, _ in context.starts)
            and self._lasts(flag, context)
        )

    def _down(self, flag: Place) -> Iterator[Access]:
        for store in self.places.by_place[flag]:
            if store.kind.writes and self.places.dataflow(store.code).truth(store.value) is False:
                yield store

    def _is_afterwards(self, store: Access, context: Context) -> bool:
        """Whether a store is in a constructor, or comes after a wait for the thread, be it for some time only."""
        code = store.code
        if code.key in self.preparing.threads.calls.constructing or store.id > context.joins.get(code.key, store.id):
            return True
        return self._waits(code, store.id, context)

    def _waits(self, code: Code, before: int, context: Context) -> bool:
        """Whether a function has waited for a thread by then, and not for another one for all that is known."""
        calls = (each for each in code.operations[:before] if type(each) is facts.Call and each.callee >= 0)
        called = (value for each in calls for value in self.places.types.of(code, each.callee))
        joined = (each for each in called if isinstance(each, LibraryMethod) and each.qualname == JOIN)
        made = {context.by, (context.code.key, context.site) if context.code is not None else None, None}
        return any(getattr(each.receiver, "site", None) in made for each in joined)
