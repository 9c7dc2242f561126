"""Stage 8: which Places can two contexts reach, on one and the same object, and which accesses come before that?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from racelint import facts
from racelint.program.callgraph.calls import finalizes
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Place, Places
from racelint.program.sharing.afterwards import Afterwards
from racelint.program.sharing.apart import Apart
from racelint.program.sharing.approaches import Approaches
from racelint.program.sharing.assumed import Assumed
from racelint.program.sharing.beliefs import Beliefs
from racelint.program.sharing.confined import Confined
from racelint.program.sharing.driving import Driving
from racelint.program.sharing.enclosed import Enclosed
from racelint.program.sharing.entering import name_objects
from racelint.program.sharing.fresh import Fresh
from racelint.program.sharing.given import given_to_each
from racelint.program.sharing.imported import Imported
from racelint.program.sharing.name import FOR_ALL, Name, NameSet, made_at
from racelint.program.sharing.naming import Naming
from racelint.program.sharing.numbered import Numbered
from racelint.program.sharing.one_each import OneEach
from racelint.program.sharing.overriding import Overriding
from racelint.program.sharing.phases import Phases
from racelint.program.sharing.preparing import Preparing
from racelint.program.sharing.reckoning import Reckoning
from racelint.program.sharing.refusing import Refusing
from racelint.program.sharing.settled import Settled
from racelint.program.sharing.single_flight import SingleFlight
from racelint.program.sharing.sole_owner import SoleOwner
from racelint.program.sharing.swapped import Swapped
from racelint.program.sharing.thread_bound import ThreadBound
from racelint.program.sharing.unstarted import Limits, Unstarted, is_receiver, while_as_made
from racelint.program.sharing.users import Users
from racelint.program.sharing.ways import Ways
from racelint.program.sources.source import Code, makings
from racelint.program.values.values import Value


@dataclass(slots=True)
class Sharing:
    """What contexts share. `given_to_each` holds, for a context whose instances each have a receiver of their own, the
    objects made elsewhere that the receivers' attributes have in common."""

    threads: Threads
    places: Places
    assumed: Assumed
    naming: Naming
    approaches: Approaches
    beliefs: Beliefs
    single_flight: SingleFlight
    users: Users
    given_to_each: dict[int, set[Value]] = field(default_factory=dict)
    noting_process: dict[int, bool] = field(default_factory=dict)
    """For functions that were asked about: whether they store which process they are in."""
    for_tests: dict[int, bool] = field(default_factory=dict)
    """For functions that were asked about: whether only the set-up of tests runs them."""
    _setup: Limits | None = None
    reckoning: Reckoning = field(init=False)
    preparing: Preparing = field(init=False)
    refusing: Refusing = field(init=False)
    driving: Driving = field(init=False)
    afterwards: Afterwards = field(init=False)
    enclosed: Enclosed = field(init=False)
    one_each: OneEach = field(init=False)
    numbered: Numbered = field(init=False)
    apart: Apart = field(init=False)
    overriding: Overriding = field(init=False)
    settled: Settled = field(init=False)
    sole_owner: SoleOwner = field(init=False)
    swapped: Swapped = field(init=False)
    thread_bound: ThreadBound = field(init=False)
    confined: Confined = field(init=False)
    phases: Phases = field(init=False)
    unstarted: Unstarted = field(init=False)
    ways: Ways = field(init=False)
    fresh: Fresh = field(init=False)
    imported: Imported = field(init=False)

    def __post_init__(self) -> None:
        self.reckoning = Reckoning(self.threads, self.approaches.locksets, self.naming)
        self.preparing = Preparing(self.threads, self.places)
        self.refusing = Refusing(self.places, self.preparing)
        self.driving = Driving(self.threads, self.places)
        self.afterwards = Afterwards(self.places, self.naming)
        self.enclosed = Enclosed(self.naming.giving, self.preparing, self.afterwards)
        self.one_each = OneEach(self.threads, self.places, self.naming.shortening)
        self.numbered = Numbered(self.threads, self.places)
        self.swapped = Swapped(self.places, self.threads.calls.constructing)
        self.apart = Apart(self.places, self.naming.shortening)
        self.overriding = Overriding(self.places, self.threads.calls, self.naming)
        self.phases = Phases(self.threads, self.places)
        self.unstarted = Unstarted(self.threads.calls)
        self.fresh = Fresh(self.threads, self.places)
        self.ways = Ways(self.threads, self.naming, self.preparing, self.unstarted, self.fresh)
        self.imported = Imported(self.threads.calls, self.places)
        self.confined = Confined(self.places, self.approaches.locksets)
        self.thread_bound = ThreadBound(self.threads.calls)
        self.settled = Settled(self.approaches.locksets, self.single_flight)
        self.sole_owner = SoleOwner(self.single_flight.locksets, self.threads.calls.after_fork)

    def is_early(self, access: Access) -> bool:
        """Whether nobody else can know it: not yet (constructor, import), no longer (`__del__`), in a new process."""
        code = access.code
        if code.key in self.threads.calls.after_fork:
            return True
        if access.place.kind == "attribute":
            if finalizes(code) or code.key in self.threads.calls.constructing:
                return access.is_of_self or access.is_lent or self.fresh.is_allocated(access)
            return self.fresh.is_fresh(access) or self._is_building(access) or self._is_setup(access)
        if access.place.kind == "closure":
            return code.key == access.place.owner
        return code.function.kind in ("module", "class") or self.imported.is_done(access)

    def _is_setup(self, access: Access) -> bool:
        """Whether a method works on its own object while that is as its constructor left it, and else refuses."""
        if self._setup is None:
            self._setup = while_as_made(self.threads.calls)
        refused = self._setup.get(access.code.key)
        return refused is not None and access.id > refused and access.is_of_self

    def _is_building(self, access: Access) -> bool:
        """Whether a function inside a constructor works on the object, and is called there only, before any start."""
        code, around = access.code, access.code.parent
        if around is None or around.key not in self.threads.calls.constructing:
            return False
        made = makings(around, code)
        uses = [use for id in made for use in self.places.dataflow(around).uses(id)]
        called = all(type(use) is facts.Call and use.callee in made for use in uses)
        if not called or set(made) & set(around.returns):
            return False
        last = max((edge.site for edge in self.threads.calls.callers(code)), default=-1)
        starts = (start for context in self.threads.contexts for start in context.starts)
        if any(starter is around and id < last for starter, id in starts):
            return False
        own = f"c:{around.module}:{code.function.parent}:{around.own_name}"
        return access.base == own

    def in_common(self, first: Access, one: Context, second: Access, other: Context) -> bool:
        """Whether the two accesses, made by these contexts, may touch the very same memory.

        What a coroutine was called on and has handed to a pool is in use there while it waits: of that it is one user.
        """
        kind = first.place.kind
        if not self.overriding.runs(one, first.code) or not self.overriding.runs(other, second.code):
            return False
        if kind in ("global", "class", "default"):
            if (one.is_main or other.is_main) and self._known_as(first) != self._known_as(second):
                # callers outside have set up most of what they might come to by another module
                return False
            return self._is_known_as(first, one) and self._is_known_as(second, other)
        if kind == "closure":
            return self.enclosed.in_common(first, one, second, other)
        if kind == "object" and (self.swapped.is_too_late(first, other) or self.swapped.is_too_late(second, one)):
            return False
        names = self.naming.names(one, first.code, first.base)
        if one is not other and names.keys().isdisjoint(self.naming.names(other, second.code, second.base)):
            # so it is of most, and takes less to tell than when they come to what they have in common
            return False
        if self._are_never_beside(first, one, second, other) or all(map(self.fresh.is_of_this_run, (first, second))):
            return False
        mine = {name: None for name in names if not self.apart.is_for_each(name)}
        for access in (each for each in (first, second) if each.is_of_self and each.code.is_method):
            mine = {name: None for name in mine if not self.overriding.has_another(name, access.code)}
        mine = {name: None for name in mine if not self.reckoning.is_hearsay(name, first, second)}
        if one is other:
            stable = self.naming.stable[one.index]
            # two threads of one start are given one item each, as far as one can see
            mine = {name: None for name in mine if not name.is_item and not self.one_each.is_for_one(name, one)}
            if not all(self._is_of_decorator(each, one) for each in (first, second)):
                mine = {name: None for name in mine if name.root[0] in FOR_ALL or name.root in stable}
            if any(all(self.ways.way(name, one, each, one) for each in (first, second)) for name in mine):
                return True
            if names and all(_is_made_by(name, one) for name in names):
                return False
            given = self.given_to_each.get(one.index, ())
            return any(value in given for value in first.bases if value in second.bases)
        return next(self._common(first, one, second, other, mine), None) is not None

    def _is_of_decorator(self, access: Access, context: Context) -> bool:
        """Whether a wrapper works on what its decorator has, which was there before the context was started."""
        if access.code.key not in self.threads.calls.wrapping or not access.base.startswith("c:"):
            return False
        _, module, owner, _ = access.base.split(":", 3)
        return context not in self.threads.of(self.places.types.names.sources.function(int(module), int(owner)))

    def _common(self, first: Access, one: Context, second: Access, other: Context, mine: NameSet) -> Iterator[Name]:
        """Of the names that one of two contexts has for the object of an access those of what the other one shares."""
        theirs = self.naming.names(other, second.code, second.base)
        if self.naming.giving.follows(one, other) or self.naming.giving.follows(other, one):
            shared = self.naming.stable[one.index] | self.naming.stable[other.index]
            mine = {name: None for name in mine if name.root in shared or name.root[0] in FOR_ALL}
        in_turn = all(context.awaited or context.is_main for context in (one, other))
        for name in mine:
            if (
                name in theirs
                and not (in_turn and name.root[0] == "self")
                and not self.afterwards.is_given_away(name.root, one, first, other)
                and not self.afterwards.is_given_away(name.root, other, second, one)
                and self.ways.way(name, one, first, other)
                and self.ways.way(name, other, second, one)
            ):
                yield name

    def trace(self, first: Access, one: Context, second: Access, other: Context) -> list[Code]:
        """How a context comes to an access, of an object that the other context works on by another access."""
        if one is other or first.place.kind != "attribute":
            return self.threads.trace(one, first.code)
        mine = self.naming.names(one, first.code, first.base)
        return self.ways.shown(self._common(first, one, second, other, mine), one, first, other)

    def _are_never_beside(self, first: Access, one: Context, second: Access, other: Context) -> bool:
        """Whether two contexts come to an object one after the other, or one in place of the other."""
        return self.is_before_start(first, one, second, other) or any(
            self.driving.is_instead(context, access, beside)
            or self.preparing.is_before(context, access, beside)
            or self.refusing.is_refused(context, access, beside)
            or self.phases.is_before(context, access, rival, beside)
            or self.phases.is_awaited(context, access, rival, beside)
            or self.preparing.is_handed_over_later(access, beside)
            for context, access, rival, beside in ((one, first, second, other), (other, second, first, one))
        )

    def is_own(self, context: Context, code: Code, path: str) -> bool:
        """Whether each run of a context has an object of its own at a path, given to it or made by itself."""
        names = self.naming.names(context, code, path)
        shared = self.naming.stable[context.index]
        return bool(names) and not any(name.root[0] in FOR_ALL or name.root in shared for name in names)

    def _is_known_as(self, access: Access, context: Context) -> bool:
        """Whether what a context gives a function as a parameter, or leaves out, is the very container of the Place."""
        parameter, place = access.given_as, access.place
        if not parameter or place.kind == "class" or self._is_left_out(access, context):
            return True
        if place.kind != "global":
            return False
        root = ("global", place.owner, place.name)
        return any(name.root == root for name in self.naming.names(context, access.code, parameter))

    def _known_as(self, access: Access) -> tuple[int, str]:
        """The variable by which a function comes to a global, which it may have imported."""
        load, types = access.code.operation(access.load), self.places.types
        if access.place.kind != "global" or type(load) is not facts.LoadName:
            return access.place.owner, access.place.name
        known = types.names.variable(access.code.module, load.name)
        return known if isinstance(known, tuple) else (access.place.owner, access.place.name)

    def _is_left_out(self, access: Access, context: Context) -> bool:
        """Whether a context runs a function without the parameter, of which the Place is the default."""
        code, codes = access.code, self.places.types.names.sources.codes
        if access.place not in self.places.default(code, access.load):
            return False
        callers, is_started_so = self.places.defaults.left_out_by(code, access.load)
        if is_started_so and any(entry is code for entry, _ in context.entries):
            return True
        return any(each is context for key in callers for each in self.threads.of(codes[key]))

    def is_before_start(self, first: Access, one: Context, second: Access, other: Context) -> bool:
        """Whether one context works on the thread object that the other one runs on, before that is started."""
        if one is other or not (first.is_of_self and second.is_of_self):
            return False
        pairs = ((first, other, second), (second, one, first))
        return any(
            self.unstarted.is_before(context, access.code, access.id) and is_receiver(context, inside.code)
            for access, context, inside in pairs
        )


