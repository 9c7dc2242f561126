"""Part of the blocking stage: does a thread wait for its own end, or a task for what only its own pool can do?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from racelint import facts
from racelint.knowledge.raising import CATCH_ALL, SUPPRESSES
from racelint.knowledge.running import RunsOn, WaitFor
from racelint.knowledge.threads import THREAD_KEYS
from racelint.program.callgraph.arms import leads_to, literal
from racelint.program.callgraph.edges import Edge
from racelint.program.contexts.contexts import Context
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.dataflow.frames import operation_of, outward
from racelint.program.deadlocks.awaited import Awaited
from racelint.program.deadlocks.origins import given_paths, known, origin, receiver_of
from racelint.program.deadlocks.over import is_over
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.branching import conditions, named_by
from racelint.program.sources.nodes import is_within
from racelint.program.sources.source import AtOperation, Code
from racelint.program.values.passing import argument
from racelint.program.values.values import Instance, Library, LibraryMethod, LibraryObject, Site, Value

CALLS: Final = 5
"""So many calls away from where a thread begins it is still seen that it waits for itself."""

OF_TASKS: Final = frozenset({WaitFor.RESULT, WaitFor.CALL})
"""Waits for what others of a pool do: of itself a task waits only where all of them are busy."""

CAUGHT: Final = CATCH_ALL | {"RuntimeError"}
"""What covers the error that who joins itself gets."""


class OwnEnd(AtOperation, frozen=True, eq=False):
    """The call `id` of `code` waits for `context`, and is run by it, through `chain`.

    `what` it waits for: a thread, all workers of a pool, or the result of another task of it. `named` is the call of a
    method of that thread or pool.
    """

    named: int
    what: WaitFor
    context: Context
    chain: tuple[Edge, ...]


class OwnEnds:
    """Finds the waits that are run by what they wait for."""

    def __init__(self, locksets: LockSets, awaited: Awaited) -> None:
        self._places = locksets.places
        self._threads = locksets.threads
        self._types = locksets.places.types
        self._knowledge = self._types.names.knowledge
        self._awaited = awaited

    def find(self) -> Iterator[OwnEnd]:
        """All of them, in the order of the program, one for each call; of the tasks of a pool one for each function."""
        waits = self._types.library_calls(lambda each: self._knowledge.wait(each.qualname) is not None)
        told: set[tuple[int, int]] = set()
        for key, id in waits:
            code = self._types.names.sources.codes[key]
            callees = self._types.callees[key, id] if not code.function.is_async else ()
            for own in [each for callee in callees for each in self._of(code, id, callee)][:1]:
                who = key, own.context.index
                if own.what not in OF_TASKS or who not in told:
                    told.add(who)
                    yield own

    def _of(self, code: Code, id: int, callee: Value) -> Iterator[OwnEnd]:
        call = code.operations[id]
        row = self._knowledge.wait(callee.qualname) if isinstance(callee, Library | LibraryMethod) else None
        if row is None or row.awaited or type(call) is not facts.Call:
            return
        given = argument(call, row.only_if.position, row.only_if.keyword) if row.only_if is not None else None
        timeout = argument(call, row.timeout.position, row.timeout.keyword) if row.timeout is not None else None
        if (given is not None and literal(code, given) != "True") or (timeout is not None and row.timeout_raises):
            return
        if (row.lazy and not self._places.dataflow(code).uses(id)) or is_over(self._types, code, call):
            return
        subjects: Iterable[Value | None] = (callee.receiver,) if isinstance(callee, LibraryMethod) else ()
        if row.subject is not None:
            of = argument(call, row.subject.position, row.subject.keyword)
            subjects = self._awaited.contents(code, of) if of is not None else ()
        for context, named in (each for value in subjects for each in self._waited_for(code, id, row.what, value)):
            method = code.operations[named]
            known_by = receiver_of(code, method) if type(method) is facts.Call else facts.NOTHING
            place = origin(self._places.dataflow(code), known_by)
            if self._stored(code, known_by, place):
                # another one than that which runs it
                continue
            for entry, outer, chain in self._comes_to(context, code, id, place, row.what):
                if self._is_same(context, entry, outer):
                    yield OwnEnd(code, id, named, row.what, context, chain)

    def _waited_for(self, code: Code, id: int, what: WaitFor, value: Value | None) -> Iterator[tuple[Context, int]]:
        """The contexts that run a function and are what the call `id` waits for, or are to do it: with the call of a
        method of the thread or pool."""
        running = [each for each in self._threads.of(code) if each.runs_on in (RunsOn.THREAD, RunsOn.POOL)]
        if what is WaitFor.THREAD and isinstance(value, Instance):
            for context in running:
                receivers = [each for _, each in context.entries if isinstance(each, Instance)]
                if context.own_instance and any(each.cls is value.cls for each in receivers):
                    yield context, id
        elif isinstance(value, LibraryObject) and value.site is not None:
            pool = value.site
            if what in OF_TASKS:
                # a pool that several of its own tasks use
                running = [each for each in running if each.is_several or each.worker is not None]
            if what is WaitFor.RESULT:
                # what is given to it right here
                pools = [each.pool for each in self._awaited.spawned.get(value.site, ()) if value.site[0] == code.key]
                made = pools[0].site if pools and isinstance(pools[0], LibraryObject) else None
                if made is None or made[0] == code.key:
                    return
                pool, id = made, value.site[1]
            own = (each for site in self._sites(pool) for each in self._awaited.started.get(site, ()))
            yield from ((each, id) for each in own if each in running)

    def _sites(self, made: Site) -> tuple[Site, ...]:
        """Where a thread is made, or a pool, and its tasks are given to it."""
        return (made, *sorted(self._awaited.work.get(made, ())))

    def _is_same(self, context: Context, entry: Code, place: str) -> bool:
        """Whether a thread that begins with `entry` knows itself, or the pool that runs it, as `place`."""
        if context.own_instance:
            return place == entry.first_name
        if context.code is None:
            return False
        bound = any(each is entry and receiver is not None for each, receiver in context.entries)
        flow = self._places.dataflow(context.code)
        for spawned in self._awaited.spawned.get((context.code.key, context.site), ()):
            if self._is_given_another(entry, place, spawned.site):
                continue
            paths = given_paths(self._types, flow, spawned, entry, bound=bound)
            own = outward(place, paths)
            if own.startswith("%") and "." not in own:
                own = origin(flow, operation_of(own))
            if own and UNKNOWN not in own and own in self._awaited.places_of(spawned):
                return True
        return False

    def _is_given_another(self, entry: Code, place: str, site: Site) -> bool:
        """Whether a function is started with `place`, and that is no container: who was made before it at that site."""
        names = [each.name for each in entry.function.parameters]
        given = self._types.of(entry, names.index(place)) if place in names else ()
        return any(isinstance(each, LibraryObject) and each.site == site for each in given)

    def _stored(self, code: Code, before: int, place: str) -> list[int]:
        """What a function has put in a place before an operation, the last one last."""
        flow = self._places.dataflow(code)
        found: list[int] = []
        for each in code.operations[: max(before, 0)]:
            match each:
                case facts.StoreAttr(base=base, name=name, value=value) if f"{flow.path(base)}.{name}" == place:
                    found.append(value)
                case facts.StoreName(scope="global", name=name, value=value) if f"g:{code.module}:{name}" == place:
                    found.append(value)
                case _:
                    pass
        return found

    def _is_shut_out(self, edge: Edge, id: int, paths: Mapping[str, str]) -> bool:
        """Whether the caller has made a test fail on which the wait hangs: `self.running = False; self.stop()`."""
        inner, outer = self._places.dataflow(edge.callee), self._places.dataflow(edge.caller)
        for test, truth in conditions(edge.callee, id):
            stored = self._stored(edge.caller, edge.site, outer.shortest(outward(inner.path(test), paths)))
            if stored and outer.truth(stored[-1]) is (not truth):
                return True
        return False

    def _comes_to(
        self, context: Context, code: Code, id: int, place: str, what: WaitFor
    ) -> list[tuple[Code, str, tuple[Edge, ...]]]:
        """The entries from which a context surely may come to an operation, what they know as `place`, and the calls.

        Who asks in between which thread it is knows what it does, and so does who catches the error.
        """
        found: list[tuple[Code, str, tuple[Edge, ...]]] = []
        pending: list[tuple[Code, int, str, tuple[Edge, ...]]] = [(code, id, place, ())]
        seen: set[int] = set()
        while pending:
            code, id, place, chain = pending.pop(0)
            if code.key in seen or not known(place) or self._asks_who_it_is(code):
                continue
            if chain and self._stored(code, id, place):
                continue
            if what not in OF_TASKS and self._is_caught(code, id):
                continue
            seen.add(code.key)
            if any(entry is code for entry, _ in context.entries):
                found.append((code, place, chain))
            elif len(chain) < CALLS:
                for edge in self._callers(context, code, id):
                    paths = self._places.passed(edge.caller, code, edge.site, edge.receiver)
                    outer = self._places.dataflow(edge.caller).shortest(outward(place, paths))
                    if not self._is_shut_out(edge, id, paths):
                        pending.append((edge.caller, edge.site, outer, (edge, *chain)))
        return found

    def _callers(self, context: Context, code: Code, id: int) -> Iterable[Edge]:
        calls, flow = self._threads.calls, self._places.dataflow(code)
        for edge in calls.usual_callers(code):
            if context in self._threads.of(edge.caller) and calls.runs_at_once(edge) and leads_to(edge, flow, id):
                yield edge

    def _asks_who_it_is(self, code: Code) -> bool:
        """Whether a function, or one that it calls, asks for the running thread."""
        asked = (code, *(edge.callee for edge in self._threads.calls.usual_calls(code)))
        return any(self._types.may_call(each, one, THREAD_KEYS) for each in asked for one in each.operations)

    def _is_caught(self, code: Code, id: int) -> bool:
        """Whether a function goes on where a thread cannot wait for itself."""
        managers = (node for node in code.controls if type(node) is facts.With and is_within(node.body, id))
        if any(self._types.surely_calls(code, code.operation(node.manager), SUPPRESSES) for node in managers):
            return True
        tries = (node for node in code.controls if type(node) is facts.Try and is_within(node.body, id))
        handlers = (handler for node in tries for handler in node.handlers)
        return any(not each.types or CAUGHT & named_by(code, each) for each in handlers)
