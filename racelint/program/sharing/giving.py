"""Part of the sharing stage: is one object given to several runs of a context, or does each start have its own?

What a call makes and gives to a task of a pool belongs to that task: the next call makes another one. Only where a run
of the maker comes to the start again, in a loop or by a second call, do two tasks have the same object.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import msgspec

from racelint import facts
from racelint.knowledge import Knowledge
from racelint.knowledge.running import Many, Passing, Spawn, Starts
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.dataflow import operands
from racelint.program.memory.places import Places
from racelint.program.sources.branching import is_last_word
from racelint.program.sources.loops import loop_around, loops
from racelint.program.sources.source import Code, makings
from racelint.program.values.types import Spawned
from racelint.program.values.values import FunctionRef, LibraryMethod, LibraryObject, Site, Value

Ways = dict[int, dict[int, bool]]
"""By function: the operations that lead to a start, and whether one alone may do so again."""

Knows = Callable[[Code], bool]


def always(_code: Code) -> bool:
    """What knows everything."""
    return True


class Giving(msgspec.Struct):
    """Tells how often a run of a function starts a context."""

    threads: Threads
    places: Places
    _ways: dict[tuple[int, int], Ways] = msgspec.field(default_factory=dict)
    _often: dict[int, bool] = msgspec.field(default_factory=dict)
    _calling: dict[int, list[tuple[Code, int, bool]]] = msgspec.field(default_factory=dict)
    _spawned: dict[Site, list[Spawned]] = msgspec.field(default_factory=lambda: defaultdict(list))
    _decorating: dict[int, list[tuple[Code, int]]] | None = None
    _called_back: set[int] = msgspec.field(default_factory=set)
    """The functions that are called with the result of what was started."""

    def __post_init__(self) -> None:
        for each in self.threads.calls.types.spawned:
            self._spawned[each.site].append(each)
            if isinstance(each.target, FunctionRef) and each.spawn.passing is Passing.RESULT:
                self._called_back.add(each.target.code.key)

    def again(self, context: Context, maker: Code, made: int, knows: Knows = always, given: int | None = None) -> bool:
        """Whether the context may be started twice before `maker` runs its operation `made` again.

        `knows` tells the functions that have to do with what was made: who does not starts it with something else.
        `given` is what it is started with where that is not what was made itself.
        """
        if context.code is None or context.site < 0 or self._runs_often(context):
            return True
        ways = self.ways(context, maker, knows).get(maker.key, {})
        carried = made if given is None else given
        carrying = {site: again for site, again in ways.items() if self._carries(maker, site, carried)}
        return _repeats(maker, carrying or ways, made)

    def _carries(self, code: Code, site: int, made: int) -> bool:
        """Whether what an operation of a function has made is among what a way is given: a call may be for others."""
        call, flow = code.operation(site), self.places.dataflow(code)
        return type(call) is not facts.Call or any(flow.comes_from(each, made) for each in operands(call))

    def ways(self, context: Context, maker: Code, knows: Knows = always) -> Ways:
        """The operations that lead to the start of a context, by function: from `maker` over functions that `knows`."""
        if knows is not always:
            return self._find(context, maker, knows)
        if (context.index, maker.key) not in self._ways:
            self._ways[context.index, maker.key] = self._find(context, maker, knows)
        return self._ways[context.index, maker.key]

    def is_made_before(self, context: Context, owner: Code) -> bool:
        """Whether what a function leaves behind, which has its variables, is one for all runs of a context.

        A decorator, or who else makes functions, is over when these are called: it counts who calls it, how often.
        """
        makers = [(edge.caller, edge.site) for edge in self.threads.calls.callers(owner)]
        makers += self._where_decorating(owner)
        return bool(makers) and all(
            loop_around(code, site) is None
            if _is_run_once(code)
            else code.key in self.ways(context, code) and self.again(context, code, site)
            for code, site in makers
        )

    def _where_decorating(self, owner: Code) -> list[tuple[Code, int]]:
        """Where a function is applied as a decorator, be it that it makes a function that takes the place of one."""
        if self._decorating is None:
            self._decorating = defaultdict(list)
            names = self.places.types.names
            for key, wrappers in self.threads.calls.wrappers.items():
                code = names.sources.codes[key]
                if code.parent is None:
                    continue
                for maker in {each.parent.key for each, _ in wrappers if each.parent is not None}:
                    self._decorating[maker].extend((code.parent, id) for id in code.function.decorators)
            for cls in names.sources.classes:
                for id, made_by in names.class_decorators(cls):
                    self._decorating[made_by.key].append((cls.parent, id))
        return self._decorating.get(owner.key, [])

    def follows(self, later: Context, earlier: Context) -> bool:
        """Whether each run of `later` is called with the result of a run of `earlier`, which has ended then."""
        if later.code is None or earlier.code is None:
            return False
        results = [each for each in self._started(later) if each.spawn.passing is Passing.RESULT]
        made = [each.pool.site for each in results if isinstance(each.pool, LibraryObject)]
        return bool(made) and all(site == (earlier.code.key, earlier.site) for site in made)

    def _started(self, context: Context) -> list[Spawned]:
        return self._spawned.get((context.code.key, context.site), []) if context.code is not None else []

    def starts_what_is_made(self, code: Code, call: facts.Call, made: int) -> bool:
        """Whether a call is a method of the very thread, or the like, that an operation of the function has made."""
        callees = self.threads.calls.types.of(code, call.callee)
        receivers = [each.receiver for each in callees if isinstance(each, LibraryMethod)]
        return bool(receivers) and all(
            isinstance(each, LibraryObject) and each.site == (code.key, made) for each in receivers
        )

    def _runs_often(self, context: Context) -> bool:
        """Whether one start is for many runs: one for each element, or whenever something happens."""
        known = self._often.get(context.index)
        if known is None:
            known = self._often[context.index] = self._starts_many(context)
        return known

    def _starts_many(self, context: Context) -> bool:
        knowledge = self.threads.calls.types.names.knowledge
        return any(
            each.spawn.passing in (Passing.EACH, Passing.STAR_EACH)
            or (_is_for_all(each.spawn) and not _is_result(knowledge, each.pool))
            for each in self._started(context)
        )

    def _find(self, context: Context, maker: Code, knows: Knows) -> Ways:
        """Up from the start; who runs `maker` once more has something else."""
        starter = context.code
        if starter is None:
            return {}
        ways: Ways = {starter.key: {context.site: False}}
        pending = [starter]
        while pending:
            code = pending.pop()
            if code is maker:
                continue
            again = _repeats(code, ways[code.key], -1)
            for caller, site, repeated in self._callers(code):
                if caller is not maker and caller.parent is not maker and not knows(caller):
                    continue
                known = ways.setdefault(caller.key, {})
                if site not in known or (not known[site] and (again or repeated)):
                    known[site] = again or repeated
                    pending.append(caller)
        return ways

    def _callers(self, code: Code) -> list[tuple[Code, int, bool]]:
        """Where a function is called or made, and whether it may be called there again and again."""
        found = self._calling.get(code.key)
        if found is None:
            found = self._calling[code.key] = self._find_callers(code)
        return found

    def _find_callers(self, code: Code) -> list[tuple[Code, int, bool]]:
        """Where a function is called; for an inner one that is handed on, where it is made: who has it may call on.

        What is called with the result comes after the run that has made it.
        """
        calls = self.threads.calls
        found = [(edge.caller, edge.site, False) for edge in calls.callers(code) if edge.caller is not code]
        if found or code.key in self._called_back:
            return found
        around = code.parent
        if around is None or around.function.kind not in ("function", "lambda"):
            return []
        return [(around, id, True) for id in makings(around, code)]


def _is_run_once(code: Code) -> bool:
    """Whether a function is the body of a module, or of a class in one."""
    while code.function.kind == "class" and code.parent is not None:
        code = code.parent
    return code.function.kind == "module"


def _is_for_all(spawn: Spawn) -> bool:
    """Whether what is registered is called again and again."""
    return spawn.many is Many.ALWAYS and spawn.starts is Starts.LATER


def _is_result(knowledge: Knowledge, made: Value | None) -> bool:
    """Whether something stands for the end of one run."""
    return isinstance(made, LibraryObject) and knowledge.wait(f"{made.qualname}.result") is not None


def _repeats(code: Code, ways: dict[int, bool], made: int) -> bool:
    """Whether one run of a function, from an operation on, goes on one of the ways again, or on two of them."""
    pairs = ((one, other) for one in ways for other in ways if one < other)
    if any(ways.values()) or not all(is_last_word(code, one, other) for one, other in pairs):
        return True
    return any(low <= site <= high and not low <= made <= high for site in ways for low, high in loops(code))