def _is_made_by(name: Name, context: Context) -> bool:
    """Whether each run of a context has made the object of a name for itself, whatever else is of its class."""
    made = made_at(name.root)
    return made is not None and not name.path and made.context == context.index


def link_sharing(
    threads: Threads,
    locksets: LockSets,
    assumed: Sequence[str],
    asked: Iterable[Place] | None = None,
    tasks: Threads | None = None,
) -> Sharing:
    """Name what each context works on; as far as the Places need it that are `asked` about, if any are given.

    `tasks` are those of event loops, where the contexts are threads.
    """
    places = locksets.places
    concerned = None if asked is None else [access.code for place in asked for access in places.by_place[place]]
    naming = name_objects(threads, locksets, concerned, tasks)
    approaches = Approaches(threads, naming, locksets)
    users = Users(threads.calls, locksets)
    sharing = Sharing(
        threads,
        places,
        Assumed(tuple(assumed), places, threads.calls, users),
        naming,
        approaches,
        Beliefs(locksets),
        SingleFlight(locksets),
        users,
    )
    for context in threads.contexts[1:]:
        if context.own_instance:
            given = (given_to_each(places, threads, context, receiver) for _, receiver in context.entries)
            sharing.given_to_each[context.index] = {value for values in given for value in values}
    return sharing
