"""Stage 6: which locks are surely held at each operation?

Each function is walked once over its structure. At every operation the walk knows the locks that are held on all
paths (must-hold), those that an explicit `acquire` may have left held, and those that are surely free. What holds on
entry, because every caller holds it, is added afterwards over the call graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from racelint.program.callgraph.calls import is_public
from racelint.program.callgraph.edges import Edge
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.dataflow.frames import captured_paths, inward
from racelint.program.locking.at_once import run_at_once
from racelint.program.locking.claims import Claims
from racelint.program.locking.decorating import Decorating
from racelint.program.locking.effects import walk_all
from racelint.program.locking.gates import gates, lenders
from racelint.program.locking.holding import Acquisition, Holding
from racelint.program.locking.identities import Locks
from racelint.program.locking.known_decorators import by_libraries
from racelint.program.locking.library_locks import inherited_place
from racelint.program.locking.locks import Lock, LockKey, LockUse, in_order
from racelint.program.locking.lockstate import EMPTY, ON_ENTRY, Held, State
from racelint.program.locking.remarks import Remarks
from racelint.program.locking.stepping import is_left_to_others, stepped
from racelint.program.locking.turns import guarding
from racelint.program.memory.places import Places
from racelint.program.sources.source import Code

EntrySet = frozenset[LockUse]


class LockSets(msgspec.Struct):
    """The locks held everywhere. `held` is the question; `holdings` has the details of each function with locks."""

    places: Places
    locks: Locks
    threads: Threads
    claims: Claims
    decorating: Decorating
    holdings: dict[int, Holding]
    waited_for: set[LockKey]
    """The locks that some function waits for, not only tries."""
    remarks: Remarks
    lenders: frozenset[LockKey] = frozenset()
    """The locks of managers that give out something of theirs to who enters them: that is what they guard."""
    stepped: frozenset[int] = frozenset()
    """The functions that run only in generators which are kept: under the locks of whoever takes the next step."""
    gates: frozenset[LockKey] = frozenset()
    """The events that are cleared, and tested, with one and the same lock held: who is inside is not joined."""
    entry: dict[int, EntrySet] = msgspec.field(default_factory=dict)
    around: dict[int, EntrySet] = msgspec.field(default_factory=dict)
    """What a decorator or the library that calls the function holds around it, or a claim requires; part of `entry`."""
    unseen: frozenset[int] = frozenset()
    """The functions that somebody unseen may call, with whatever is held there."""
    _holding_codes: dict[int, bool] = msgspec.field(default_factory=dict)
    _guarding: set[LockKey] | None = None
    _given_back: set[LockKey] | None = None

    def state(self, code: Code, id: int) -> State:
        """What the function itself does to locks up to an operation."""
        holding = self.holdings.get(code.key)
        return holding.at.get(id, EMPTY) if holding is not None else EMPTY

    def held(self, code: Code, id: int) -> Held:
        """The locks surely held at an operation, the callers' included, each with its critical section."""
        return self._held(code, id, self.entry.get(code.key, frozenset()))

    def in_one_section(self, code: Code, one: int, other: int, *, exclusive: bool = False) -> bool:
        """Whether two operations are in one critical section; `exclusive`: of a lock that lets in one at a time."""
        after = self.held(code, other)
        return any(
            after.get(use) == section
            for use, section in self.held(code, one).items()
            if use.lock.excludes or not exclusive
        )

    def is_seen_in_section(self, code: Code, id: int, first: int, again: Iterable[int]) -> bool:
        """Whether the critical section of an operation has a look in it, wherever it has begun: the `first` one, or one
        that was made `again` after a wait that has given the lock up."""
        before = self.held(code, first)
        sections = {use: each for use, each in self.held(code, id).items() if use.lock.excludes and use in before}
        looks = [(look, self.held(code, look)) for look in again] if sections else []
        for use, section in sections.items():
            begun = ((look, held[use]) for look, held in looks if use in held)
            # of a section that may have begun here or there, a look is not known to be made in each
            seen = (starts for look, starts in begun if len(starts) == 1 and max(starts) < look)
            if section <= before[use].union(*seen):
                return True
        return False

    def _held(self, code: Code, id: int, on_entry: EntrySet) -> Held:
        state = self.state(code, id)
        holding = self.holdings.get(code.key)
        if holding is not None and holding.effect.gives_back:
            # what it gives back without having taken it, it has had from the start
            on_entry = on_entry | (holding.effect.gives_back - state.free)
        if not on_entry:
            return state.held
        entered = in_order(on_entry - state.dropped)
        # taking a lock again that the caller holds begins no new section; a wait in between does
        return {**state.held, **{use: ON_ENTRY for use in entered if use not in state.held or use not in state.paused}}

    def holds(self, code: Code) -> bool:
        """Whether any lock is surely held at any operation of a function."""
        known = self._holding_codes.get(code.key)
        if known is None:
            holding = self.holdings.get(code.key)
            inside = holding is not None and (
                bool(holding.effect.gives_back) or any(state.held for state in holding.at.values())
            )
            known = self._holding_codes[code.key] = inside or bool(self.entry.get(code.key))
        return known

    def own(self, code: Code, state: State) -> list[LockUse]:
        """What the function itself holds in a state, or a decorator around it; its callers' locks are not told."""
        around = self.around.get(code.key, frozenset())
        return [*state.held, *in_order(around - state.dropped)]

    def given(self, edge: Edge, on_entry: EntrySet) -> EntrySet:
        """What the caller holds at a call, in the terms of the callee, if it has held `on_entry` from the start."""
        held = self._held(edge.caller, edge.site, on_entry)
        if not held or not self.threads.calls.runs_at_once(edge):
            return frozenset()
        passed = self.places.passed(edge.caller, edge.callee, edge.site, edge.receiver)
        paths = {**passed, **captured_paths(edge.caller, edge.callee)}
        paths |= self.places.ties.known_inside(edge.caller, edge.callee, paths)
        return frozenset(LockUse(use.lock, inward(use.base, paths), use.mode) for use in held)

    def guards_state(self, lock: LockKey) -> bool:
        """Whether anything is written with the lock held; one that guards no state is there for turns at something."""
        if self._guarding is None:
            self._guarding = guarding(self.places, self.threads.calls, self.held)
        return lock in self._guarding

    def is_signal(self, lock: Lock) -> bool:
        """Whether nobody who takes a lock gives it back himself: he waits for a sign, and is not inside of anything."""
        if self._given_back is None:
            self._given_back = {key for holding in self.holdings.values() for key in _given_back(holding)}
        return lock.key not in self._given_back

    def acquisitions(self) -> list[Acquisition]:
        """Every taking of a lock, in the order of the program."""
        return [each for key in sorted(self.holdings) for each in self.holdings[key].acquisitions.values()]


