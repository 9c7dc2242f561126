"""Part of the interleavings stage: who touches, from another thread, what belongs to the thread of an event loop?

Two ways lead there. A started thread calls a loop that others run, or an object that coroutines use. Or the loop itself
runs in a started thread, and its starter calls it directly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from racelint import facts
from racelint.knowledge.loops import FUTURE, TAKES_FACTORY, WAKES
from racelint.knowledge.model import LockDomain
from racelint.knowledge.running import RunsOn
from racelint.program.callgraph.calls import is_public
from racelint.program.contexts.contexts import OWN_THREADS, Context
from racelint.program.contexts.threads import Threads
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locksets import LockSets
from racelint.program.sharing.assumed import is_named
from racelint.program.sources.source import AtOperation, ClassInfo, Code, makings
from racelint.program.tasks.at_home import is_at_home, is_of_another_class
from racelint.program.values.values import (
    ClassRef,
    FunctionRef,
    Instance,
    Library,
    LibraryMethod,
    LibraryObject,
    Site,
    Value,
)

_Run = tuple[Code, int, Context | None]
"""Where a loop is run, and in which thread; without one where that runs nothing but the loop."""


TASKS: Final = 2
"""So many tasks deep it is looked what a loop runs."""


class Trespass(AtOperation, frozen=True):
    """The call `id` of the library method `callee`; `stranger` makes it (None: whoever calls the function).

    `home` is where the loop is run, or the object is made or used, to which the call belongs.
    """

    callee: str
    stranger: Context | None
    home: tuple[Code, int]
    is_assumed: bool = False
    """It is said of the object that any threads call it, and it reckons with that."""


def link_trespasses(locksets: LockSets, tasks: Threads, assumed: Sequence[str]) -> list[Trespass]:
    """Find them, in the order of the program. `assumed` are patterns of what is called by any threads."""
    finder = _Finder(locksets, tasks, assumed)
    return list(finder.find()) if finder.belongings else []


class _Finder:
    """Looks at the calls that belong to the thread of a loop."""

    def __init__(self, locksets: LockSets, tasks: Threads, assumed: Sequence[str]) -> None:
        threads = self._threads = locksets.threads
        self._tasks = tasks
        self._assumed = assumed
        self._locking = (
            {each.code.cls for each in locksets.acquisitions() if _is_of_threads(each)} if assumed else set()
        )
        self._types = threads.calls.types
        self._codes = self._types.names.sources.codes
        knowledge = self._types.names.knowledge
        self.belongings: list[tuple[Site, LibraryMethod]] = []
        self._used: dict[Site, tuple[Code, int]] = {}
        """For an object by where it is made: a call in a coroutine that uses it."""
        self._runs: dict[int, dict[Site | None, tuple[Code, int]]] = defaultdict(dict)
        """For each function: the loops that it runs, by where they are made (None: its own)."""
        sites = self._types.library_calls(lambda each: _made(each) is not None or knowledge.runs_loop(each.qualname))
        for site in sites:
            code = self._codes[site[0]]
            for value in self._types.callees[site]:
                if isinstance(value, Library | LibraryMethod) and knowledge.runs_loop(value.qualname):
                    self._runs[site[0]][_made(value)] = (code, site[1])
                if isinstance(value, LibraryMethod) and (made := _made(value)) is not None:
                    if code.function.is_async:
                        self._used.setdefault(made, (code, site[1]))
                    if knowledge.is_for_loop_thread(value.qualname):
                        self.belongings.append((site, value))

    @cached_property
    def _on_loop(self) -> set[int]:
        """The functions that tasks run, or the callbacks of a loop."""
        started = {key for key, running in self._tasks.running.items() if any(not each.is_main for each in running)}
        coroutines = [code for code in self._codes if code.function.is_async]
        return started.union(self._threads.calls.reachable([*coroutines, *self._of_protocols()]))

    def _of_protocols(self) -> Iterator[Code]:
        """The methods of what a loop makes to speak for it (`create_server(factory)`): it alone calls them."""
        for code in self._codes:
            for call in code.operations:
                fetched = code.fetched(call)
                if type(fetched) is not facts.LoadAttr or fetched.name not in TAKES_FACTORY:
                    continue
                given = call.arguments[0].value if isinstance(call, facts.Call) and call.arguments else facts.NOTHING
                for factory in self._types.of(code, given) if given >= 0 else ():
                    for cls in self._made_by(factory):
                        yield from (method.code for method in self._types.attributes.methods(cls))

    def _made_by(self, factory: Value) -> Iterator[ClassInfo]:
        match factory:
            case ClassRef(cls=cls):
                yield cls
            case FunctionRef(code=code):
                values = (value for id in code.returns for value in self._types.of(code, id))
                yield from (value.cls for value in values if isinstance(value, Instance))
            case _:
                pass

    @cached_property
    def _loops(self) -> dict[Site, list[_Run]]:
        """The loops that are run in started threads."""
        found: dict[Site, list[_Run]] = defaultdict(list)
        for context in self._threads.contexts[1:]:
            for key, loops in self._runs.items() if context.runs_on in OWN_THREADS else ():
                if context in self._threads.of(self._codes[key]):
                    for site, where in loops.items():
                        if site is not None:
                            found[site].append((*where, context))
        knowledge = self._types.names.knowledge
        for spawned in self._types.spawned:
            target = spawned.target if spawned.spawn.runs_on is RunsOn.THREAD else None
            if not isinstance(target, LibraryMethod) or not knowledge.runs_loop(target.qualname):
                continue
            if (made := _made(target)) is not None:
                found[made].append((self._codes[spawned.site[0]], spawned.site[1], None))
        return found

    @cached_property
    def _driven(self) -> dict[int, _Run]:
        """For coroutines that only the loops of started threads run: where such a loop is run."""
        found: dict[int, _Run] = {}
        elsewhere: set[int] = set()
        for key, loops in self._runs.items():
            code = self._codes[key]
            contexts = self._threads.of(code)
            if contexts and all(each.runs_on in OWN_THREADS for each in contexts):
                where = next(iter(loops.values()))
                found.update(dict.fromkeys(self._run_in(code), (*where, contexts[0])))
            else:
                elsewhere |= self._run_in(code)
        return {key: run for key, run in found.items() if key not in elsewhere}

    def _run_in(self, code: Code) -> set[int]:
        """What a loop runs that a function gives coroutines to, with the tasks that these start."""
        calls = self._threads.calls
        reached = {edge.callee.key for edge in calls.calls(code) if edge.callee.function.is_async}
        for _ in range(TASKS):
            started = [
                each.target.code
                for each in self._types.spawned
                if each.spawn.runs_on is RunsOn.LOOP
                and (each.site[0] == code.key or each.site[0] in reached)
                and isinstance(each.target, FunctionRef)
            ]
            reached.update(calls.reachable([*started, *(self._codes[key] for key in reached)]))
        return reached

    def find(self) -> Iterator[Trespass]:
        """Each call once."""
        told: set[Site] = set()
        for site, method in self.belongings:
            code, made = self._codes[site[0]], _made(method)
            if code.function.is_async or site in told or made is None or is_at_home(self._types, code, site[1]):
                continue
            found = self._by_thread(code, site[1], method, made) or self._by_starter(code, site[1], method, made)
            found = found or self._by_anybody(code, site[1], method, made)
            if found is not None:
                told.add(site)
                yield found

    def _by_thread(self, code: Code, id: int, method: LibraryMethod, made: Site) -> Trespass | None:
        """A started thread that runs no loop touches what was made elsewhere and is used by coroutines."""
        maker = self._codes[made[0]]
        is_loop = made in {site for loops in self._runs.values() for site in loops}
        used = self._used.get(made)
        # whoever makes a future has the loop that the future belongs to
        has_loop = maker.function.is_async or is_loop or _is_future(method)
        home = used or ((maker, made[1]) if has_loop else None)
        if home is None or self._may_make(code, id):
            return None
        for context in self._threads.of(code):
            if (
                context.runs_on in OWN_THREADS
                and not self._runs_loop(context)
                and context not in self._threads.of(maker)
                and not self._is_own(context, code, id, maker)
                and not is_of_another_class(self._threads.calls, context, code, id, maker)
            ):
                return Trespass(code, id, method.qualname, context, home)
        return None

    def _may_make(self, code: Code, id: int) -> bool:
        """Whether a function has made the object itself where it was given none: `future or loop.create_future()`."""
        return any(made is not None and made[0] == code.key for made in map(_made, self._callees(code, id)))

    def _callees(self, code: Code, id: int) -> list[LibraryMethod]:
        return [each for each in self._types.callees.get((code.key, id), ()) if isinstance(each, LibraryMethod)]

    def _is_own(self, context: Context, code: Code, id: int, maker: Code) -> bool:
        """Whether the object that keeps it is the thread's own: coroutines have theirs, and get none of the thread."""
        call = code.operations[id]
        method = code.fetched(call)
        kept = code.operations[method.base] if type(method) is facts.LoadAttr else None
        keepers = self._types.of(code, kept.base) if type(kept) is facts.LoadAttr else ()
        sites = [each.site for each in keepers if isinstance(each, Instance) and each.site is not None]
        if not any(context in self._threads.of(self._codes[site[0]]) for site in sites):
            return False
        given = [
            each.target.code
            for each in self._types.spawned
            if isinstance(each.target, FunctionRef) and context in self._threads.of(self._codes[each.site[0]])
        ]
        return maker.key not in self._threads.calls.reachable(given)

    def _by_starter(self, code: Code, id: int, method: LibraryMethod, made: Site) -> Trespass | None:
        """The loop runs in a thread, and code that runs elsewhere touches it after the start."""
        if code.key in self._on_loop:
            return None
        runs = list(self._loops.get(made, ()))
        if made in self._used and self._used[made][0].key in self._driven and not self._may_make(code, id):
            runs.append(self._driven[self._used[made][0].key])
        found = (self._beside(code, id, method, each) for each in reversed(runs))
        return next((each for each in found if each is not None), None)

    def _by_anybody(self, code: Code, id: int, method: LibraryMethod, made: Site) -> Trespass | None:
        """A method that any threads call wakes a coroutine: that its class takes locks for threads shows it."""
        home, cls = self._used.get(made), code.cls
        if home is None or cls is None or code.key in self._on_loop or not is_public(code):
            return None
        if code.key in self._threads.calls.escaping:
            # whom it is given to may be the loop
            return None
        is_meant = method.qualname in WAKES and is_named(self._assumed, cls.qualname)
        if not is_meant or self._locking.isdisjoint(cls.mro) or self._may_make(code, id):
            return None
        return Trespass(code, id, method.qualname, None, home, is_assumed=True)

    def _beside(self, code: Code, id: int, method: LibraryMethod, run: _Run) -> Trespass | None:
        where, at, context = run
        if self._has_other_objects(code, where):
            return None
        if context is None:
            started = code is not where or self._is_started(where, at, id)
            return Trespass(code, id, method.qualname, None, (where, at)) if started else None
        main = self._threads.contexts[0]
        running = self._threads.of(code)
        entry = context.entries[0][0]
        if context in running or main not in running or self._is_handed_on(code):
            return None
        if not self._threads.overlap(main, code, id, context, entry, 0):
            return None
        return Trespass(code, id, method.qualname, None, (where, at))

    def _has_other_objects(self, code: Code, other: Code) -> bool:
        """Whether two methods are of sibling classes: the loop that one runs is of another object than the other's."""
        mine, theirs = self._types.attributes.receiver_of(code), self._types.attributes.receiver_of(other)
        return mine is not None and theirs is not None and mine.is_apart(theirs) and bool({*mine.mro} & {*theirs.mro})

    def _is_handed_on(self, code: Code) -> bool:
        """Whether a nested function is given to somebody: who has the loop's thread may run it there."""
        if code.parent is None:
            return False
        made = makings(code.parent, code)
        calls = (each for each in code.parent.operations if type(each) is facts.Call)
        return any(argument.value in made for call in calls for argument in call.arguments)

    def _is_started(self, code: Code, made: int, before: int) -> bool:
        return any(
            _made(value) == (code.key, made) and value.qualname.endswith(".start")
            for (key, id), values in self._types.callees.items()
            if key == code.key and made < id < before
            for value in values
            if isinstance(value, LibraryMethod)
        )

    def _runs_loop(self, context: Context) -> bool:
        return any(context in self._threads.of(self._codes[key]) for key in self._runs)


def _is_of_threads(acquisition: Acquisition) -> bool:
    lock = acquisition.use.lock
    return lock.domain is LockDomain.THREAD and lock.kind is not None


def _is_future(method: LibraryMethod) -> bool:
    receiver = method.receiver
    return isinstance(receiver, LibraryObject) and receiver.qualname == FUTURE


def _made(value: Library | LibraryMethod) -> Site | None:
    """Where the object of a bound method is made."""
    receiver = value.receiver if isinstance(value, LibraryMethod) else None
    return receiver.site if isinstance(receiver, LibraryObject) else None
