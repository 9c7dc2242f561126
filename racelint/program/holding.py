"""Part of the locksets stage: the walk over one function that follows its locks through branches, loops and exits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from racelint import facts
from racelint.facts import NOTHING, Node, Span
from racelint.knowledge.model import Failure, LockDomain, LockKind, LockMethod, LockRole
from racelint.program.calls import is_lock_class, method_refs
from racelint.program.dataflow import Dataflow
from racelint.program.frames import argument, outward, parameter_paths
from racelint.program.locks import Lock, Locks, LockUse
from racelint.program.lockstate import EMPTY, Exits, State, meet
from racelint.program.source import Code, parts, walk
from racelint.program.types import Types
from racelint.program.values import FunctionRef, Generator, Instance, Library, LibraryMethod, LibraryObject, ValueSet

TURNS: Final = 3
"""How often a loop body is walked until its locks are taken to be stable; each turn can only lose locks."""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """One taking of a lock in a function: `before` is what was held there. `waits`: it blocks until it has the lock."""

    code: Code
    id: int
    span: Span
    use: LockUse
    before: State
    waits: bool
    explicit: bool

    @property
    def path(self) -> str:
        """The file."""
        return self.code.path


@dataclass(frozen=True, slots=True)
class Release:
    """One explicit release; `free`: the lock is surely not held by this thread there."""

    code: Code
    id: int
    span: Span
    use: LockUse
    free: bool

    @property
    def path(self) -> str:
        """The file."""
        return self.code.path


class Exit(Enum):
    """How a path leaves a function: at its end or by `return`, by `raise`, or by the exception of a call."""

    RETURN = "return"
    RAISE = "raise"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Leak:
    """A path that leaves the function with the lock that operation `acquired` took."""

    acquired: int
    use: LockUse
    exit: Span | None
    by: Exit


@dataclass(frozen=True, slots=True)
class Effect:
    """What a call of the function does to the caller's locks, in the function's own terms.

    `acquires` are held after it, `drops` no longer, `pauses` again (they were given up meanwhile); `yields` are held
    while a generator is suspended; `answers`: its result tells whether that lock was taken.
    """

    acquires: frozenset[LockUse] = frozenset()
    drops: frozenset[LockUse] = frozenset()
    pauses: frozenset[LockUse] = frozenset()
    yields: frozenset[LockUse] = frozenset()
    answers: LockUse | None = None
    gives_back: frozenset[LockUse] = frozenset()
    """Released on every path without having been taken: whoever calls the function holds them."""


NO_EFFECT: Final = Effect()


@dataclass(slots=True)
class Holding:
    """What the walk of one function found; `at` has the state before each operation (`EMPTY` where it has none)."""

    code: Code
    at: dict[int, State] = field(default_factory=dict)
    acquisitions: dict[int, Acquisition] = field(default_factory=dict)
    releases: dict[int, Release] = field(default_factory=dict)
    leaks: dict[Leak, None] = field(default_factory=dict)
    ignored: dict[int, Acquisition] = field(default_factory=dict)
    handed_on: set[LockUse] = field(default_factory=set)
    """Locks whose `release` is handed to somebody else to call: a timer, a callback."""
    effect: Effect = NO_EFFECT


class Walk:
    """Walks one function. `effect_of` answers what a called function does to locks."""

    def __init__(
        self, code: Code, types: Types, locks: Locks, flow: Dataflow, effect_of: Callable[[Code], Effect]
    ) -> None:
        self._code = code
        self._types = types
        self._locks = locks
        self._flow = flow
        self._effect_of = effect_of
        self._holding = Holding(code)
        self._exits = Exits()
        self._conditional: dict[int, LockUse] = {}
        self._yields: list[State] = []
        self._tied: dict[tuple[LockUse, tuple[str, bool]], frozenset[int]] = {}
        self._arms: list[tuple[int, int]] | None = None
        nodes = walk(code.function.body)
        self._managers = {node.manager for node in nodes if type(node) is facts.With}

    def run(self) -> Holding:
        """The whole function."""
        end = self._nodes(self._code.function.body, EMPTY)
        if end is not None:
            self._exits.returns.append((None, end))
        raised = {node.span for node in walk(self._code.function.body) if type(node) is facts.Raise}
        for span, state in self._exits.returns:
            self._leak(state, span, Exit.RETURN)
        for span, state in self._exits.raises:
            self._leak(state, span, Exit.RAISE if span in raised else Exit.CALL)
        self._holding.effect = self._effect()
        return self._holding

    def _leak(self, state: State, span: Span | None, by: Exit) -> None:
        for use, acquired in state.may.items():
            # what was released before it was taken again belongs to the caller
            for id in sorted(acquired) if use not in state.paused else ():
                self._holding.leaks[Leak(id, use, span, by)] = None

    def _effect(self) -> Effect:
        end = meet(state for _, state in self._exits.returns)
        yields = meet(self._yields)
        answers = {self._conditional.get(self._origin(id)) for id in self._code.returns}
        answer = answers.pop() if len(answers) == 1 else None
        if end is None and yields is None and answer is None:
            return NO_EFFECT
        held = frozenset(end.held) if end else frozenset()
        paused = end.paused if end else frozenset()
        dropped = end.dropped if end else frozenset()
        suspended = frozenset(yields.held) if yields else frozenset()
        given = [state.dropped for _, state in self._exits.returns]
        gives_back = frozenset.intersection(*given) if given else frozenset()
        return Effect(held - paused, dropped, paused & held, suspended, answer, gives_back)

    def _origin(self, id: int) -> int:
        operation = self._flow.operation(id)
        while isinstance(operation, facts.Cast | facts.Await):
            id = operation.value
            operation = self._flow.operation(id)
        return id

    # --- structure ---

    def _nodes(self, nodes: Sequence[Node], state: State | None) -> State | None:
        for node in nodes:
            if state is None:
                return None
            state = self._node(node, state)
        return state

    def _node(self, node: Node, state: State) -> State | None:
        match node:
            case facts.Call():
                return self._call(node, state)
            case facts.LoadAttr() if node.name.startswith("release"):
                return self._fetched_release(node, state)
            case facts.Branch():
                return self._branch(node, state)
            case facts.Loop():
                return self._loop(node, state)
            case facts.Try():
                return self._try(node, state)
            case facts.With():
                return self._with(node, state)
            case facts.Return():
                self._exits.returns.append((node.span, state))
                return None
            case facts.Raise():
                self._exits.raises.append((node.span, state))
                return None
            case facts.Break():
                self._exits.breaks.append((node.span, state))
                return None
            case facts.Continue():
                self._exits.continues.append((node.span, state))
                return None
            case _:
                self._record(node.id, state)
                if type(node) is facts.Yield:
                    self._yields.append(state)
                    self._exits.raises.append((node.span, state))
                return state

    def _branch(self, node: facts.Branch, state: State) -> State | None:
        body = self._nodes(node.body, self._refined(node.test, state, True))
        orelse = self._nodes(node.orelse, self._refined(node.test, state, False))
        if body is not None and orelse is not None:
            asked = self._locks.use(self._code, node.test) if body.may.keys() - orelse.may.keys() else None
            if asked is not None and asked in body.held:
                # `if self.lock: self.lock.acquire()`: where there is no lock there is nothing to hold
                return body
            for truth, arm, other in ((True, body, orelse), (False, orelse, body)):
                for use in arm.may.keys() - other.may.keys():
                    self._tied[use, self._condition(node.test, truth)] = arm.may[use]
        return meet(each for each in (body, orelse) if each is not None)

    def _condition(self, test: int, truth: bool) -> tuple[str, bool]:
        """A test by what it says, so that the same test at another place is known again."""
        operation = self._flow.operation(test)
        while type(operation) is facts.Compute and operation.kind == "not":
            test, truth = operation.operands[0], not truth
            operation = self._flow.operation(test)
        return self._flow.key(test), truth

    def _fetched_release(self, node: facts.LoadAttr, state: State) -> State:
        """`Timer(5, lock.release)`: from here on the release is somebody else's business."""
        self._record(node.id, state)
        called = any(isinstance(use, facts.Call) and use.callee == node.id for use in self._flow.uses(node.id))
        use = None if called else self._locks.use(self._code, node.base)
        if use is None or use.lock.kind is None:
            return state
        self._holding.handed_on.add(use)
        return state.hand_on(use)

    def _record(self, id: int, state: State) -> None:
        if state is EMPTY and id not in self._holding.at:
            self._holding.at[id] = EMPTY
            return
        known = self._holding.at.get(id)
        self._holding.at[id] = state if known is None or known is state else meet((known, state)) or EMPTY

    def _loop(self, node: facts.Loop, state: State) -> State | None:
        entry: State | None = state
        after: list[State] = []
        for _ in range(TURNS):
            outer, self._exits = self._exits, Exits()
            turn = self._nodes(node.head, entry)
            done = self._refined(node.test, turn, False) if turn is not None and node.kind == "while" else turn
            body = self._refined(node.test, turn, True) if turn is not None and node.kind == "while" else turn
            end = self._nodes(node.body, body)
            inner, self._exits = self._exits, outer
            again = [each for each in (end, *(each for _, each in inner.continues)) if each is not None]
            after = [each for _, each in inner.breaks]
            self._exits.returns.extend(inner.returns)
            self._exits.raises.extend(inner.raises)
            if not self._is_endless(node) and done is not None:
                finished = self._nodes(node.orelse, done)
                after.extend([finished] if finished is not None else [])
            merged = meet([each for each in (state, *again) if each is not None])
            if merged == entry:
                break
            entry = merged
        return meet(after)

    def _is_endless(self, node: facts.Loop) -> bool:
        test = self._flow.operation(node.test) if node.kind == "while" else None
        return type(test) is facts.Const and test.text in ("True", "1")

    def _try(self, node: facts.Try, state: State) -> State | None:
        outer, self._exits = self._exits, Exits()
        end = self._nodes(node.body, state)
        raised, self._exits.raises = self._exits.raises, []
        if node.handlers:
            caught = meet([each for _, each in raised] or [state])
            ends = [self._nodes(handler.body, caught) for handler in node.handlers]
            if not any(self._catches_all(handler) for handler in node.handlers):
                self._exits.raises.extend(raised)
        else:
            ends = []
            self._exits.raises.extend(raised)
        end = meet(each for each in (self._nodes(node.orelse, end), *ends) if each is not None)
        inner, self._exits = self._exits, outer
        return self._finally(node.final, inner, end)

    def _finally(self, final: Sequence[Node], inner: Exits, end: State | None) -> State | None:
        """Run a `finally` for each way of leaving, each by itself, since another lockset may hold on each."""
        for exits, outer in zip(inner.kinds(), self._exits.kinds(), strict=True):
            if not final:
                outer.extend(exits)
                continue
            merged: dict[int, tuple[Span | None, State]] = {id(state): (span, state) for span, state in exits}
            for span, state in merged.values():
                after = self._nodes(final, state)
                if after is not None:
                    outer.append((span, after))
        return self._nodes(final, end) if final else end

    def _catches_all(self, handler: facts.Handler) -> bool:
        if not handler.types:
            return True
        for id in handler.types:
            operation = self._flow.operation(id)
            if type(operation) is facts.LoadName and operation.name in ("Exception", "BaseException"):
                return True
        return False

    # --- with ---

    def _with(self, node: facts.With, state: State) -> State | None:
        taken = self._entered(node, state)
        inside = state
        for use in taken:
            self._note(node.manager, node.span, use, inside, waits=True, explicit=False)
            inside = inside.take(use, node.manager, explicit=False)
        outer, self._exits = self._exits, Exits()
        end = self._nodes(node.body, inside)
        inner, self._exits = self._exits, outer
        is_stack = self._is_stack(node)
        for exits, target in zip(inner.kinds(), self._exits.kinds(), strict=True):
            target.extend((span, self._left(each, taken, state, is_stack)) for span, each in exits)
        return None if end is None else self._left(end, taken, state, is_stack)

    def _left(self, state: State, taken: list[LockUse], before: State, is_stack: bool) -> State:
        uses = [use for use in state.held if use not in before.held] if is_stack else taken
        for use in uses:
            state = state.restore(use, before)
        return state

    def _is_stack(self, node: facts.With) -> bool:
        values = self._types.of(self._code, node.manager)
        return any(isinstance(each, LibraryObject) and each.qualname.endswith("ExitStack") for each in values)

    def _entered(self, node: facts.With, state: State) -> list[LockUse]:
        values = self._types.of(self._code, node.manager)
        found: dict[LockUse, None] = {}
        for value in values:
            if isinstance(value, Generator):
                effect = self._effect_of(value.code)
                for use in sorted(effect.yields, key=lambda use: use.lock.key):
                    found[self._translated(use, value.code, node.manager)] = None
            elif isinstance(value, Instance):
                if not node.is_async and is_lock_class(self._types, value.cls):
                    found[self._unknown(node.manager)] = None
                for method in self._enters(value):
                    for use in sorted(self._effect_of(method).acquires, key=lambda use: use.lock.key):
                        found[self._rebased(use, value, node.manager)] = None
        if found:
            return list(found)
        awaited = self._flow.operation(node.manager)
        if isinstance(awaited, facts.Await | facts.Yield):
            acquire = self._flow.operation(awaited.value)
            if type(acquire) is facts.Call and acquire.callee >= 0 and self._takes(acquire):
                taken = self._locks.use(self._code, self._receiver(acquire))
                return [] if taken is None else [taken]
        named = self._locks.use(self._code, node.manager)
        if named is not None:
            return [named]
        return [] if values else [self._unknown(node.manager)]

    def _takes(self, call: facts.Call) -> bool:
        callees = self._types.of(self._code, call.callee)
        methods = [self._locks.method(each) for each in callees if isinstance(each, LibraryMethod)]
        return any(each is not None and each.role is LockRole.ACQUIRE for each in methods)

    def _rebased(self, use: LockUse, manager: Instance, id: int) -> LockUse:
        """A lock of `__enter__` as seen where the manager is the value `id`."""
        own = next((each.function.parameters[0].name for each in self._enters(manager)), "self")
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

    def _call(self, call: facts.Call, state: State) -> State:
        self._record(call.id, state)
        callees = self._types.of(self._code, call.callee) if call.callee >= 0 else {}
        for value in callees:
            if isinstance(value, LibraryMethod):
                method = self._locks.method(value)
                if method is not None and method.awaited and not self._is_awaited(call):
                    return self._left_to_others(call, state)
                if method is not None:
                    return self._lock_call(call, method.role, method.failure, self._may_fail(call, method), state)
                if value.qualname.endswith(("ExitStack.enter_context", "ExitStack.enter_async_context")):
                    return self._enter_context(call, state)
                if value.qualname.endswith(("ExitStack.callback", "ExitStack.push")):
                    return self._callback(call, state)
        if not callees:
            guessed = self._guessed(call, state)
            if guessed is not None:
                return guessed
        if not self._cannot_raise(callees):
            self._exits.raises.append((call.span, state))
        effects = [(value.code, self._effect_of(value.code)) for value in callees if isinstance(value, FunctionRef)]
        return self._apply(call, effects, state) if effects else state

    def _left_to_others(self, call: facts.Call, state: State) -> State:
        """What is not awaited here may be taken or given back by somebody else."""
        use = self._locks.use(self._code, self._receiver(call))
        return state if use is None else replace(state, free=state.free - {use})

    def _is_awaited(self, call: facts.Call) -> bool:
        return any(isinstance(use, facts.Await | facts.Yield) for use in self._flow.uses(call.id))

    def _cannot_raise(self, callees: ValueSet) -> bool:
        knowledge = self._types.names.knowledge
        return bool(callees) and all(
            isinstance(each, Library | LibraryMethod) and knowledge.cannot_raise(each.qualname) for each in callees
        )

    def _receiver(self, call: facts.Call) -> int:
        fetched = self._flow.operation(call.callee)
        return fetched.base if type(fetched) is facts.LoadAttr else NOTHING

    def _may_fail(self, call: facts.Call, method: LockMethod) -> bool:
        """Whether an acquire may come back without the lock: not blocking, or with a timeout."""
        for slot, waiting in ((method.blocking, ("True", "1")), (method.timeout, ("-1", "None"))):
            given = argument(call, slot.position, slot.keyword) if slot is not None else None
            if given is not None and not self._is_text(given, waiting):
                return True
        return False

    def _is_text(self, id: int, texts: tuple[str, ...]) -> bool:
        operation = self._flow.operation(id)
        if type(operation) is facts.Compute and operation.kind == "-":
            return "-1" in texts
        return type(operation) is facts.Const and operation.text in texts

    def _lock_call(self, call: facts.Call, role: LockRole, failure: Failure, may_fail: bool, state: State) -> State:
        use = self._locks.use(self._code, self._receiver(call))
        if use is None:
            return state
        if use.lock.kind is LockKind.EVENT:
            return _event_call(use, role, call.id, state)
        if role is LockRole.ACQUIRE:
            conditional = may_fail and failure is not Failure.EXCEPTION
            return self._acquire(call, use, state, conditional)
        if role is LockRole.RELEASE:
            return self._release(call, use, state)
        if role is LockRole.WAIT and use in state.held:
            # the lock was given up while waiting: what was tested before is stale after
            return state.resume(use, call.id)
        return state

    def _acquire(self, call: facts.Call, use: LockUse, state: State, conditional: bool) -> State:
        if self._is_manager(call):
            return state
        self._note(call.id, call.span, use, state, waits=not conditional, explicit=True)
        self._conditional[call.id] = use
        if not conditional:
            return state.take(use, call.id, explicit=True)
        if not self._is_used(call.id):
            self._holding.ignored[call.id] = self._holding.acquisitions[call.id]
            return state.take(use, call.id, explicit=True)
        return state.tried(use)

    def _is_manager(self, call: facts.Call) -> bool:
        """Whether a `with` is entered over what awaiting the acquire gives: it takes the lock and releases it."""
        results = [use for use in self._flow.uses(call.id) if isinstance(use, facts.Await | facts.Yield)]
        return any(result.id in self._managers for result in results)

    def _is_used(self, id: int) -> bool:
        if self._flow.uses(id) or id in self._code.returns:
            return True
        nodes = walk(self._code.function.body)
        return any(isinstance(node, facts.Branch | facts.Loop) and node.test == id for node in nodes)

    def _release(self, call: facts.Call, use: LockUse, state: State) -> State:
        known = self._holding.releases.get(call.id)
        free = use not in state.held and (use in state.free or use in state.unsure)
        self._holding.releases[call.id] = Release(
            self._code, call.id, call.span, use, free or (known is not None and known.free)
        )
        return state.drop(use)

    def _guessed(self, call: facts.Call, state: State) -> State | None:
        """`x.acquire()` where nothing is known of x: perhaps a lock. It may excuse what follows, and proves nothing."""
        fetched = self._flow.operation(call.callee)
        if type(fetched) is not facts.LoadAttr or fetched.name not in ("acquire", "release"):
            return None
        use = self._locks.use(self._code, fetched.base)
        if use is None or use.lock.kind is not None:
            return None
        self._exits.raises.append((call.span, state))
        if fetched.name == "release":
            return state.drop(use)
        return state.take(use, call.id, explicit=False)

    def _enter_context(self, call: facts.Call, state: State) -> State:
        given = [each.value for each in call.arguments if each.name == ""]
        use = self._locks.use(self._code, given[0]) if given else None
        if use is None:
            return state
        self._note(call.id, call.span, use, state, waits=True, explicit=False)
        return state.take(use, call.id, explicit=False)

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
            self._conditional[call.id] = answers.pop()
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

    def _note(self, id: int, span: Span, use: LockUse, state: State, *, waits: bool, explicit: bool) -> None:
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
        return LockUse(use.lock, outward(use.base, paths), use.mode)

    # --- conditions ---

    def _refined(self, test: int, state: State, truth: bool) -> State:
        """The state on the branch where the value `test` is true, or false."""
        state = self._untied(test, state, truth)
        if not self._conditional:
            return state
        use = self._conditional.get(test)
        if use is not None:
            return state.take(use, test, explicit=True) if truth else state.failed(use, test)
        match self._flow.operation(test):
            case facts.Compute(kind="not", operands=(inner,)):
                return self._refined(inner, state, not truth)
            case facts.Compute(kind="is" | "==", operands=(inner, other)) if self._is_text(other, ("True", "False")):
                return self._refined(inner, state, truth == self._is_text(other, ("True",)))
            case facts.Choice(kind="and", operands=inners) if truth:
                return self._all(inners, state, True)
            case facts.Choice(kind="or", operands=inners) if not truth:
                return self._all(inners, state, False)
            case facts.Await(value=inner) | facts.Cast(value=inner) if inner >= 0:
                return self._refined(inner, state, truth)
            case _:
                return state

    def _untied(self, test: int, state: State, truth: bool) -> State:
        """Where a test has the other answer than when a lock was taken, that acquire did not happen."""
        for use, acquired in list(state.may.items()):
            tied = self._tied.get((use, self._condition(test, not truth)), frozenset())
            tied |= self._flagged(test, acquired, truth)
            if acquired <= tied:
                state = state.settle(use)
        return state

    def _flagged(self, test: int, acquired: frozenset[int], truth: bool) -> frozenset[int]:
        """The acquires beside which the tested flag was set to the other value: `locked = True` in the same branch."""
        flag = self._flow.operation(test)
        if type(flag) is facts.Phi:
            other = [each for each in flag.inputs if self._flow.truth(each) is (not truth)]
        elif type(flag) is facts.LoadAttr:
            other = [
                each.id
                for each in self._code.operations
                if type(each) is facts.StoreAttr
                and each.name == flag.name
                and self._flow.path(each.base) == self._flow.path(flag.base)
                and self._flow.truth(each.value) is (not truth)
            ]
        else:
            return frozenset()
        return frozenset(
            id for id in acquired if any(self._arm_of(id) == self._arm_of(each) != (0, 0) for each in other)
        )

    def _arm_of(self, id: int) -> tuple[int, int]:
        """The innermost arm of a branch (or body of a try or with) around an operation, as a range of ids."""
        if self._arms is None:
            bodies = [part for node in walk(self._code.function.body) for part in parts(node) if part]
            ids = [[each.id for each in walk(body) if hasattr(each, "id")] for body in bodies]
            self._arms = [(min(each), max(each)) for each in ids if each]
        around = [(low, high) for low, high in self._arms if low <= id <= high]
        return min(around, key=lambda arm: arm[1] - arm[0]) if around else (0, 0)

    def _all(self, tests: tuple[int, ...], state: State, truth: bool) -> State:
        for test in tests:
            state = self._refined(test, state, truth)
        return state


def _event_call(use: LockUse, role: LockRole, id: int, state: State) -> State:
    """An event that is cleared, then set again looks like a lock to its authors. It excludes nobody."""
    if role is LockRole.CLEAR:
        return state.take(use, id, explicit=False)
    if role is LockRole.NOTIFY:
        return replace(state.drop(use), free=state.free, dropped=state.dropped, paused=state.paused)
    return state