def _given_back(holding: Holding) -> Iterator[LockKey]:
    """The locks that a function takes and gives back."""
    released = {each.use.lock.key for each in holding.releases.values()}
    for each in holding.acquisitions.values():
        if not each.explicit or each.use.lock.key in released:
            yield each.use.lock.key


def link_locksets(places: Places, locks: Locks, threads: Threads, claims: Claims) -> LockSets:
    """Walk every function that has to do with locks, then find what its callers hold."""
    holdings = walk_all(places, locks, threads.calls)
    taken = (each for holding in holdings.values() for each in holding.acquisitions.values())
    locksets = LockSets(
        places,
        locks,
        threads,
        claims,
        Decorating(places, locks, holdings),
        holdings,
        {each.use.lock.key for each in taken if each.waits},
        Remarks(places.types.names.sources),
    )
    _EntryLocks(locksets).solve()
    locksets.stepped = stepped(places, threads.calls)
    locksets.lenders = lenders(holdings.values())
    locksets.gates = gates(holdings.values(), locks, locksets.held)
    return locksets


class _EntryLocks:
    """The locks that every caller of a function holds: the greatest solution over the call graph."""

    def __init__(self, locksets: LockSets) -> None:
        self._locksets = locksets
        self._calls = locksets.threads.calls
        self._sources = self._calls.types.names.sources
        self._always = self._wrapped()
        self._at_once = run_at_once(locksets.places, locksets.locks, self._calls)

    def solve(self) -> None:
        """Start with "everything" for functions whose callers are all known, and lose locks until nothing changes."""
        entry: dict[int, EntrySet | None] = {}
        roots = self._roots()
        pending: list[int] = []
        for code in self._sources.codes:
            if code.key in roots:
                entry[code.key] = frozenset()
                pending.append(code.key)
            else:
                entry[code.key] = None
        self._spread(entry, pending, roots)
        self._spread(entry, self._open_circles(entry), roots)
        self._locksets.around = self._always
        for key in sorted(entry):
            found = (entry[key] or frozenset()) | self._always.get(key, frozenset())
            if found:
                self._locksets.entry[key] = found

    def _spread(self, entry: dict[int, EntrySet | None], pending: list[int], roots: set[int]) -> None:
        """Tell callees what the functions that are pending hold when they call them, until nothing changes."""
        while pending:
            caller = self._sources.codes[pending.pop()]
            if caller.key not in roots and is_left_to_others(caller, self._locksets.places, self._calls):
                continue
            for edge in (*self._calls.calls(caller), *self._at_once.get(caller.key, ())):
                known = entry[edge.callee.key]
                if (known is not None and not known) or self._calls.is_alone(edge):
                    continue
                on_entry = (entry[caller.key] or frozenset()) | self._always.get(caller.key, frozenset())
                given = self._locksets.given(edge, on_entry)
                merged = given if known is None else in_both(known, given)
                if merged != known:
                    entry[edge.callee.key] = merged
                    pending.append(edge.callee.key)

    def _open_circles(self, entry: dict[int, EntrySet | None]) -> list[int]:
        """Public functions that only call each other, as far as one can see: others call them with no lock.

        A store that wraps a store of its own kind calls by `get` whatever has a `get`, and so itself.
        """
        running = self._locksets.threads.of
        codes = [code for code in self._sources.codes if entry[code.key] is None and is_public(code) and running(code)]
        entry.update((code.key, frozenset()) for code in codes)
        return [code.key for code in codes]

    def _roots(self) -> set[int]:
        """Functions that may be called with no lock: entries of contexts, and what somebody unseen may call."""
        started = {code.key for context in self._locksets.threads.contexts for code, _ in context.entries}
        unseen = {code.key for code in self._sources.codes if self._may_be_called_by_others(code)}
        callees = {edge.callee.key: edge.callee for edges in self._at_once.values() for edge in edges}
        # a public method may be called from outside as well, if the program itself does not
        at_once = {key for key, code in callees.items() if key not in unseen or not is_public(code)}
        self._locksets.unseen = frozenset((unseen | self._calls.escaping) - at_once)
        return started | self._locksets.unseen

    def _may_be_called_by_others(self, code: Code) -> bool:
        """Whether nobody of the program calls a function; or a constructor or finalizer alone does, and others may.

        What is private, and is neither called nor handed on, runs nowhere.
        """
        callers = self._calls.callers(code)
        if not self._locksets.threads.of(code):
            return False
        return not callers or (is_public(code) and all(self._calls.is_alone(edge) for edge in callers))

    def _wrapped(self) -> dict[int, EntrySet]:
        """What a decorator of the program, or a library's, holds around a function, or its claim requires."""
        found: dict[int, EntrySet] = self._locksets.claims.entry()
        decorating = self._locksets.decorating
        for key, wrappers in self._calls.wrappers.items():
            code = self._sources.codes[key]
            for wrapper, site in wrappers:
                found[key] = found.get(key, frozenset()) | frozenset(decorating.held(code, wrapper, site))
        for code in self._sources.codes:
            held = frozenset(by_libraries(self._locksets.places, self._locksets.locks, code))
            self._locksets.waited_for.update(use.lock.key for use in held)
            held |= self._held_by_library(code)
            if held:
                found[code.key] = found.get(code.key, frozenset()) | held
        return found

    def _held_by_library(self, code: Code) -> EntrySet:
        """A method that a library calls with one of its own locks held (`logging.Handler.emit`)."""
        if code.cls is None:
            return frozenset()
        knowledge = self._calls.types.names.knowledge
        for base in code.cls.library_bases:
            for row in knowledge.entry_methods(base):
                if row.holding and row.matches(code.name):
                    place = inherited_place(self._locksets.places, code.cls, base, row.holding)
                    return frozenset({self._locksets.locks.use_of(place, code.own_name)})
        return frozenset()


def in_both(one: EntrySet, other: EntrySet) -> EntrySet:
    """The locks that two callers hold; of which object, cannot be said where one of them cannot be asked for it.

    What callers hand over may be of several classes, each with a lock of its own under one name: an object has one of
    these, whatever else the classes have in common.
    """
    vague = {
        use
        for mine, theirs in ((one, other), (other, one))
        for use in mine - theirs
        if use.base == UNKNOWN and any((same.lock, same.mode) == (use.lock, use.mode) for same in theirs)
    }
    twins = {use for mine, theirs in ((one, other), (other, one)) for use in mine - theirs if _has_twin(use, theirs)}
    return (one & other) | vague | twins


def _has_twin(use: LockUse, among: EntrySet) -> bool:
    """Whether one of these is the lock in the same attribute of the same object, should that be of another class."""
    kind, _, name = use.lock.key
    return kind == "attribute" and any(
        (each.lock.key[0], each.lock.key[2], each.base, each.mode) == (kind, name, use.base, use.mode) for each in among
    )
