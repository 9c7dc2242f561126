"""Part of the signals stage: signals that get lost: without the lock, before the change, taken back too early."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.definitions import PLAIN_DECORATORS
from racelint.knowledge.model import LockDomain, LockKind, LockRole
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Place
from racelint.program.signals.announcing import Announcing
from racelint.program.signals.waits import Signal
from racelint.program.sources.nodes import extent
from racelint.program.sources.source import Code
from racelint.program.sources.surely import surely_after
from racelint.program.values.passing import argument
from racelint.program.values.values import FunctionRef

DEPTH: Final = 6
"""How many callers up a holder of the lock is looked for."""

LOCKED_NAMES: Final = ("locked", "nolock", "no_lock", "holding")
"""Parts of the names of functions that expect the lock to be held."""


class Loss(Enum):
    """How a signal gets lost."""

    EARLY = "notified before the change"
    AHEAD = "set before what it announces"
    CLEARED = "cleared after the look"
    PULSE = "set and cleared at once"


class LostSignal(msgspec.Struct, frozen=True, eq=False):
    """A signal that can be missed: `signal` is where it is told, `wait` who misses it.

    `change` is the change of the state that comes too late, or that goes unseen; `other` the set or clear beside it.
    """

    loss: Loss
    signal: Signal
    wait: Signal
    change: Access | None = None
    other: Signal | None = None

    @property
    def path(self) -> str:
        """The file."""
        return self.signal.path

    @property
    def span(self) -> Span:
        """The call."""
        return self.signal.span


class Notifying:
    """Judges notifies, sets and clears."""

    def __init__(self, locksets: LockSets, signals: list[Signal]) -> None:
        self._locksets = locksets
        self._places = locksets.places
        self._threads = locksets.threads
        self._calls = locksets.threads.calls
        self._types = locksets.places.types
        self._conditions = [each for each in signals if each.kind is LockKind.CONDITION]
        self._events = [each for each in signals if each.kind is LockKind.EVENT]

    # --- conditions that are not held ---

    def unheld(self) -> Iterator[Signal]:
        """The waits and notifies that are surely made without the lock: they raise."""
        taken = self._taken_for_callers()
        for signal in self._conditions:
            keys = self._keys(signal)
            if signal.role not in (LockRole.WAIT, LockRole.NOTIFY) or keys is None or keys & taken:
                continue
            if self._is_taken_by_others(signal, keys):
                continue
            if not self._may_be_held(signal.code, signal.id, keys, set()):
                yield signal

    def _keys(self, signal: Signal) -> set[LockKey] | None:
        """The locks of a condition; None where they are not all known, or where it needs none."""
        knowledge = self._types.names.knowledge
        keys = {signal.use.lock.key}
        for key, id in signal.sites:
            code = self._types.names.sources.codes[key]
            call = code.operation(id)
            models = {knowledge.lock(name) for name in self._made_at(code, id)}
            if type(call) is not facts.Call or len(models) != 1:
                return None
            model = models.pop()
            if model is None or not (model.sync_with or model.async_with) or model.shares is None:
                return None
            given = argument(call, model.shares.position, model.shares.keyword)
            if given is None and call.arguments:
                return None
            if given is not None and not self._places.dataflow(code).is_none(given):
                lock = self._locksets.locks.use(code, given)
                if lock is None or lock.lock.kind is None or self._is_handed_in(code, given):
                    # under which name others hold it is not to be seen
                    return None
                keys.add(lock.lock.key)
        return keys

    def _is_handed_in(self, code: Code, id: int) -> bool:
        """Whether a value is a parameter, or was one when it was stored."""
        operation = self._places.dataflow(code).operation(id)
        if operation is None:
            return True
        places = [place for place, _, _ in self._places.located(code, operation)]
        stores = [each for place in places for each in self._places.by_place.get(place, ()) if each.kind.rebinds]
        return any(self._places.dataflow(each.code).operation(each.value) is None for each in stores)

    def _made_at(self, code: Code, id: int) -> list[str]:
        return [value.qualname for value in self._types.of(code, id) if hasattr(value, "qualname")]

    def _taken_for_callers(self) -> set[LockKey]:
        """The locks that some function takes and leaves held: who calls it holds them."""
        effects = [holding.effect for holding in self._locksets.holdings.values()]
        return {use.lock.key for effect in effects for use in (*effect.acquires, *effect.yields)}

    def _is_taken_by_others(self, signal: Signal, keys: set[LockKey]) -> bool:
        """Whether code of another class or module takes the lock: the caller may hold it."""
        for acquisition in self._locksets.acquisitions():
            if acquisition.use.lock.key in keys and acquisition.code is not signal.code:
                mine, theirs = (self._types.attributes.receiver_of(each) for each in (signal.code, acquisition.code))
                related = mine is not None and mine.is_related(theirs)
                if not related and (mine is not None or acquisition.code.module != signal.code.module):
                    return True
        return False

    def _may_be_held(self, code: Code, id: int, keys: set[LockKey], seen: set[int]) -> bool:
        """Whether the lock may be held at an operation, by the function itself or by anybody who calls it."""
        state = self._locksets.state(code, id)
        uses = {*self._locksets.held(code, id), *state.may, *state.unsure}
        if any(use.lock.key in keys or use.lock.kind is None for use in uses):
            return True
        if code.key in seen or len(seen) >= DEPTH or self._expects_lock(code):
            return len(seen) >= DEPTH or self._expects_lock(code)
        seen.add(code.key)
        if code.function.kind in ("module", "class"):
            return False
        if any(each.use.lock.key in keys for each in self._own(code)):
            # it takes the lock itself, at another place
            return any(self._holds(edge.caller, edge.site, keys) for edge in self._calls.callers(code))
        if any(each is code for context in self._threads.contexts for each, _ in context.entries):
            return any(self._holds(edge.caller, edge.site, keys) for edge in self._calls.callers(code))
        callers = self._calls.callers(code)
        if code.key in self._calls.escaping or not (callers or self._calls.is_open(code)):
            return True
        return any(self._may_be_held(edge.caller, edge.site, keys, seen) for edge in callers)

    def _own(self, code: Code) -> list[Acquisition]:
        holding = self._locksets.holdings.get(code.key)
        return list(holding.acquisitions.values()) if holding is not None else []

    def _holds(self, code: Code, id: int, keys: set[LockKey]) -> bool:
        return any(use.lock.key in keys or use.lock.kind is None for use in self._locksets.held(code, id))

    def _expects_lock(self, code: Code) -> bool:
        """Whether the name of a function says so, or a decorator may take the lock."""
        if any(word in code.name for word in LOCKED_NAMES):
            return True
        for id in code.function.decorators if code.parent is not None else ():
            operation = code.parent.operations[id] if code.parent is not None else None
            name = operation.name if isinstance(operation, facts.LoadName | facts.LoadAttr) else ""
            if name not in PLAIN_DECORATORS:
                return True
        return False

    # --- signals that get lost ---

    def lost(self) -> Iterator[LostSignal]:
        """The signals that waiters can miss, in the order of the program."""
        for signal in self._conditions:
            if signal.role is LockRole.NOTIFY:
                yield from self._early(signal)
        for signal in self._events:
            if signal.role is LockRole.CLEAR:
                yield from self._cleared(signal)
        for setting, wait, change in Announcing(self._locksets, self._events).ahead():
            yield LostSignal(Loss.AHEAD, setting, wait, change)

    def _early(self, notify: Signal) -> Iterator[LostSignal]:
        """`with condition: notify()`, and after that, without the lock, the change that was waited for."""
        section = self._locksets.held(notify.code, notify.id).get(notify.use)
        if section is None:
            return
        for wait in self._conditions:
            if wait.role is not LockRole.WAIT or not wait.concerns(notify) or wait.limit.is_end:
                continue
            predicate = self._predicate(wait)
            changes = list(self._changes(notify.code, predicate))
            late = [(id, change) for id, change in changes if id > notify.id]
            again = [each.id for each in self._conditions if each.code is notify.code and each.role is LockRole.NOTIFY]
            for id, change in late:
                held = self._locksets.held(notify.code, id).get(notify.use, frozenset())
                if len(late) == len(changes) and not held & section and max(again) < id:
                    yield LostSignal(Loss.EARLY, notify, wait, change)
                    return

    def _changes(self, code: Code, places: set[Place]) -> Iterator[tuple[int, Access]]:
        """What a function changes of some places: where, itself or by a call that leads to the change.

        A call that notifies as well, or takes locks, is as good as a change that comes first.
        """
        yield from ((each.id, each) for each in self._places.of(code) if each.kind.writes and each.place in places)
        for edge in self._calls.calls(code):
            reached = [self._types.names.sources.codes[key] for key in self._calls.reachable([edge.callee])]
            found = [
                each for one in reached for each in self._places.of(one) if each.kind.writes and each.place in places
            ]
            if found:
                plain = not any(one.key in self._locksets.holdings for one in reached)
                yield edge.site if plain else facts.NOTHING, found[0]

    def _predicate(self, wait: Signal) -> set[Place]:
        """The state that a wait asks for before it waits, in its critical section."""
        flow = self._places.dataflow(wait.code)
        call = flow.operation(wait.id)
        if wait.asks:
            given = call.arguments[0].value if type(call) is facts.Call and call.arguments else facts.NOTHING
            codes = [value.code for value in self._types.of(wait.code, given) if isinstance(value, FunctionRef)]
            return {access.place for code in codes for access in self._places.of(code)}
        sources = {source for test in wait.around.tests for source in flow.sources(test)}
        inside = {id for id in sources if wait.use in self._locksets.held(wait.code, id)}
        return {each.place for each in self._places.of(wait.code) if each.id in inside or each.load in inside}

    def _cleared(self, clear: Signal) -> Iterator[LostSignal]:
        """An event that is cleared after the look at what it stands for, or right after it was set."""
        if clear.domain is LockDomain.TASK:
            return
        same = [each for each in self._events if each.concerns(clear)]
        waits = [each for each in same if each.role is LockRole.WAIT and not each.limit.is_end]
        sets = [each for each in same if each.role is LockRole.NOTIFY]
        yield from self._pulse(clear, waits, sets)
        for wait in waits:
            if wait.code is not clear.code or wait.use != clear.use or not wait.around.loops:
                continue
            loop = wait.around.loops[-1]
            low, high = extent((*loop.head, *loop.body))
            if not wait.id < clear.id <= high or loop not in clear.around.loops:
                continue
            for setter in sets:
                change = self._unseen(setter, clear, wait.id, low, high)
                if change is not None:
                    yield LostSignal(Loss.CLEARED, clear, wait, change, setter)
                    return

    def _unseen(self, setter: Signal, clear: Signal, wait: int, low: int, high: int) -> Access | None:
        """A change before the set that is looked at between wait and clear, and nowhere else in the loop."""
        for change in self._places.of(setter.code):
            if not change.kind.writes or change.id > setter.id or setter.code is clear.code:
                continue
            looks = [
                each for each in self._places.of(clear.code) if each.place is change.place and low <= each.id <= high
            ]
            if not looks or not all(wait < each.id < clear.id for each in looks):
                continue
            locks = {use.lock.key for use in self._locksets.held(clear.code, clear.id)}
            common = locks & {use.lock.key for use in self._locksets.held(change.code, change.id)}
            if not common:
                return change
        return None

    def _pulse(self, clear: Signal, waits: list[Signal], sets: list[Signal]) -> Iterator[LostSignal]:
        """`event.set()` and `event.clear()` with nothing in between."""
        for setter in sets:
            if setter.code is not clear.code or setter.use != clear.use or setter.id >= clear.id or not waits:
                continue
            if clear.id not in surely_after(clear.code, clear.code.function.body, setter.id):
                continue
            between = clear.code.operations[setter.id + 1 : clear.id]
            if all(each is None or isinstance(each, facts.LoadName | facts.LoadAttr) for each in between):
                yield LostSignal(Loss.PULSE, clear, waits[0], None, setter)
                return
