"""Part of the signals stage: the calls by which threads wait for each other and wake each other."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.model import LockDomain, LockKind, LockMethod, LockModel, LockRole
from racelint.knowledge.waits import NAMED_DEADLINES
from racelint.program.locking.conditions import is_literal
from racelint.program.locking.locks import LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.signals.around import Around, surroundings
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.values import Library, LibraryMethod, LibraryObject, Site


class Limit(Enum):
    """Whether a wait ends by itself: never, perhaps (a timeout that may be None), some time that others set, surely."""

    NEVER = "never"
    PERHAPS = "perhaps"
    SOME_TIME = "some time"
    SURELY = "surely"

    @property
    def is_end(self) -> bool:
        """Whether the wait ends, sooner or later."""
        return self in (Limit.SOME_TIME, Limit.SURELY)


class Signal(msgspec.Struct, frozen=True, eq=False):
    """One call on a condition or an event: wait, notify or set, clear, or a question.

    `sites` is where the object may have been made, `use` the lock that it is. `around` is what stands around the call,
    `asks`: it tests its own predicate, `answers`: what it returns is looked at.
    """

    role: LockRole
    kind: LockKind
    domain: LockDomain
    code: Code
    id: int
    span: Span
    use: LockUse
    sites: frozenset[Site]
    around: Around
    limit: Limit = Limit.NEVER
    asks: bool = False
    answers: bool = False

    @property
    def path(self) -> str:
        """The file."""
        return self.code.path

    def concerns(self, other: Signal) -> bool:
        """Whether both may be on one and the same object."""
        return bool(self.sites & other.sites)


class Collector:
    """Collects the signals of the program."""

    def __init__(self, locksets: LockSets) -> None:
        self._locksets = locksets
        self._types = locksets.places.types
        self._knowledge = self._types.names.knowledge

    def collect(self) -> list[Signal]:
        """All signals in the order of the program."""
        sources = self._types.names.sources
        found: dict[int, dict[int, tuple[LockMethod, LockModel, frozenset[Site]]]] = {}
        for key, id in self._types.library_calls(self._is_of_lock):
            for value in self._types.callees[key, id]:
                if isinstance(value, LibraryMethod) and isinstance(value.receiver, LibraryObject):
                    model = self._knowledge.lock(value.receiver.qualname)
                    method = self._locksets.locks.method(value)
                    site = value.receiver.site
                    if model is None or method is None or site is None:
                        continue
                    if model.kind in (LockKind.CONDITION, LockKind.EVENT):
                        known = found.setdefault(key, {}).get(id)
                        sites = known[2] | {site} if known else frozenset({site})
                        found[key][id] = (method, model, sites)
        return [each for key in sorted(found) for each in self._of(sources.codes[key], found[key])]

    def _is_of_lock(self, callee: Library | LibraryMethod) -> bool:
        receiver = callee.receiver if isinstance(callee, LibraryMethod) else None
        return isinstance(receiver, LibraryObject) and self._knowledge.lock(receiver.qualname) is not None

    def _of(self, code: Code, calls: dict[int, tuple[LockMethod, LockModel, frozenset[Site]]]) -> Iterator[Signal]:
        around = surroundings(code)
        flow = self._locksets.places.dataflow(code)
        for id, (method, model, sites) in sorted(calls.items()):
            call = flow.operation(id)
            fetched = flow.code.fetched(call)
            if type(call) is not facts.Call or type(fetched) is not facts.LoadAttr or id not in around:
                continue
            use = self._locksets.locks.use(code, fetched.base)
            if use is None:
                continue
            yield Signal(
                method.role,
                model.kind,
                model.domain,
                code,
                id,
                call.span,
                use,
                sites,
                around[id],
                self._limit(code, call, method, around[id]),
                method.predicate is not None,
                self._locksets.places.dataflow(code).is_result_used(id),
            )

    def _limit(self, code: Code, call: facts.Call, method: LockMethod, around: Around) -> Limit:
        flow = self._locksets.places.dataflow(code)
        if method.awaited and not any(isinstance(use, facts.Await | facts.Yield) for use in flow.uses(call.id)):
            # handed to `wait_for` or made a task: when that ends is for others to say
            return Limit.SURELY
        if any(self._is_deadline(code, manager) for manager in around.managers):
            return Limit.SURELY
        given = argument(call, method.timeout.position, method.timeout.keyword) if method.timeout is not None else None
        if given is None or is_literal(flow, given, ("None",)):
            return Limit.NEVER
        if self._may_be_none(code, given):
            return Limit.PERHAPS
        return Limit.SURELY if self._is_constant(code, given) else Limit.SOME_TIME

    def _is_constant(self, code: Code, id: int) -> bool:
        """Whether a value is a literal, or a global variable that only literals are stored in."""
        places = self._locksets.places
        if places.dataflow(code).is_constant(id):
            return True
        stores = [
            store
            for read in places.of(code)
            if read.id == id and read.place.kind in ("global", "class")
            for store in places.by_place[read.place]
            if store.kind.writes
        ]
        return bool(stores) and all(places.dataflow(each.code).is_constant(each.value) for each in stores)

    def _may_be_none(self, code: Code, id: int) -> bool:
        """Whether a value is a parameter that is None if it is left out."""
        parameters = code.function.parameters
        if not 0 <= id < len(parameters) or code.parent is None:
            return False
        default = parameters[id].default
        return default >= 0 and self._locksets.places.dataflow(code.parent).is_none(default)

    def _is_deadline(self, code: Code, manager: int) -> bool:
        """`async with timeout(5):` and its likes, by their names."""
        flow = self._locksets.places.dataflow(code)
        call = flow.operation(manager)
        callee = flow.code.fetched(call)
        name = callee.name if isinstance(callee, facts.LoadName | facts.LoadAttr) else ""
        return any(word in name.lower() for word in NAMED_DEADLINES)
