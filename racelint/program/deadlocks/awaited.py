"""Part of the blocking stage: which calls wait, for which threads and tasks, and which locks do these take?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.running import Blocking, BlockingOn, RunsOn, WaitFor
from racelint.program.callgraph.arms import literal
from racelint.program.contexts.contexts import Context
from racelint.program.dataflow.frames import outward
from racelint.program.deadlocks.lockorder import LockOrder
from racelint.program.deadlocks.origins import carried, given_paths, kept, known, origin, receiver_of, relative
from racelint.program.deadlocks.over import is_over
from racelint.program.deadlocks.skipped import Skip
from racelint.program.deadlocks.wakers import Need, Wakers
from racelint.program.locking.locks import EXCLUSIVE, LockKey, LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import Code, InCode
from racelint.program.values.passing import argument
from racelint.program.values.types import Spawned
from racelint.program.values.values import (
    FunctionRef,
    Instance,
    Library,
    LibraryMethod,
    LibraryObject,
    Site,
    Value,
)

WAYS: Final = 2
"""Of a call that may be one of more functions nobody knows which it is."""


class Waiting(InCode, frozen=True, eq=False):
    """A call that waits, or the end of a `with` over an executor (`name` is then its class, `leaves` true).

    `bounded`: it gives up after some time. `own` is the lock of the condition that it waits on, given up meanwhile.
    """

    id: int
    span: Span
    what: BlockingOn
    name: str
    bounded: bool
    leaves: bool
    own: LockKey | None
    needs: tuple[Need, ...]
    skip: Skip | None = None
    """What ends the wait, where an exception keeps that from being done."""


class Awaited:
    """Finds the waiting calls of the program, and what they wait for."""

    def __init__(self, locksets: LockSets, order: LockOrder) -> None:
        self._locksets = locksets
        self._order = order
        self._types = locksets.places.types
        self._knowledge = self._types.names.knowledge
        self._sources = self._types.names.sources
        self._wakers = Wakers(locksets)
        self.spawned: dict[Site, list[Spawned]] = defaultdict(list)
        self.work: dict[Site, set[Site]] = defaultdict(set)
        for spawned in self._types.spawned:
            self.spawned[spawned.site].append(spawned)
            if isinstance(spawned.pool, LibraryObject) and spawned.pool.site is not None:
                self.work[spawned.pool.site].add(spawned.site)
        self.started: dict[Site, list[Context]] = defaultdict(list)
        for context in locksets.threads.contexts:
            if context.code is not None and not context.own_instance:
                own = (context.code.key, context.site)
                for site in dict.fromkeys((own, context.by or own)):
                    self.started[site].append(context)

    def waitings(self) -> Iterator[Waiting]:
        """All of them, in the order of the program."""
        blocking = self._types.library_calls(lambda each: self._knowledge.blocking(each.qualname) is not None)
        for key, id in blocking:
            found = self._waiting(self._sources.codes[key], id, list(self._types.callees[key, id]))
            if found is not None:
                yield found
        for code in self._sources.codes:
            for node in code.controls:
                if type(node) is facts.With and not node.is_async:
                    yield from self._leaving(code, node)

    def _waiting(self, code: Code, id: int, callees: list[Value]) -> Waiting | None:
        # with one of two pools the call may be the program's own
        callees = [each for each in callees if len(callees) > WAYS or not isinstance(each, FunctionRef)]
        names = [each.qualname for each in callees if isinstance(each, Library | LibraryMethod)]
        rows = [self._knowledge.blocking(name) for name in names]
        call = code.operations[id]
        row = rows[0] if rows else None
        if row is None or None in rows or len(rows) < len(callees) or type(call) is not facts.Call:
            return None
        bounded = _bounded(code, call, row)
        if row.what is BlockingOn.LOCK or bounded is None or is_over(self._types, code, call):
            return None
        if row.what is BlockingOn.QUEUE and not self._can_block(callees, row):
            return None
        own_key = None
        if row.what is BlockingOn.CONDITION:
            own = self._locksets.locks.use(code, receiver_of(code, call))
            if own is None or not all(self._has_own(each) for each in callees):
                # which lock it gives up is not known
                return None
            own_key = own.lock.key
        needs = self._needs(code, call, row, callees)
        told = tuple(need for need in needs if need.use.lock.key != own_key)
        limits = row.timeout is not None and argument(call, row.timeout.position, row.timeout.keyword) is not None
        # who is given a timeout may be given none, but then means to wait as long as it takes
        skip = self._skip(code, call, row, callees) if row.answers and not limits else None
        return Waiting(code, id, call.span, row.what, names[0], bounded, False, own_key, told, skip)

    def _skip(self, code: Code, call: facts.Call, row: Blocking, callees: list[Value]) -> Skip | None:
        receivers = [each.receiver for each in callees if isinstance(each, LibraryMethod)]
        return self._wakers.skip(code, call, row, receivers)

    def _leaving(self, code: Code, node: facts.With) -> Iterator[Waiting]:
        for value in self._types.of(code, node.manager):
            if isinstance(value, LibraryObject) and self._knowledge.joins_on_exit(value.qualname):
                needs = tuple(self._of_contexts(code, node.manager, value))
                name = value.qualname
                yield Waiting(code, node.manager, node.span, BlockingOn.THREAD, name, False, True, None, needs)

    def _needs(self, code: Code, call: facts.Call, row: Blocking, callees: list[Value]) -> Iterable[Need]:
        receivers = [each.receiver for each in callees if isinstance(each, LibraryMethod)]
        if row.answers:
            return self._wakers.needs(code, call, row, receivers)
        wait = self._knowledge.wait(callees[0].qualname) if isinstance(callees[0], Library | LibraryMethod) else None
        if wait is None:
            return ()
        subject = receiver_of(code, call)
        if wait.subject is not None:
            given = argument(call, wait.subject.position, wait.subject.keyword)
            subject = given if given is not None else facts.NOTHING
            receivers = self.contents(code, subject)
        found = [need for each in receivers for need in self._of_contexts(code, subject, each)]
        if wait.what is WaitFor.CALLBACKS:
            return [need for need in found if need.context is not None and need.context.runs_on is RunsOn.HANDLER]
        at_once = (need for each in self.started.get((code.key, call.id), ()) for need in self._of(each, code, ""))
        return (*found, *at_once)

    def contents(self, code: Code, id: int) -> list[Value]:
        """What is in the containers that a value may be."""
        values = [each for each in self._types.of(code, id) if isinstance(each, LibraryObject) and each.site]
        return [item for each in values if each.site is not None for item in self._types.elements(each.site)]

    # --- contexts that are waited for ---

    def _of_contexts(self, code: Code, subject: int, value: Value) -> Iterator[Need]:
        """What the threads or tasks take on their way that the value stands for, or that it works on."""
        where = origin(self._locksets.places.dataflow(code), subject)
        if isinstance(value, Instance):
            for context in self._locksets.threads.contexts:
                if context.own_instance and any(_is_kind_of(value, receiver) for _, receiver in context.entries):
                    yield from self._of(context, code, where)
        elif isinstance(value, LibraryObject) and value.site is not None:
            for site in (value.site, *sorted(self.work.get(value.site, ()))):
                for context in self.started.get(site, ()):
                    yield from self._of(context, code, where)

    def _of(self, context: Context, waiter: Code, where: str) -> Iterator[Need]:
        """What a context may take, in the terms of the function that waits for it and knows it as `where`."""
        for entry, receiver in context.entries:
            for use, taken in self._order.taken.get(entry.key, {}).items():
                if use.lock.kind not in EXCLUSIVE or use.lock.is_semaphore:
                    continue
                for base in self._seen_by_waiter(use, context, entry, receiver, waiter, where):
                    chain = tuple(self._order.chain(taken))
                    at = taken.acquisition
                    yield Need(LockUse(use.lock, base, use.mode), at.code, at.span, context, chain)

    def _seen_by_waiter(
        self, use: LockUse, context: Context, entry: Code, receiver: Value | None, waiter: Code, where: str
    ) -> Iterable[str]:
        if not use.lock.per_instance:
            return (use.base,)
        if context.own_instance:
            return known(outward(use.base, {entry.first_name: where}))
        starter = context.code
        if starter is None:
            return ()
        flow = self._locksets.places.dataflow(starter)
        found: dict[str, None] = {}
        for spawned in self.spawned.get((starter.key, context.site), ()):
            paths = given_paths(self._types, flow, spawned, entry, bound=receiver is not None)
            base = self._as_given(starter, use.base, entry, receiver) or carried(starter, outward(use.base, paths))
            if starter is waiter:
                found[base] = None
            for place in self.places_of(spawned):
                found[relative(place, base, where)] = None
        return [base for each in found for base in known(each)]

    def _as_given(self, starter: Code, base: str, entry: Code, receiver: Value | None) -> str | None:
        """What a starter knows by another name, which it has given the object that it starts as it made that."""
        if not isinstance(receiver, Instance) or receiver.site is None or receiver.site[0] != starter.key:
            return None
        first, _, way = base.partition(".")
        name, _, rest = way.partition(".")
        if not way or first != entry.first_name:
            return None
        given = self._locksets.places.ties.argument(receiver.site, receiver.cls, name)
        return f"{given}.{rest}" if given and rest else given

    def places_of(self, spawned: Spawned) -> Iterator[str]:
        """Under which names the starter knows what it starts: where it keeps it, or the pool to which it gives it."""
        code = self._sources.codes[spawned.site[0]]
        dataflow = self._locksets.places.dataflow(code)
        yield from kept(dataflow, spawned.site[1])
        call = code.operations[spawned.site[1]]
        if spawned.pool is not None and type(call) is facts.Call:
            yield origin(dataflow, receiver_of(code, call))

    def _has_own(self, callee: Value) -> bool:
        """Whether it is known with which lock a condition was made: with a new one, or with one that has a name."""
        made = callee.receiver if isinstance(callee, LibraryMethod) else None
        if not isinstance(made, LibraryObject) or made.site is None:
            return False
        code = self._sources.codes[made.site[0]]
        call, model = code.operations[made.site[1]], self._knowledge.lock(made.qualname)
        if type(call) is not facts.Call or model is None or model.shares is None:
            return False
        given = argument(call, model.shares.position, model.shares.keyword)
        return given is None or (
            given >= len(code.function.parameters) and self._locksets.locks.use(code, given) is not None
        )

    def _can_block(self, callees: list[Value], row: Blocking) -> bool:
        """A queue makes who puts something in wait only if it is known to be made with a limit."""
        return "get" not in row.answers or all(
            self._is_limited(each.receiver) for each in callees if isinstance(each, LibraryMethod)
        )

    def _is_limited(self, queue: Value) -> bool:
        if not isinstance(queue, LibraryObject) or queue.site is None:
            return False
        code = self._sources.codes[queue.site[0]]
        made = code.operations[queue.site[1]]
        size = argument(made, 0, "maxsize") if type(made) is facts.Call else None
        return size is not None and literal(code, size) not in ("0", "-1")


def _is_kind_of(value: Instance, receiver: Value | None) -> bool:
    """Whether a thread of its own class may be one of those that a context stands for."""
    return isinstance(receiver, Instance) and (receiver.cls is value.cls or value.cls in receiver.cls.subclasses)


def _bounded(code: Code, call: facts.Call, row: Blocking) -> bool | None:
    """Whether the call gives up after some time; None where it does not wait at all, or nobody can say."""
    if row.only_if is not None:
        given = argument(call, row.only_if.position, row.only_if.keyword)
        if given is not None and literal(code, given) not in ("True", "1"):
            return None
    given = argument(call, row.timeout.position, row.timeout.keyword) if row.timeout is not None else None
    text = literal(code, given) if given is not None else "None"
    return None if text in ("0", "0.0") else text not in ("None", "-1")
