"""Part of the sharing stage: what shows that a Place is shared, though no lock guards it: the locks beside it.

Who waits for a lock expects others at the same time. So a function that takes a lock of its module is run by several
threads, and so are its other steps on what the module has. A container that locks itself is there for several, and
things that lock themselves against who goes over all of them have other owners than him. Who waits for a lock of the
object that no thread of the program takes expects callers; where any method takes a lock of the object, several may
bring work to a thread that is started for it. Who waits for an event of an object is in another thread than who sets
it, and who works on what each thread has for itself is run by several. A table with an item for each is there for all.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

import msgspec

from racelint import facts
from racelint.knowledge.model import LockDomain, LockRole
from racelint.knowledge.operators import SPECIAL_METHODS
from racelint.knowledge.running import RunsOn
from racelint.knowledge.threads import LOCAL, WAITED_FOR
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.edges import on_own_object
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import EXCLUSIVE, LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.sharing.slots import is_drawn, is_loop_slot, is_thread_slot
from racelint.program.sources.loops import loop_around
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.values import Instance, LibraryObject, Site, Value

FOR_ALL: Final = ("global", "class")
"""What there is once, for all objects: Places, and locks."""

AT_LEAST: Final = 2
"""So many methods of a container that lock it are no accident."""


class Beliefs(msgspec.Struct, dict=True):
    """What the locks of the program tell of the state beside them."""

    locksets: LockSets
    _taken: dict[int, list[Acquisition]] = msgspec.field(default_factory=dict)
    _slots: dict[Place, Access | None] = msgspec.field(default_factory=dict)
    _given: dict[int, frozenset[str]] = msgspec.field(default_factory=dict)

    def may_tell(self, place: Place) -> bool:
        """Whether there is any such lock beside the Place, or each thread has an item there."""
        if self.of_keys(place) is not None:
            return True
        accesses = self.locksets.places.by_place[place]
        if any(each.kind.writes and self.of_locals(each) for each in accesses):
            return True
        if place.kind in FOR_ALL:
            return self._module(place) in self._by_module
        if any(each.kind.writes and each.is_of_self and self.of_signal(each.code) for each in accesses):
            return True
        if place.kind != "attribute" or not self._keepers:
            return False
        if any(each.kind.writes and each.is_of_self and self._own_lock(each.code, place) for each in accesses):
            return True
        if any(map(is_thread, self.locksets.places.values(place))) and any(
            self.of_class(each.code) for each in accesses
        ):
            return True
        walked = any(each.kind is Kind.ITERATE and each.code.key in self._callers for each in accesses)
        return walked or any(map(self._keeps, self._classes(place)))

    def of_keys(self, place: Place) -> Access | None:
        """Where a thread puts in what is under its own key, or under that of the loop that it runs."""
        if place not in self._slots:
            types = self.locksets.places.types
            puts = (each for each in self.locksets.places.by_place[place] if each.kind.writes)
            found = (each for each in puts if is_thread_slot(types, each) or is_loop_slot(types, each))
            self._slots[place] = next((each for each in found if each.method == "[]=" and not is_drawn(each)), None)
        return self._slots[place]

    def of_locals(self, access: Access) -> Access | None:
        """Where the function of an access works on what keeps attributes for each thread, of the same object or of all.

        Whoever has made that expects several threads in there, and with them they come to the rest of the object.
        """
        is_for_all = access.place.kind in FOR_ALL
        found = self._locals.get(access.code.key, ())
        return next((each for each in found if is_for_all or (each.is_of_self and access.is_of_self)), None)

    def of_function(self, code: Code) -> Acquisition | None:
        """Where a function takes a lock that is there once."""
        return next((each for each in self._taken_by(code) if each.use.lock.key[0] in FOR_ALL), None)

    def of_object(self, code: Code, first: Access, last: Access) -> Acquisition | None:
        """Where a method takes a lock of its object that no thread of the program takes: it is there for callers.

        Who takes it turn by turn is one who serves all others, and keeps what he alone has for that.
        """
        if first.code is not code or last.code is not code or not (first.is_of_self and last.is_of_self):
            return None
        taken = self._own_lock(code, first.place)
        return None if taken is None or self._is_for_more(code, taken, first) else taken

    def of_class(self, code: Code) -> Acquisition | None:
        """Where another method of its object takes a lock of that: the object is there for several threads."""
        for cls in code.cls.mro if code.cls is not None else ():
            for taken in self._keepers.get(cls.key, {}).values():
                if taken.code is not code and taken.code.key not in self.locksets.threads.calls.constructing:
                    return taken
        return None

    def of_signal(self, code: Code) -> Access | None:
        """Where a method waits for what a function sets or notifies, itself or in a method of its object that calls it.

        Who waits for an event of an object is in another thread than who sets it there.
        """
        callers = (edge.caller for edge in self.locksets.threads.calls.callers(code) if on_own_object(edge))
        woken = (place for each in (code, *callers) for place in self._signals[LockRole.NOTIFY].get(each.key, {}))
        waits = (wait for place in woken for each in self._signals[LockRole.WAIT].values() if (wait := each.get(place)))
        return next(waits, None)

    def _is_for_more(self, code: Code, taken: Acquisition, first: Access) -> bool:
        """Whether a lock may be there for something else: its object was given it, or still holds it at the access, for
        all that one can see."""
        releases = self.locksets.holdings[code.key].releases.values()
        back = [each.id for each in releases if each.use == taken.use]
        is_open = taken.explicit and taken.id < first.id and not any(taken.id < id < first.id for id in back)
        return is_open or (code.cls is not None and taken.use.lock.name in self._given_to(code.cls))

    def _given_to(self, cls: ClassInfo) -> frozenset[str]:
        """The attributes in which a class keeps what one of its methods was given."""
        found = self._given.get(cls.key)
        if found is None:
            attributes = self.locksets.places.types.attributes
            stores = (
                (code, each)
                for code in attributes.all_methods(cls)
                for each in code.operations
                if type(each) is facts.StoreAttr
            )
            given = (each.name for code, each in stores if each.value in range(len(code.function.parameters)))
            found = self._given[cls.key] = frozenset(given)
        return found

    def _own_lock(self, code: Code, place: Place) -> Acquisition | None:
        if code.key in self.locksets.threads.calls.escaping:
            # whom it is given to may be the only one who calls it
            return None
        own = (each for each in self._taken_by(code) if each.use.base == code.own_name and each.use.lock.per_instance)
        accesses = self.locksets.places.by_place[place]
        expected = self._for_callers
        if any(self._is_handed_on(each.code) for each in accesses if each.kind.writes):
            # whoever runs what is handed on is beside the callers, whom the lock does not keep out there
            expected = expected | self._for_others
        for_callers = (each for each in own if each.use.lock.key in expected)
        return next((each for each in for_callers if loop_around(code, each.id) is None), None)

    def _is_handed_on(self, code: Code) -> bool:
        """Whether a function is handed to others, who may run it in a thread: not at once, nor at exit."""
        calls = self.locksets.threads.calls
        if code.key not in self.locksets.unseen:
            return False
        return not self._at_exit.issuperset(calls.handed_at.get(code.key, ()))

    @cached_property
    def _at_exit(self) -> set[Site]:
        """Where what is handed over is given to be run when the process ends."""
        types = self.locksets.places.types
        sites = {each.site for each in types.spawned if each.spawn.runs_on is RunsOn.EXIT}
        calls = ((key, types.names.sources.codes[key].operations[id]) for key, id in sites)
        return {(key, each.value) for key, call in calls if type(call) is facts.Call for each in call.arguments}

    @cached_property
    def _for_callers(self) -> set[LockKey]:
        """The locks between threads that only callers outside take: no thread that the program starts, and nothing that
        it hands to others."""
        handed = (each.code for each in self.locksets.holdings.values() if self._is_handed_on(each.code))
        return self._for_others - {each.use.lock.key for code in handed for each in self._taken_by(code)}

    @cached_property
    def _for_others(self) -> set[LockKey]:
        """The locks between threads that no thread takes which the program starts."""
        threads = self.locksets.threads
        taken: dict[LockKey, bool] = {}
        for key in sorted(self.locksets.holdings):
            code = self.locksets.holdings[key].code
            alone = all(context.is_main for context in threads.of(code))
            for each in self._taken_by(code):
                is_for_threads = each.use.lock.domain is LockDomain.THREAD
                taken[each.use.lock.key] = taken.get(each.use.lock.key, is_for_threads) and alone
        return {key for key, alone in taken.items() if alone}

    def of_module(self, place: Place, code: Code) -> Acquisition | None:
        """Where a function of the same module takes a lock that is there once, for what is the module's own."""
        return self._by_module.get(code.module) if self._module(place) == code.module else None

    def _module(self, place: Place) -> int:
        """The module that a Place is in, of those that are there once."""
        classes = self.locksets.places.types.names.sources.classes
        return classes[place.owner].module if place.kind == "class" else place.owner

    def of_elements(self, calls: Calls, iteration: Access) -> Acquisition | None:
        """Where the method that is called on each thing that is gone over takes that thing's own lock."""
        code = iteration.code
        flow = self.locksets.places.dataflow(code)
        for edge in calls.calls(code) if self._keepers else ():
            call, cls = code.operations[edge.site], edge.callee.cls
            taken = self._keepers.get(cls.key, {}).get(edge.callee.name) if cls is not None else None
            if taken is None or taken.code is not edge.callee or type(call) is not facts.Call:
                continue
            method = flow.operation(call.callee)
            if type(method) is facts.LoadAttr and flow.comes_from(method.base, iteration.id):
                return taken
        return None

    def of_container(self, asked: Access, access: Access) -> Acquisition | None:
        """Where the method that an access calls on a container that was asked before takes the container's own lock."""
        name = SPECIAL_METHODS.get(access.method, access.method)
        flow = self.locksets.places.dataflow(asked.code)
        uses = flow.uses(asked.id)
        if flow.is_told_apart(asked.id):
            # which container it is, that is no question to the container
            return None
        if not name or not (asked.method or any(isinstance(use, facts.LoadAttr | facts.LoadItem) for use in uses)):
            return None
        for cls in self._classes(access.place):
            for each in cls.mro if self._keeps(cls) else ():
                if name in self._keepers.get(each.key, {}):
                    return self._keepers[each.key][name]
        return None

    def _classes(self, place: Place) -> list[ClassInfo]:
        return [each.cls for each in self.locksets.places.values(place) if isinstance(each, Instance)]

    def _keeps(self, cls: ClassInfo) -> bool:
        return sum(len(self._keepers.get(each.key, ())) for each in cls.mro) >= AT_LEAST

    @cached_property
    def _signals(self) -> dict[LockRole, dict[int, dict[Place, Access]]]:
        """What functions wait for, and what they set or notify, of the events and conditions that are for threads."""
        places, knowledge = self.locksets.places, self.locksets.places.types.names.knowledge
        found: dict[LockRole, dict[int, dict[Place, Access]]] = {LockRole.WAIT: {}, LockRole.NOTIFY: {}}
        for place, accesses in places.by_place.items():
            values = places.values(place) if place.kind == "attribute" else ()
            for name in (each.qualname for each in values if isinstance(each, LibraryObject)):
                model = knowledge.lock(name)
                for each in accesses if model is not None and model.domain is LockDomain.THREAD else ():
                    uses = places.dataflow(each.code).uses(each.id) if each.is_of_self else ()
                    methods = (knowledge.lock_method(name, use.name) for use in uses if type(use) is facts.LoadAttr)
                    for role in (method.role for method in methods if method is not None):
                        if role in found:
                            found[role].setdefault(each.code.key, {})[place] = each
        return found

    @cached_property
    def _locals(self) -> dict[int, list[Access]]:
        """By function: where it reads what holds a `threading.local`, or an object of a class that extends it."""
        places = self.locksets.places
        found: dict[int, list[Access]] = {}
        for place, accesses in places.by_place.items():
            if place.kind in ("global", "class", "attribute") and any(map(_is_local, places.values(place))):
                for each in accesses:
                    if not each.kind.writes and each.code.function.kind == "function":
                        found.setdefault(each.code.key, []).append(each)
        return found

    @cached_property
    def _by_module(self) -> dict[int, Acquisition]:
        """By module: where a function takes a lock that is there once."""
        found: dict[int, Acquisition] = {}
        for key in sorted(self.locksets.holdings):
            code = self.locksets.holdings[key].code
            for each in self._taken_by(code):
                if each.use.lock.key[0] in FOR_ALL and each.use.lock.path == code.path:
                    found.setdefault(code.module, each)
        return found

    @cached_property
    def _keepers(self) -> dict[int, dict[str, Acquisition]]:
        """By class: its methods that take a lock of their object."""
        found: dict[int, dict[str, Acquisition]] = {}
        for key in sorted(self.locksets.holdings):
            code = self.locksets.holdings[key].code
            if code.cls is None or not code.own_name:
                continue
            for each in self._taken_by(code):
                if each.use.base == code.own_name and each.use.lock.per_instance:
                    found.setdefault(code.cls.key, {}).setdefault(code.name, each)
        return found

    @cached_property
    def _callers(self) -> set[int]:
        """The functions that call such methods."""
        calls = self.locksets.threads.calls
        taken = (each for methods in self._keepers.values() for each in methods.values())
        return {edge.caller.key for each in taken for edge in calls.callers(each.code)}

    def _taken_by(self, code: Code) -> list[Acquisition]:
        """The locks between threads for which a function itself waits, outside of module bodies."""
        found = self._taken.get(code.key)
        if found is None:
            holding = self.locksets.holdings.get(code.key)
            found = self._taken[code.key] = [
                each
                for each in (holding.acquisitions.values() if holding is not None else ())
                if each.waits
                and code.function.kind == "function"
                and each.use.lock.kind in EXCLUSIVE
                and not each.use.lock.is_semaphore
                and each.use.lock.domain in (LockDomain.THREAD, LockDomain.PROCESS)
            ]
        return found


def is_thread(value: Value) -> bool:
    """Whether an object is a thread."""
    return any(_is(value, name) for name in WAITED_FOR)


def _is_local(value: Value) -> bool:
    """Whether an object keeps its attributes for each thread by itself."""
    return _is(value, LOCAL)


def _is(value: Value, name: str) -> bool:
    """Whether an object is of a library class, or of one of the program that extends it."""
    if isinstance(value, Instance):
        return name in value.cls.library_bases
    return isinstance(value, LibraryObject) and value.qualname == name
