"""Part of the locksets stage: what a call or a `with` does to the locks that are held."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from racelint import facts
from racelint.facts import NOTHING, Span
from racelint.knowledge.model import Failure, LockDomain, LockKind, LockMethod, LockRole
from racelint.program.callgraph.protocols import is_lock_class, is_way_into_lock, method_refs
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.dataflow.frames import outward, parameter_paths
from racelint.program.locking.conditions import Conditions, is_literal
from racelint.program.locking.harmless_calls import comes_back, finds_one
from racelint.program.locking.holding import Acquisition, Effect, Holding, Release
from racelint.program.locking.identities import Locks
from racelint.program.locking.locks import Lock, LockUse
from racelint.program.locking.lockstate import State, meet
from racelint.program.locking.looping import gone_over
from racelint.program.locking.patience import goes_on_anyway
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef, Generator, Instance, Library, LibraryMethod


class Locking:
    """The calls and `with` items of one function. `raised` is told where a call may leave with an exception."""

    def __init__(
        self,
        holding: Holding,
        types: Types,
        locks: Locks,
        flow: Dataflow,
        effect_of: Callable[[Code], Effect],
        raised: Callable[[Span, State], None],
    ) -> None:
        self._code = holding.code
        self._holding = holding
        self._types = types
        self._locks = locks
        self._flow = flow
        self.conditions = Conditions(self._code, flow, self.tried_by)
        self._effect_of = effect_of
        self._raised = raised
        self.around: list[LockUse] = []
        """The locks of the `with` statements that are being walked."""
        self.expected_refusals = 0
        """How many `try` statements are being walked that handle what a release of a lock not held raises."""
        nodes = holding.code.controls
        self._managers = {node.manager for node in nodes if type(node) is facts.With}

    # --- with ---

    def entered(self, node: facts.With) -> list[LockUse]:
        found = self._taken_by(node.manager, is_async=node.is_async)
        if found:
            return found
        awaited = self._flow.operation(node.manager)
        if isinstance(awaited, facts.Await | facts.Yield):
            acquire = self._flow.operation(awaited.value)
            if type(acquire) is facts.Call and acquire.callee >= 0 and self._takes(acquire):
                taken = self._locks.use(self._code, self._receiver(acquire))
                return [] if taken is None else [taken]
        return self._entered_by_name(node.manager, is_async=node.is_async)

    def _entered_by_name(self, manager: int, *, is_async: bool) -> list[LockUse]:
        """What is entered of which no method of the program tells what it takes."""
        named = self._locks.use_entered(self._code, manager, is_async=is_async)
        is_open = self._is_open(manager)
        if named is not None and not (is_open and named.lock.kind is LockKind.NONE):
            return [named]
        # what a class or module of a library has under a name may be anything
        values = self._types.of(self._code, manager)
        is_known = any(not isinstance(each, Library | LibraryMethod) for each in values)
        return [] if is_known and not is_open else [self._unknown(manager)]

    def _is_open(self, id: int) -> bool:
        """Whether a value is on some way one of which nothing is known: `make_lock() if shared else nothing`."""
        match self._flow.operation(id):
            case facts.Phi(inputs=inputs) | facts.Choice(operands=inputs):
                return any(not self._types.of(self._code, each) for each in inputs if each >= 0)
            case _:
                return False

    def _taken_by(self, id: int, *, is_async: bool) -> list[LockUse]:
        """The locks that a context manager of the program takes when it is entered."""
        found: dict[LockUse, None] = {}
        for value in self._types.of(self._code, id):
            if isinstance(value, Generator):
                for use in sorted(self._effect_of(value.code).yields, key=lambda use: use.lock.key):
                    found[self._translated(use, value.code, id)] = None
                entered = self._flow.operation(id)
                if type(entered) is facts.Call and not is_async and is_way_into_lock(self._types, value.code):
                    found[self._unknown(self._receiver(entered))] = None
            elif isinstance(value, Instance):
                if not is_async and is_lock_class(self._types, value.cls):
                    found[self._unknown(id)] = None
                for method in self._enters(value):
                    for use in sorted(self._effect_of(method).acquires, key=lambda use: use.lock.key):
                        found[self._rebased(use, value, id)] = None
        return list(found)

    def tried_by(self, id: int) -> LockUse | None:
        """The lock that a call takes, or tries to."""
        call = self._flow.operation(id)
        if type(call) is not facts.Call or call.callee < 0 or not self._takes(call):
            return None
        return self._locks.use_called(self._code, call)

    def _takes(self, call: facts.Call) -> bool:
        callees = self._types.of(self._code, call.callee)
        methods = [self._locks.method(each) for each in callees if isinstance(each, LibraryMethod)]
        return any(each is not None and each.role is LockRole.ACQUIRE for each in methods)

    def _rebased(self, use: LockUse, manager: Instance, id: int) -> LockUse:
        """A lock of `__enter__` as seen where the manager is the value `id`."""
        own = next((each.first_name for each in self._enters(manager)), "self")
        return LockUse(use.lock, outward(use.base, {own: self._flow.path(id)}), use.mode)

    def _unknown(self, id: int) -> LockUse:
        """A context manager of which nothing is known: it might be a lock, so what it covers is not unguarded."""
        operation = self._flow.operation(id)
        callee = operation.callee if type(operation) is facts.Call else id
        lock = Lock(
            ("unknown", 0, self._flow.path(callee).rpartition(".")[2]),
            "?",
            None,
            LockDomain.THREAD,
            False,
            "",
            Span(1, 1, 1, 1),
        )
        return LockUse(lock, "")

    def _enters(self, manager: Instance) -> list[Code]:
        return [
            code for code in method_refs(self._types, manager, ("__enter__", "__aenter__")) if code.function.parameters
        ]

    # --- calls ---

    def call(self, call: facts.Call, state: State) -> State:
        callees = self._types.of(self._code, call.callee) if call.callee >= 0 else {}
        for value in callees:
            if isinstance(value, LibraryMethod):
                method = self._locks.method(value)
                if method is not None and method.awaited and not self._is_awaited(call):
                    return self._left_to_others(call, state)
                if method is not None:
                    return self._lock_call(call, method, state)
                if value.qualname.endswith(("ExitStack.enter_context", "ExitStack.enter_async_context")):
                    return self._enter_context(call, state)
                if value.qualname.endswith(("ExitStack.callback", "ExitStack.push")):
                    return self._callback(call, state)
        if not callees:
            guessed = self._guessed(call, state)
            if guessed is not None:
                return guessed
        if not comes_back(self._types, self._code, call) and not finds_one(self._flow, call):
            self._raised(call.span, state)
        effects = [(value.code, self._effect_of(value.code)) for value in callees if isinstance(value, FunctionRef)]
        return self._apply(call, effects, state) if effects else state

    def _left_to_others(self, call: facts.Call, state: State) -> State:
        """What is not awaited here may be taken or given back by somebody else."""
        use = self._locks.use(self._code, self._receiver(call))
        return state if use is None else replace(state, free=state.free - {use})

    def _is_awaited(self, call: facts.Call) -> bool:
        return any(isinstance(use, facts.Await | facts.Yield) for use in self._flow.uses(call.id))

    def _receiver(self, call: facts.Call) -> int:
        fetched = self._flow.operation(call.callee)
        return fetched.base if type(fetched) is facts.LoadAttr else NOTHING

    def _may_fail(self, call: facts.Call, method: LockMethod) -> bool:
        """Whether an acquire may come back without the lock: not blocking, or with a timeout."""
        for slot, waiting in ((method.blocking, ("True", "1")), (method.timeout, ("-1", "None"))):
            given = argument(call, slot.position, slot.keyword) if slot is not None else None
            if given is not None and not is_literal(self._flow, given, waiting):
                return True
        return False

    def _lock_call(self, call: facts.Call, method: LockMethod, state: State) -> State:
        use, role = self._locks.use_called(self._code, call), method.role
        if use is None:
            return state
        if use.lock.kind is LockKind.EVENT:
            return _event_call(use, role, call.id, state)
        if role is LockRole.ACQUIRE:
            conditional = method.failure is not Failure.EXCEPTION and self._may_fail(call, method)
            if conditional and goes_on_anyway(self._flow, call, method):
                # who goes on all the same when his time is up has the lock for what it is there for
                state = replace(state, held={**state.held, use: frozenset({call.id})})
            return self._acquire(call, use, state, conditional)
        if role is LockRole.RELEASE:
            return self._release(call, use, state)
        if role is LockRole.QUERY:
            self.conditions.ask(call.id, use, held=use in state.held)
        if role is LockRole.WAIT and use in state.held:
            # the lock was given up while waiting: what was tested before is stale after
            self._holding.waits.add(call.span)
            self._raised(call.span, state)
            return state.resume(use, call.id)
        return state

    def _acquire(self, call: facts.Call, use: LockUse, state: State, conditional: bool) -> State:
        if self._is_manager(call):
            return state
        self.note(call.id, call.span, use, state, waits=not conditional, explicit=True)
        self.conditions.answer(call.id, use)
        if not conditional:
            # what a `with` has taken and its body has released is taken again for the `with`, which releases it
            is_for_with = use in self.around and use in state.free
            return state.take(use, call.id, explicit=not is_for_with)
        if not self._flow.is_used(call.id):
            self._holding.ignored[call.id] = self._holding.acquisitions[call.id]
            return state.take(use, call.id, explicit=True)
        return state.tried(use)

    def _is_manager(self, call: facts.Call) -> bool:
        """Whether a `with` is entered over what awaiting the acquire gives: it takes the lock and releases it."""
        results = [use for use in self._flow.uses(call.id) if isinstance(use, facts.Await | facts.Yield)]
        return any(result.id in self._managers for result in results)

    def _release(self, call: facts.Call, use: LockUse, state: State) -> State:
        self.conditions.released(call.id, use)
        known = self._holding.releases.get(call.id)
        may_lack = use not in state.held or not self.conditions.waivers.isdisjoint(state.held[use])
        free = may_lack and (use in state.free or use in state.unsure)
        if self.expected_refusals and use.lock.kind is LockKind.REENTRANT:
            # it knows whose it is, and refuses all others
            free = False
        if gone_over(self._types, self._flow, call.id):
            # each turn gives back another one
            free = False
        free = free or (known is not None and known.free)
        asked = self.conditions.is_found_taken(call.id, use)
        self._holding.releases[call.id] = Release(self._code, call.id, call.span, use, free, asked)
        return state.drop(use)

    def _guessed(self, call: facts.Call, state: State) -> State | None:
        """`x.acquire()` where nothing is known of x: perhaps a lock. It may excuse what follows, and proves nothing."""
        fetched = self._flow.operation(call.callee)
        if type(fetched) is not facts.LoadAttr or fetched.name not in ("acquire", "release"):
            return None
        use = self._locks.use(self._code, fetched.base)
        if use is None and type(self._flow.operation(fetched.base)) is facts.Call:
            # whatever a call has given: `lock = getattr(self, name)`
            use = self._unknown(fetched.base)
        if use is None or use.lock.kind is not None:
            return None
        self._raised(call.span, state)
        if fetched.name == "release":
            return state.drop(use)
        return state.take(use, call.id, explicit=False)

    def _enter_context(self, call: facts.Call, state: State) -> State:
        given = [each.value for each in call.arguments if each.name == ""]
        taken = self._taken_by(given[0], is_async=False) if given else []
        for use in taken or (self._entered_by_name(given[0], is_async=False) if given else []):
            self.note(call.id, call.span, use, state, waits=True, explicit=False)
            state = state.take(use, call.id, explicit=False)
        return state

    def _callback(self, call: facts.Call, state: State) -> State:
        """`stack.callback(lock.release)`: the stack will release the lock."""
        fetched = self._flow.operation(call.arguments[0].value) if call.arguments else None
        if type(fetched) is facts.LoadAttr:
            use = self._locks.use(self._code, fetched.base)
            if use is not None and fetched.name.startswith("release"):
                return state.settle(use)
        return state

    def _apply(self, call: facts.Call, effects: list[tuple[Code, Effect]], state: State) -> State:
        answers = {self._translated(effect.answers, code, call.id) for code, effect in effects if effect.answers}
        if len(answers) == 1 and len(effects) == 1:
            self.conditions.answer(call.id, answers.pop())
        acquired = [{self._translated(use, code, call.id) for use in effect.acquires} for code, effect in effects]
        for code, effect in effects:
            for use in sorted(effect.drops, key=lambda use: use.lock.key):
                state = state.drop(self._translated(use, code, call.id))
        for use in sorted(set.intersection(*acquired), key=lambda use: use.lock.key):
            state = state.take(use, call.id, explicit=False)
        for code, effect in effects:
            for use in sorted(effect.pauses, key=lambda use: use.lock.key):
                outside = self._translated(use, code, call.id)
                state = state.resume(outside, call.id) if outside in state.held else state
        return state

    def note(self, id: int, span: Span, use: LockUse, state: State, *, waits: bool, explicit: bool) -> None:
        known = self._holding.acquisitions.get(id)
        if known is not None and known.use == use:
            state = meet((known.before, state)) or state
        self._holding.acquisitions[id] = Acquisition(self._code, id, span, use, state, waits, explicit)

    def _translated(self, use: LockUse, callee: Code, id: int) -> LockUse:
        """A lock in the terms of `callee` as the caller sees it, for the call with that id."""
        call = self._flow.operation(id)
        if not use.base or type(call) is not facts.Call:
            return use
        values = self._types.of(self._code, call.callee)
        receiver = next(
            (each.receiver for each in values if isinstance(each, FunctionRef) and each.code is callee), None
        )
        paths = parameter_paths(self._flow, callee, id, receiver)
        return LockUse(use.lock, self._flow.shortest(outward(use.base, paths)), use.mode)


def _event_call(use: LockUse, role: LockRole, id: int, state: State) -> State:
    """An event that is cleared, then set again looks like a lock to its authors. It excludes nobody."""
    if role is LockRole.CLEAR:
        return state.take(use, id, explicit=False)
    if role is LockRole.NOTIFY:
        return replace(state.drop(use), free=state.free, dropped=state.dropped, paused=state.paused)
    return state
