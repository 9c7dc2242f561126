"""Part of the sharing stage: what a thread does before it raises a flag, and others only where they find it up.

`self.listen(); self.ready = True` beside `if not self.ready: return` and `self.close()`: the one has ended by then.
An event is such a flag: `self.ready.set()` beside `self.ready.wait()`, be it by who starts the thread and his callers.
So is it with what the thread finds out, and others take: `if self.failure is not None: self.failure = None`.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Final

import msgspec

from racelint import facts
from racelint.knowledge.threads import EVENT_CLEARS, EVENT_SETS, EVENT_WAITS
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.frames import split_path
from racelint.program.memory.places import Access, Kind, Place, Places
from racelint.program.sources.branching import conditions, found_something
from racelint.program.sources.loops import loop_around
from racelint.program.sources.source import Code
from racelint.program.sources.surely import is_caught, surely_after, unconditional
from racelint.program.values.passing import argument
from racelint.program.values.values import LibraryMethod

NAMES: Final = frozenset(each.rpartition(".")[2] for each in (*EVENT_SETS, *EVENT_CLEARS, *EVENT_WAITS))
"""How the methods of events are called."""

DEPTH: Final = 4
"""So many calls up it is looked which flags were tested, and what is raised afterwards."""

Where = tuple[Code, int]
"""An operation of a function."""


class Phases(msgspec.Struct):
    """Tells of two accesses whether a flag keeps them in an order."""

    threads: Threads
    places: Places
    _raised: dict[Place, Where | None] = msgspec.field(default_factory=dict)
    _of_events: dict[int, list[tuple[Place, facts.Call, str]]] = msgspec.field(default_factory=dict)
    _found_up: dict[tuple[int, int, int, int], frozenset[Place]] = msgspec.field(default_factory=dict)

    def is_before(self, context: Context, access: Access, other: Access, beside: Context) -> bool:
        """Whether a thread, of which there is one, comes to an access only before it raises a flag for the others.

        `beside` comes to the other access only where it has found the flag up.
        """
        if context.is_main or context.many or context is beside:
            return False
        raised = map(self._raising, self._flags(beside, other.code, other.id, DEPTH))
        at = access.code, access.id
        return any(
            all(each is context for each in self.threads.of(where[0]))
            and (self._is_surely_up(where) or self._starts_once(context))
            and not (type(where[0].operation(where[1])) is facts.Call and self._is_started_again(context))
            and self._is_once(context, where[0], DEPTH)
            and (at == where or self._precedes(context, at, where, DEPTH))
            for where in raised
            if where is not None
        )

    def is_awaited(self, context: Context, access: Access, other: Access, beside: Context) -> bool:
        """Whether whoever starts a thread goes on only when it has given a sign, and it comes to an access before that.

        `beside` are the callers, who have nothing before the starter has come back.
        """
        if context.is_main or context.many or not beside.is_main or not context.starts:
            return False
        at = access.code, access.id
        return all(
            any(
                self._precedes(context, at, sign, DEPTH)
                for place, wait in self._calls_of(starter, EVENT_WAITS)
                if wait.id in surely_after(starter, starter.function.body, site)
                if not is_caught(starter, wait.id) and self._has_waited(starter, wait, wait.id + 1, ())
                if (sign := self._only_sign(place, starter, site, beside)) is not None and at != sign
                if loop_around(*sign) is None and self._is_once(context, sign[0], DEPTH)
                if not self._is_between(other, starter, site, wait.id)
            )
            for starter, site in context.starts
        )

    def _is_between(self, access: Access, starter: Code, start: int, wait: int) -> bool:
        """Whether a starter makes an access, or calls its function, between the start and the wait for the sign."""
        if access.code is starter:
            return start < access.id < wait
        calls = self.threads.calls
        between = [edge.callee for edge in calls.calls(starter) if start < edge.site < wait]
        return bool(between) and access.code.key in calls.reachable(between)

    def _only_sign(self, event: Place, starter: Code, start: int, caller: Context) -> Where | None:
        """The one call that sets an event, which nobody clears but who starts the thread, before he does."""
        sets, clears = self._calls_on(event, EVENT_SETS), self._calls_on(event, EVENT_CLEARS)
        if len(sets) != 1 or not all(code is starter and id < start for code, id in clears):
            return None
        always = unconditional(starter)
        is_cleared = any(id in always for _, id in clears)
        is_up_from_before = not is_cleared and self._may_come_again(event, starter, caller)
        return None if is_up_from_before or self._is_given_away(event) else sets[0]

    def _may_come_again(self, event: Place, starter: Code, caller: Context) -> bool:
        """Whether a function may start something that sets an event once more; for another object, if all have one."""
        if event.kind != "attribute" and not self._is_once(caller, starter, DEPTH):
            return True
        return self._is_called_again(starter, DEPTH)

    def _flags(self, context: Context, code: Code, id: int, depth: int) -> frozenset[Place]:
        """What a context has found to be true wherever it comes to an operation."""
        key = (context.index, code.key, id, depth)
        found = self._found_up.get(key)
        if found is None:
            true = {test for test, truth in conditions(code, id) if truth}
            there = found_something(code, id)
            reads = [each for each in self.places.of(code) if each.kind is Kind.READ]
            found = frozenset(each.place for each in reads if each.read_id in true)
            found |= {each.place for each in reads if each.read_id in there and self._is_none_before(each.place)}
            found |= {
                place for place, call in self._calls_of(code, EVENT_WAITS) if self._has_waited(code, call, id, true)
            }
            # where the program itself calls a function, callers outside are taken to do as it does
            ways = self._ways_to(context, code) if depth else []
            above = [self._flags(context, *way, depth - 1) for way in ways]
            found |= frozenset.intersection(*above) if above else frozenset()
            self._found_up[key] = found
        return found

    def _is_none_before(self, place: Place) -> bool:
        """Whether nothing that counts as false is ever stored but None."""
        stores = [(each, self.places.dataflow(each.code)) for each in self.places.by_place[place] if each.kind.writes]
        return all(flow.truth(each.value) is not False or flow.is_none(each.value) for each, flow in stores)

    def _has_waited(self, code: Code, call: facts.Call, id: int, true: Container[int]) -> bool:
        """Whether a wait for an event is over, because that is set, where a function comes to an operation."""
        limit = argument(call, 0, "timeout")
        is_limited = limit is not None and not code.is_none(limit)
        return call.id in true or (call.id < id and not is_limited and call.id in unconditional(code))

    def _calls_of(self, code: Code, methods: Container[str]) -> list[tuple[Place, facts.Call]]:
        """The calls of methods of events that a function makes, each with where the event is kept."""
        if code.key not in self._of_events:
            self._of_events[code.key] = list(self._event_calls(code))
        return [(place, call) for place, call, name in self._of_events[code.key] if name in methods]

    def _event_calls(self, code: Code) -> Iterator[tuple[Place, facts.Call, str]]:
        """The calls of methods of a library object that is kept somewhere, which is always of the same class."""
        types = self.places.types
        named = [each for each in code.operations if type(each) is facts.LoadAttr and each.name in NAMES]
        reads = {each.read_id: each.place for each in self.places.of(code) if each.kind is Kind.READ} if named else {}
        methods = {each.id: reads[each.base] for each in named if each.base in reads}
        for call in code.operations if methods else ():
            if type(call) is facts.Call and call.callee in methods:
                callees = {each.qualname for each in types.of(code, call.callee) if isinstance(each, LibraryMethod)}
                if len(callees) == len(types.of(code, call.callee)) == 1:
                    yield methods[call.callee], call, callees.pop()

    def _setting(self, event: Place) -> Where | None:
        """The one call that sets an event, which nobody ever clears, nor is given it, nor its methods."""
        if self._is_given_away(event):
            return None
        sets, clears = self._calls_on(event, EVENT_SETS), self._calls_on(event, EVENT_CLEARS)
        return sets[0] if len(sets) == 1 and not clears and not loop_around(*sets[0]) else None

    def _is_given_away(self, event: Place) -> bool:
        """Whether anything is done with an event but to call its methods."""
        return any(each.kind is Kind.READ and not self._is_only_called(each) for each in self.places.by_place[event])

    def _calls_on(self, event: Place, methods: Container[str]) -> list[Where]:
        """Where methods of an event are called."""
        codes = {each.code.key: each.code for each in self.places.by_place[event]}.values()
        return [(code, call.id) for code in codes for place, call in self._calls_of(code, methods) if place is event]

    def _is_only_called(self, read: Access) -> bool:
        """Whether nothing is done with an event that is read but to call its methods on the spot."""
        flow = self.places.dataflow(read.code)
        called = {each.callee for each in read.code.operations if type(each) is facts.Call}
        uses = flow.uses(read.read_id)
        fetched = [each for each in uses if type(each) is facts.LoadAttr and flow.uses(each.id)]
        return len(fetched) == len(uses) and all(each.id in called and len(flow.uses(each.id)) == 1 for each in fetched)

    def _raising(self, flag: Place) -> Where | None:
        """The one store that may set a flag, or call that sets an event, if a run of its function does so once."""
        if flag not in self._raised and (event := self._setting(flag)) is not None:
            self._raised[flag] = event
        if flag not in self._raised:
            made, flow = self.threads.calls.constructing, self.places.dataflow
            stores = [each for each in self.places.by_place[flag] if each.kind.writes]
            outcomes = [(each, flow(each.code).truth(each.value)) for each in stores]
            perhaps_up = [(each, truth) for each, truth in outcomes if truth is not False]
            later = [((each.code, each.id), truth) for each, truth in perhaps_up if each.code.key not in made]
            surely = [where for where, truth in later if truth or len(perhaps_up) == 1]
            self._raised[flag] = surely[0] if len(later) == len(surely) == 1 and not loop_around(*surely[0]) else None
        return self._raised[flag]

    def _is_surely_up(self, where: Where) -> bool:
        """Whether a store sets a flag to what counts as true."""
        code, id = where
        if type(code.operation(id)) is facts.Call:
            return True
        return any(each.id == id and self.places.dataflow(code).truth(each.value) for each in self.places.of(code))

    def _starts_once(self, context: Context) -> bool:
        """Whether a context runs once for each object: the thread that it is, or that its constructor starts."""
        made = self.threads.calls.constructing
        return context.own_instance or all(starter.key in made for starter, _ in context.starts)

    def _is_started_again(self, context: Context) -> bool:
        """Whether a context is seen to be started for the same object once more, when the event is set already."""
        return any(self._is_called_again(starter, DEPTH) for starter, _ in context.starts)

    def _is_called_again(self, code: Code, depth: int) -> bool:
        """Whether a method is called twice on one object: at two places of a function, or in a loop in which that is
        not made; or what calls it on its own object, or on what that has, is."""
        seen: set[tuple[int, str]] = set()
        for edge in self.threads.calls.callers(code):
            caller = edge.caller
            fetched = caller.fetched(caller.operation(edge.site))
            if type(fetched) is not facts.LoadAttr:
                continue
            path = self.places.dataflow(caller).key(fetched.base)
            named = caller.key, path
            if (path and named in seen) or _is_of_all_turns(caller, edge.site, fetched.base):
                return True
            seen.add(named)
            is_own = bool(caller.own_name) and split_path(path)[0] == caller.own_name
            if depth and is_own and self._is_called_again(caller, depth - 1):
                return True
        return False

    def _is_once(self, context: Context, code: Code, depth: int) -> bool:
        """Whether a run of a context comes to a function once at most."""
        ways = self._ways_to(context, code)
        if not ways or depth == 0:
            return not ways
        caller, site = ways[0]
        return len(ways) == 1 and loop_around(caller, site) is None and self._is_once(context, caller, depth - 1)

    def _precedes(self, context: Context, at: Where, where: Where, depth: int) -> bool:
        """Whether a context comes to an operation only on the way to another one."""
        code, id = at
        if code is where[0]:
            return id < where[1]
        ways = self._ways_to(context, code) if depth else []
        return bool(ways) and all(self._precedes(context, way, where, depth - 1) for way in ways)

    def _ways_to(self, context: Context, code: Code) -> list[Where]:
        """The calls of a function that a context makes; none of what it begins with."""
        if any(code is entry for entry, _ in context.entries):
            return []
        edges = (edge for edge in self.threads.calls.callers(code) if context in self.threads.of(edge.caller))
        return list(dict.fromkeys((edge.caller, edge.site) for edge in edges))


def _is_of_all_turns(code: Code, site: int, value: int) -> bool:
    """Whether a loop comes to a call again with a value that it has not made, drawn or named in between."""
    around = loop_around(code, site)
    if around is None:
        return False
    named = code.operation(value)
    if type(named) is not facts.LoadName:
        return not around[0] <= value <= around[1]
    stores = (each for each in code.operations if type(each) is facts.StoreName and each.name == named.name)
    return not any(around[0] <= each.id <= around[1] for each in stores)
