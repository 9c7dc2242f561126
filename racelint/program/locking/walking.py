"""Part of the locksets stage: the walk over one function that follows its locks through branches, loops and exits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Final

from msgspec.structs import replace

from racelint import facts
from racelint.facts import Node, Span
from racelint.knowledge.raising import CATCH_ALL
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.counted import as_counted
from racelint.program.locking.holding import NO_EFFECT, Effect, Exit, Holding, Leak
from racelint.program.locking.identities import Locks
from racelint.program.locking.locking import Locking
from racelint.program.locking.locks import LockUse
from racelint.program.locking.lockstate import EMPTY, Exits, State, meet
from racelint.program.locking.looping import come_round, given_back, taken_in_turns
from racelint.program.locking.optional import done_without, over
from racelint.program.sources.branching import is_there, named_by
from racelint.program.sources.loops import is_endless
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import LibraryObject

TURNS: Final = 3
"""How often a loop body is walked until its locks are taken to be stable; each turn can only lose locks."""


class Walk:
    """Walks one function. `effect_of` answers what a called function does to locks."""

    def __init__(
        self, code: Code, types: Types, locks: Locks, flow: Dataflow, effect_of: Callable[[Code], Effect]
    ) -> None:
        self._code = code
        self._types = types
        self._locks = locks
        self._flow = flow
        self._holding = Holding(code)
        self._exits = Exits()
        self._yields: list[State] = []
        self._locking = Locking(self._holding, types, locks, flow, effect_of, self._may_raise)
        self._conditions = self._locking.conditions

    def _may_raise(self, span: Span, state: State) -> None:
        self._exits.raises.append((span, state))

    def run(self) -> Holding:
        """The whole function."""
        end = self._nodes(self._code.function.body, EMPTY)
        if end is not None:
            self._exits.returns.append((None, end))
        raised = {node.span for node in self._code.controls if type(node) is facts.Raise}
        for span, state in self._exits.returns:
            self._leak(state, span, Exit.RETURN)
        for span, state in self._exits.raises:
            by_itself = Exit.WAIT if span in self._holding.waits else Exit.CALL
            self._leak(state, span, Exit.RAISE if span in raised else by_itself)
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
        answers = {self._conditions.answered_by(self._origin(id)) for id in self._code.returns}
        answer = answers.pop() if len(answers) == 1 else None
        if end is None and yields is None and answer is None:
            return NO_EFFECT
        held = frozenset(end.held) if end else frozenset()
        paused = end.paused if end else frozenset()
        dropped = end.dropped if end else frozenset()
        suspended = frozenset(yields.held) if yields else frozenset()
        given = [state.dropped for _, state in self._exits.returns]
        gives_back = frozenset.intersection(*given) if given else frozenset()
        # what only the last one gives back, as a count says, nobody who calls is sure to hold
        gives_back -= {use for _, use in as_counted(self._holding, "-", lambda _: self._flow)}
        return Effect(held - paused, dropped, paused & held, suspended, answer, gives_back)

    def _origin(self, id: int) -> int:
        operation = self._flow.operation(id)
        while type(operation) is facts.Await:
            id = operation.value
            operation = self._flow.operation(id)
        return id

    def _nodes(self, nodes: Sequence[Node], state: State | None) -> State | None:
        for node in nodes:
            if state is None:
                return None
            state = self._node(node, state)
        return state

    def _node(self, node: Node, state: State) -> State | None:
        match node:
            case facts.Call():
                self._record(node.id, state)
                return self._locking.call(node, state)
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
        body = self._arm(node, self._on_arm(node, state, True), True)
        otherwise = self._on_arm(node, state, False)
        if otherwise is not None and not node.body and node.orelse and type(node.orelse[-1]) is facts.Raise:
            # an assertion that the lock was taken: where it fails the program is wrong, whatever it does then
            otherwise = replace(otherwise, free=state.free)
        orelse = self._arm(node, otherwise, False)
        if body is not None and orelse is not None:
            asked = self._locks.use(self._code, node.test) if body.may.keys() - orelse.may.keys() else None
            if asked is not None and asked in body.held:
                # `if self.lock: self.lock.acquire()`: where there is no lock there is nothing to hold
                return body
            self._conditions.tie(node.test, body, orelse)
            if body.may.keys() != orelse.may.keys() and self._conditions.is_own_flag(node.test):
                self._holding.by_choice |= (body.may.keys() ^ orelse.may.keys()) & state.may.keys()
        return meet(each for each in (body, orelse) if each is not None)

    def _arm(self, node: facts.Branch, state: State | None, truth: bool) -> State | None:
        """The state after an arm of a branch; where there is no lock to take, it is as if that was held."""
        nodes = node.body if truth else node.orelse
        lock = done_without(self._code, self._locks, self._locking.tried_by, node, truth)
        if lock is None or state is None or lock in state.held:
            return self._nodes(nodes, state)
        outer, self._exits = self._exits, Exits()
        end = self._nodes(nodes, state.resume(lock, node.test))
        inner, self._exits = self._exits, outer
        return over(lock, inner, outer, end)

    def _on_arm(self, node: facts.Branch, state: State, truth: bool) -> State | None:
        """The state where a test has come out so; None where it cannot: who has taken a lock has one."""
        test, there = is_there(self._code, node.test)
        asked = self._locks.use(self._code, test) if there is not truth and state.may else None
        if asked is not None and asked in state.may:
            if asked in state.held:
                return None
            state = state.settle(asked)
        impossible = self._conditions.is_impossible(node.test, state, truth)
        return None if impossible else self._conditions.refined(node.test, state, truth)

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
        ties = self._conditions.ties()
        for _ in range(TURNS):
            self._conditions.begin_turn(ties)
            outer, self._exits = self._exits, Exits()
            turn = self._nodes(node.head, entry)
            done = self._decided(node, turn, False)
            end = self._nodes(node.body, self._decided(node, turn, True))
            inner, self._exits = self._exits, outer
            again = [each for each in (end, *(each for _, each in inner.continues)) if each is not None]
            after = [each for _, each in inner.breaks]
            self._exits.returns.extend(inner.returns)
            self._exits.raises.extend(inner.raises)
            if is_endless(self._flow.code, node):
                ends = [(None, end), *inner.continues]
                self._holding.leaks.update(dict.fromkeys(come_round(self._holding, self._flow, node, ends)))
            elif done is not None:
                finished = self._nodes(node.orelse, done)
                given = given_back(self._holding, self._types, self._flow, node, state, again)
                if finished is not None and not inner.breaks:
                    finished = taken_in_turns(node, state, again, finished)
                after.extend([] if finished is None else [reduce(State.drop, given, finished)])
            merged = meet([each for each in (state, *again) if each is not None])
            if merged == entry:
                break
            entry = merged
        return meet(after)

    def _decided(self, node: facts.Loop, turn: State | None, truth: bool) -> State | None:
        """The state where the test of a while loop has come out so."""
        return turn if turn is None or node.kind != "while" else self._conditions.refined(node.test, turn, truth)

    def _try(self, node: facts.Try, state: State) -> State | None:
        outer, self._exits = self._exits, Exits()
        expects_refusal = any(self._names(handler, "RuntimeError") for handler in node.handlers)
        self._locking.expected_refusals += expects_refusal
        end = self._nodes(node.body, state)
        self._locking.expected_refusals -= expects_refusal
        raised, self._exits.raises = self._exits.raises, []
        if node.handlers:
            caught = meet([each for _, each in raised]) or (_after_refusals(state, end) if expects_refusal else state)
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
        return not handler.types or self._names(handler, *CATCH_ALL)

    def _names(self, handler: facts.Handler, *names: str) -> bool:
        """Whether a handler is for one of these exceptions by name."""
        return not named_by(self._code, handler).isdisjoint(names)

    def _with(self, node: facts.With, state: State) -> State | None:
        taken = self._locking.entered(node)
        inside = state
        for use in taken:
            self._locking.note(node.manager, node.span, use, inside, waits=True, explicit=False)
            inside = inside.take(use, node.manager, explicit=False)
        outer, self._exits = self._exits, Exits()
        self._locking.around.extend(taken)
        end = self._nodes(node.body, inside)
        del self._locking.around[len(self._locking.around) - len(taken) :]
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


def _after_refusals(before: State, end: State | None) -> State:
    """What holds in a handler where no call can raise but a release: that raises where the lock is not held."""
    given_back = [use for use in before.may if end is not None and use in end.free]
    for use in given_back:
        before = before.refused(use)
    return before
