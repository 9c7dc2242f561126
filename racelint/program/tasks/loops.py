"""Which asynchronous locks do several event loops share, each running in a thread of its own?

A loop is a thread's own where the thread runs it by `asyncio.run`, or makes it and runs it until something is complete.
A lock belongs to the first loop in which somebody had to wait for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.loops import NEW_LOOP, TO_OTHER_THREAD
from racelint.knowledge.model import LockDomain
from racelint.knowledge.running import RunsOn
from racelint.program.contexts.contexts import OWN_THREADS, Context
from racelint.program.locking.aliases import place_key
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.source import Code, span_of
from racelint.program.values.values import FunctionRef, Library, LibraryMethod, LibraryObject

Run = tuple[Code, int]
"""A call that runs an event loop: the function, and the operation in it."""


class ForeignLock(msgspec.Struct, frozen=True):
    """A lock that is taken at `acquisition` in the loop that `one` runs, and by whoever runs in the loop of `other`.

    `runs` are the calls that run the loops of both.
    """

    acquisition: Acquisition
    one: Context
    other: Context
    taken: Acquisition
    runs: tuple[Run, Run]

    @property
    def path(self) -> str:
        """The file of the finding."""
        return self.acquisition.path

    @property
    def span(self) -> Span:
        """Where the lock is taken."""
        return self.acquisition.span


def link_loops(sharing: Sharing, locksets: LockSets) -> list[ForeignLock]:
    """Find them, one for each lock."""
    taken: dict[LockKey, list[Acquisition]] = defaultdict(list)
    for each in locksets.acquisitions():
        if each.use.lock.domain is LockDomain.TASK and each.code.function.is_async and each.waits:
            taken[each.use.lock.key].append(each)
    finder = _Finder(sharing) if taken else None
    found = (next(finder.of(acquisitions), None) for acquisitions in taken.values()) if finder is not None else ()
    return [each for each in found if each is not None]


class _Finder:
    def __init__(self, sharing: Sharing) -> None:
        self._sharing = sharing
        self._threads = sharing.threads
        self._types = sharing.places.types
        self._sources = self._types.names.sources
        self._runs: list[tuple[Run, frozenset[int]]] = [(run, self._reached(run)) for run in self._find_runs()]

    def _find_runs(self) -> list[Run]:
        """The calls that run a loop, in functions that hand nothing to the loop of somebody else."""
        knowledge = self._types.names.knowledge
        handing = {key for key, _ in self._types.library_calls(lambda each: each.qualname in TO_OTHER_THREAD)}
        running = self._types.library_calls(lambda each: knowledge.runs_loop(each.qualname))
        return [(self._sources.codes[key], id) for key, id in running if key not in handing]

    def _reached(self, run: Run) -> frozenset[int]:
        """The functions that run in the loop."""
        calls, (code, _) = self._threads.calls, run
        started = (
            each.target.code
            for each in self._types.spawned
            if each.site[0] == code.key and each.spawn.runs_on is RunsOn.LOOP and isinstance(each.target, FunctionRef)
        )
        called = (edge.callee for edge in calls.calls(code) if edge.callee.function.is_async)
        return frozenset(calls.reachable(list({*started, *called}), surely=True))

    def of(self, taken: list[Acquisition]) -> Iterator[ForeignLock]:
        """Two loops that meet at one lock, rather two runs of the same thread function."""
        sides = [(each, *side) for each in taken for side in self._loops(each)]
        for each, one, run, access in sides:
            for rival, other, other_run, other_access in sides:
                if one.is_main and (other.is_main or one is other):
                    continue
                meet = self._threads.overlap(one, *run, other, *other_run)
                if meet and self._sharing.in_common(access, one, other_access, other):
                    yield ForeignLock(each, one, other, rival, (run, other_run))

    def _loops(self, acquisition: Acquisition) -> Iterator[tuple[Context, Run, Access]]:
        """Who runs a loop of its own in which the lock is taken: the context, the call, and the lock as seen there."""
        for run, reached in self._runs:
            access = self._access(acquisition, run[0]) if acquisition.code.key in reached else None
            if access is None:
                continue
            for context in self._threads.of(run[0]):
                if (context.is_main or context.runs_on in OWN_THREADS) and self._is_own(run, context):
                    yield context, run, access

    def _access(self, acquisition: Acquisition, runner: Code) -> Access | None:
        """The read of the lock's Place; of an attribute, seen from a method that runs the loop on its own object."""
        key, code = acquisition.use.lock.key, acquisition.code
        reads = (each for each in self._sharing.places.of(code) if each.id <= acquisition.id)
        found = next((each for each in reads if place_key(each.place) == key), None)
        if found is None or found.place.kind != "attribute":
            return found
        taker, owner = self._types.attributes.receiver_of(code), self._types.attributes.receiver_of(runner)
        if taker is None or owner is None or not found.is_of_self:
            return None
        alike = {each.key for each in taker.mro} & {each.key for each in owner.mro}
        return msgspec.structs.replace(found, code=runner, base=runner.own_name) if alike else None

    def _is_own(self, run: Run, context: Context) -> bool:
        """Whether each run is that of a loop that the context has made for itself."""
        for value in self._types.callees.get((run[0].key, run[1]), ()):
            if isinstance(value, Library):
                return True
            made = value.receiver if isinstance(value, LibraryMethod) else None
            site = made.site if isinstance(made, LibraryObject) else None
            if site is None or site[1] < 0:
                continue
            maker = self._sources.codes[site[0]]
            call = maker.operations[site[1]]
            names = self._types.callees.get(site, ()) if type(call) is facts.Call else ()
            if context in self._threads.of(maker) and any(
                isinstance(each, Library) and each.qualname == NEW_LOOP for each in names
            ):
                return True
        return False


def place_of(run: Run) -> Span:
    """Where the call stands that runs a loop."""
    return span_of(*run)
