"""Part of the threads stage: when does what is started at a site begin, and who waits for its end?"""

from __future__ import annotations

from collections.abc import Iterable

from racelint import facts
from racelint.knowledge.running import RunsOn, Spawn, Starts, Wait, WaitFor
from racelint.knowledge.threads import ASKS_FOR_END
from racelint.knowledge.waits import WAITS_FOR_TASK, WAITS_FOR_WORKERS
from racelint.program.contexts.collected import waits_for_all_in
from racelint.program.sources.loops import loops
from racelint.program.sources.nodes import contains, is_within, last_id, walk
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.sources.surely import surely_after, unconditional
from racelint.program.values.passing import argument
from racelint.program.values.types import Types
from racelint.program.values.values import (
    Instance,
    Library,
    LibraryMethod,
    LibraryObject,
    Site,
)


class Lifetimes:
    """Finds starts, joins and other waits for what is made at a site."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._knowledge = types.names.knowledge
        self._sources = types.names.sources

    def method_calls(self, site: Site, method: str) -> list[tuple[Code, int]]:
        return [(self._sources.codes[key], id) for key, id in self._types.method_calls.get((site, method), ())]

    def waits_for_task(self, site: Site) -> list[tuple[Code, int]]:
        """The calls that wait for the end of a task whose future an object keeps as an attribute.

        None where it is a coroutine in the loop of another thread that anybody cancels: its future is over at once, and
        it is not.
        """
        asked = (each for method in WAITS_FOR_TASK for each in self.method_calls(site, method))
        kept = [(code, id) for code, id in asked if kept_future(code, id)]
        if not kept or not self.method_calls(site, "cancel"):
            return kept
        runs_on = {each.spawn.runs_on for each in self._types.spawned if site in (each.site, each.by)}
        return [] if RunsOn.LOOP in runs_on else kept

    def joined_at(self, made: Iterable[Site]) -> dict[int, int]:
        """For each function that waits for what is made at one of these sites, with a limit or not: the first call."""
        found: dict[int, int] = {}
        for site in made:
            for code, id in self.method_calls(site, "join"):
                found[code.key] = min(id, found.get(code.key, id))
        return found

    def calls_on_own(self, cls: ClassInfo, method: str) -> list[tuple[Code, int]]:
        """The calls of a method by methods of a class on the object that they run on."""
        codes = self._types.attributes.all_methods(cls)
        calls = ((code, each) for code in codes for each in code.operations if type(each) is facts.Call)
        return [(code, call.id) for code, call in calls if code.own_attribute(code.fetched(call)) == method]

    def ends(
        self, code: Code, site: Site, starts: list[tuple[Code, int]], spawn: Spawn, own: int | None = None
    ) -> tuple[int, int] | None:
        """The range of ids in `code` within which the context lives, where the function itself waits for its end.

        `own` is the value by which the function knows it, where what is made at the site is also for others.
        """
        if any(where is not code for where, _ in starts):
            return None
        if spawn.starts is Starts.NOW and self._waits_itself(code, site):
            return site[1], site[1]
        first = min(id for _, id in starts)
        always = unconditional(code)
        always |= set.intersection(*(surely_after(code, code.function.body, id) for _, id in starts))
        waits = [id for id in self._waits_of(code, site, always) if id > first]
        if own is not None:
            fetched = {id: code.fetched(code.operations[id]) for id in waits}
            waits = [id for id, each in fetched.items() if type(each) is facts.LoadAttr and each.base == own] or waits
        return (first, self._first_end(code, site, starts, waits)) if waits else None

    def _first_end(self, code: Code, site: Site, starts: list[tuple[Code, int]], waits: list[int]) -> int:
        """The first wait, if there is but one to wait for, or that is for all of them; else the last."""
        in_loop = any(low <= site[1] <= high for low, high in loops(code))
        if site[0] == code.key and len(starts) == 1 and not in_loop:
            return min(waits)
        calls = ((id, code.operation(id)) for id in waits)
        for_all = [
            id for id, call in calls if type(call) is facts.Call and waits_for_all_in(self._types, code, call, site)
        ]
        return min(for_all or [max(waits)])

    def joins_in_turn(self, code: Code, id: int, made: Site, starts: list[tuple[Code, int]]) -> bool:
        """Whether each turn of the loop around an operation waits for what it has started, and is `made` at a site."""
        loops = [node for node in code.controls if type(node) is facts.Loop and contains(node, id)]
        if not loops or not starts or any(where is not code for where, _ in starts):
            return False
        joins = {id for where, id in self.method_calls(made, "join") if where is code and has_no_limit(code, id)}
        turn = (*loops[-1].head, *loops[-1].body)
        return all(joins & surely_after(code, turn, start) for _, start in starts)

    def _waits_itself(self, code: Code, site: Site) -> bool:
        for value in self._types.callees.get(site, ()):
            if isinstance(value, Library | LibraryMethod):
                wait = self._knowledge.wait(value.qualname)
                if wait is not None and wait.what is WaitFor.CALL:
                    return True
        return False

    def waits(self, code: Code, site: Site) -> list[int]:
        """The calls in `code`, outside any branch, after which the context has surely ended."""
        return self._waits_of(code, site, unconditional(code))

    def _waits_of(self, code: Code, site: Site, always: set[int]) -> list[int]:
        """The same, of operations that are surely passed."""
        found: list[int] = []
        for operation in code.operations:
            if type(operation) is facts.Await and operation.id in always and self._is_awaited(code, operation, site):
                found.extend([] if _goes_on_early(code, operation.id) else [operation.id])
            if type(operation) is facts.Call and operation.id in always:
                for value in self._types.of(code, operation.callee):
                    end = self._ends_by(value, code, operation, site) if isinstance(value, LibraryMethod) else None
                    found.extend([] if end is None else [end])
                if waits_for_all_in(self._types, code, operation, site):
                    found.append(operation.id)
        for node in walk(code.function.body):
            if type(node) is facts.With and self._is_pool_of(code, node.manager, site):
                found.append(last_id([node]))
        return found

    def _is_awaited(self, code: Code, awaited: facts.Operation | None, site: Site) -> bool:
        """Whether what is awaited comes only when the context has ended: `wrap_future(started)`, or its shield."""
        call = code.operation(awaited.value) if type(awaited) is facts.Await else awaited
        if type(call) is not facts.Call:
            return False
        for value in self._types.of(code, call.callee):
            wait = self._knowledge.wait(value.qualname) if isinstance(value, Library) else None
            if wait is None or wait.subject is None or (wait.timeout is not None and not wait.timeout_raises):
                continue
            limit = argument(call, wait.timeout.position, wait.timeout.keyword) if wait.timeout is not None else None
            if limit is not None and _goes_on_early(code, call.id, limited=not _is_no_limit(code, limit)):
                continue
            given = argument(call, wait.subject.position, wait.subject.keyword)
            if given is None:
                continue
            made = (each for each in self._types.of(code, given) if isinstance(each, LibraryObject))
            if self._is_awaited(code, code.operation(given), site) or any(each.site == site for each in made):
                return True
        return False

    def _ends_by(self, callee: LibraryMethod, code: Code, call: facts.Call, site: Site) -> int | None:
        """The operation up to which a call, or the loop around it, waits for the end of what is made at a site."""
        wait = self._knowledge.wait(callee.qualname)
        if wait is None or wait.subject is not None:
            return None
        limit = argument(call, wait.timeout.position, wait.timeout.keyword) if wait.timeout is not None else None
        end = waited_until(code, call.id) if limit is not None and not _is_no_limit(code, limit) else call.id
        if not _is_asked_to_wait(wait, code, call):
            return None
        made = callee.receiver
        if not isinstance(made, LibraryObject | Instance) or made.site is None:
            return None
        if made.site == site or (wait.what in (WaitFor.WORKERS, WaitFor.THREAD) and self._submits_to(made.site, site)):
            return end
        return None

    def pool_ends(self, site: Site) -> list[tuple[Code, int]]:
        """The calls that wait until a pool has done all that it was given, what is started at a site among it."""
        pools = {spawned.pool for spawned in self._types.spawned if spawned.site == site}
        pool = pools.pop() if len(pools) == 1 else None
        if not isinstance(pool, LibraryObject) or pool.site is None:
            return []
        return [
            (code, id)
            for name in sorted(WAITS_FOR_WORKERS)
            if (wait := self._knowledge.wait(f"{pool.qualname}.{name}")) is not None and not wait.awaited
            for code, id in self.method_calls(pool.site, name)
            if _waits_for_all(wait, code, id)
        ]

    def _submits_to(self, pool: Site, site: Site) -> bool:
        return any(
            isinstance(spawned.pool, LibraryObject) and spawned.pool.site == pool
            for spawned in self._types.spawned
            if spawned.site == site
        )

    def _is_pool_of(self, code: Code, manager: int, site: Site) -> bool:
        for value in self._types.of(code, manager):
            if isinstance(value, LibraryObject) and value.site is not None and self._submits_to(value.site, site):
                return self._knowledge.joins_on_exit(value.qualname)
        return False

    def instance_ends(self, code: Code, site: Site, starts: list[tuple[Code, int]]) -> tuple[int, int] | None:
        joins = [id for where, id in self.method_calls(site, "join") if where is code and id in unconditional(code)]
        ends = [end for id in joins if (end := waited_until(code, id)) is not None]
        return (min(id for _, id in starts), max(ends)) if ends else None


def kept_future(code: Code, id: int) -> str:
    """The attribute in which the running object keeps that of which a method is called; "" if it does not."""
    method = code.fetched(code.operations[id])
    return code.own_attribute(code.operation(method.base)) if type(method) is facts.LoadAttr else ""


def _waits_for_all(wait: Wait, code: Code, id: int) -> bool:
    """Whether a call waits, and without a limit."""
    call = code.operations[id]
    if type(call) is not facts.Call or not _is_asked_to_wait(wait, code, call):
        return False
    limit = argument(call, wait.timeout.position, wait.timeout.keyword) if wait.timeout is not None else None
    return limit is None or _is_no_limit(code, limit)


def _is_asked_to_wait(wait: Wait, code: Code, call: facts.Call) -> bool:
    """Whether a call that waits only by request, `shutdown(wait=True)`, is asked to, or not told otherwise."""
    asked = argument(call, wait.only_if.position, wait.only_if.keyword) if wait.only_if is not None else None
    return asked is None or code.literal(asked) in ("True", "1")


def waited_until(code: Code, id: int) -> int | None:
    """The operation at which a `join` has surely seen the end of a thread: itself, if it is given no limit.

    With one, the last of the loop around it that asks before each turn: `while thread.is_alive(): thread.join(1)`.
    """
    if has_no_limit(code, id):
        return id
    fetched = code.fetched(code.operations[id])
    for node in code.controls:
        if type(node) is not facts.Loop or node.kind != "while" or not is_within(node.body, id):
            continue
        asks = asked_for_end(code, node.test)
        if asks is None or type(fetched) is not facts.LoadAttr:
            continue
        is_left = any(type(each) is facts.Break for each in walk(node.body))
        if is_same(code, asks.base, fetched.base) and not is_left:
            return last_id([node])
    return None


def asked_for_end(code: Code, test: int) -> facts.LoadAttr | None:
    """The method that is called where a value is the answer of a thread whether it still runs: `thread.is_alive()`."""
    asked = code.operation(test)
    method = code.operation(asked.callee) if type(asked) is facts.Call else None
    return method if type(method) is facts.LoadAttr and method.name in ASKS_FOR_END else None


def is_same(code: Code, one: int, other: int) -> bool:
    """Whether two values are the same local, or the same attribute of one."""
    if one == other:
        return True
    match code.operation(one), code.operation(other):
        case facts.LoadAttr(base=base, name=name), facts.LoadAttr(base=other_base, name=other_name):
            return name == other_name and is_same(code, base, other_base)
        case _:
            return False


def has_no_limit(code: Code, id: int) -> bool:
    """Whether a call waits until it gets what it waits for: a `join` that is given no time, or none but by request.

    Who asks for a limit, by `close(5)` of `def close(timeout=None)`, takes it on himself that the wait may end early.
    """
    call = code.operations[id]
    return type(call) is facts.Call and all(_is_no_limit(code, each.value) for each in call.arguments)


def _is_no_limit(code: Code, id: int) -> bool:
    """Whether a value is None, or a parameter that is None by default."""
    if 0 <= id < len(code.function.parameters) and code.parent is not None:
        code, id = code.parent, code.function.parameters[id].default
    return code.is_none(id)


def _goes_on_early(code: Code, awaited: int, *, limited: bool = False) -> bool:
    """Whether a function goes on where it did not get what it awaited: it was cancelled, or its time was up."""
    tries = (node for node in code.controls if type(node) is facts.Try and is_within(node.body, awaited))
    return any(limited or not is_narrow(code, handler) for node in tries for handler in node.handlers)


def is_narrow(code: Code, handler: facts.Handler) -> bool:
    """Whether a handler is for named exceptions, none of which may be that of a cancelled task."""
    names = [getattr(code.operation(each), "name", "") for each in handler.types]
    return bool(names) and not {"", "BaseException", "CancelledError"} & {*names}
